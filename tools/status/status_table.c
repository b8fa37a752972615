#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/human.h"
#include "held.h"
#include "status_table.h"

enum {
	COLUMNS = 80, /* if it is not a terminal */
	WIDE = 60,    /* columns; on a narrower terminal, a batch has lines instead of columns */
	NAME_LENGTH_MIN = 5,
	NAME_LENGTH_MAX = 20,
	STATUS_MIN = 10,
	BAR_MIN = 6,
	BAR_MAX = 24,
	ROOM_MAX = 64, /* for a name and a bar if there is room */
};

static const char green[] = "\033[32m", red[] = "\033[31m", yellow[] = "\033[33m", cyan[] = "\033[36m",
		  dim[] = "\033[2m", bold[] = "\033[1m";

struct widths {
	int name, status, done, failed, left, bar;
	bool wide; /* they fit */
};

struct sheet {
	const struct paper *paper;
	struct widths w;
	struct buf *out;
	int column, indent; /* of the line that add_part() fills */
};

struct paper
paper_of_stdout(void)
{
	struct paper p = {.width = COLUMNS};
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return p;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		p.width = size.ws_col;
	p.colour = !(no_colour && *no_colour) && term && *term && strcmp(term, "dumb") != 0;
	return p;
}

/* --- pieces of a line --- */

/* Appends TEXT in a COLOUR; NULL: without colour. */
static void
print_coloured(const struct sheet *s, const char *colour, const char *text)
{
	bool painted = colour && s->paper->colour && *text;

	buf_str(s->out, painted ? colour : "");
	buf_str(s->out, text);
	buf_str(s->out, painted ? "\033[0m" : "");
}

/* Appends a part of the text about a batch, on the next line if it does not fit. */
static void
add_part(struct sheet *s, const char *before, const char *colour, const char *part)
{
	int n = (int)strlen(part), sep = s->column > s->indent ? (int)strlen(before) : 0;

	if (s->column > s->indent && s->column + sep + n + 1 > s->paper->width) {
		buf_printf(s->out, "%.*s\n%*s", sep > 1 ? 1 : 0, before, s->indent, "");
		s->column = s->indent;
		sep = 0;
	}
	if (s->column == 0) {
		buf_printf(s->out, "%*s", s->indent, "");
		s->column = s->indent;
	}
	buf_str(s->out, sep ? before : "");
	print_coloured(s, colour, part);
	s->column += sep + n;
}

static void
end_parts(struct sheet *s)
{
	if (s->column > 0)
		buf_str(s->out, "\n");
	s->column = 0;
}

static int
count_digits(uint64_t n)
{
	int d = 1;

	for (; n > 9; n /= 10)
		d++;
	return d;
}

static void
widen_to(int *width, int to)
{
	if (to > *width)
		*width = to;
}

/* The status of the job; "stale" in a document is shown as stopped. */
static const char *
status_word(const struct snapshot *s)
{
	if (s->p.stale && s->p.counts.total != s->p.counts.pending)
		return "stopped";
	return s->p.status;
}

static const char *
colour_of(const struct snapshot *s)
{
	if (snapshot_is_stalled(s))
		return yellow;
	if (strcmp(s->p.status, "failed") == 0)
		return red;
	if (strcmp(s->p.status, "partially_completed") == 0)
		return yellow;
	return strcmp(s->p.status, "completed") == 0 ? green : s->p.counts.held ? cyan : NULL;
}

/* --- a batch's row --- */

static struct widths
measure_columns(const struct snapshot *const *v, size_t n, int columns)
{
	struct widths w = {.name = NAME_LENGTH_MIN, .status = STATUS_MIN, .done = 4, .failed = 6, .left = 4};
	int more = columns > COLUMNS ? columns - COLUMNS : 0, rest;

	more = more > ROOM_MAX ? ROOM_MAX : more;
	for (size_t i = 0; i < n; i++) {
		const struct batch_counts *c = &v[i]->p.counts;
		int length = (int)strlen(v[i]->name);

		/* A longer one has a separate line. */
		if (length <= NAME_LENGTH_MAX + more / 2)
			widen_to(&w.name, length);
		widen_to(&w.status, (int)strlen(status_word(v[i])));
		widen_to(&w.done, count_digits(c->completed + c->failed) + 1 + count_digits(c->total));
		widen_to(&w.failed, count_digits(c->failed));
		widen_to(&w.left, count_digits(snapshot_items_left(v[i])));
	}
	/* Two spaces separate columns; the brackets and the percentage take 9. On a narrow terminal, names have
	 * separate lines. */
	rest = columns - (w.name + 2 + w.status + 2 + 9 + 2 + w.done + 2 + w.failed + 2 + w.left);
	for (; rest < BAR_MIN && w.name > NAME_LENGTH_MIN; rest++)
		w.name--;
	w.bar = rest > BAR_MAX + more / 2 ? BAR_MAX + more / 2 : rest < BAR_MIN ? BAR_MIN : rest;
	w.wide = columns >= WIDE && rest >= BAR_MIN;
	return w;
}

/* Draws '#' for completed items, 'x' for failed ones (at least one if any failed), '.' for the rest. */
static void
draw_bar(const struct sheet *s, int width, const struct batch_counts *c)
{
	char bar[BAR_MAX + ROOM_MAX + 1];
	uint64_t all = c->total ? c->total : 1;
	int finished = (int)((c->completed + c->failed) * (uint64_t)width / all);
	int failed = (int)(c->failed * (uint64_t)width / all);

	if (c->failed > 0 && failed == 0 && finished > 0)
		failed = 1;
	memset(bar, '#', sizeof(bar));
	bar[finished - failed] = '\0';
	print_coloured(s, green, bar);
	memset(bar, 'x', sizeof(bar));
	bar[failed] = '\0';
	print_coloured(s, red, bar);
	memset(bar, '.', sizeof(bar));
	bar[width - finished] = '\0';
	print_coloured(s, dim, bar);
}

static void
print_status(const struct sheet *s, const struct snapshot *v, int width)
{
	print_coloured(s, colour_of(v), status_word(v));
	buf_printf(s->out, "%*s", width - (int)strlen(status_word(v)), "");
}

static void
print_row(const struct sheet *s, const struct snapshot *v)
{
	const struct batch_counts *c = &v->p.counts;
	const struct widths *w = &s->w;
	char done[48];

	snprintf(done, sizeof(done), "%" PRIu64 "/%" PRIu64, c->completed + c->failed, c->total);
	/* A name that is too long for its column has a separate line: it is never cut, since users copy it. */
	if ((int)strlen(v->name) > w->name)
		buf_printf(s->out, "%s\n%*s  ", v->name, w->name, "");
	else
		buf_printf(s->out, "%-*s  ", w->name, v->name);
	print_status(s, v, w->status);
	buf_str(s->out, "  [");
	draw_bar(s, w->bar, c);
	buf_printf(s->out, "] %3u.%u%%  %*s  %*" PRIu64 "  %*" PRIu64 "\n", v->p.tenths / 10, v->p.tenths % 10, w->done,
		   done, w->failed, c->failed, w->left, snapshot_items_left(v));
}

/* The same without room for columns. */
static void
print_lines(const struct sheet *s, const struct snapshot *v)
{
	const struct batch_counts *c = &v->p.counts;
	int name = (int)strlen(v->name), status = (int)strlen(status_word(v)), bar;
	char done[64];

	snprintf(done, sizeof(done), "] %u.%u%% %" PRIu64 "/%" PRIu64, v->p.tenths / 10, v->p.tenths % 10,
		 c->completed + c->failed, c->total);
	buf_printf(s->out, "%s%s", v->name, name + 2 + status > s->paper->width ? "\n  " : "  ");
	print_status(s, v, status);
	buf_str(s->out, "\n  [");
	bar = s->paper->width - 3 - (int)strlen(done);
	draw_bar(s, bar > BAR_MAX ? BAR_MAX : bar < BAR_MIN ? BAR_MIN : bar, c);
	buf_printf(s->out, "%s\n", done);
}

/* --- what there is to say below --- */

static double
seconds_left(const struct snapshot *v)
{
	return v->rate > 0 ? (double)snapshot_items_left(v) / v->rate : 0;
}

static void
add_pace(struct sheet *s, double rate, double bytes, double left)
{
	char part[64], room[HUMAN_ROOM];

	if (rate <= 0)
		return;
	if (rate < 1)
		snprintf(part, sizeof(part), "%.*f/min", rate * 60 < 9.95, rate * 60);
	else
		snprintf(part, sizeof(part), "%.*f/s", rate < 9.95, rate);
	add_part(s, ", ", NULL, part);
	if (bytes > 0) {
		snprintf(part, sizeof(part), "%s/s", human_bytes(room, bytes));
		add_part(s, ", ", NULL, part);
	}
	snprintf(part, sizeof(part), "%s left", human_span(room, left));
	add_part(s, ", ", NULL, part);
}

/* Who works on it, and how fast. */
static void
print_work(struct sheet *s, const struct snapshot *v)
{
	char part[64];

	if (v->p.counts.held) {
		snprintf(part, sizeof(part), "%u worker%s", v->workers, v->workers == 1 ? "" : "s");
		add_part(s, "", cyan, v->workers ? part : "being worked on");
		add_pace(s, v->rate, v->bytes, seconds_left(v));
	} else if (v->p.queued) {
		add_part(s, "", v->worker_runs || !snapshot_items_left(v) ? NULL : yellow,
			 v->worker_runs || !snapshot_items_left(v) ? "queued for a worker" : "! no worker runs:");
		if (!v->worker_runs && snapshot_items_left(v))
			add_part(s, " ", NULL, "`bi-fetch --work` takes it");
	} else if (v->p.stale) {
		add_part(s, "", yellow, "! nobody works on it");
	}
	end_parts(s);
}

static void
print_failures(struct sheet *s, const struct snapshot *v)
{
	struct buf part = {0};

	if (!v->kinds_n)
		return;
	buf_printf(&part, "%" PRIu64 " failed:", v->p.counts.failed);
	add_part(s, "", red, part.data);
	for (size_t i = 0; i < v->kinds_n; i++) {
		buf_clear(&part);
		human_text(&part, v->kinds[i].code);
		buf_printf(&part, " %" PRIu64, v->kinds[i].count);
		add_part(s, i ? ", " : " ", NULL, part.data);
	}
	if (v->more_kinds)
		add_part(s, ", ", NULL, "...");
	end_parts(s);
	buf_free(&part);
}

static void
print_removed(struct sheet *s, const struct snapshot *v)
{
	char part[64];

	if (!v->p.counts.removed)
		return;
	snprintf(part, sizeof(part), "%" PRIu64 " removed", v->p.counts.removed);
	add_part(s, "", NULL, part);
	end_parts(s);
}

static void
print_batch(struct sheet *s, const struct snapshot *v)
{
	if (v->wrong) {
		buf_printf(s->out, "%s\n", v->name);
		s->indent = 2;
		add_part(s, "", red, "! cannot be read:");
		add_part(s, " ", NULL, trouble_reason(v->wrong));
		end_parts(s);
		s->indent = 0;
		return;
	}
	if (s->w.wide)
		print_row(s, v);
	else
		print_lines(s, v);
	s->indent = 2;
	print_work(s, v);
	print_failures(s, v);
	print_removed(s, v);
	s->indent = 0;
}

/* --- around the batches --- */

static void
print_head(struct sheet *s)
{
	const struct widths *w = &s->w;
	struct buf head = {0};

	if (!w->wide)
		return;
	buf_printf(&head, "%-*s  %-*s  %-*s  %*s  %*s  %*s", w->name, "BATCH", w->status, "STATUS", w->bar + 9,
		   "PROGRESS", w->done, "DONE", w->failed, "FAILED", w->left, "LEFT");
	print_coloured(s, bold, head.data);
	buf_str(s->out, "\n");
	buf_free(&head);
}

/* The sum of all batches: they are fetched in parallel, so the last one determines the end. */
static void
print_sum(struct sheet *s, const struct snapshot *const *v, size_t n)
{
	uint64_t done = 0, total = 0, failed = 0;
	double rate = 0, bytes = 0, left = 0;
	char part[64];

	for (size_t i = 0; i < n; i++) {
		done += v[i]->p.counts.completed + v[i]->p.counts.failed;
		failed += v[i]->p.counts.failed;
		total += v[i]->p.counts.total;
		rate += v[i]->rate;
		bytes += v[i]->bytes;
		left = seconds_left(v[i]) > left ? seconds_left(v[i]) : left;
	}
	snprintf(part, sizeof(part), "%zu batches", n);
	add_part(s, "", NULL, part);
	snprintf(part, sizeof(part), "%" PRIu64 " of %" PRIu64 " items done", done, total);
	add_part(s, ", ", NULL, part);
	if (failed) {
		snprintf(part, sizeof(part), "%" PRIu64 " failed", failed);
		add_part(s, ", ", NULL, part);
	}
	add_pace(s, rate, bytes, left);
	end_parts(s);
}

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
	buf_printf(&part, "Nobody works on %s,", v[i]->name);
	add_part(s, "", NULL, part.data);
	add_part(s, " ", NULL, "and work is left:");
	buf_clear(&part);
	buf_printf(&part, "bi-fetch -b %s --resume goes on.", v[i]->name);
	add_part(s, " ", NULL, part.data);
	end_parts(s);
	buf_free(&part);
}

void
table_print(const struct root *root, const struct snapshot *const *v, size_t n, const struct paper *paper,
	    struct buf *out)
{
	struct sheet s = {.paper = paper, .w = measure_columns(v, n, paper->width), .out = out};

	if (n == 0) {
		buf_str(out, "no batches in ");
		human_text(out, root->path);
		buf_str(out, "\n");
		held_print(root, out);
		return;
	}
	print_head(&s);
	for (size_t i = 0; i < n; i++)
		print_batch(&s, v[i]);
	if (n > 1) {
		buf_str(out, "\n");
		print_sum(&s, v, n);
	}
	print_stale(&s, v, n);
	held_print(root, out);
}

/* --- on a screen --- */

/* Batches on which processes work come first, then those that wait for one. */
static int
sort_rank(const struct snapshot *s)
{
	if (s->p.counts.held)
		return 0;
	if (snapshot_is_stalled(s))
		return 1;
	if (snapshot_items_left(s) || s->p.queued)
		return 2;
	return s->p.counts.failed ? 3 : 4;
}

static int
compare_ranks(const void *a, const void *b)
{
	const struct snapshot *x = *(const struct snapshot *const *)a, *y = *(const struct snapshot *const *)b;

	return sort_rank(x) != sort_rank(y) ? sort_rank(x) - sort_rank(y) : strcmp(x->name, y->name);
}

/* Breaks lines that are longer than WIDTH, such as long names: a terminal would break them, and rows are counted. */
static void
fold_lines(struct buf *text, int width)
{
	struct buf out = {0};
	int column = 0;

	for (const char *p = text->len ? text->data : ""; *p; p++) {
		size_t escape = p[0] == '\033' ? strcspn(p, "m") + 1 : 0;

		if (escape) {
			buf_add(&out, p, escape);
			p += escape - 1;
			continue;
		}
		/* Continuation bytes of UTF-8 take no column. */
		if (*p != '\n' && ((unsigned char)*p & 0xc0) != 0x80 && column++ == width) {
			buf_str(&out, "\n");
			column = 1;
		}
		column = *p == '\n' ? 0 : column;
		buf_add(&out, p, 1);
	}
	buf_free(text);
	*text = out;
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

/* How many of each kind are not shown. */
static void
print_more(struct sheet *s, const struct snapshot *const *v, size_t n)
{
	static const char *const kinds[] = {"worked on", "waiting for somebody", "pending", "done with failures",
					    "completed"};
	size_t counts[sizeof(kinds) / sizeof(*kinds)] = {0};
	const char *before = " ";
	char part[64];

	for (size_t i = 0; i < n; i++)
		counts[sort_rank(v[i])]++;
	snprintf(part, sizeof(part), "... and %zu more:", n);
	add_part(s, "", dim, part);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!counts[i])
			continue;
		snprintf(part, sizeof(part), "%zu %s", counts[i], kinds[i]);
		add_part(s, before, dim, part);
		before = ", ";
	}
	end_parts(s);
}

/* Shows as many of V as fit on ROWS lines, below the text in OUT, and counts the rest in one line. */
static void
print_fitting(struct sheet *s, const struct snapshot *const *v, size_t n, int rows)
{
	struct buf *out = s->out, one = {0};
	int used = count_rows(out->data);
	size_t i = 0;

	s->out = &one;
	for (; i < n; i++) {
		buf_clear(&one);
		print_batch(s, v[i]);
		fold_lines(&one, s->paper->width);
		if (i == 0 && rows - 2 > used)
			cut_rows(&one, rows - 2 - used);
		if (used + count_rows(one.data) > rows - 2)
			break;
		used += count_rows(one.data);
		buf_add(out, one.data, one.len);
	}
	s->out = out;
	if (i < n)
		print_more(s, v + i, n - i);
	buf_free(&one);
}

void
table_print_most(const struct root *root, const struct snapshot *const *v, size_t n, const struct paper *paper,
		 int rows, struct buf *out)
{
	const struct snapshot **sorted;
	struct sheet s = {.paper = paper, .out = out};

	table_print(root, v, n, paper, out);
	fold_lines(out, paper->width);
	if (n == 0 || count_rows(out->data) <= rows)
		return;
	buf_clear(out);
	sorted = buf_alloc(n * sizeof(*sorted));
	memcpy(sorted, v, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_ranks);
	s.w = measure_columns(sorted, n, paper->width);
	if (n > 1)
		print_sum(&s, sorted, n);
	print_head(&s);
	print_fitting(&s, sorted, n, rows);
	free(sorted);
}
