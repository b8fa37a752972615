#include "pdf/pdf_layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pdf/pdf_columns.h"
#include "pdf/pdf_words.h"

/* --- the text of a line --- */

static bool
is_space_between(const struct pdf_word *a, const struct pdf_word *b)
{
	return b->space || a->from + a->n != b->from;
}

/* The length of the hyphen at the end of a line, which is behind a letter; 0: there is none. */
static size_t
hyphen_at_end(const char *line, size_t n)
{
	static const char *const hyphens[] = {"-", "\u2010", "\u00ad"};

	for (size_t i = 0; i < sizeof(hyphens) / sizeof(hyphens[0]); i++) {
		size_t len = strlen(hyphens[i]);

		if (n > len && strcmp(line + n - len, hyphens[i]) == 0 &&
		    g_unichar_isalpha(g_utf8_get_char(g_utf8_prev_char(line + n - len))))
			return len;
	}
	return 0;
}

/* Whether the page has this word, which a hyphen divides, with the hyphen within a line. */
static bool
has_compound(const struct pdf_words *w, const char *line, size_t n, const struct pdf_word *rest)
{
	struct buf compound = {0};
	const char *begin = line + n;
	bool found;

	while (begin > line && begin[-1] != ' ')
		begin--;
	buf_add(&compound, begin, (size_t)(line + n - begin));
	pdf_letters_add(&compound, w->text + rest->from, rest->n);
	found = strstr(w->text, compound.data) != NULL;
	buf_free(&compound);
	return found;
}

/* Appends the second half of a word that is divided at the end of the line to it. Returns whether it is. */
static bool
join_word(const struct pdf_words *w, struct buf *text, size_t from, const struct pdf_word *rest)
{
	size_t n = text->len - from, hyphen = hyphen_at_end(text->data + from, n);
	gunichar c = g_utf8_get_char(w->text + rest->from);

	if (hyphen == 0 || !g_unichar_islower(c))
		return false;
	if (hyphen != 1 || !has_compound(w, text->data + from, n, rest))
		text->len -= hyphen;
	pdf_letters_add(text, w->text + rest->from, rest->n);
	return true;
}

/* --- lines --- */

static void
measure_line(struct pdf_line *line, const struct pdf_word *words, size_t n)
{
	size_t longest = 0;

	for (size_t i = 0; i < n; i++) {
		const struct pdf_word *w = &words[i];

		line->x0 = i ? fmin(line->x0, w->x0) : w->x0;
		line->y0 = i ? fmin(line->y0, w->y0) : w->y0;
		line->x1 = i ? fmax(line->x1, w->x1) : w->x1;
		line->y1 = i ? fmax(line->y1, w->y1) : w->y1;
		if (w->count > longest) {
			longest = w->count;
			line->size = w->size;
		}
	}
}

static size_t
line_end(const struct pdf_words *w, size_t i)
{
	size_t end = i + 1;

	while (end < w->n && w->list[end].line == w->list[i].line && !w->list[i].table && !w->list[end].table)
		end++;
	return end;
}

static void
make_lines(const struct pdf_words *w, struct pdf_layout *out)
{
	size_t begin = 0, end;

	for (size_t i = 0; i < w->n; i = end) {
		struct pdf_line line = {.from = out->text.len, .table = w->list[i].table};

		end = line_end(w, i);
		measure_line(&line, w->list + i, end - i);
		if (begin > i) /* its first word is in the line before */
			i = begin;
		for (size_t k = i; k < end; k++) {
			if (k > i && is_space_between(&w->list[k - 1], &w->list[k]))
				buf_str(&out->text, " ");
			pdf_letters_add(&out->text, w->list[k].from + w->text, w->list[k].n);
			out->characters += w->list[k].count;
		}
		if (i == end) {
			out->lines[out->count - 1].end = line.y1;
			continue;
		}
		if (end < w->n && line.table == 0 && w->list[end].table == 0 &&
		    join_word(w, &out->text, line.from, &w->list[end]))
			begin = end + 1;
		line.n = out->text.len - line.from;
		line.end = line.y1;
		buf_add(&out->text, "", 1);
		out->lines = buf_grow(out->lines, out->count, sizeof(*out->lines));
		out->lines[out->count++] = line;
	}
}

/* --- paragraphs --- */

static int
compare_numbers(const void *a, const void *b)
{
	double p = *(const double *)a, q = *(const double *)b;

	return (p > q) - (p < q);
}

/* How far below each other the tops of most lines are, in sizes of their font. */
static double
usual_leading(const struct pdf_layout *l)
{
	double *leadings = buf_alloc((l->count + 1) * sizeof(*leadings)), usual;
	size_t n = 0;

	for (size_t i = 1; i < l->count; i++) {
		double down = l->lines[i].y1 - l->lines[i - 1].end;

		if (l->lines[i].size > 0 && down > 0 && down < 4 * l->lines[i].size)
			leadings[n++] = down / l->lines[i].size;
	}
	qsort(leadings, n, sizeof(*leadings), compare_numbers);
	usual = n ? leadings[n / 2] : 1.2;
	free(leadings);
	return usual;
}

/* Whether the first line of a paragraph is set in, and the lines around it are not. */
static bool
is_set_in(const struct pdf_layout *l, size_t i)
{
	double in = l->lines[i].x0 - l->lines[i - 1].x0, size = l->lines[i].size;

	return in > 0.8 * size && in < 4 * size && i + 1 < l->count &&
	       fabs(l->lines[i + 1].x0 - l->lines[i - 1].x0) < 0.3 * size;
}

static void
find_blocks(struct pdf_layout *l)
{
	double usual = usual_leading(l);

	for (size_t i = 0; i < l->count; i++) {
		struct pdf_line *line = &l->lines[i], *before = i ? line - 1 : NULL;
		double down = before ? line->y1 - before->end : 0;

		line->block = !before || line->table || before->table ||
			      down > (usual + 0.35) * fmin(line->size, before->size) || down < -line->size ||
			      fabs(line->size - before->size) > 0.15 * before->size || is_set_in(l, i);
	}
}

void
pdf_layout_page(PopplerPage *page, struct pdf_layout *out, double *seconds)
{
	struct pdf_words w;
	double width, height;

	*out = (struct pdf_layout){0};
	pdf_words_find(page, &w);
	poppler_page_get_size(page, &width, &height);
	if (!w.leftward)
		pdf_columns_sort(w.list, w.n, height);
	pdf_tables_find(page, &w, &out->tables, seconds);
	if (!w.leftward && out->tables.n > 0)
		pdf_columns_sort(w.list, w.n, height);
	make_lines(&w, out);
	find_blocks(out);
	pdf_words_free(&w);
}

void
pdf_layout_free(struct pdf_layout *l)
{
	buf_free(&l->text);
	pdf_tables_free(&l->tables);
	free(l->lines);
	*l = (struct pdf_layout){0};
}
