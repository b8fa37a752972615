#include "md.h"

#include <cmark-gfm-core-extensions.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* The headers of Debian 12 do not declare these; the library has them. */
extern cmark_node_type CMARK_NODE_TABLE, CMARK_NODE_TABLE_ROW, CMARK_NODE_TABLE_CELL, CMARK_NODE_STRIKETHROUGH;

static cmark_syntax_extension *tables, *strikethrough;

static void *
calloc_or_end(size_t n, size_t size)
{
	return buf_alloc(n * size);
}

static cmark_mem memory = {calloc_or_end, buf_realloc, free};

/* A new last node of PARENT. */
static cmark_node *
add_node(struct md *m, cmark_node *parent, cmark_node_type type)
{
	cmark_syntax_extension *extension = type == CMARK_NODE_STRIKETHROUGH ? strikethrough : NULL;
	cmark_node *node;

	if (type == CMARK_NODE_TABLE || type == CMARK_NODE_TABLE_ROW || type == CMARK_NODE_TABLE_CELL)
		extension = tables;
	node = cmark_node_new_with_mem_and_ext(type, &memory, extension);
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
	*m = (struct md){.most = most, .document = cmark_node_new_with_mem(CMARK_NODE_DOCUMENT, &memory)};
	buf_str(&m->out, "");
}

static void
drop_mark(struct md *m, unsigned i)
{
	free(m->marks[i].url);
	memmove(&m->marks[i], &m->marks[i + 1], (m->mark_count - i - 1) * sizeof(m->marks[0]));
	m->mark_count--;
}

void
md_free(struct md *m)
{
	while (m->mark_count)
		drop_mark(m, 0);
	cmark_node_free(m->document);
	buf_free(&m->out);
	buf_free(&m->text);
}

void
md_end(struct md *m)
{
	char *text;

	md_block(m);
	if (!cmark_node_first_child(m->document))
		return;
	text = cmark_render_commonmark_with_mem(m->document, CMARK_OPT_DEFAULT, 0, &memory);
	md_raw(m, text, strlen(text));
	free(text);
}

void
md_page(struct md *m)
{
	md_end(m);
	cmark_node_free(m->document);
	m->document = cmark_node_new_with_mem(CMARK_NODE_DOCUMENT, &memory);
	m->last = m->table = m->row = NULL;
	m->depth = 0;
	md_raw(m, "\f", 1);
}

/* --- within a block --- */

static bool
is_full(struct md *m, size_t more)
{
	if (!m->full && m->bytes + more <= m->most && m->nodes < MD_NODES) {
		m->bytes += more;
		return false;
	}
	m->full = true;
	return true;
}

static cmark_node *
innermost(const struct md *m)
{
	unsigned depth = m->depth < MD_DEPTH ? m->depth : MD_DEPTH;

	return depth ? m->nest[depth - 1] : m->document;
}

/* Makes a new block in the innermost container. A list is loose, with empty lines, if an item has more than one block
 * of text followed by lists. */
static cmark_node *
add_block(struct md *m, cmark_node_type type)
{
	cmark_node *in = innermost(m);

	if (type != CMARK_NODE_LIST && cmark_node_get_type(in) == CMARK_NODE_ITEM && cmark_node_first_child(in))
		cmark_node_set_list_tight(cmark_node_parent(in), 0);
	return add_node(m, in, type);
}

static void
end_text(struct md *m)
{
	if (m->text.len == 0)
		return;
	utf8_replace_invalid(m->text.data);
	cmark_node_set_literal(add_node(m, m->inner, CMARK_NODE_TEXT), m->text.data);
	buf_clear(&m->text);
}

/* The white space before the next word. */
static void
begin_word(struct md *m)
{
	const cmark_node_type types[] = {CMARK_NODE_STRONG, CMARK_NODE_EMPH, CMARK_NODE_STRIKETHROUGH, CMARK_NODE_LINK};
	bool first = !m->line || (m->inner == m->line && !cmark_node_first_child(m->line) && m->text.len == 0);

	if (!m->line) {
		m->line = m->inner = m->last = add_block(m, m->heading ? CMARK_NODE_HEADING : CMARK_NODE_PARAGRAPH);
		if (m->heading)
			cmark_node_set_heading_level(m->line, (int)m->heading);
	}
	if (m->broken) {
		end_text(m);
		add_node(m, m->inner, CMARK_NODE_LINEBREAK);
	} else if (m->wrapped && !first) {
		end_text(m);
		add_node(m, m->inner, CMARK_NODE_SOFTBREAK);
	} else if (m->space && !first) {
		buf_str(&m->text, " ");
	}
	m->space = m->broken = m->wrapped = false;
	for (unsigned i = 0; i < m->mark_count; i++)
		if (!m->marks[i].shown) {
			end_text(m);
			m->inner = add_node(m, m->inner, types[m->marks[i].mark]);
			if (m->marks[i].url)
				cmark_node_set_url(m->inner, m->marks[i].url);
			m->marks[i].shown = true;
		}
}

static void
end_mark(struct md *m, unsigned i)
{
	if (!m->marks[i].shown)
		return;
	end_text(m);
	m->inner = cmark_node_parent(m->inner);
	m->marks[i].shown = false;
}

void
md_open(struct md *m, enum md_mark mark, const char *url)
{
	for (unsigned i = 0; i < m->mark_count; i++)
		if (m->marks[i].mark == mark)
			return; /* the inner one has no effect */
	if (m->mark_count == MD_MARKS)
		return;
	m->marks[m->mark_count].mark = mark;
	m->marks[m->mark_count].url = url ? buf_strdup(url) : NULL;
	m->marks[m->mark_count++].shown = false;
}

void
md_close(struct md *m, enum md_mark mark)
{
	unsigned i = m->mark_count;

	while (i > 0 && m->marks[i - 1].mark != mark)
		i--;
	if (i == 0)
		return;
	for (unsigned k = m->mark_count; k >= i; k--)
		end_mark(m, k - 1);
	drop_mark(m, i - 1);
}

void
md_text(struct md *m, const char *text, size_t n)
{
	if (is_full(m, n))
		return;
	for (size_t i = 0, word = 0; i < n; i += word ? word : 1) {
		for (word = 0; i + word < n && (unsigned char)text[i + word] > ' ' && text[i + word] != 0x7f;)
			word++;
		if (word == 0) {
			m->space = m->space || isspace((unsigned char)text[i]);
			continue;
		}
		begin_word(m);
		buf_add(&m->text, text + i, word);
	}
}

void
md_code(struct md *m, const char *text, size_t n)
{
	struct buf code = {0};

	for (; n > 0 && isspace((unsigned char)*text); text++)
		n--;
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	if (n == 0 || is_full(m, n))
		return;
	begin_word(m);
	end_text(m);
	buf_add(&code, text, n);
	for (size_t i = 0; i < n; i++)
		if (isspace((unsigned char)code.data[i]))
			code.data[i] = ' ';
	cmark_node_set_literal(add_node(m, m->inner, CMARK_NODE_CODE), code.data);
	buf_free(&code);
}

void
md_break(struct md *m)
{
	if (m->plain || m->heading)
		m->space = true;
	else if (m->broken)
		md_block(m);
	else
		m->broken = m->line != NULL;
}

void
md_wrap(struct md *m)
{
	if (m->plain || m->heading)
		m->space = true;
	else
		m->wrapped = m->line != NULL;
}

void
md_image(struct md *m, const char *url, const char *alt)
{
	cmark_node *image;

	if (is_full(m, strlen(url) + (alt ? strlen(alt) : 0)))
		return;
	begin_word(m);
	end_text(m);
	image = add_node(m, m->inner, CMARK_NODE_IMAGE);
	cmark_node_set_url(image, url);
	for (; alt && *alt; alt++)
		buf_add(&m->text, (unsigned char)*alt < ' ' ? " " : alt, 1);
	m->inner = image;
	end_text(m);
	m->inner = cmark_node_parent(image);
}

/* --- blocks --- */

static void
end_line(struct md *m)
{
	for (unsigned i = m->mark_count; i > 0; i--)
		end_mark(m, i - 1);
	if (m->line)
		end_text(m);
	m->line = NULL;
	m->space = m->broken = m->wrapped = false;
}

void
md_block(struct md *m)
{
	m->space = m->space || m->plain;
	if (m->plain)
		return;
	end_line(m);
	m->heading = 0;
}

void
md_heading(struct md *m, unsigned level)
{
	if (m->plain)
		return;
	m->heading = level < 1 ? 1 : level > 6 ? 6 : level;
}

static void
add_words(cmark_node *node, struct buf *out)
{
	cmark_iter *i = cmark_iter_new(node);
	cmark_event_type event;

	while ((event = cmark_iter_next(i)) != CMARK_EVENT_DONE) {
		cmark_node *at = cmark_iter_get_node(i);

		if (event == CMARK_EVENT_ENTER && cmark_node_get_type(at) == CMARK_NODE_LINEBREAK)
			buf_str(out, " ");
		else if (event == CMARK_EVENT_ENTER && cmark_node_get_literal(at))
			buf_str(out, cmark_node_get_literal(at));
	}
	cmark_iter_free(i);
}

void
md_words(struct md *m, struct buf *out)
{
	if (m->line) {
		add_words(m->line, out);
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
	cmark_node *list = cmark_node_last_child(innermost(m)), *last;
	cmark_list_type type = number < 0 ? CMARK_BULLET_LIST : CMARK_ORDERED_LIST;

	if (list && cmark_node_get_type(list) == CMARK_NODE_LIST && cmark_node_get_list_type(list) == type) {
		last = cmark_node_last_child(list);
		if (number < 0 || number == (long)(size_t)cmark_node_get_user_data(last) + 1)
			return list;
	}
	list = add_block(m, CMARK_NODE_LIST);
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
	if (m->depth < MD_DEPTH) {
		item = add_node(m, list_for(m, number), CMARK_NODE_ITEM);
		cmark_node_set_user_data(item, (void *)(size_t)(number < 0 ? 0 : number));
	}
	enter_block(m, item);
}

void
md_quote(struct md *m)
{
	md_block(m);
	if (!m->plain)
		enter_block(m, m->depth < MD_DEPTH ? add_block(m, CMARK_NODE_BLOCK_QUOTE) : NULL);
}

void
md_leave(struct md *m)
{
	cmark_node *node, *list;

	md_block(m);
	if (m->plain || m->depth == 0 || --m->depth >= MD_DEPTH)
		return;
	node = m->nest[m->depth];
	if (cmark_node_first_child(node))
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
	if (n == 0 || is_full(m, n))
		return;
	for (size_t i = 0; i < n; i++)
		if (text[i] != '\r')
			buf_add(&code, text + i, 1);
	buf_str(&code, "\n");
	utf8_replace_invalid(code.data);
	block = m->last = add_block(m, CMARK_NODE_CODE_BLOCK);
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
		m->last = add_block(m, CMARK_NODE_THEMATIC_BREAK);
}

/* --- tables --- */

void
md_table(struct md *m)
{
	md_block(m);
	m->table = m->row = NULL;
}

void
md_cell_begin(struct md *m)
{
	if (!m->table)
		m->table = m->last = add_block(m, CMARK_NODE_TABLE);
	if (!m->row)
		m->row = add_node(m, m->table, CMARK_NODE_TABLE_ROW);
	for (; m->missing > 0; m->missing--)
		add_node(m, m->row, CMARK_NODE_TABLE_CELL);
	m->line = m->inner = add_node(m, m->row, CMARK_NODE_TABLE_CELL);
	m->plain = true;
	m->space = m->broken = m->wrapped = false;
}

bool
md_cell_end(struct md *m, unsigned times)
{
	cmark_node *cell = m->line;
	struct buf words = {0};
	bool has;

	end_line(m);
	m->plain = false;
	has = cmark_node_first_child(cell) != NULL;
	if (!has)
		m->missing = times - 1;
	else if (times > 1)
		add_words(cell, &words);
	while (has && --times > 0 && !is_full(m, words.len)) {
		cell = add_node(m, m->row, CMARK_NODE_TABLE_CELL);
		if (words.len)
			cmark_node_set_literal(add_node(m, cell, CMARK_NODE_TEXT), words.data);
	}
	buf_free(&words);
	return has;
}

void
md_row(struct md *m, size_t n)
{
	size_t columns = m->table ? cmark_gfm_extensions_get_table_columns(m->table) : 0, has = 0;
	cmark_node *cell = m->row ? cmark_node_first_child(m->row) : NULL, *next;
	uint8_t *alignments;

	if (n > 0 && n < columns)
		n = columns;
	for (; cell; cell = next) {
		next = cmark_node_next(cell);
		if (has++ >= n)
			cmark_node_free(cell);
	}
	for (; has < n && m->row; has++)
		add_node(m, m->row, CMARK_NODE_TABLE_CELL);
	if (m->row && n == 0)
		cmark_node_free(m->row);
	else if (m->row && columns == 0) {
		alignments = buf_alloc(n);
		cmark_gfm_extensions_set_table_row_is_header(m->row, 1);
		cmark_gfm_extensions_set_table_columns(m->table, (uint16_t)n);
		cmark_gfm_extensions_set_table_alignments(m->table, (uint16_t)n, alignments);
		free(alignments);
	}
	m->row = NULL;
	m->missing = 0;
}
