/* The lines of items that are next, which are read many at a time. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"
#include "batch/batch_internal.h"
#include "files/file.h"

/* So many entries of items.index and so many bytes of items.ndjson are read at once. */
enum { ENTRIES = 64, BYTES = 32 << 10 };

struct batch_ahead {
	uint32_t first, count;     /* items whose lines are in TEXT */
	uint32_t latest;           /* the last item that was asked for */
	uint32_t begins[ENTRIES];  /* where they are in TEXT */
	uint32_t lengths[ENTRIES]; /* without newline */
	char text[BYTES];
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
fill(struct batch *b, struct batch_ahead *a, uint32_t k)
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

int
batch_item_ahead(struct batch *b, uint32_t k, const char **line, size_t *n)
{
	struct batch_ahead *a = b->ahead;
	bool near;

	if (k == 0)
		return 0;
	if (!a)
		a = b->ahead = buf_alloc(sizeof(*a));
	/* Who jumps about needs one line each time. */
	near = k >= a->latest && k - a->latest <= ENTRIES;
	a->latest = k;
	if (k < a->first || k - a->first >= a->count) {
		if (!near)
			return 0;
		if (fill(b, a, k) < 0)
			return -1;
		if (a->count == 0)
			return 0;
	}
	*line = a->text + a->begins[k - a->first];
	*n = a->lengths[k - a->first];
	return 1;
}
