#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "batch/batch_internal.h"
#include "files/append.h"
#include "files/file.h"
#include "records/rec.h"

enum { RECOVER_BLOCK = 8192, RECOVER_GROUP = 64 };

/* Stores the last result of item K in LINE and its offset in AT, even if its owner died before indexing it. 0, 1 if
 * there is none, -1 with errno. */
static int
sure_result(struct batch *b, uint32_t k, struct buf *line, off_t *at)
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

int
batch_set_state(const struct batch *b, uint32_t k, char s)
{
	return file_write_at(b->state, &s, 1, (off_t)k - 1);
}

/* `state` grows only under the lock of items.ndjson, so that a process that extends it does not overwrite a worker's
 * byte. */
static int
extend_state_to(struct batch *b, uint32_t k)
{
	struct stat st;
	int rc;

	if (k <= b->reached)
		return 0;
	if (fstat(b->state, &st) < 0)
		return -1;
	if (st.st_size >= (off_t)k) {
		b->reached = (uint32_t)(st.st_size < UINT32_MAX ? st.st_size : UINT32_MAX);
		return 0;
	}
	if (lock_wait(b->items, LOCK_ALONE) < 0)
		return -1;
	rc = batch_read_added(b);
	lock_drop(b->items);
	if (rc == 0 && k > b->count) {
		errno = ENOENT;
		rc = -1;
	}
	return rc;
}

/* A failed item is tried again if it failed before this process started and the failure may be temporary. An item that
 * another process did not request, because it must not wait as long as this one may, is tried too: see
 * batch_claim_busy(). */
static bool
may_be_tried(const struct batch *b, const struct buf *line, off_t at, const struct batch_retry *retry)
{
	struct json_object *result, *error = NULL, *may;
	const char *code;
	bool yes;

	result = rec_parse(line->data, line->len, NULL, 0);
	json_object_object_get_ex(result, "error", &error);
	code = rec_string(error, "code");
	yes = error && (at < b->mark || (b->patient && code && strcmp(code, HOST_BUSY_CODE) == 0)) &&
	      ((json_object_object_get_ex(error, "retryable", &may) && json_object_get_boolean(may)) ||
	       (retry && retry->too(error, retry->arg)));
	json_object_put(result);
	return yes;
}

/* --- what dead owners and power cuts left --- */

/* The state that the results give item K: c, f, x, or p where it has no result. -1 with errno. */
static int
state_by_results(struct batch *b, uint32_t k)
{
	struct buf line = {0};
	char state = 'p';
	off_t at = 0;
	int rc = sure_result(b, k, &line, &at);

	if (rc == 0 && batch_result_state(line.data, line.len, &state) != k)
		rc = 1;
	buf_free(&line);
	return rc < 0 ? -1 : rc > 0 ? 'p' : state;
}

/* Rebuilds the index of results: after a power cut, any block of it may be old. 0 or -1. */
static int
remake_index(struct batch *b)
{
	off_t end;
	int rc = -1;

	if (batch_lock_results(b) < 0)
		return -1;
	end = append_end(b->results);
	if (end >= 0)
		rc = batch_reindex_results(b, end);
	batch_unlock_results(b);
	return rc;
}

/* Whether a byte of `state` contradicts the entry of results.index. A byte r without a result is valid: its owner
 * lives, or died before it had a result. */
static bool
is_unlike(char s, uint64_t entry)
{
	return s == 'c' || s == 'f' ? entry == 0 : entry != 0 || (s != 'p' && s != 'r' && s != '\0');
}

/* Whether item K is removed, as its byte says: the line to which its entry leads confirms it. Reading a few bytes is
 * enough. */
static bool
is_removed(const struct batch *b, uint32_t k, uint64_t entry)
{
	char line[96], state = '\0';
	ssize_t n = entry ? file_read_at(b->results, line, sizeof(line), (off_t)le64toh(entry) - 1) : 0;

	return n > 0 && batch_result_state(line, (size_t)n, &state) == k && state == 'x';
}

struct recovery {
	struct batch *b;
	int state;      /* opened again, so that its locks and those of our own claims exclude each other */
	bool reindexed; /* results.index was rebuilt */
};

/* Updates the byte of item K from its last result, unless a process works on the item. 1 if it changed, 0, or -1. */
static int
recover_item(struct recovery *r, uint32_t k)
{
	int rc = lock_bytes_try(r->state, LOCK_ALONE, (off_t)k - 1, 1), is, s;

	if (rc)
		return rc > 0 ? 0 : -1;
	is = batch_state(r->b, k);
	s = is < 0 ? -1 : state_by_results(r->b, k);
	/* A missing entry may be a lost one. */
	if (s == 'p' && is != 'p' && !r->reindexed) {
		r->reindexed = true;
		s = remake_index(r->b) < 0 ? -1 : state_by_results(r->b, k);
	}
	rc = s < 0 ? -1 : 0;
	if (s > 0 && s != is && !(s == 'p' && is == 'r'))
		rc = batch_set_state(r->b, k, (char)s) < 0 ? -1 : 1;
	lock_bytes_drop(r->state, (off_t)k - 1, 1);
	return rc;
}

/* Whether all items of a group are pending without a result, or ended with one, as most are: a loop that is not taken
 * apart by branches costs less than reading the files. */
static bool
is_usual_group(const char *states, const uint64_t *entries)
{
	unsigned unusual = 0;

	for (int i = 0; i < RECOVER_GROUP; i++)
		unusual |= (unsigned)(states[i] != (entries[i] == 0 ? 'p' : 'c'));
	return unusual == 0;
}

/* Updates N items from FIRST on. 0 or -1. */
static int
recover_block(struct recovery *r, uint32_t first, uint32_t n)
{
	char states[RECOVER_BLOCK] = {0};
	uint64_t entries[RECOVER_BLOCK] = {0};

	/* Bytes beyond the end of a file count as zeros: p, and no result. */
	if (file_read_at(r->b->state, states, n, (off_t)first - 1) < 0 ||
	    file_read_at(r->b->results_index, entries, n * sizeof(*entries), (off_t)(first * sizeof(*entries))) < 0)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		if (i % RECOVER_GROUP == 0 && is_usual_group(states + i, entries + i))
			i += RECOVER_GROUP - 1;
		else if (is_unlike(states[i], entries[i]) &&
			 !(states[i] == 'x' && is_removed(r->b, first + i, entries[i])) &&
			 recover_item(r, first + i) < 0)
			return -1;
	}
	return 0;
}

static int
begin_recovery(struct recovery *r, struct batch *b)
{
	*r = (struct recovery){.b = b};
	r->state = openat(b->dir, "state", O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return r->state < 0 ? -1 : 0;
}

/* Updates each byte of `state` that is older or newer than its result. 0 or -1. */
static int
recover_items(struct batch *b)
{
	int64_t count = batch_length(b);
	struct recovery r;
	int rc = 0;

	if (count <= 0)
		return count < 0 ? -1 : 0;
	count = count < UINT32_MAX ? count : UINT32_MAX - 1;
	if (extend_state_to(b, (uint32_t)count) < 0 || begin_recovery(&r, b) < 0)
		return -1;
	for (int64_t k = 1; k <= count && rc == 0; k += RECOVER_BLOCK)
		rc = recover_block(&r, (uint32_t)k,
				   (uint32_t)(count - k < RECOVER_BLOCK ? count - k + 1 : RECOVER_BLOCK));
	return file_close(r.state, rc);
}

int
batch_recover(struct batch *b, uint32_t k)
{
	struct recovery r;

	if (extend_state_to(b, k) < 0 || begin_recovery(&r, b) < 0)
		return -1;
	return file_close(r.state, recover_item(&r, k));
}

int
batch_recover_all(struct batch *b)
{
	int rc = -1;

	if (batch_lock_results(b) < 0)
		return -1;
	b->mark = append_end(b->results);
	if (b->mark >= 0)
		rc = batch_index_results(b, b->mark);
	batch_unlock_results(b);
	/* With exclusive access, bi-clean reports problems before it repairs them. */
	if (rc == 0 && b->mode != BATCH_ALONE)
		rc = recover_items(b);
	b->behind = b->behind && rc < 0;
	return rc;
}

/* What to do with an item that no process holds. A result that a dead owner recorded counts, and only the state byte
 * was missing; a power cut that loses the byte and not the result leaves the same. BEHIND: the byte was updated. */
static enum batch_claim
decide_claim(struct batch *b, uint32_t k, const struct batch_retry *retry, bool *behind)
{
	struct buf line = {0};
	enum batch_claim claim = CLAIM_OURS;
	int s = batch_state(b, k), is = s, rc;
	char last = 'p';
	off_t at;

	if (s == 'c' || s == 'x')
		return s == 'c' ? CLAIM_DONE : CLAIM_REMOVED;
	/* Without the lock, which is held while results are synced. If there is no entry, and the byte is not an
	 * owner's, the item has no result. See batch_reindex_results(). */
	at = s < 0 ? -1 : batch_result_offset(b, k);
	if (s < 0 || (at < 0 && errno != ENOENT))
		return CLAIM_ERROR;
	if (s != 'r' && s != 'f' && at < 0)
		return CLAIM_OURS;
	rc = sure_result(b, k, &line, &at);
	if (rc == 0 && batch_result_state(line.data, line.len, &last) != k)
		last = 'f';
	if (rc < 0) {
		claim = CLAIM_ERROR;
	} else if (last == 'c' || last == 'x') {
		claim = last == 'c' ? CLAIM_DONE : CLAIM_REMOVED;
		is = last;
	} else if (last == 'f' && !may_be_tried(b, &line, at, retry)) {
		claim = CLAIM_FAILED;
		is = 'f';
	}
	buf_free(&line);
	*behind = is != s;
	return *behind && batch_set_state(b, k, (char)is) < 0 ? CLAIM_ERROR : claim;
}

void
batch_claim_busy(struct batch *b)
{
	b->patient = true;
}

int
batch_is_ended(struct batch *b, uint32_t k, const struct batch_retry *retry)
{
	struct buf line = {0};
	bool completed = false;
	off_t at = 0;
	int rc = sure_result(b, k, &line, &at);

	if (rc == 0)
		rc = batch_result_number(line.data, line.len, &completed) == k &&
		     (completed || !may_be_tried(b, &line, at, retry));
	else
		rc = rc < 0 ? -1 : 0;
	buf_free(&line);
	return rc;
}

enum batch_claim
batch_claim(struct batch *b, uint32_t k, const struct batch_retry *retry)
{
	enum batch_claim claim;
	bool behind = false;
	int rc;

	if (extend_state_to(b, k) < 0)
		return CLAIM_ERROR;
	rc = lock_bytes_try(b->state, LOCK_ALONE, (off_t)k - 1, 1);
	if (rc)
		return rc > 0 ? CLAIM_HELD : CLAIM_ERROR;
	/* Check again after claiming: another process may have finished the item just before. */
	b->no_secrets_until = 0;
	claim = decide_claim(b, k, retry, &behind);
	if (claim == CLAIM_OURS && batch_set_state(b, k, 'r') < 0)
		claim = CLAIM_ERROR;
	if (claim != CLAIM_OURS) {

		lock_bytes_drop(b->state, (off_t)k - 1, 1);
	}
	/* The owner died, and owners record items in groups. */
	if (behind && claim != CLAIM_ERROR && recover_items(b) < 0)
		claim = CLAIM_ERROR;
	return claim;
}

/* How many of N items from K on, which are claimed, are pending and have no result, up to the first that is not. -1
 * with errno. */
static int
count_pending(const struct batch *b, uint32_t k, uint32_t n)
{
	char states[BATCH_RUN_MAX] = {0};
	uint64_t entries[BATCH_RUN_MAX] = {0};
	int i = 0;

	if (file_read_at(b->state, states, n, (off_t)k - 1) < 0 ||
	    file_read_at(b->results_index, entries, n * sizeof(*entries), (off_t)(k * sizeof(*entries))) < 0)
		return -1;
	while (i < (int)n && (states[i] == 'p' || states[i] == '\0') && entries[i] == 0)
		i++;
	return i;
}

int
batch_claim_run(struct batch *b, uint32_t k, uint32_t n)
{
	char states[BATCH_RUN_MAX];
	int rc, got;

	n = n < BATCH_RUN_MAX ? n : BATCH_RUN_MAX;
	if (k == 0 || extend_state_to(b, k + n - 1) < 0)
		return -1;
	rc = lock_bytes_try(b->state, LOCK_ALONE, (off_t)k - 1, n);
	if (rc)
		return rc > 0 ? 0 : -1;
	b->no_secrets_until = 0;
	memset(states, 'r', sizeof(states));
	got = count_pending(b, k, n);
	if (got > 0 && file_write_at(b->state, states, (size_t)got, (off_t)k - 1) < 0)
		got = -1;
	rc = got < 0 ? 0 : got;
	if (rc < (int)n)
		lock_bytes_drop(b->state, (off_t)k - 1 + rc, (off_t)n - rc);
	return got;
}

void
batch_settle_state(struct batch *b, uint32_t k)
{
	int error = errno;
	/* Without the lock, as in decide_claim(): this process has claimed the item, so only it changes the entry. */
	off_t at = batch_result_offset(b, k);
	int s = at >= 0 ? state_by_results(b, k) : errno == ENOENT ? 'p' : -1;

	/* If this fails, the byte stays r without a lock, and the next process takes the item over. */
	if (s > 0)
		(void)batch_set_state(b, k, (char)s);
	errno = error;
}

void
batch_release(struct batch *b, uint32_t k)
{
	batch_settle_state(b, k);
	lock_bytes_drop(b->state, (off_t)k - 1, 1);
}

enum batch_claim
batch_claim_any(struct batch *b, uint32_t k)
{
	int rc;

	if (k == 0 || extend_state_to(b, k) < 0)
		return CLAIM_ERROR;
	rc = lock_bytes_try(b->state, LOCK_ALONE, (off_t)k - 1, 1);
	if (rc == 0)
		b->no_secrets_until = 0;
	return rc == 0 ? CLAIM_OURS : rc > 0 ? CLAIM_HELD : CLAIM_ERROR;
}

void
batch_unclaim(struct batch *b, uint32_t k)
{
	lock_bytes_drop(b->state, (off_t)k - 1, 1);
}

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
