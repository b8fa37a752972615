/* Which process works on an item: claims. */
#include <errno.h>
#include <string.h>

#include "base/lock.h"
#include "batch/batch_internal.h"
#include "files/file.h"
#include "records/rec.h"

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
	rc = batch_sure_result(b, k, &line, &at);
	if (rc == 0 && batch_result_state(line.data, line.len, &last) != k)
		last = 'f';
	if (rc < 0) {
		claim = CLAIM_ERROR;
	} else if (last == 'c' || last == 'x') {
		claim = last == 'c' ? CLAIM_DONE : CLAIM_REMOVED;
		is = (unsigned char)last;
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
	int rc = batch_sure_result(b, k, &line, &at);

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

	if (batch_extend_state_to(b, k) < 0)
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
	if (behind && claim != CLAIM_ERROR && batch_recover_items(b) < 0)
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
	if (k == 0 || batch_extend_state_to(b, k + n - 1) < 0)
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
batch_release(struct batch *b, uint32_t k)
{
	batch_settle_state(b, k);
	lock_bytes_drop(b->state, (off_t)k - 1, 1);
}

enum batch_claim
batch_claim_any(struct batch *b, uint32_t k)
{
	int rc;

	if (k == 0 || batch_extend_state_to(b, k) < 0)
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
