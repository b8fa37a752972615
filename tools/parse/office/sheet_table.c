#include "office/sheet_table.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS = 1 << 24 };

void
sheet_table_begin(struct sheet_table *t)
{
	*t = (struct sheet_table){0};
	buf_add(&t->texts, "", 1);
}

void
sheet_table_free(struct sheet_table *t)
{
	free(t->cells);
	free(t->merged);
	buf_free(&t->texts);
}

static size_t
add_text(struct sheet_table *t, const char *text, size_t n)
{
	size_t at = t->texts.len;

	buf_add(&t->texts, text, n);
	buf_add(&t->texts, "", 1);
	return at;
}

void
sheet_table_add(struct sheet_table *t, size_t row, size_t column, const char *text, size_t n)
{
	const struct sheet_cell *last = t->count ? &t->cells[t->count - 1] : NULL;

	if (n == 0)
		return;
	if (row >= SHEET_ROWS || column >= SHEET_COLUMNS || t->count == SHEET_CELLS || t->texts.len > DOC_TEXT * 2) {
		t->cut = true;
		return;
	}
	t->unsorted = t->unsorted || (last && (last->row > row || (last->row == row && last->column >= column)));
	t->cells = buf_grow(t->cells, t->count, sizeof(*t->cells));
	t->cells[t->count++] = (struct sheet_cell){(uint32_t)row, (uint32_t)column, add_text(t, text, n), 0};
}

void
sheet_table_link_last(struct sheet_table *t, const char *url)
{
	if (t->count)
		t->cells[t->count - 1].url = add_text(t, url, strlen(url));
}

void
sheet_table_repeat(struct sheet_table *t, size_t from, size_t times)
{
	size_t end = t->count;

	for (size_t k = 1; k <= times && from < end; k++)
		for (size_t i = from; i < end; i++) {
			struct sheet_cell cell = t->cells[i];

			if (cell.row + k >= SHEET_ROWS || t->count == SHEET_CELLS) {
				t->cut = true;
				return;
			}
			cell.row += (uint32_t)k;
			t->cells = buf_grow(t->cells, t->count, sizeof(*t->cells));
			t->cells[t->count++] = cell;
		}
}

void
sheet_table_hide(struct sheet_table *t, size_t first, size_t last)
{
	for (; first <= last && first < SHEET_COLUMNS; first++)
		t->hidden[first] = true;
}

void
sheet_table_merge(struct sheet_table *t, const struct sheet_range *range)
{
	if (t->merged_count == SHEET_MERGED)
		return;
	t->merged = buf_grow(t->merged, t->merged_count, sizeof(*t->merged));
	t->merged[t->merged_count++] = *range;
}

/* By row and column; of cells in one place, the first that was added comes first. */
static int
compare_cells(const void *a, const void *b)
{
	const struct sheet_cell *x = a, *y = b;

	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return x->text < y->text ? -1 : x->text > y->text;
}

static void
sort_cells(struct sheet_table *t)
{
	size_t n = 0;

	if (!t->unsorted)
		return;
	qsort(t->cells, t->count, sizeof(*t->cells), compare_cells);
	for (size_t i = 0; i < t->count; i++)
		if (n == 0 || t->cells[n - 1].row != t->cells[i].row || t->cells[n - 1].column != t->cells[i].column)
			t->cells[n++] = t->cells[i];
	t->count = n;
	t->unsorted = false;
}

/* The first cell that is not before this place. */
static size_t
find_cell(const struct sheet_table *t, uint32_t row, uint32_t column)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct sheet_cell *c = &t->cells[middle];

		if (c->row < row || (c->row == row && c->column < column))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_in(const struct sheet_range *r, const struct sheet_cell *c)
{
	return c->row >= r->row && c->row <= r->last_row && c->column >= r->column && c->column <= r->last_column;
}

void
sheet_table_link(struct sheet_table *t, const struct sheet_range *range, const char *url)
{
	size_t at = 0, steps = STEPS / 1000;

	sort_cells(t);
	for (size_t i = find_cell(t, range->row, range->column);
	     i < t->count && t->cells[i].row <= range->last_row && steps-- > 0; i++)
		if (is_in(range, &t->cells[i])) {
			at = at ? at : add_text(t, url, strlen(url));
			t->cells[i].url = at;
		}
}

/* Empties the cells of merged ranges but the first. */
static void
empty_merged(struct sheet_table *t)
{
	size_t steps = STEPS;

	for (size_t k = 0; k < t->merged_count; k++) {
		const struct sheet_range *r = &t->merged[k];

		for (size_t i = find_cell(t, r->row, r->column);
		     i < t->count && t->cells[i].row <= r->last_row && steps-- > 0; i++) {
			struct sheet_cell *c = &t->cells[i];

			if (is_in(r, c) && (c->row != r->row || c->column != r->column))
				c->text = 0;
		}
	}
}

/* Sets PLACES to the column of the table, from 1, that each column of the sheet is in; 0: none. Returns their number.
 */
static size_t
place_columns(const struct sheet_table *t, struct doc *d, uint16_t places[SHEET_COLUMNS])
{
	size_t n = 0;

	memset(places, 0, SHEET_COLUMNS * sizeof(*places));
	for (size_t i = 0; i < t->count; i++)
		if (t->cells[i].text && t->hidden[t->cells[i].column])
			doc_missing(d, "hidden columns");
		else if (t->cells[i].text)
			places[t->cells[i].column] = 1;
	for (size_t i = 0; i < SHEET_COLUMNS; i++)
		if (places[i] && n == SHEET_SHOWN) {
			places[i] = 0;
			d->truncated = true;
		} else if (places[i])
			places[i] = (uint16_t)++n;
	return n;
}

static void
put_cell(const struct sheet_table *t, const struct sheet_cell *c, struct md *md)
{
	const char *text = c ? t->texts.data + c->text : "";

	md_cell_begin(md);
	if (c && c->url)
		md_open(md, MD_LINK, t->texts.data + c->url);
	md_text(md, text, strlen(text));
	if (c && c->url)
		md_close(md, MD_LINK);
	md_cell_end(md, 1);
}

void
sheet_table_write(struct sheet_table *t, struct doc *d, size_t *left)
{
	uint16_t places[SHEET_COLUMNS];
	size_t columns;

	sort_cells(t);
	empty_merged(t);
	columns = place_columns(t, d, places);
	md_table(&d->md);
	for (size_t i = 0; i < t->count && columns > 0;) {
		uint32_t row = t->cells[i].row;
		size_t at = 0;

		if (*left < columns || d->md.full) {
			t->cut = true;
			break;
		}
		for (; i < t->count && t->cells[i].row == row; i++) {
			const struct sheet_cell *c = &t->cells[i];

			if (!c->text || !places[c->column])
				continue;
			for (; at + 1 < places[c->column]; at++)
				put_cell(t, NULL, &d->md);
			put_cell(t, c, &d->md);
			at++;
		}
		if (at == 0)
			continue;
		md_row(&d->md, columns);
		*left -= columns;
	}
	md_block(&d->md);
	d->truncated = d->truncated || t->cut;
}
