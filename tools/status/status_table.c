#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/human.h"
#include "status.h"

enum {
	COLUMNS = 80, /* of what is no terminal */
	WIDE = 60,    /* columns; on less a batch has lines instead of columns */
	NAME_LENGTH_MIN = 5,
	NAME_LENGTH_MAX = 20,
	STATUS_MIN = 10,
	BAR_MIN = 6,
	BAR_MAX = 24,
	ROOM_MAX = 64, /* for a name and a bar where there is room */
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
	int column, indent; /* of the line that flow() fills */
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

/* Appends TEXT in a COLOUR; NULL: as it is. */
static void
paint(const struct sheet *s, const char *colour, const char *text)
{
	bool painted = colour && s->paper->colour && *text;

	buf_str(s->out, painted ? colour : "");
	buf_str(s->out, text);
	buf_str(s->out, painted ? "\033[0m" : "");
}

/* Appends a part of what there is to say of a batch, on the next line where it does not fit. */
static void
flow(struct sheet *s, const char *before, const char *colour, const char *part)
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
	paint(s, colour, part);
	s->column += sep + n;
}

static void
end_flow(struct sheet *s)
{
	if (s->column > 0)
		buf_str(s->out, "\n");
	s->column = 0;
}

static int
digits(uint64_t n)
{
	int d = 1;

	for (; n > 9; n /= 10)
		d++;
	return d;
}

static void
widen(int *width, int to)
{
	if (to > *width)
		*width = to;
}

/* The job's status; a document has "stale" where people are told that it stopped. */
static const char *
word(const struct seen *s)
{
	if (s->p.stale && s->p.counts.total != s->p.counts.pending)
		return "stopped";
	return s->p.status;
}

static const char *
colour_of(const struct seen *s)
{
	if (seen_is_stalled(s))
		return yellow;
	if (strcmp(s->p.status, "failed") == 0)
		return red;
	if (strcmp(s->p.status, "partially_completed") == 0)
		return yellow;
	return strcmp(s->p.status, "completed") == 0 ? green : s->p.counts.held ? cyan : NULL;
}

/* --- a batch's row --- */

static struct widths
measure(const struct seen *const *v, size_t n, int columns)
{
	struct widths w = {.name = NAME_LENGTH_MIN, .status = STATUS_MIN, .done = 4, .failed = 6, .left = 4};
	int more = columns > COLUMNS ? columns - COLUMNS : 0, rest;

	more = more > ROOM_MAX ? ROOM_MAX : more;
	for (size_t i = 0; i < n; i++) {
		const struct batch_counts *c = &v[i]->p.counts;
		int length = (int)strlen(v[i]->name);

		/* A longer one has a line of its own. */
		if (length <= NAME_LENGTH_MAX + more / 2)
			widen(&w.name, length);
		widen(&w.status, (int)strlen(word(v[i])));
		widen(&w.done, digits(c->completed + c->failed) + 1 + digits(c->total));
		widen(&w.failed, digits(c->failed));
		widen(&w.left, digits(seen_left(v[i])));
	}
	/* Two spaces between columns; the brackets and the percentage take 9. Where it is narrow, names have lines of
	 * their own. */
	rest = columns - (w.name + 2 + w.status + 2 + 9 + 2 + w.done + 2 + w.failed + 2 + w.left);
	for (; rest < BAR_MIN && w.name > NAME_LENGTH_MIN; rest++)
		w.name--;
	w.bar = rest > BAR_MAX + more / 2 ? BAR_MAX + more / 2 : rest < BAR_MIN ? BAR_MIN : rest;
	w.wide = columns >= WIDE && rest >= BAR_MIN;
	return w;
}

/* Draws '#' for what is completed, 'x' for what failed (at least one when anything did), '.' for the rest. */
static void
draw(const struct sheet *s, int width, const struct batch_counts *c)
{
	char bar[BAR_MAX + ROOM_MAX + 1];
	uint64_t all = c->total ? c->total : 1;
	int finished = (int)((c->completed + c->failed) * (uint64_t)width / all);
	int failed = (int)(c->failed * (uint64_t)width / all);

	if (c->failed > 0 && failed == 0 && finished > 0)
		failed = 1;
	memset(bar, '#', sizeof(bar));
	bar[finished - failed] = '\0';
	paint(s, green, bar);
	memset(bar, 'x', sizeof(bar));
	bar[failed] = '\0';
	paint(s, red, bar);
	memset(bar, '.', sizeof(bar));
	bar[width - finished] = '\0';
	paint(s, dim, bar);
}

static void
print_status(const struct sheet *s, const struct seen *v, int width)
{
	paint(s, colour_of(v), word(v));
	buf_printf(s->out, "%*s", width - (int)strlen(word(v)), "");
}

static void
print_row(const struct sheet *s, const struct seen *v)
{
	const struct batch_counts *c = &v->p.counts;
	const struct widths *w = &s->w;
	char done[48];

	snprintf(done, sizeof(done), "%" PRIu64 "/%" PRIu64, c->completed + c->failed, c->total);
	/* A name too long for its column has a line of its own: it is never cut, people copy it. */
	if ((int)strlen(v->name) > w->name)
		buf_printf(s->out, "%s\n%*s  ", v->name, w->name, "");
	else
		buf_printf(s->out, "%-*s  ", w->name, v->name);
	print_status(s, v, w->status);
	buf_str(s->out, "  [");
	draw(s, w->bar, c);
	buf_printf(s->out, "] %3u.%u%%  %*s  %*" PRIu64 "  %*" PRIu64 "\n", v->p.tenths / 10, v->p.tenths % 10, w->done,
		   done, w->failed, c->failed, w->left, seen_left(v));
}

/* The same where there is no room for columns. */
static void
print_lines(const struct sheet *s, const struct seen *v)
{
	const struct batch_counts *c = &v->p.counts;
	int name = (int)strlen(v->name), status = (int)strlen(word(v)), bar;
	char done[64];

	snprintf(done, sizeof(done), "] %u.%u%% %" PRIu64 "/%" PRIu64, v->p.tenths / 10, v->p.tenths % 10,
		 c->completed + c->failed, c->total);
	buf_printf(s->out, "%s%s", v->name, name + 2 + status > s->paper->width ? "\n  " : "  ");
	print_status(s, v, status);
	buf_str(s->out, "\n  [");
	bar = s->paper->width - 3 - (int)strlen(done);
	draw(s, bar > BAR_MAX ? BAR_MAX : bar < BAR_MIN ? BAR_MIN : bar, c);
	buf_printf(s->out, "%s\n", done);
}

/* --- what there is to say below --- */

static double
seconds_left(const struct seen *v)
{
	return v->rate > 0 ? (double)seen_left(v) / v->rate : 0;
}

static void
flow_pace(struct sheet *s, double rate, double bytes, double left)
{
	char part[64], room[HUMAN_ROOM];

	if (rate <= 0)
		return;
	if (rate < 1)
		snprintf(part, sizeof(part), "%.*f/min", rate * 60 < 9.95, rate * 60);
	else
		snprintf(part, sizeof(part), "%.*f/s", rate < 9.95, rate);
	flow(s, ", ", NULL, part);
	if (bytes > 0) {
		snprintf(part, sizeof(part), "%s/s", human_bytes(room, bytes));
		flow(s, ", ", NULL, part);
	}
	snprintf(part, sizeof(part), "%s left", human_span(room, left));
	flow(s, ", ", NULL, part);
}

/* Who works on it, and how fast. */
static void
print_work(struct sheet *s, const struct seen *v)
{
	char part[64];

	if (v->p.counts.held) {
		snprintf(part, sizeof(part), "%u worker%s", v->workers, v->workers == 1 ? "" : "s");
		flow(s, "", cyan, v->workers ? part : "being worked on");
		flow_pace(s, v->rate, v->bytes, seconds_left(v));
	} else if (v->p.queued) {
		flow(s, "", v->worker_runs || !seen_left(v) ? NULL : yellow,
		     v->worker_runs || !seen_left(v) ? "queued for a worker" : "! no worker runs:");
		if (!v->worker_runs && seen_left(v))
			flow(s, " ", NULL, "`bi-fetch --work` takes it");
	} else if (v->p.stale) {
		flow(s, "", yellow, "! nobody works on it");
	}
	end_flow(s);
}

static void
print_failures(struct sheet *s, const struct seen *v)
{
	struct buf part = {0};

	if (!v->kinds_n)
		return;
	buf_printf(&part, "%" PRIu64 " failed:", v->p.counts.failed);
	flow(s, "", red, part.data);
	for (size_t i = 0; i < v->kinds_n; i++) {
		buf_clear(&part);
		human_text(&part, v->kinds[i].code);
		buf_printf(&part, " %" PRIu64, v->kinds[i].count);
		flow(s, i ? ", " : " ", NULL, part.data);
	}
	if (v->more_kinds)
		flow(s, ", ", NULL, "...");
	end_flow(s);
	buf_free(&part);
}

static void
print_batch(struct sheet *s, const struct seen *v)
{
	if (v->wrong) {
		buf_printf(s->out, "%s\n", v->name);
		s->indent = 2;
		flow(s, "", red, "! cannot be read:");
		flow(s, " ", NULL, strerror(v->wrong));
		end_flow(s);
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
	paint(s, bold, head.data);
	buf_str(s->out, "\n");
	buf_free(&head);
}

/* All in a line: they go on side by side, so the last of them ends it. */
static void
print_sum(struct sheet *s, const struct seen *const *v, size_t n)
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
	flow(s, "", NULL, part);
	snprintf(part, sizeof(part), "%" PRIu64 " of %" PRIu64 " items done", done, total);
	flow(s, ", ", NULL, part);
	if (failed) {
		snprintf(part, sizeof(part), "%" PRIu64 " failed", failed);
		flow(s, ", ", NULL, part);
	}
	flow_pace(s, rate, bytes, left);
	end_flow(s);
}

static void
print_stale(struct sheet *s, const struct seen *const *v, size_t n)
{
	struct buf part = {0};
	size_t i = 0;

	while (i < n && (v[i]->wrong || !v[i]->p.stale))
		i++;
	if (i == n)
		return;
	buf_str(s->out, "\n");
	buf_printf(&part, "Nobody works on %s,", v[i]->name);
	flow(s, "", NULL, part.data);
	flow(s, " ", NULL, "and work is left:");
	buf_clear(&part);
	buf_printf(&part, "bi-fetch -b %s --resume goes on.", v[i]->name);
	flow(s, " ", NULL, part.data);
	end_flow(s);
	buf_free(&part);
}

void
table_print(const struct root *root, const struct seen *const *v, size_t n, const struct paper *paper, struct buf *out)
{
	struct sheet s = {.paper = paper, .w = measure(v, n, paper->width), .out = out};

	if (n == 0) {
		buf_str(out, "no batches in ");
		human_text(out, root->path);
		buf_str(out, "\n");
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
}

/* --- on a screen --- */

/* Those that move first, then those that should. */
static int
rank(const struct seen *s)
{
	if (s->p.counts.held)
		return 0;
	if (seen_is_stalled(s))
		return 1;
	if (seen_left(s) || s->p.queued)
		return 2;
	return s->p.counts.failed ? 3 : 4;
}

static int
by_rank(const void *a, const void *b)
{
	const struct seen *x = *(const struct seen *const *)a, *y = *(const struct seen *const *)b;

	return rank(x) != rank(y) ? rank(x) - rank(y) : strcmp(x->name, y->name);
}

/* Breaks lines that are longer than WIDTH, such as names that nothing else is beside: a terminal would, and rows are
 * counted. */
static void
fold(struct buf *text, int width)
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
		/* The further bytes of a character in UTF-8 have no columns. */
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

/* Cuts off what is below the first ROWS lines. */
static void
cut(struct buf *text, int rows)
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
print_more(struct sheet *s, const struct seen *const *v, size_t n)
{
	static const char *const kinds[] = {"worked on", "waiting for somebody", "pending", "done with failures",
					    "completed"};
	size_t counts[sizeof(kinds) / sizeof(*kinds)] = {0};
	const char *before = " ";
	char part[64];

	for (size_t i = 0; i < n; i++)
		counts[rank(v[i])]++;
	snprintf(part, sizeof(part), "... and %zu more:", n);
	flow(s, "", dim, part);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!counts[i])
			continue;
		snprintf(part, sizeof(part), "%zu %s", counts[i], kinds[i]);
		flow(s, before, dim, part);
		before = ", ";
	}
	end_flow(s);
}

/* As many of V as fit on ROWS lines, below what OUT has; the rest in a line. */
static void
print_fitting(struct sheet *s, const struct seen *const *v, size_t n, int rows)
{
	struct buf *out = s->out, one = {0};
	int used = count_rows(out->data);
	size_t i = 0;

	s->out = &one;
	for (; i < n; i++) {
		buf_clear(&one);
		print_batch(s, v[i]);
		fold(&one, s->paper->width);
		if (i == 0 && rows - 2 > used)
			cut(&one, rows - 2 - used);
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
table_print_most(const struct root *root, const struct seen *const *v, size_t n, const struct paper *paper, int rows,
		 struct buf *out)
{
	const struct seen **sorted;
	struct sheet s = {.paper = paper, .out = out};

	table_print(root, v, n, paper, out);
	fold(out, paper->width);
	if (n == 0 || count_rows(out->data) <= rows)
		return;
	buf_clear(out);
	sorted = buf_alloc(n * sizeof(*sorted));
	memcpy(sorted, v, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_rank);
	s.w = measure(sorted, n, paper->width);
	if (n > 1)
		print_sum(&s, sorted, n);
	print_head(&s);
	print_fitting(&s, sorted, n, rows);
	free(sorted);
}
