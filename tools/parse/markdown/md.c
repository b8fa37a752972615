#include "markdown/md.h"

#include <cmark-gfm-core-extensions.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "markdown/md_internal.h"

/* The headers of Debian 12 do not declare these; the library has them. */
extern cmark_node_type CMARK_NODE_TABLE, CMARK_NODE_TABLE_ROW, CMARK_NODE_TABLE_CELL, CMARK_NODE_STRIKETHROUGH;

void
md_begin(struct md *m, size_t most)
{
	md_load();
	*m = (struct md){.most = most, .document = cmark_node_new_with_mem(CMARK_NODE_DOCUMENT, &md_memory)};
	buf_str(&m->out, "");
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

void
md_page(struct md *m)
{
	md_end(m);
	cmark_node_free(m->document);
	m->document = cmark_node_new_with_mem(CMARK_NODE_DOCUMENT, &md_memory);
	m->last = m->table = m->row = NULL;
	m->depth = 0;
	md_raw(m, "\f", 1);
}

/* --- blocks --- */

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
	if (cmark_node_first_child(node) || node == md_outer_container(m, m->depth + 1))
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
md_rule(struct md *m)
{
	md_block(m);
	if (!m->plain && cmark_node_first_child(m->document))
		m->last = md_add_block(m, CMARK_NODE_THEMATIC_BREAK);
}

bool
md_is_empty(const struct md *m)
{
	return !cmark_node_first_child(m->document) && m->out.len == 0;
}

/* Moves the children of FROM to the end of TO. */
static void
move_children(cmark_node *to, cmark_node *from)
{
	cmark_node *child;

	while ((child = cmark_node_first_child(from)))
		if (!cmark_node_append_child(to, child))
			cmark_node_free(child);
}

void
md_append(struct md *m, struct md *from)
{
	cmark_node *in = md_innermost(m), *first, *last;

	md_block(from);
	md_block(m);
	first = cmark_node_first_child(from->document);
	last = cmark_node_last_child(in);
	if (first && last && cmark_node_get_type(first) == CMARK_NODE_LIST && /* they would read as one list */
	    cmark_node_get_type(last) == CMARK_NODE_LIST && cmark_node_get_list_type(first) == CMARK_BULLET_LIST &&
	    cmark_node_get_list_type(last) == CMARK_BULLET_LIST) {
		move_children(last, first);
		cmark_node_free(first);
	}
	move_children(in, from->document);
	m->last = cmark_node_last_child(in);
	m->bytes += from->bytes;
	m->nodes += from->nodes;
	m->full = m->full || from->full || m->bytes > m->most || m->nodes > MD_NODES;
	from->bytes = from->nodes = 0;
}
