#include "status_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/display.h"
#include "base/human.h"
#include "base/when.h"
#include "held.h"

/* --- below the batches --- */

static void
print_stale(struct sheet *s, const struct snapshot *const *v, size_t n)
{
	struct buf part = {0};
	size_t i = 0;

	while (i < n && (v[i]->wrong || !v[i]->p.stale))
		i++;
	if (i == n)
		return;
	buf_str(s->out, "\n");
	buf_printf(&part, "Nobody works on %s,", v[i]->shown);
	rows_add_part(s, "", NULL, part.data);
	rows_add_part(s, " ", NULL, "and work is left:");
	buf_clear(&part);
	buf_printf(&part, "bi-fetch %s-b %s --resume goes on.", v[i]->at, v[i]->name);
	rows_add_part(s, " ", NULL, part.data);
	rows_end_parts(s);
	buf_free(&part);
}

/* How to see which items failed. */
static void
print_failed_hint(struct sheet *s, const struct snapshot *const *v, size_t n)
{
	struct buf part = {0};
	size_t i = 0;

	while (i < n && (v[i]->wrong || !v[i]->p.counts.failed))
		i++;
	if (i == n)
		return;
	buf_str(s->out, "\n");
	buf_printf(&part, "bi-status --items --failed %s%s", v[i]->at, v[i]->name);
	rows_add_part(s, "", NULL, part.data);
	rows_add_part(s, " ", NULL, "says why items failed.");
	rows_end_parts(s);
	buf_free(&part);
}

static void
print_no_batches(const struct root *root, struct buf *out)
{
	buf_str(out, "no batches in ");
	human_text(out, root->path);
	buf_str(out, "\n");
}

/* The hosts that are held back in the roots. 0, or the first exit code. */
static int
print_held(const struct root *const *roots, size_t n, struct buf *out)
{
	int code = 0;

	for (size_t i = 0; i < n; i++) {
		char *at = snapshot_root_option(n > 1 ? roots[i] : NULL);
		int rc = held_print(roots[i], at, out);

		free(at);
		code = code ? code : rc;
	}
	return code;
}

int
table_print(const struct root *const *roots, size_t roots_n, const struct snapshot *const *v, size_t n,
	    size_t unreadable, const struct paper *paper, struct buf *out)
{
	struct sheet s = {.paper = paper, .out = out, .roots = roots_n, .unreadable = unreadable};

	if (n == 0) {
		for (size_t i = 0; i < roots_n; i++)
			print_no_batches(roots[i], out);
		return print_held(roots, roots_n, out);
	}
	rows_measure(&s, v, n);
	rows_head(&s);
	for (size_t i = 0; i < n; i++)
		rows_print(&s, v[i]);
	if (n > 1 || roots_n > 1 || unreadable > 0) {
		buf_str(out, "\n");
		rows_sum(&s, v, n);
	}
	print_stale(&s, v, n);
	print_failed_hint(&s, v, n);
	return print_held(roots, roots_n, out);
}

/* --- on a screen --- */

/* Batches on which processes work come first, then those that wait for one. */
static int
sort_rank(const struct snapshot *s)
{
	if (s->p.counts.held)
		return 0;
	if (s->wrong || snapshot_is_stalled(s))
		return 1;
	if (snapshot_items_left(s) || s->p.queued)
		return 2;
	return s->p.counts.failed ? 3 : 4;
}

static bool
is_finished(const struct snapshot *s)
{
	return sort_rank(s) > 2;
}

static int
compare_ranks(const void *a, const void *b)
{
	const struct snapshot *x = *(const struct snapshot *const *)a, *y = *(const struct snapshot *const *)b;

	return sort_rank(x) != sort_rank(y) ? sort_rank(x) - sort_rank(y) : strverscmp(x->name, y->name);
}

static int
count_rows(const char *text)
{
	int rows = 0;

	for (; text && *text; text++)
		rows += *text == '\n';
	return rows;
}

/* Cuts the text after the first ROWS lines. */
static void
cut_rows(struct buf *text, int rows)
{
	char *end = text->data;

	while (rows-- > 0 && (end = strchr(end, '\n')) != NULL)
		end++;
	if (!end)
		return;
	text->len = (size_t)(end - text->data);
	*end = '\0';
}

/* The line with the time. */
static void
print_clock(struct sheet *s, bool keys)
{
	char part[64];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	(void)strftime(part, sizeof(part), "%H:%M:%S", &tm); /* it fits */
	rows_add_part(s, "", NULL, part);
	rows_add_part(s, "  ", rows_dim, keys ? "q quits" : "Ctrl-C quits");
	rows_end_parts(s);
}

/* Counts the batches that have no row: those that are not finished, and the others. */
static void
print_rest(struct sheet *s, const struct snapshot *const *v, size_t n)
{
	static const char *const kinds[] = {"worked on", "waiting for somebody", "pending"};
	size_t counts[5] = {0}, finished, left;
	const char *before = " ";
	char part[64];

	for (size_t i = 0; i < n; i++)
		counts[sort_rank(v[i])]++;
	finished = counts[3] + counts[4];
	left = n - finished;
	if (left) {
		snprintf(part, sizeof(part), "... and %zu more:", left);
		rows_add_part(s, "", rows_dim, part);
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!counts[i])
			continue;
		snprintf(part, sizeof(part), "%zu %s", counts[i], kinds[i]);
		rows_add_part(s, before, rows_dim, part);
		before = ", ";
	}
	if (finished) {
		snprintf(part, sizeof(part), "%zu finished", finished);
		rows_add_part(s, left ? "; " : "", rows_dim, part);
	}
	if (counts[3]) {
		snprintf(part, sizeof(part), "%zu with failures", counts[3]);
		rows_add_part(s, ", ", rows_dim, part);
	}
	rows_end_parts(s);
}

/* How many lines print_rest() takes for these. */
static int
rows_of_rest(const struct sheet *s, const struct snapshot *const *v, size_t n)
{
	struct buf text = {0};
	struct sheet t = {.paper = s->paper, .out = &text};
	int rows;

	if (n == 0)
		return 0;
	print_rest(&t, v, n);
	rows = count_rows(text.data);
	buf_free(&text);
	return rows;
}

/* Shows the first SHOWN of the N batches V, or fewer if there is no room for them in ROWS lines, below the text in OUT.
 * The others are counted. */
static void
print_fitting(struct sheet *s, const struct snapshot *const *v, size_t shown, size_t n, int rows)
{
	struct buf *out = s->out, one = {0};
	int used = count_rows(out->data);
	size_t i = 0;

	s->out = &one;
	for (; i < shown; i++) {
		int rest = rows_of_rest(s, v + i + 1, n - i - 1);

		buf_clear(&one);
		rows_print(s, v[i]);
		display_break(&one, s->paper->width);
		if (i == 0 && rows - rest > used)
			cut_rows(&one, rows - rest - used);
		if (used + count_rows(one.data) + rest > rows)
			break;
		used += count_rows(one.data);
		buf_add(out, one.data, one.len);
	}
	s->out = out;
	if (i < n)
		print_rest(s, v + i, n - i);
	buf_free(&one);
}

/* The hosts that are held back, if there is room for them. */
static void
print_held_below(const struct root *root, const struct paper *paper, int rows, struct buf *out)
{
	struct buf held = {0};

	(void)held_print(root, "", &held);
	display_break(&held, paper->width);
	if (held.len && count_rows(out->data) + count_rows(held.data) <= rows)
		buf_add(out, held.data, held.len);
	buf_free(&held);
}

void
table_print_screen(const struct root *root, const struct snapshot *const *v, size_t n, const struct paper *paper,
		   const struct screen_form *form, struct buf *out)
{
	const struct snapshot **sorted = buf_alloc((n + 1) * sizeof(*sorted));
	struct sheet s = {.paper = paper, .out = out, .live = true};
	size_t shown = n;

	print_clock(&s, form->keys);
	for (size_t i = 0; i < n; i++)
		sorted[i] = v[i];
	qsort(sorted, n, sizeof(*sorted), compare_ranks);
	/* Finished ones are only counted, unless there are no others, or they were named. */
	while (!form->named && shown > 0 && is_finished(sorted[shown - 1]))
		shown--;
	if (shown == 0)
		shown = n;
	rows_measure(&s, sorted, shown);
	if (n == 0)
		print_no_batches(root, out);
	if (n > 1)
		rows_sum(&s, sorted, n);
	if (n > 0)
		rows_head(&s);
	display_break(out, paper->width);
	print_fitting(&s, sorted, shown, n, form->rows);
	print_held_below(root, paper, form->rows, out);
	free(sorted);
}
