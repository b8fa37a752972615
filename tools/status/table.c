#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "status.h"

enum { COLUMNS = 80, NAME_LEAST = 5, NAME_MOST = 20, STATUS_LEAST = 10, BAR_LEAST = 6, BAR_MOST = 24 };

struct widths {
	int name, status, done, failed, left, bar;
};

static uint64_t
left_of(const struct seen *s)
{
	return s->p.counts.pending + s->p.counts.processing;
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

static struct widths
measure(const struct seen *v, size_t n)
{
	struct widths w = {.name = NAME_LEAST, .status = STATUS_LEAST, .done = 4, .failed = 6, .left = 4};
	int rest;

	for (size_t i = 0; i < n; i++) {
		const struct batch_counts *c = &v[i].p.counts;
		int length = (int)strlen(v[i].name);

		widen(&w.name, length < NAME_MOST ? length : NAME_MOST);
		widen(&w.status, (int)strlen(word(&v[i])));
		widen(&w.done, digits(c->completed + c->failed) + 1 + digits(c->total));
		widen(&w.failed, digits(c->failed));
		widen(&w.left, digits(left_of(&v[i])));
	}
	/* Two spaces between columns; the brackets and the percentage take 9. Where it is narrow, names have lines of
	 * their own. */
	rest = COLUMNS - (w.name + 2 + w.status + 2 + 9 + 2 + w.done + 2 + w.failed + 2 + w.left);
	for (; rest < BAR_LEAST && w.name > NAME_LEAST; rest++)
		w.name--;
	w.bar = rest > BAR_MOST ? BAR_MOST : rest < BAR_LEAST ? BAR_LEAST : rest;
	return w;
}

/* Draws '#' for what is completed, 'x' for what failed (at least one when anything did), '.' for the rest. */
static void
draw(char *bar, int width, const struct batch_counts *c)
{
	uint64_t all = c->total ? c->total : 1;
	int finished = (int)((c->completed + c->failed) * (uint64_t)width / all);
	int failed = (int)(c->failed * (uint64_t)width / all);

	if (c->failed > 0 && failed == 0 && finished > 0)
		failed = 1;
	memset(bar, '.', (size_t)width);
	memset(bar, '#', (size_t)finished);
	memset(bar + finished - failed, 'x', (size_t)failed);
	bar[width] = '\0';
}

static void
print_row(const struct seen *s, const struct widths *w)
{
	const struct batch_counts *c = &s->p.counts;
	char bar[BAR_MOST + 1], done[48];

	draw(bar, w->bar, c);
	snprintf(done, sizeof(done), "%" PRIu64 "/%" PRIu64, c->completed + c->failed, c->total);
	/* A name too long for its column has a line of its own: it is never cut, people copy it. */
	if ((int)strlen(s->name) > w->name)
		printf("%s\n%*s", s->name, w->name, "");
	else
		printf("%-*s", w->name, s->name);
	printf("  %-*s  [%s] %3u.%u%%  %*s  %*" PRIu64 "  %*" PRIu64 "\n", w->status, word(s), bar, s->p.tenths / 10,
	       s->p.tenths % 10, w->done, done, w->failed, c->failed, w->left, left_of(s));
}

void
table_print(const struct root *root, const struct seen *v, size_t n)
{
	struct widths w = measure(v, n);
	const char *stale = NULL;

	if (n == 0) {
		printf("no batches in %s\n", root->path);
		return;
	}
	printf("%-*s  %-*s  %-*s  %*s  %*s  %*s\n", w.name, "BATCH", w.status, "STATUS", w.bar + 9, "PROGRESS", w.done,
	       "DONE", w.failed, "FAILED", w.left, "LEFT");
	for (size_t i = 0; i < n; i++) {
		print_row(&v[i], &w);
		if (!stale && v[i].p.stale)
			stale = v[i].name;
	}
	if (stale)
		printf("\nNobody works on %s, and work is left: bi-fetch -b %s --resume goes on.\n", stale, stale);
}
