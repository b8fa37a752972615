/* The tree of nodes that Markdown is kept as. */
#include <cmark-gfm-core-extensions.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "markdown/md_internal.h"

/* The headers of Debian 12 do not declare these; the library has them. */
extern cmark_node_type CMARK_NODE_TABLE, CMARK_NODE_TABLE_ROW, CMARK_NODE_TABLE_CELL, CMARK_NODE_STRIKETHROUGH;

static cmark_syntax_extension *tables, *strikethrough;

static void *
calloc_or_end(size_t n, size_t size)
{
	return buf_alloc(n * size);
}

cmark_mem md_memory = {calloc_or_end, buf_realloc, free};

void
md_load(void)
{
	cmark_gfm_core_extensions_ensure_registered(); /* once: it allocates memory, and opens nothing */
	tables = cmark_find_syntax_extension("table");
	strikethrough = cmark_find_syntax_extension("strikethrough");
}

/* A new last node of PARENT. */
cmark_node *
md_add_node(struct md *m, cmark_node *parent, cmark_node_type type)
{
	cmark_syntax_extension *extension = type == CMARK_NODE_STRIKETHROUGH ? strikethrough : NULL;
	cmark_node *node;

	if (type == CMARK_NODE_TABLE || type == CMARK_NODE_TABLE_ROW || type == CMARK_NODE_TABLE_CELL)
		extension = tables;
	node = cmark_node_new_with_mem_and_ext(type, &md_memory, extension);
	m->nodes++;
	cmark_node_append_child(parent, node);
	return node;
}

bool
md_is_full(struct md *m, size_t more)
{
	if (!m->full && m->bytes + more <= m->most && m->nodes < MD_NODES) {
		m->bytes += more;
		return false;
	}
	m->full = true;
	return true;
}

cmark_node *
md_innermost(const struct md *m)
{
	unsigned depth = m->depth < MD_DEPTH ? m->depth : MD_DEPTH;

	return depth ? m->nest[depth - 1] : m->document;
}

/* Makes a new block in the innermost container. A list is loose, with empty lines, if an item has more than one block
 * of text followed by lists. */
cmark_node *
md_add_block(struct md *m, cmark_node_type type)
{
	cmark_node *in = md_innermost(m);

	if (type != CMARK_NODE_LIST && cmark_node_get_type(in) == CMARK_NODE_ITEM && cmark_node_first_child(in))
		cmark_node_set_list_tight(cmark_node_parent(in), 0);
	return md_add_node(m, in, type);
}

/* The container of the one that is open at DEPTH. */
cmark_node *
md_outer_container(const struct md *m, unsigned depth)
{
	return depth > 1 ? m->nest[depth - 2] : m->document;
}

void
md_replace_empty_item(struct md *m)
{
	cmark_node *item = md_innermost(m), *list;

	if (m->depth == 0 || m->depth > MD_DEPTH || cmark_node_get_type(item) != CMARK_NODE_ITEM ||
	    cmark_node_first_child(item) || item == md_outer_container(m, m->depth))
		return;
	list = cmark_node_parent(item);
	m->nest[m->depth - 1] = md_outer_container(m, m->depth);
	cmark_node_free(item);
	if (!cmark_node_first_child(list))
		cmark_node_free(list);
}

void
md_place_asides(struct md *m)
{
	cmark_node *asides = m->asides, *in = md_innermost(m), *child;

	if (!asides)
		return;
	m->asides = NULL;
	if (cmark_node_first_child(asides) && cmark_node_get_type(in) == CMARK_NODE_ITEM)
		cmark_node_set_list_tight(cmark_node_parent(in), 0);
	while ((child = cmark_node_first_child(asides))) {
		m->last = child;
		cmark_node_append_child(in, child);
	}
	cmark_node_free(asides);
}

/* The text of a node. */
static const char *
text_of(cmark_node *node)
{
	const char *text = cmark_node_get_literal(node);

	return cmark_node_get_type(node) != CMARK_NODE_HTML_INLINE ? text
	       : strcmp(text, MD_BAR) == 0                         ? "|"
	       : strcmp(text, MD_COLON) == 0                       ? ":"
								   : text;
}

void
md_add_words(cmark_node *node, struct buf *out)
{
	cmark_iter *i = cmark_iter_new(node);
	cmark_event_type event;

	while ((event = cmark_iter_next(i)) != CMARK_EVENT_DONE) {
		cmark_node *at = cmark_iter_get_node(i);

		if (event == CMARK_EVENT_ENTER && (cmark_node_get_type(at) == CMARK_NODE_LINEBREAK ||
						   cmark_node_get_type(at) == CMARK_NODE_SOFTBREAK))
			buf_str(out, " ");
		else if (event == CMARK_EVENT_ENTER && cmark_node_get_literal(at))
			buf_str(out, text_of(at));
	}
	cmark_iter_free(i);
}

void
md_raw(struct md *m, const char *text, size_t n)
{
	size_t room = m->out.len < m->most ? m->most - m->out.len : 0;

	if (n > room) {
		m->full = true;
		n = utf8_whole_length(text, room);
	}
	buf_add(&m->out, text, n);
}

void
md_drop_mark(struct md *m, unsigned i)
{
	free(m->marks[i].url);
	memmove(&m->marks[i], &m->marks[i + 1], (m->mark_count - i - 1) * sizeof(m->marks[0]));
	m->mark_count--;
}
