/* The results of a group of items: lines, their index, the states, the end of the claims. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lock.h"
#include "batch/batch_internal.h"
#include "files/append.h"
#include "files/file.h"

/* Items are synced before the results that name them; otherwise a power cut could lose the items, and new ones would
 * get their numbers. */
static int
sync_items(struct batch *b, const struct batch_outcome *v, size_t n)
{
	uint32_t last = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i].item > last)
			last = v[i].item;
	if (last <= b->synced)
		return 0;
	if (fdatasync(b->items) < 0)
		return -1;
	b->synced = last;
	return 0;
}

/* Items of a group by number: what is written for neighbours, whose bytes and entries are side by side, is one write.
 */
struct place {
	uint32_t item;
	size_t i; /* in the group */
};

static int
compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->item != y->item)
		return x->item < y->item ? -1 : 1;
	return x->i < y->i ? -1 : x->i > y->i;
}

static struct place *
sort_places(const struct batch_outcome *v, size_t n)
{
	struct place *places = buf_alloc(n * sizeof(*places));

	for (size_t i = 0; i < n; i++)
		places[i] = (struct place){v[i].item, i};
	qsort(places, n, sizeof(*places), compare_places);
	return places;
}

/* How many of N places are of neighbours, from the first on. */
static size_t
neighbours(const struct place *places, size_t n)
{
	size_t k = 1;

	while (k < n && places[k].item == places[k - 1].item + 1)
		k++;
	return k;
}

/* Writes the entries of N results; the line of result i begins at OFFSETS[i] - 1. 0 or -1. */
static int
put_entries(struct batch *b, const struct place *places, size_t n, const uint64_t *offsets)
{
	uint64_t *values = buf_alloc(n * sizeof(*values));
	int rc = 0;

	for (size_t i = 0, some; i < n && rc == 0; i += some) {
		some = neighbours(places + i, n - i);
		for (size_t k = 0; k < some; k++)
			values[k] = offsets[places[i + k].i];
		rc = batch_index_put(b->results_index, places[i].item, values, some);
	}
	free(values);
	return rc;
}

/* Under the lock of results.ndjson, so that what cannot be synced can be cut back. */
static int
append_results(struct batch *b, const struct batch_outcome *v, size_t n, bool sync)
{
	struct buf lines = {0};
	off_t end = append_end(b->results);
	off_t start = end;
	struct place *places;
	uint64_t *offsets;
	uint64_t upto;
	int rc = -1, error;

	if (end < 0 || batch_index_results(b, end) < 0)
		return -1;
	places = sort_places(v, n);
	offsets = buf_alloc(n * sizeof(*offsets));
	for (size_t i = 0; i < n; i++) {
		offsets[i] = (uint64_t)end + lines.len + 1;
		buf_add(&lines, v[i].line, v[i].len);
		buf_add(&lines, "\n", 1);
	}
	if (append_lines(b->results, end, lines.data, lines.len) < 0)
		goto out;
	upto = (uint64_t)end + lines.len;
	if (put_entries(b, places, n, offsets) == 0 && batch_index_put(b->results_index, 0, &upto, 1) == 0 &&
	    (!sync || fdatasync(b->results) == 0)) {
		rc = 0;
		goto out;
	}
	/* Readers detect entries that point beyond the cut. */
	error = errno;
	upto = (uint64_t)start;
	if (ftruncate(b->results, start) == 0 && batch_index_put(b->results_index, 0, &upto, 1) == 0)
		errno = error;
out:
	free(offsets);
	free(places);
	buf_free(&lines);
	return rc;
}

/* Writes the states of N results. 0 or -1. */
static int
write_states(struct batch *b, const struct batch_outcome *v, size_t n)
{
	struct place *places = sort_places(v, n);
	char *states = buf_alloc(n);
	int rc = 0;

	for (size_t i = 0, some; i < n && rc == 0; i += some) {
		some = neighbours(places + i, n - i);
		for (size_t k = 0; k < some; k++)
			states[k] = v[places[i + k].i].completed ? 'c' : 'f';
		rc = file_write_at(b->state, states, some, (off_t)places[i].item - 1);
	}
	free(states);
	free(places);
	return rc;
}

static void
end_claims(struct batch *b, const struct batch_outcome *v, size_t n)
{
	struct place *places = sort_places(v, n);

	for (size_t i = 0, some; i < n; i += some) {
		some = neighbours(places + i, n - i);
		lock_bytes_drop(b->state, (off_t)places[i].item - 1, (off_t)some);
	}
	free(places);
}

int
batch_append_results(struct batch *b, const struct batch_outcome *v, size_t n)
{
	int rc = sync_items(b, v, n);

	if (rc < 0 || batch_lock_results(b) < 0)
		return -1;
	rc = append_results(b, v, n, true);
	batch_unlock_results(b);
	return rc;
}

int
batch_record_held(struct batch *b, const struct batch_outcome *v, size_t n, bool sync)
{
	int rc, error;

	if (n == 0)
		return 0;
	if ((sync && sync_items(b, v, n) < 0) || batch_lock_results(b) < 0)
		return -1;
	rc = append_results(b, v, n, sync);
	error = errno;
	if (rc == 0)
		batch_note_contents(b, v, n);
	batch_unlock_results(b);
	errno = error;
	if (rc < 0)
		return -1;
	return write_states(b, v, n);
}

int
batch_record(struct batch *b, const struct batch_outcome *v, size_t n, bool sync)
{
	if (batch_record_held(b, v, n, sync) < 0)
		return -1;
	if (n == 0)
		return 0;
	end_claims(b, v, n);
	batch_drop_userinfo(b, v, n);
	return 0;
}
