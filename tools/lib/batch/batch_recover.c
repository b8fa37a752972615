/* What dead owners and power cuts left: bytes of `state` that are older or newer than the results. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/lock.h"
#include "batch/batch_internal.h"
#include "files/append.h"
#include "files/file.h"

enum { RECOVER_BLOCK = 8192, RECOVER_GROUP = 64 };

int
batch_set_state(const struct batch *b, uint32_t k, char s)
{
	return file_write_at(b->state, &s, 1, (off_t)k - 1);
}

/* The state that the results give item K: c, f, x, or p where it has no result. -1 with errno. */
static int
state_by_results(struct batch *b, uint32_t k)
{
	struct buf line = {0};
	char state = 'p';
	off_t at = 0;
	int rc = batch_sure_result(b, k, &line, &at);

	if (rc == 0 && batch_result_state(line.data, line.len, &state) != k)
		rc = 1;
	buf_free(&line);
	return rc < 0 ? -1 : rc > 0 ? 'p' : state;
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

int
batch_recover_items(struct batch *b)
{
	int64_t count = batch_length(b);
	struct recovery r;
	int rc = 0;

	if (count <= 0)
		return count < 0 ? -1 : 0;
	count = count < UINT32_MAX ? count : UINT32_MAX - 1;
	if (batch_extend_state_to(b, (uint32_t)count) < 0 || begin_recovery(&r, b) < 0)
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

	if (batch_extend_state_to(b, k) < 0 || begin_recovery(&r, b) < 0)
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
		rc = batch_recover_items(b);
	b->behind = b->behind && rc < 0;
	return rc;
}
