#include "table_rows.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/display.h"
#include "base/human.h"
#include "batch/batch_priority.h"

enum {
	COLUMNS = 80, /* if it is not a terminal */
	WIDE = 60,    /* columns; on a narrower terminal, a batch has lines instead of columns */
	NAME_LENGTH_MIN = 5,
	NAME_LENGTH_MAX = 20,
	STATUS_MIN = 10,
	BAR_MIN = 6,
	BAR_GOOD = 12, /* on a terminal, a longer status is cut to leave so much */
	BAR_MAX = 24,
	ROOM_MAX = 64, /* for a name and a bar if there is room */
};

static const char green[] = "\033[32m", red[] = "\033[31m", yellow[] = "\033[33m", cyan[] = "\033[36m",
		  bold[] = "\033[1m";
const char rows_dim[] = "\033[2m";

struct paper
paper_of_stdout(void)
{
	struct paper p = {.width = COLUMNS};
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return p;
	p.terminal = true;
	p.utf8 = setlocale(LC_CTYPE, "") && strcasecmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		p.width = size.ws_col;
	p.colour = !(no_colour && *no_colour) && term && *term && strcmp(term, "dumb") != 0;
	return p;
}

/* --- pieces of a line --- */

/* Appends TEXT in COLOUR; NULL: without colour. */
static void
rows_coloured(const struct sheet *s, const char *colour, const char *text)
{
	bool painted = colour && s->paper->colour && *text;

	buf_str(s->out, painted ? colour : "");
	buf_str(s->out, text);
	buf_str(s->out, painted ? "\033[0m" : "");
}

/* Appends a part of the text about a batch, on the next line if it does not fit. */
void
rows_add_part(struct sheet *s, const char *before, const char *colour, const char *part)
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
	rows_coloured(s, colour, part);
	s->column += sep + n;
}

void
rows_end_parts(struct sheet *s)
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

void
rows_measure(struct sheet *s, const struct snapshot *const *v, size_t n)
{
	int columns = s->paper->width;
	struct widths w = {.name = NAME_LENGTH_MIN, .status = STATUS_MIN, .done = 4, .failed = 6, .left = 4};
	int more = columns > COLUMNS ? columns - COLUMNS : 0, rest;

	more = more > ROOM_MAX ? ROOM_MAX : more;
	for (size_t i = 0; i < n; i++) {
		const struct batch_counts *c = &v[i]->p.counts;
		int length = (int)strlen(v[i]->shown);

		/* A longer one has a separate line, or is cut. */
		if (length <= NAME_LENGTH_MAX + more / 2)
			widen_to(&w.name, length);
		else if (s->live)
			widen_to(&w.name, NAME_LENGTH_MAX + more / 2);
		widen_to(&w.status, (int)strlen(status_word(v[i])));
		widen_to(&w.done, count_digits(c->completed + c->failed) + 1 + count_digits(c->total));
		widen_to(&w.failed, count_digits(c->failed));
		widen_to(&w.left, count_digits(snapshot_items_left(v[i])));
	}
	/* Two spaces separate columns; the brackets and the percentage take 9. On a narrow terminal, names have
	 * separate lines. */
	rest = columns - (w.name + 2 + w.status + 2 + 9 + 2 + w.done + 2 + w.failed + 2 + w.left);
	for (; s->paper->terminal && rest < BAR_GOOD && w.status > STATUS_MIN; rest++)
		w.status--;
	for (; rest < BAR_MIN && w.name > NAME_LENGTH_MIN; rest++)
		w.name--;
	w.bar = rest > BAR_MAX + more / 2 ? BAR_MAX + more / 2 : rest < BAR_MIN ? BAR_MIN : rest;
	w.wide = columns >= WIDE && rest >= BAR_MIN;
	s->w = w;
}

/* Draws COUNT times a glyph: GLYPH in UTF-8, else PLAIN. */
static void
draw_glyphs(const struct sheet *s, const char *colour, int count, const char *glyph, const char *plain)
{
	struct buf bar = {0};

	buf_str(&bar, "");
	for (int i = 0; i < count; i++)
		buf_str(&bar, s->paper->utf8 ? glyph : plain);
	rows_coloured(s, colour, bar.data);
	buf_free(&bar);
}

/* Draws a block for completed items, 'x' for failed ones (at least one if any failed), a dot for the rest. */
static void
draw_bar(const struct sheet *s, int width, const struct batch_counts *c)
{
	uint64_t all = c->total ? c->total : 1;
	int finished = (int)((c->completed + c->failed) * (uint64_t)width / all);
	int failed = (int)(c->failed * (uint64_t)width / all);

	if (c->failed > 0 && failed == 0 && finished > 0)
		failed = 1;
	draw_glyphs(s, green, finished - failed, "\u2588", "#");
	draw_glyphs(s, red, failed, "\u2592", "x");
	draw_glyphs(s, rows_dim, width - finished, "\u00b7", ".");
}

/* Appends TEXT in COLOUR, cut to WIDTH columns with an ellipsis, and fills these up. */
static void
print_cell(const struct sheet *s, const char *colour, const char *text, int width)
{
	struct buf cell = {0};

	display_cut(&cell, text, width, s->paper->utf8);
	rows_coloured(s, colour, cell.data);
	buf_printf(s->out, "%*s", width - display_width(cell.data), "");
	buf_free(&cell);
}

static void
print_status(const struct sheet *s, const struct snapshot *v, int width)
{
	print_cell(s, colour_of(v), status_word(v), width);
}

static void
print_row(const struct sheet *s, const struct snapshot *v)
{
	const struct batch_counts *c = &v->p.counts;
	const struct widths *w = &s->w;
	char done[48];

	snprintf(done, sizeof(done), "%" PRIu64 "/%" PRIu64, c->completed + c->failed, c->total);
	/* A name that is too long for its column has a separate line, since users copy it. On a screen that is drawn
	 * over and over it is cut instead. */
	if ((int)strlen(v->shown) > w->name && !s->live)
		buf_printf(s->out, "%s\n%*s", v->shown, w->name, "");
	else
		print_cell(s, NULL, v->shown, w->name);
	buf_str(s->out, "  ");
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
	int name = (int)strlen(v->shown), status = (int)strlen(status_word(v)), width = s->paper->width, bar;
	char done[64];

	snprintf(done, sizeof(done), "] %u.%u%% %" PRIu64 "/%" PRIu64, v->p.tenths / 10, v->p.tenths % 10,
		 c->completed + c->failed, c->total);
	if (s->live)
		print_cell(s, NULL, v->shown, name > width ? width : name);
	else
		buf_str(s->out, v->shown);
	buf_str(s->out, name + 2 + status > width ? "\n  " : "  ");
	print_status(s, v, status);
	buf_str(s->out, "\n  [");
	bar = width - 3 - (int)strlen(done);
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
	rows_add_part(s, ", ", NULL, part);
	if (bytes > 0) {
		snprintf(part, sizeof(part), "%s/s", human_bytes(room, bytes));
		rows_add_part(s, ", ", NULL, part);
	}
	snprintf(part, sizeof(part), "%s left", human_span(room, left));
	rows_add_part(s, ", ", NULL, part);
}

/* A batch of normal priority is not worth a word. */
static void
add_priority(struct sheet *s, int priority)
{
	char part[32];

	if (priority == PRIORITY_NORMAL)
		return;
	snprintf(part, sizeof(part), "priority %d", priority);
	rows_add_part(s, ", ", NULL, priority < 0 ? "priority unreadable" : part);
}

/* Who works on it, and how fast. */
static void
print_work(struct sheet *s, const struct snapshot *v)
{
	char part[64];

	if (v->p.counts.held) {
		snprintf(part, sizeof(part), "%u worker%s", v->workers, v->workers == 1 ? "" : "s");
		rows_add_part(s, "", cyan, v->workers ? part : "being worked on");
		add_pace(s, v->rate, v->bytes, seconds_left(v));
	} else if (v->p.queued) {
		rows_add_part(s, "", v->worker_runs || !snapshot_items_left(v) ? NULL : yellow,
			      v->worker_runs || !snapshot_items_left(v) ? "queued for a worker" : "! no worker runs:");
		if (!v->worker_runs && snapshot_items_left(v))
			rows_add_part(s, " ", NULL, "`bi-fetch --work` takes it");
		add_priority(s, v->p.priority);
	} else if (v->p.stale) {
		rows_add_part(s, "", yellow, "! nobody works on it");
	}
	rows_end_parts(s);
}

static void
print_failures(struct sheet *s, const struct snapshot *v)
{
	struct buf part = {0};

	if (!v->kinds_n)
		return;
	buf_printf(&part, "%" PRIu64 " failed:", v->p.counts.failed);
	rows_add_part(s, "", red, part.data);
	for (size_t i = 0; i < v->kinds_n; i++) {
		buf_clear(&part);
		human_text(&part, v->kinds[i].code);
		buf_printf(&part, " %" PRIu64, v->kinds[i].count);
		rows_add_part(s, i ? ", " : " ", NULL, part.data);
	}
	if (v->more_kinds)
		rows_add_part(s, ", ", NULL, "...");
	rows_end_parts(s);
	buf_free(&part);
}

static void
print_removed(struct sheet *s, const struct snapshot *v)
{
	char part[64];

	if (!v->p.counts.removed)
		return;
	snprintf(part, sizeof(part), "%" PRIu64 " removed", v->p.counts.removed);
	rows_add_part(s, "", NULL, part);
	rows_end_parts(s);
}

void
rows_print(struct sheet *s, const struct snapshot *v)
{
	if (v->wrong) {
		buf_printf(s->out, "%s\n", v->shown);
		s->indent = 2;
		rows_add_part(s, "", red, "! cannot be read:");
		rows_add_part(s, " ", NULL, trouble_reason(v->wrong));
		rows_end_parts(s);
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

void
rows_head(struct sheet *s)
{
	const struct widths *w = &s->w;
	struct buf head = {0};

	if (!w->wide)
		return;
	buf_printf(&head, "%-*s  %-*s  %-*s  %*s  %*s  %*s", w->name, "BATCH", w->status, "STATUS", w->bar + 9,
		   "PROGRESS", w->done, "DONE", w->failed, "FAILED", w->left, "LEFT");
	rows_coloured(s, bold, head.data);
	buf_str(s->out, "\n");
	buf_free(&head);
}

/* They are fetched in parallel, so the last one determines the end. */
void
rows_sum(struct sheet *s, const struct snapshot *const *v, size_t n)
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
	snprintf(part, sizeof(part), "%zu batch%s", n, n == 1 ? "" : "es");
	rows_add_part(s, "", NULL, part);
	if (s->roots > 1) {
		snprintf(part, sizeof(part), "in %zu roots", s->roots);
		rows_add_part(s, " ", NULL, part);
	}
	snprintf(part, sizeof(part), "%" PRIu64 " of %" PRIu64 " items done", done, total);
	rows_add_part(s, ", ", NULL, part);
	if (failed) {
		snprintf(part, sizeof(part), "%" PRIu64 " failed", failed);
		rows_add_part(s, ", ", NULL, part);
	}
	if (s->unreadable) {
		snprintf(part, sizeof(part), "%zu more could not be read", s->unreadable);
		rows_add_part(s, ", ", NULL, part);
	}
	add_pace(s, rate, bytes, left);
	rows_end_parts(s);
}
