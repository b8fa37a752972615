#include "confined/likeness.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"

enum { COLUMNS = 9, ROWS = 8, FIELDS = 4, RGB = 3 };

/* Adds to SUMS, for each of COLUMNS columns of one row of values STRIDE apart, SHARE of what the column covers. */
static void
add_row(const uint8_t *row, size_t stride, size_t width, size_t columns, double share, double *sums)
{
	for (size_t c = 0; c < columns; c++) {
		double left = (double)(c * width) / (double)columns,
		       right = (double)((c + 1) * width) / (double)columns;
		size_t from = (size_t)left, to = (size_t)ceil(right);
		uint32_t sum = 0;

		for (size_t x = from; x < to; x++)
			sum += row[x * stride];
		sums[c] += share * ((double)sum - (left - (double)from) * row[from * stride] -
				    ((double)to - right) * row[(to - 1) * stride]);
	}
}

/* The means of COLUMNS x ROWS cells, row by row, of WIDTH x HEIGHT values STRIDE apart. */
static void
shrink_to_cells(const uint8_t *values, size_t stride, size_t width, size_t height, size_t columns, size_t rows,
		double *cells)
{
	double area = (double)width / (double)columns * ((double)height / (double)rows);

	for (size_t r = 0; r < rows; r++, cells += columns) {
		double top = (double)(r * height) / (double)rows, bottom = (double)((r + 1) * height) / (double)rows;

		for (size_t c = 0; c < columns; c++)
			cells[c] = 0;
		for (size_t y = (size_t)top; (double)y < bottom; y++)
			add_row(values + y * width * stride, stride, width, columns,
				fmin(bottom, (double)(y + 1)) - fmax(top, (double)y), cells);
		for (size_t c = 0; c < columns; c++)
			cells[c] /= area;
	}
}

static uint64_t
hash_of(const uint8_t *grey, size_t width, size_t height)
{
	double cells[ROWS * COLUMNS];
	uint64_t hash = 0;
	int ones;

	shrink_to_cells(grey, 1, width, height, COLUMNS, ROWS, cells);
	for (size_t y = 0; y < ROWS; y++)
		for (size_t x = 1; x < COLUMNS; x++)
			hash = hash << 1 | (cells[y * COLUMNS + x] > cells[y * COLUMNS + x - 1] + 1);
	ones = __builtin_popcountll(hash);
	return ones >= LIKENESS_MIN && ones <= 64 - LIKENESS_MIN ? hash : 0;
}

static uint32_t
sharpness_of(const uint8_t *grey, size_t width, size_t height)
{
	double sum = 0, squares = 0, n;

	if (width < 3 || height < 3)
		return 0;
	for (size_t y = 1; y < height - 1; y++) {
		const uint8_t *row = grey + y * width;
		int64_t line = 0, line_squares = 0;

		for (size_t x = 1; x < width - 1; x++) {
			int32_t v = row[x - 1] + row[x + 1] + row[x - width] + row[x + width] - 4 * row[x];

			line += v;
			line_squares += v * v;
		}
		sum += (double)line;
		squares += (double)line_squares;
	}
	n = (double)(width - 2) * (double)(height - 2);
	return (uint32_t)lround(squares / n - (sum / n) * (sum / n));
}

void
likeness_compute(const uint8_t *rgb, size_t width, size_t height, struct likeness *out)
{
	uint8_t *grey = buf_alloc(width * height);
	double fields[FIELDS * FIELDS];

	for (size_t i = 0; i < width * height; i++)
		grey[i] = (uint8_t)((299U * rgb[RGB * i] + 587U * rgb[RGB * i + 1] + 114U * rgb[RGB * i + 2] + 500U) /
				    1000U);
	out->hash = hash_of(grey, width, height);
	out->sharpness = sharpness_of(grey, width, height);
	for (size_t band = 0; band < RGB; band++) {
		shrink_to_cells(rgb + band, RGB, width, height, FIELDS, FIELDS, fields);
		for (size_t i = 0; i < FIELDS * FIELDS; i++)
			out->colours[RGB * i + band] = (uint8_t)lround(fields[i]);
	}
	free(grey);
}

unsigned
likeness_distance(const struct likeness *a, const struct likeness *b)
{
	if (!a->hash || !b->hash)
		return LIKENESS_NONE;
	for (size_t i = 0; i < LIKENESS_COLOURS; i++)
		if (abs(a->colours[i] - b->colours[i]) > LIKENESS_COLOUR)
			return LIKENESS_NONE;
	return (unsigned)__builtin_popcountll(a->hash ^ b->hash);
}
