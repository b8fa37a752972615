#include "pdf/pdf_tables.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "pdf/pdf_rules.h"

enum { LINE_CHARACTERS = 40 }; /* of a table, for the search for columns of text */

/* Whether two lines of the page have parts that are apart, as the cells of a row are. */
static bool
has_gaps(const struct pdf_words *w)
{
	size_t gaps = 0;

	for (size_t i = 1; i < w->n; i++) {
		const struct pdf_word *a = &w->list[i - 1], *b = &w->list[i];

		gaps += a->line == b->line && (b->x0 - a->x1 > 1.2 * a->size || a->x0 - b->x1 > 1.2 * a->size);
	}
	return gaps >= 2;
}

static size_t
place_of(const double *places, size_t n, double at)
{
	size_t i = 0;

	while (i < n && at > places[i + 1])
		i++;
	return i;
}

/* The number of the cell that the word is in, which may span several; false if it is outside. */
static bool
cell_of(const struct pdf_grid *g, const struct pdf_word *w, size_t *cell)
{
	double x = (w->x0 + w->x1) / 2, y = (w->y0 + w->y1) / 2;
	size_t column, row;

	if (x < g->x[0] || x > g->x[g->columns] || y < g->y[0] || y > g->y[g->rows])
		return false;
	column = place_of(g->x, g->columns, x);
	row = place_of(g->y, g->rows, y);
	while (row > 0 && (g->open[row * g->columns + column] & GRID_UP))
		row--;
	while (column > 0 && (g->open[row * g->columns + column] & GRID_LEFT))
		column--;
	*cell = row * g->columns + column;
	return true;
}

static void
put_word(char **cell, const char *text, const struct pdf_word *w)
{
	struct buf words = {0};

	if (*cell) {
		buf_str(&words, *cell);
		buf_str(&words, w->space ? " " : "");
	}
	pdf_letters_add(&words, text + w->from, w->n);
	free(*cell);
	*cell = words.data;
}

/* A grid is a table if it has text in two rows and two columns, and in a third of its cells; others are drawings. */
static bool
is_table(const struct pdf_table *t)
{
	size_t filled = 0, rows = 0, columns = 0;

	for (size_t row = 0; row < t->rows; row++) {
		bool some = false;

		for (size_t column = 0; column < t->columns; column++)
			if (t->cells[row * t->columns + column]) {
				filled++;
				some = true;
			}
		rows += some;
	}
	for (size_t column = 0; column < t->columns; column++) {
		bool some = false;

		for (size_t row = 0; row < t->rows; row++)
			some = some || t->cells[row * t->columns + column];
		columns += some;
	}
	return rows >= 2 && columns >= 2 && filled * 3 >= t->rows * t->columns;
}

static void
free_table(struct pdf_table *t)
{
	for (size_t i = 0; i < t->rows * t->columns; i++)
		free(t->cells[i]);
	free(t->cells);
}

static bool
fill_table(const struct pdf_grid *g, const struct pdf_words *w, struct pdf_table *t)
{
	size_t cell;

	*t = (struct pdf_table){g->rows,      g->columns, buf_alloc(g->rows * g->columns * sizeof(char *)),
				g->x[0],      g->y[0],    g->x[g->columns],
				g->y[g->rows]};
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].table == 0 && cell_of(g, &w->list[i], &cell))
			put_word(&t->cells[cell], w->text, &w->list[i]);
	if (is_table(t))
		return true;
	free_table(t);
	return false;
}

/* Puts one word for the whole table where its first word was, and drops the others. */
static void
replace_words(const struct pdf_grid *g, struct pdf_words *w, const struct pdf_table *t, unsigned number)
{
	size_t n = 0, cell;
	bool begun = false;

	for (size_t i = 0; i < w->n; i++) {
		struct pdf_word *word = &w->list[i];

		if (word->table == 0 && cell_of(g, word, &cell)) {
			if (begun)
				continue;
			begun = true;
			*word = (struct pdf_word){word->from, 0,          LINE_CHARACTERS, t->x0,       t->y0, t->x1,
						  t->y1,      word->size, word->line,      word->space, number};
		}
		w->list[n++] = *word;
	}
	w->n = n;
}

void
pdf_tables_find(PopplerPage *page, struct pdf_words *w, struct pdf_tables *t, double *seconds)
{
	struct pdf_grid *grids;
	double began;
	size_t n;

	*t = (struct pdf_tables){0};
	if (!has_gaps(w))
		return;
	if (*seconds <= 0) {
		t->skipped = true;
		return;
	}
	began = clock_processor_seconds();
	n = pdf_grids_find(page, &grids);
	*seconds -= clock_processor_seconds() - began;
	for (size_t i = 0; i < n; i++) {
		t->list = buf_grow(t->list, t->n, sizeof(*t->list));
		if (!fill_table(&grids[i], w, &t->list[t->n]))
			continue;
		replace_words(&grids[i], w, &t->list[t->n], (unsigned)t->n + 1);
		t->n++;
	}
	pdf_grids_free(grids, n);
}

void
pdf_tables_free(struct pdf_tables *t)
{
	for (size_t i = 0; i < t->n; i++)
		free_table(&t->list[i]);
	free(t->list);
	*t = (struct pdf_tables){0};
}
