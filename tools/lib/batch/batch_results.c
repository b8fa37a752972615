/* results.ndjson and its index; one lock guards both. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lock.h"
#include "batch/batch_internal.h"
#include "files/append.h"

struct indexing {
	struct batch *b;
	bool failed;
};

static bool
index_line(off_t at, const char *line, size_t n, void *arg)
{
	struct indexing *x = arg;
	uint64_t value = (uint64_t)at + 1;
	bool completed;
	uint32_t k = batch_result_number(line, n, &completed);

	if (k && batch_index_put(x->b->results_index, k, &value, 1) < 0)
		x->failed = true;
	return !x->failed;
}

/* The entries of an index while they are collected; the first says how far the index reaches. */
struct entries {
	uint64_t *v;
	size_t n;
};

static bool
note_entry(off_t at, const char *line, size_t n, void *arg)
{
	struct entries *e = arg;
	bool completed;
	uint32_t k = batch_result_number(line, n, &completed);

	if (k && k < e->n)
		e->v[k] = (uint64_t)at + 1;
	return true;
}

int
batch_index_replace(int fd, const uint64_t *values, size_t n)
{
	while (n > 1 && values[n - 1] == 0)
		n--;
	if (batch_index_put(fd, 1, values + 1, n - 1) < 0 || ftruncate(fd, (off_t)(n * sizeof(*values))) < 0)
		return -1;
	return batch_index_put(fd, 0, values, 1);
}

int
batch_reindex_results(struct batch *b, off_t end)
{
	int64_t count = batch_length(b);
	struct entries e = {.n = (size_t)count + 1};
	int rc = -1;

	if (count < 0)
		return -1;
	e.v = buf_alloc(e.n * sizeof(*e.v));
	e.v[0] = (uint64_t)end;
	if (append_each(b->results, 0, note_entry, &e) >= 0)
		rc = batch_index_replace(b->results_index, e.v, e.n);
	free(e.v);
	return rc;
}

int
batch_index_results(struct batch *b, off_t end)
{
	struct indexing x = {.b = b};
	uint64_t upto;

	if (batch_index_get(b->results_index, 0, &upto) < 0)
		return -1;
	if (upto > (uint64_t)end) /* the file was cut below that: entries may name lines that no longer exist */
		return batch_reindex_results(b, end);
	if (upto == (uint64_t)end)
		return 0;
	if (append_each(b->results, (off_t)upto, index_line, &x) < 0 || x.failed)
		return -1;
	upto = (uint64_t)end;
	return batch_index_put(b->results_index, 0, &upto, 1);
}

/* The lock of results.ndjson excludes other processes; the mutex excludes the other threads, which share that lock. */
int
batch_lock_results(struct batch *b)
{
	pthread_mutex_lock(&b->recording);
	if (lock_wait(b->results, LOCK_ALONE) == 0)
		return 0;
	pthread_mutex_unlock(&b->recording);
	return -1;
}

void
batch_unlock_results(struct batch *b)
{
	lock_drop(b->results);
	pthread_mutex_unlock(&b->recording);
}

/* Stores the last result of item K in LINE and its offset in AT, with the lock held and the index complete. 0, 1 if
 * there is none, -1 with errno. */
int
batch_indexed_result(struct batch *b, uint32_t k, struct buf *line, off_t *at)
{
	bool completed;
	int rc;

	*at = batch_result_offset(b, k);
	if (*at < 0)
		return errno == ENOENT ? 1 : -1;
	rc = append_line(b->results, *at, line);
	if (rc < 0 && errno != ENOENT)
		return -1;
	if (rc == 0 && batch_result_number(line->data, line->len, &completed) == k)
		return 0;
	*at = batch_find_result(b, k, 0);
	if (*at < 0)
		return errno == ENOENT ? 1 : -1;
	return append_line(b->results, *at, line);
}

int
batch_sure_result(struct batch *b, uint32_t k, struct buf *line, off_t *at)
{
	int rc = -1;
	off_t end;

	if (batch_lock_results(b) < 0)
		return -1;
	end = append_end(b->results);
	if (end >= 0 && batch_index_results(b, end) == 0)
		rc = batch_indexed_result(b, k, line, at);
	batch_unlock_results(b);
	return rc;
}
