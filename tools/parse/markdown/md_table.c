/* Tables of Markdown. */
#include <cmark-gfm-core-extensions.h>
#include <stdlib.h>

#include "markdown/md_internal.h"

/* The headers of Debian 12 do not declare these; the library has them. */
extern cmark_node_type CMARK_NODE_TABLE, CMARK_NODE_TABLE_ROW, CMARK_NODE_TABLE_CELL;

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
		md_replace_empty_item(m);
	if (!m->table)
		m->table = m->last = md_add_block(m, CMARK_NODE_TABLE);
	if (!m->row)
		m->row = md_add_node(m, m->table, CMARK_NODE_TABLE_ROW);
	for (; m->missing > 0; m->missing--)
		md_add_node(m, m->row, CMARK_NODE_TABLE_CELL);
	m->line = m->inner = md_add_node(m, m->row, CMARK_NODE_TABLE_CELL);
	m->plain = true;
	m->space = m->broken = m->wrapped = false;
}

bool
md_cell_end(struct md *m, unsigned times)
{
	cmark_node *cell = m->line;
	struct buf words = {0};
	bool has;

	md_end_line(m);
	m->plain = false;
	has = cmark_node_first_child(cell) != NULL;
	if (!has)
		m->missing = times - 1;
	else if (times > 1)
		md_add_words(cell, &words);
	while (has && --times > 0 && !md_is_full(m, words.len)) {
		cell = md_add_node(m, m->row, CMARK_NODE_TABLE_CELL);
		if (words.len)
			cmark_node_set_literal(md_add_node(m, cell, CMARK_NODE_TEXT), words.data);
	}
	buf_free(&words);
	return has;
}

/* Sets the number of columns of the table. Its first row gets as many cells: readers drop those beyond them. */
static void
set_columns(struct md *m, size_t from, size_t n)
{
	cmark_node *first = cmark_node_first_child(m->table);
	uint8_t *alignments = buf_alloc(n);

	for (size_t i = from; i < n && first != m->row; i++)
		md_add_node(m, first, CMARK_NODE_TABLE_CELL);
	cmark_gfm_extensions_set_table_row_is_header(first, 1);
	cmark_gfm_extensions_set_table_columns(m->table, (uint16_t)n);
	cmark_gfm_extensions_set_table_alignments(m->table, (uint16_t)n, alignments);
	free(alignments);
}

void
md_row(struct md *m, size_t n)
{
	size_t columns = m->table ? cmark_gfm_extensions_get_table_columns(m->table) : 0, has = 0;
	cmark_node *cell = m->row ? cmark_node_first_child(m->row) : NULL, *next;

	if (n > 0 && n < columns)
		n = columns;
	for (; cell; cell = next) {
		next = cmark_node_next(cell);
		if (has++ >= n)
			cmark_node_free(cell);
	}
	for (; has < n && m->row; has++)
		md_add_node(m, m->row, CMARK_NODE_TABLE_CELL);
	if (m->row && n == 0)
		cmark_node_free(m->row);
	else if (m->row && n > columns)
		set_columns(m, columns, n);
	m->row = NULL;
	m->missing = 0;
}
