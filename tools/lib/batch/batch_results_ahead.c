/* The last results of many items, which are read together. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/userinfo.h"
#include "batch/batch_internal.h"
#include "files/file.h"

/* A read has at least LINE bytes from the beginning of a line, which is usually all of it, and at most READ bytes.
 * Lines with a smaller GAP between them are read together. */
enum { LINE = 4096, GAP = 4096, READ = 128 << 10 };

/* The entries and states of items are read together if their numbers differ by less. */
enum { SPAN = 1024 };

/* Where the result of an item begins. */
struct place {
	uint64_t at;
	size_t i; /* of the item in the array of the caller */
};

static int
compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* How many of the N items are so close, from the first on, that what is known of those between them is read too. */
static size_t
close_ones(const struct batch_known_result *v, size_t n)
{
	size_t k = 1;

	while (k < n && v[k].item > v[k - 1].item && v[k].item - v[0].item < SPAN)
		k++;
	return k;
}

/* Stores where the results of the items begin. Returns of how many that is known. */
static size_t
find_places(const struct batch *b, const struct batch_known_result *v, size_t n, struct place *places)
{
	uint64_t entries[SPAN];
	size_t count = 0;

	for (size_t i = 0, some; i < n; i += some) {
		size_t span;
		ssize_t got;

		some = close_ones(v + i, n - i);
		span = v[i + some - 1].item - v[i].item + 1;
		got = file_read_at(b->results_index, entries, span * sizeof(*entries),
				   (off_t)(v[i].item * sizeof(*entries)));
		for (size_t k = i; got > 0 && k < i + some; k++) {
			size_t at = v[k].item - v[i].item;

			if (at < (size_t)got / sizeof(*entries) && entries[at])
				places[count++] = (struct place){le64toh(entries[at]) - 1, k};
		}
	}
	return count;
}

/* Stores in R what the line says that begins AT in TEXT and has N bytes until its newline, and removes its userinfo. */
static void
take_line(struct batch_known_result *r, struct buf *text, size_t at, size_t n)
{
	if (batch_result_state(text->data + at, n, &r->says) != r->item)
		return;
	r->at = at;
	r->len = userinfo_strip(text->data + at, n);
}

/* Reads the lines at the first places together. Returns at how many. */
static size_t
read_lines(const struct batch *b, const struct place *places, size_t n, struct batch_known_result *v, struct buf *text)
{
	uint64_t from = places[0].at, to = from + LINE;
	size_t begin = text->len, k = 1;
	ssize_t got;

	for (; k < n && places[k].at < to + GAP && places[k].at + LINE - from <= READ; k++)
		to = places[k].at + LINE;
	got = file_read_at(b->results, buf_room(text, to - from), to - from, (off_t)from);
	if (got <= 0)
		return k;
	text->len += (size_t)got;
	for (size_t i = 0, at; i < k && (at = places[i].at - from) < (size_t)got; i++) {
		struct batch_known_result *r = &v[places[i].i];
		const struct batch_known_result *before = i > 0 ? &v[places[i - 1].i] : NULL;
		const char *newline = memchr(text->data + begin + at, '\n', (size_t)got - at);

		/* A line that had userinfo is shorter now, and must not be read again. */
		if (i > 0 && places[i].at == places[i - 1].at) {
			if (before->item == r->item)
				*r = *before;
		} else if (newline) {
			take_line(r, text, begin + at, (size_t)(newline - text->data) - begin - at);
		}
	}
	return k;
}

static void
read_states(const struct batch *b, struct batch_known_result *v, size_t n)
{
	char states[SPAN];

	for (size_t i = 0, some; i < n; i += some) {
		size_t span;

		some = close_ones(v + i, n - i);
		span = v[i + some - 1].item - v[i].item + 1;
		if (batch_states(b, v[i].item, states, span) < 0)
			memset(states, '\0', span);
		for (size_t k = i; k < i + some; k++)
			v[k].state = states[v[k].item - v[i].item];
	}
}

void
batch_results_ahead(const struct batch *b, struct batch_known_result *v, size_t n, struct buf *text)
{
	struct place places[BATCH_KNOWN_MAX];
	off_t upto = batch_results_indexed(b);
	struct stat st;
	size_t count;

	buf_clear(text);
	for (size_t i = 0; i < n; i++) {
		v[i].at = v[i].len = 0;
		v[i].state = v[i].says = '\0';
	}
	/* Results behind the indexed ones may be later ones of these items. */
	if (b->results < 0 || b->results_index < 0 || upto < 0 || fstat(b->results, &st) < 0 || st.st_size > upto)
		return;
	count = find_places(b, v, n, places);
	qsort(places, count, sizeof(*places), compare_places);
	for (size_t i = 0; i < count;)
		i += read_lines(b, places + i, count - i, v, text);
	read_states(b, v, n);
}
