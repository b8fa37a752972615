#include "pdf/pdf_columns.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum {
	WORDS_MAX = 20000, /* on a page; more are no text for people */
	CELLS_MAX = 1000,  /* of the grid in one direction */
	DEPTH_MAX = 8,
	GUTTER_CELLS = 4,     /* the least width of a gutter: 0.8 em */
	GUTTER_LINES = 4,     /* on each side of it */
	LINE_CHARACTERS = 14, /* of an average line beside it; those in tables are shorter */
	EDGE = 8,             /* headers and footers are in this part of the page */
};

struct region {
	struct pdf_word *words; /* to be sorted in place */
	size_t n;
};

struct sorter {
	double height, cell;
	unsigned line; /* the next one's number */
};

/* A strip without words: from its middle X, and between Y0 and Y1. */
struct gutter {
	double x, y0, y1;
};

static double
middle_y(const struct pdf_word *w)
{
	return (w->y0 + w->y1) / 2;
}

static double
middle_x(const struct pdf_word *w)
{
	return (w->x0 + w->x1) / 2;
}

static int
compare_y(const void *a, const void *b)
{
	double p = middle_y(a), q = middle_y(b);

	return (p > q) - (p < q);
}

static int
compare_x(const void *a, const void *b)
{
	double p = ((const struct pdf_word *)a)->x0, q = ((const struct pdf_word *)b)->x0;

	return (p > q) - (p < q);
}

/* Whether the word is in the line that is between Y0 and Y1; a superscript is. */
static bool
is_beside(const struct pdf_word *w, double y0, double y1)
{
	return fabs(middle_y(w) - (y0 + y1) / 2) < 0.6 * fmin(w->y1 - w->y0, y1 - y0);
}

/* --- a region without columns --- */

static void
sort_lines(struct sorter *s, struct region r)
{
	size_t begin = 0;
	double y0 = 0, y1 = 0;

	qsort(r.words, r.n, sizeof(*r.words), compare_y);
	for (size_t i = 0; i <= r.n; i++) {
		if (i < r.n && i > begin && !r.words[i].table && !r.words[begin].table &&
		    is_beside(&r.words[i], y0, y1)) {
			double taller = (r.words[i].y1 - r.words[i].y0) / (y1 - y0);

			if (taller > 1 && taller < 1.6) { /* the line began with a superscript */
				y0 = r.words[i].y0;
				y1 = r.words[i].y1;
			}
			continue;
		}
		qsort(r.words + begin, i - begin, sizeof(*r.words), compare_x);
		for (size_t k = begin; k < i; k++)
			r.words[k].line = s->line;
		s->line++;
		if (i == r.n)
			break;
		begin = i;
		y0 = r.words[i].y0;
		y1 = r.words[i].y1;
	}
}

/* --- gutters --- */

/* How many lines of the words on one side of the gutter there are, and how many characters they have. */
static void
count_side(const struct region *r, const struct gutter *g, bool right, size_t *lines, size_t *characters)
{
	double below = -1;

	*lines = *characters = 0;
	for (size_t i = 0; i < r->n; i++) { /* sorted by their middle */
		const struct pdf_word *w = &r->words[i];
		double y = middle_y(w);

		if (y < g->y0 || y > g->y1 || (middle_x(w) > g->x) != right)
			continue;
		*characters += w->count;
		if (y > below) {
			++*lines;
			below = w->y1;
		}
	}
}

/* Whether this strip has lines of text on both sides. */
static bool
is_gutter(const struct region *r, const struct gutter *g)
{
	for (int side = 0; side < 2; side++) {
		size_t lines, characters;

		count_side(r, g, side == 1, &lines, &characters);
		if (lines < GUTTER_LINES || characters < lines * LINE_CHARACTERS)
			return false;
	}
	return true;
}

struct grid {
	unsigned char *full; /* a row of cells after the other: a word is there */
	size_t columns, rows;
	double x, y, cell;
};

static size_t
cell_of(double at, size_t count)
{
	return at < 0 ? 0 : (size_t)at >= count ? count - 1 : (size_t)at;
}

static bool
make_grid(const struct region *r, double cell, struct grid *g)
{
	double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;

	for (size_t i = 0; i < r->n; i++) {
		x0 = fmin(x0, r->words[i].x0);
		y0 = fmin(y0, r->words[i].y0);
		x1 = fmax(x1, r->words[i].x1);
		y1 = fmax(y1, r->words[i].y1);
	}
	if (!(x1 - x0 < cell * CELLS_MAX) || !(y1 - y0 < cell * CELLS_MAX))
		return false;
	*g = (struct grid){.columns = (size_t)((x1 - x0) / cell) + 1, .rows = (size_t)((y1 - y0) / cell) + 1};
	g->x = x0;
	g->y = y0;
	g->cell = cell;
	g->full = buf_alloc(g->columns * g->rows);
	for (size_t i = 0; i < r->n; i++) {
		const struct pdf_word *w = &r->words[i];
		size_t from = cell_of((w->x0 - x0) / cell, g->columns), to = cell_of((w->x1 - x0) / cell, g->columns);

		for (size_t row = cell_of((w->y0 - y0) / cell, g->rows); row <= cell_of((w->y1 - y0) / cell, g->rows);
		     row++)
			memset(g->full + row * g->columns + from, 1, to - from + 1);
	}
	return true;
}

/* Sets CLEAR for each cell to the number of rows, upwards from it, in which the gutter that ends there is empty. */
static unsigned short *
measure_clear(const struct grid *g)
{
	unsigned short *clear = buf_alloc(g->columns * g->rows * sizeof(*clear));

	for (size_t row = 0; row < g->rows; row++) {
		size_t empty = 0;

		for (size_t x = 0; x < g->columns; x++) {
			size_t at = row * g->columns + x;

			empty = g->full[at] ? 0 : empty + 1;
			if (empty >= GUTTER_CELLS)
				clear[at] = (unsigned short)(row ? clear[at - g->columns] + 1 : 1);
		}
	}
	return clear;
}

/* The tallest gutter. Of those that are equally tall, neighbours are one gutter, whose middle counts. */
static bool
find_gutter(const struct region *r, double cell, struct gutter *found)
{
	struct grid grid;
	unsigned short *clear;
	size_t best = 0;

	if (r->n < 2 * GUTTER_LINES || !make_grid(r, cell, &grid))
		return false;
	clear = measure_clear(&grid);
	for (size_t row = 0; row < grid.rows; row++)
		for (size_t x = GUTTER_CELLS; x + 1 < grid.columns; x++) {
			size_t tall = clear[row * grid.columns + x], end = x;
			struct gutter g;

			if (tall <= best || (row + 1 < grid.rows && clear[(row + 1) * grid.columns + x]))
				continue;
			while (end + 1 < grid.columns && clear[row * grid.columns + end + 1] == tall)
				end++;
			g.x = grid.x + ((double)(x + end + 2 - GUTTER_CELLS) / 2) * cell;
			g.y0 = grid.y + (double)(row + 1 - tall) * cell;
			g.y1 = grid.y + (double)(row + 1) * cell;
			if (is_gutter(r, &g)) {
				*found = g;
				best = tall;
			}
		}
	free(clear);
	free(grid.full);
	return best > 0;
}

/* --- cuts --- */

/* Where the word belongs: 0 above the gutter, 1 left, 2 right of it, 3 below. */
static int
side_of(const struct pdf_word *w, const struct gutter *g)
{
	double y = middle_y(w);

	if (y < g->y0)
		return 0;
	if (y > g->y1)
		return 3;
	return middle_x(w) < g->x ? 1 : 2;
}

static void sort_region(struct sorter *s, struct region r, int depth);

/* Headers and footers are single lines at the edge of the page with space between them and the rest. They are cut off,
 * so that their parts do not go to the columns. Returns the number of words above the space that is cut at, or 0. */
static size_t
find_edge(const struct sorter *s, const struct region *r)
{
	double bottom = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct pdf_word *w = &r->words[i];
		double gap = w->y0 - bottom, y = middle_y(w);

		if (i > 0 && gap > 0.9 * w->size &&
		    ((bottom < s->height / EDGE && middle_y(&r->words[i - 1]) - middle_y(&r->words[0]) < w->size) ||
		     (y > s->height * (EDGE - 1) / EDGE && middle_y(&r->words[r->n - 1]) - y < w->size)))
			return i;
		bottom = fmax(bottom, w->y1);
	}
	return 0;
}

static void
sort_region(struct sorter *s, struct region r, int depth)
{
	struct pdf_word *sorted, *end;
	struct gutter g;
	size_t edge;

	if (r.n == 0)
		return;
	qsort(r.words, r.n, sizeof(*r.words), compare_y);
	edge = depth < DEPTH_MAX ? find_edge(s, &r) : 0;
	if (edge > 0) {
		sort_region(s, (struct region){r.words, edge}, depth + 1);
		sort_region(s, (struct region){r.words + edge, r.n - edge}, depth + 1);
		return;
	}
	if (depth >= DEPTH_MAX || !find_gutter(&r, s->cell, &g)) {
		sort_lines(s, r);
		return;
	}
	sorted = end = buf_alloc(r.n * sizeof(*sorted));
	for (int side = 0; side < 4; side++) {
		struct region part = {end, 0};

		for (size_t i = 0; i < r.n; i++)
			if (side_of(&r.words[i], &g) == side)
				part.words[part.n++] = r.words[i];
		sort_region(s, part, depth + 1);
		end += part.n;
	}
	memcpy(r.words, sorted, r.n * sizeof(*sorted));
	free(sorted);
}

static int
compare_size(const void *a, const void *b)
{
	double p = *(const double *)a, q = *(const double *)b;

	return (p > q) - (p < q);
}

static double
median_size(const struct pdf_word *words, size_t n)
{
	double *sizes = buf_alloc(n * sizeof(*sizes)), median;

	for (size_t i = 0; i < n; i++)
		sizes[i] = words[i].size;
	qsort(sizes, n, sizeof(*sizes), compare_size);
	median = sizes[n / 2];
	free(sizes);
	return median;
}

/* Whether its letters stand below each other: it is rotated, or Chinese or Japanese in columns. */
static bool
is_upright(const struct pdf_word *w)
{
	return w->table || w->count < 2 || w->y1 - w->y0 < 1.8 * w->size || w->y1 - w->y0 < w->x1 - w->x0;
}

/* Moves the words that are not written from left to right to the end. Returns the number of the others. */
static size_t
set_apart(struct pdf_word *words, size_t n)
{
	struct pdf_word *others = buf_alloc(n * sizeof(*others));
	size_t kept = 0, moved = 0;

	for (size_t i = 0; i < n; i++)
		if (is_upright(&words[i]))
			words[kept++] = words[i];
		else
			others[moved++] = words[i];
	memcpy(words + kept, others, moved * sizeof(*words));
	free(others);
	return kept;
}

static bool
is_mostly_upright(const struct pdf_word *words, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += is_upright(&words[i]);
	return count * 2 > n;
}

void
pdf_columns_sort(struct pdf_word *words, size_t n, double height)
{
	struct sorter s = {.height = height};
	size_t kept;

	if (n < 2 || n > WORDS_MAX || !is_mostly_upright(words, n))
		return;
	s.cell = median_size(words, n) / 5;
	if (!(s.cell > 0.1))
		return;
	kept = set_apart(words, n);
	for (size_t i = kept; i < n; i++)
		words[i].line += (unsigned)n; /* behind those of the others */
	sort_region(&s, (struct region){words, kept}, 0);
}
