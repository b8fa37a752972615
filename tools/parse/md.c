#include "md.h"

#include <cmark-gfm-core-extensions.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "md_internal.h"

/* The headers of Debian 12 do not declare these; the library has them. */
extern cmark_node_type CMARK_NODE_TABLE, CMARK_NODE_TABLE_ROW, CMARK_NODE_TABLE_CELL, CMARK_NODE_STRIKETHROUGH;

static cmark_syntax_extension *tables, *strikethrough;

static void *
calloc_or_end(size_t n, size_t size)
{
	return buf_alloc(n * size);
}

cmark_mem md_memory = {calloc_or_end, buf_realloc, free};

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

void
md_begin(struct md *m, size_t most)
{
	cmark_gfm_core_extensions_ensure_registered(); /* once: it allocates memory, and opens nothing */
	tables = cmark_find_syntax_extension("table");
	strikethrough = cmark_find_syntax_extension("strikethrough");
	*m = (struct md){.most = most, .document = cmark_node_new_with_mem(CMARK_NODE_DOCUMENT, &md_memory)};
	buf_str(&m->out, "");
}

void
md_drop_mark(struct md *m, unsigned i)
{
	free(m->marks[i].url);
	memmove(&m->marks[i], &m->marks[i + 1], (m->mark_count - i - 1) * sizeof(m->marks[0]));
	m->mark_count--;
}

void
md_free(struct md *m)
{
	md_free_notes(m);
	while (m->mark_count)
		md_drop_mark(m, 0);
	cmark_node_free(m->document);
	buf_free(&m->out);
	buf_free(&m->text);
}

void
md_end(struct md *m)
{
	unsigned count, *order;
	char *text;

	md_block(m);
	order = md_number_notes(m, &count);
	md_settle_marks(m->document);
	if (cmark_node_first_child(m->document)) {
		text = cmark_render_commonmark_with_mem(m->document, CMARK_OPT_DEFAULT, 0, &md_memory);
		md_raw(m, text, strlen(text));
		free(text);
	}
	md_write_notes(m, order, count);
	free(order);
}

/* --- blocks --- */

void
md_block(struct md *m)
{
	m->space = m->space || m->plain;
	if (m->plain)
		return;
	md_end_line(m);
	m->heading = 0;
}

void
md_heading(struct md *m, unsigned level)
{
	if (m->plain)
		return;
	m->heading = level < 1 ? 1 : level > 6 ? 6 : level;
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

		if (event == CMARK_EVENT_ENTER && cmark_node_get_type(at) == CMARK_NODE_LINEBREAK)
			buf_str(out, " ");
		else if (event == CMARK_EVENT_ENTER && cmark_node_get_literal(at))
			buf_str(out, text_of(at));
	}
	cmark_iter_free(i);
}

void
md_words(struct md *m, struct buf *out)
{
	if (m->line) {
		md_add_words(m->line, out);
		buf_add(out, m->text.data, m->text.len);
	}
}

void
md_drop_last(struct md *m)
{
	cmark_node_free(m->last);
	m->last = NULL;
}

static void
enter_block(struct md *m, cmark_node *node)
{
	if (m->depth < MD_DEPTH)
		m->nest[m->depth] = node;
	m->depth++;
}

/* The list for an item with this number: the last list if it fits, or a new one. */
static cmark_node *
list_for(struct md *m, long number)
{
	cmark_node *list = cmark_node_last_child(md_innermost(m)), *last, *in;
	cmark_list_type type = number < 0 ? CMARK_BULLET_LIST : CMARK_ORDERED_LIST;

	if (list && cmark_node_get_type(list) == CMARK_NODE_LIST && cmark_node_get_list_type(list) == type) {
		last = cmark_node_last_child(list);
		if (number < 0 || number == (long)(size_t)cmark_node_get_user_data(last) + 1)
			return list;
	}
	in = md_innermost(m);
	if (number >= 0 && number != 1 && cmark_node_get_type(in) == CMARK_NODE_ITEM)
		cmark_node_set_list_tight(cmark_node_parent(in), 0); /* else it would not end a paragraph before it */
	list = md_add_block(m, CMARK_NODE_LIST);
	cmark_node_set_list_type(list, type);
	cmark_node_set_list_tight(list, 1);
	if (number >= 0)
		cmark_node_set_list_start(list, (int)number);
	return list;
}

/* The container of the one that is open at DEPTH. */
static cmark_node *
outer_container(const struct md *m, unsigned depth)
{
	return depth > 1 ? m->nest[depth - 2] : m->document;
}

void
md_replace_empty_item(struct md *m)
{
	cmark_node *item = md_innermost(m), *list;

	if (m->depth == 0 || m->depth > MD_DEPTH || cmark_node_get_type(item) != CMARK_NODE_ITEM ||
	    cmark_node_first_child(item) || item == outer_container(m, m->depth))
		return;
	list = cmark_node_parent(item);
	m->nest[m->depth - 1] = outer_container(m, m->depth);
	cmark_node_free(item);
	if (!cmark_node_first_child(list))
		cmark_node_free(list);
}

void
md_item(struct md *m, long number)
{
	cmark_node *item = NULL;

	md_block(m);
	if (m->plain)
		return;
	md_replace_empty_item(m);
	if (m->depth < MD_DEPTH) {
		item = md_add_node(m, list_for(m, number), CMARK_NODE_ITEM);
		cmark_node_set_user_data(item, (void *)(size_t)(number < 0 ? 0 : number));
	}
	enter_block(m, item);
}

void
md_quote(struct md *m)
{
	md_block(m);
	if (!m->plain)
		enter_block(m, m->depth < MD_DEPTH ? md_add_block(m, CMARK_NODE_BLOCK_QUOTE) : NULL);
}

void
md_leave(struct md *m)
{
	cmark_node *node, *list;

	md_block(m);
	if (m->plain || m->depth == 0 || --m->depth >= MD_DEPTH)
		return;
	node = m->nest[m->depth];
	if (cmark_node_first_child(node) || node == outer_container(m, m->depth + 1))
		return;
	list = cmark_node_get_type(node) == CMARK_NODE_ITEM ? cmark_node_parent(node) : NULL;
	cmark_node_free(node);
	if (list && !cmark_node_first_child(list))
		cmark_node_free(list);
}

void
md_pre(struct md *m, const char *text, size_t n, const char *language)
{
	struct buf code = {0};
	cmark_node *block;

	if (m->plain) {
		md_code(m, text, n);
		return;
	}
	md_block(m);
	for (; n > 0 && (*text == '\n' || *text == '\r'); text++)
		n--;
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	if (n == 0 || md_is_full(m, n))
		return;
	for (size_t i = 0; i < n; i++)
		if (text[i] != '\r')
			buf_add(&code, text + i, 1);
	buf_str(&code, "\n");
	utf8_replace_invalid(code.data);
	block = m->last = md_add_block(m, CMARK_NODE_CODE_BLOCK);
	cmark_node_set_literal(block, code.data);
	cmark_node_set_fence_info(block, language);
	buf_free(&code);
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
md_rule(struct md *m)
{
	md_block(m);
	if (!m->plain && cmark_node_first_child(m->document))
		m->last = md_add_block(m, CMARK_NODE_THEMATIC_BREAK);
}
