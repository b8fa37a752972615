/*
 * batch_last_result: the last result of an item, by results.index, or else by an index in memory of the results that
 * it does not have. Without that, each look at an item would read all of these.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/userinfo.h"
#include "batch/batch_internal.h"
#include "files/append.h"
#include "files/file.h"

struct unindexed {
	pthread_mutex_t mutex;
	off_t from, to;    /* the part of results.ndjson that is known */
	uint64_t *entries; /* entry k: 1 + the offset of the last result of item k in that part; pages without one take
			    * no memory */
	size_t room;
};

struct reading {
	const struct batch *b;
	struct unindexed *u;
	bool failed;
};

struct unindexed *
unindexed_new(void)
{
	struct unindexed *u = buf_alloc(sizeof(*u));

	pthread_mutex_init(&u->mutex, NULL);
	return u;
}

void
unindexed_free(struct unindexed *u)
{
	pthread_mutex_destroy(&u->mutex);
	free(u->entries);
	free(u);
}

/* Makes room for all items that there are. 0, or -1 with errno. */
static int
make_room(const struct batch *b, struct unindexed *u)
{
	int64_t count = batch_length(b);
	uint64_t *more;

	if (count < 0)
		return -1;
	if ((size_t)count < u->room)
		return 0;
	more = calloc((size_t)count + 1, sizeof(*more));
	if (!more)
		return -1;
	if (u->room > 0)
		memcpy(more, u->entries, u->room * sizeof(*more));
	free(u->entries);
	u->entries = more;
	u->room = (size_t)count + 1;
	return 0;
}

static bool
note_result(off_t at, const char *line, size_t n, void *arg)
{
	struct reading *r = arg;
	bool completed;
	uint32_t k = batch_result_number(line, n, &completed);

	if (k >= r->u->room)
		r->failed = make_room(r->b, r->u) < 0;
	if (k > 0 && k < r->u->room) /* else there is no such item */
		r->u->entries[k] = (uint64_t)at + 1;
	return !r->failed;
}

static void
forget(struct unindexed *u, off_t from)
{
	free(u->entries);
	u->entries = NULL;
	u->room = 0;
	u->from = u->to = from;
}

/* Reads what is not known from FROM on. 0, or -1 with errno. */
static int
read_on(const struct batch *b, struct unindexed *u, off_t from)
{
	struct reading r = {.b = b, .u = u};
	struct stat st;
	off_t to;

	if (fstat(b->results, &st) < 0)
		return -1;
	/* What is known reaches too far, or begins behind FROM, or lies before it and is of no use. */
	if (st.st_size < u->to || from < u->from || from > u->to)
		forget(u, from);
	if (st.st_size == u->to)
		return 0;
	to = append_each(b->results, u->to, note_result, &r);
	if (to < 0 || r.failed) {
		forget(u, 0);
		return -1;
	}
	u->to = to;
	return 0;
}

/* As unindexed_result(), with the mutex held. */
static off_t
find(const struct batch *b, struct unindexed *u, uint32_t k, off_t from, struct buf *line)
{
	bool completed;
	off_t at;

	if (read_on(b, u, from) < 0)
		return -1;
	if (k >= u->room || u->entries[k] == 0)
		return file_fail(ENOENT);
	at = (off_t)u->entries[k] - 1;
	if (append_line(b->results, at, line) < 0)
		return -1;
	if (batch_result_number(line->data, line->len, &completed) == k)
		return at;
	/* The file was cut there and written anew. */
	forget(u, 0);
	at = batch_find_result(b, k, from);
	return at < 0 || append_line(b->results, at, line) < 0 ? -1 : at;
}

/* Stores the last result of item K in LINE, if it begins at FROM or after; it may also store an earlier one that it
 * knows. The first call reads all results from FROM on, and remembers where they are, so that further calls with the
 * same or a later FROM read only what is new. Returns its offset, or -1 with errno (ENOENT: there is none). Any thread
 * may call it. */
static off_t
unindexed_result(const struct batch *b, uint32_t k, off_t from, struct buf *line)
{
	off_t at;

	pthread_mutex_lock(&b->unindexed->mutex);
	at = find(b, b->unindexed, k, from, line);
	pthread_mutex_unlock(&b->unindexed->mutex);
	return at;
}

/* Lines of an earlier version may have userinfo in them. */
static int
strip_userinfo(int rc, struct buf *line)
{
	if (rc == 0)
		line->len = userinfo_strip(line->data, line->len);
	return rc;
}

int
batch_result_counts(const struct batch *b, uint32_t k, off_t at)
{
	uint64_t upto, entry;
	bool is_indexed;
	off_t last, newer;
	struct buf line = {0};

	if (b->results < 0)
		return 0;
	if (batch_index_get(b->results_index, 0, &upto) < 0 || batch_index_get(b->results_index, k, &entry) < 0)
		return -1;
	is_indexed = (uint64_t)at < upto;
	last = is_indexed ? (off_t)entry - 1 : at;
	newer = unindexed_result(b, k, !is_indexed || last < 0 ? at : (off_t)upto, &line);
	buf_free(&line);
	if (newer < 0 && errno != ENOENT)
		return -1;
	return (newer < 0 ? last : newer) == at;
}

/* The line of item K to which the index leads. 1; 0 if it leads to none; -1 with errno. */
static int
indexed_line(const struct batch *b, uint32_t k, struct buf *out)
{
	off_t at = batch_result_offset(b, k);
	bool completed;

	if (at < 0 || append_line(b->results, at, out) < 0)
		return errno == ENOENT ? 0 : -1;
	return batch_result_number(out->data, out->len, &completed) == k;
}

/* The last line about item K, of any kind. 0, or -1 with errno. */
static int
last_line(const struct batch *b, uint32_t k, struct buf *out)
{
	off_t upto;
	int rc, state;

	if (b->results < 0 || k == 0)
		return file_fail(ENOENT);
	upto = batch_results_indexed(b);
	if (upto < 0)
		return -1;
	/* Lines that are not indexed yet are newer. */
	if (unindexed_result(b, k, upto, out) >= 0)
		return strip_userinfo(0, out);
	rc = errno == ENOENT ? indexed_line(b, k, out) : -1;
	if (rc != 0)
		return rc < 0 ? -1 : strip_userinfo(0, out);
	state = batch_state(b, k);
	if (state < 0)
		return -1;
	/* The index is damaged. */
	if (state == 'c' || state == 'f' || state == 'x')
		return strip_userinfo(unindexed_result(b, k, 0, out) < 0 ? -1 : 0, out);
	return file_fail(ENOENT);
}

int
batch_result(const struct batch *b, uint32_t k, struct buf *out)
{
	char state = '\0';

	if (last_line(b, k, out) < 0)
		return -1;
	/* An item that was added again has no result. */
	if (batch_result_state(out->data, out->len, &state) != k || state != 'p')
		return 0;
	errno = ENOENT;
	return -1;
}
