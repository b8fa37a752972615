/* The lines and states of items that are next, which are read many at a time. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/scan.h"
#include "batch/batch_internal.h"
#include "files/file.h"

/* So many entries of items.index and so many bytes of items.ndjson are read at once. */
enum { ENTRIES = 64, BYTES = 32 << 10 };

/* One place is where items are looked at, another where jobs are made of those that were looked at before. */
enum { WINDOWS = 2 };

/* So many bytes of state are read at once, and those that say p or c are believed for so long; r, if another process is
 * known to have the claim. */
enum { STATES = 1024, BELIEVED_MS = 100 };

struct window {
	uint32_t first, count;     /* items whose lines are in TEXT */
	uint32_t latest;           /* the last item that was asked for */
	uint32_t begins[ENTRIES];  /* where they are in TEXT */
	uint32_t lengths[ENTRIES]; /* without newline */
	char text[BYTES];
};

struct batch_ahead {
	struct window windows[WINDOWS];
	unsigned turn; /* the window to be used for another place */
	/* STATES_COUNT bytes of state from item STATES_FIRST on, as they were at STATES_AT of clock_ms(). */
	uint32_t states_first, states_count;
	int64_t states_at;
	char states[STATES];
	/* Another process had a claim on the items from CLAIMED_FIRST on, up to that before CLAIMED_END, at CLAIMED_AT
	 * of clock_ms(). */
	uint32_t claimed_first, claimed_end;
	int64_t claimed_at;
};

/* The line of item K is at BEGIN of the N bytes of TEXT. Returns its length, or 0 if it is not, or not whole. */
static size_t
whole_line(const char *text, size_t n, uint64_t begin, uint32_t k)
{
	const char *p, *newline;
	uint32_t number;

	if (begin >= n || (begin > 0 && text[begin - 1] != '\n'))
		return 0;
	p = text + begin;
	newline = memchr(p, '\n', n - begin);
	if (!newline || !scan_text(&p, newline, "{\"bi\":{\"n\":") || !scan_item(&p, newline, &number) || number != k)
		return 0;
	return (size_t)(newline - (text + begin));
}

/* Reads the lines from item K on. A line with an entry in the index is never cut or changed. 0, or -1 with errno. */
static int
fill(struct batch *b, struct window *a, uint32_t k)
{
	uint64_t entries[ENTRIES], from, at;
	ssize_t n = file_read_at(b->items_index, entries, sizeof(entries), (off_t)((k - 1) * sizeof(*entries)));
	size_t known = n > 0 ? (size_t)n / sizeof(*entries) : 0;

	a->first = k;
	a->count = 0;
	if (known == 0 || (le64toh(entries[0]) == 0 && k > 1))
		return n < 0 ? -1 : 0;
	/* The byte before shows that a line begins there. */
	from = le64toh(entries[0]) - (k > 1);
	n = file_read_at(b->items, a->text, sizeof(a->text), (off_t)from);
	for (; n > 0 && a->count < known; a->count++) {
		size_t length;

		at = le64toh(entries[a->count]);
		length = at >= from ? whole_line(a->text, (size_t)n, at - from, k + a->count) : 0;
		if (length == 0)
			break;
		a->begins[a->count] = (uint32_t)(at - from);
		a->lengths[a->count] = (uint32_t)length;
	}
	return n < 0 ? -1 : 0;
}

static bool
has_item(const struct window *w, uint32_t k)
{
	return k >= w->first && k - w->first < w->count;
}

/* The window that has item K, or that is read on for it. NULL: K is near none, and is read for itself alone. */
static struct window *
window_for(struct batch_ahead *a, uint32_t k)
{
	for (unsigned i = 0; i < WINDOWS; i++)
		if (has_item(&a->windows[i], k))
			return &a->windows[i];
	for (unsigned i = 0; i < WINDOWS; i++)
		if (k >= a->windows[i].latest && k - a->windows[i].latest <= ENTRIES)
			return &a->windows[i];
	a->windows[a->turn].latest = k;
	a->turn = (a->turn + 1) % WINDOWS;
	return NULL;
}

static struct batch_ahead *
ahead_of(struct batch *b)
{
	if (!b->ahead)
		b->ahead = buf_alloc(sizeof(*b->ahead));
	return b->ahead;
}

int
batch_item_ahead(struct batch *b, uint32_t k, const char **line, size_t *n)
{
	struct window *w;

	if (k == 0)
		return 0;
	w = window_for(ahead_of(b), k);
	if (!w)
		return 0;
	w->latest = k;
	if (!has_item(w, k) && fill(b, w, k) < 0)
		return -1;
	if (!has_item(w, k))
		return 0;
	*line = w->text + w->begins[k - w->first];
	*n = w->lengths[k - w->first];
	return 1;
}

/* Whether item K is known to be claimed by another process. */
static bool
knows_claim(const struct batch_ahead *a, uint32_t k, int64_t now)
{
	return k >= a->claimed_first && k < a->claimed_end && now - a->claimed_at < BELIEVED_MS;
}

int
batch_state_lately(struct batch *b, uint32_t k)
{
	struct batch_ahead *a = ahead_of(b);
	int64_t now = clock_ms();
	ssize_t n;
	char s;

	if (k >= a->states_first && k - a->states_first < a->states_count && now - a->states_at < BELIEVED_MS) {
		s = a->states[k - a->states_first];
		return s == 'p' || s == 'c' || (s == 'r' && knows_claim(a, k, now)) ? s : batch_state(b, k);
	}
	n = file_read_at(b->state, a->states, STATES, (off_t)k - 1);
	a->states_first = k;
	a->states_count = n > 0 ? (uint32_t)n : 0;
	a->states_at = now;
	return n < 0 ? -1 : n > 0 && a->states[0] ? (unsigned char)a->states[0] : 'p';
}

int
batch_is_claimed_lately(struct batch *b, uint32_t k)
{
	struct batch_ahead *a = ahead_of(b);
	int64_t now = clock_ms();
	off_t begin = (off_t)k - 1, end = k;
	int is;

	if (knows_claim(a, k, now))
		return true;
	is = b->state >= 0 ? lock_bytes_find(b->state, begin, 1, &begin, &end) : 0;
	if (is <= 0)
		return is;
	a->claimed_first = (uint32_t)(begin + 1);
	a->claimed_end = end < UINT32_MAX ? (uint32_t)(end + 1) : UINT32_MAX;
	a->claimed_at = now;
	return 1;
}

void
batch_look_anew(struct batch *b)
{
	struct batch_ahead *a = ahead_of(b);

	a->states_count = 0;
	a->claimed_end = 0;
}
