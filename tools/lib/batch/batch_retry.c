/* Failed items that are to be tried again by a worker, which does not look at failed ones: a result makes them pending,
 * as one does for removed items that come back. */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "batch/batch_internal.h"
#include "records/rec.h"

/* Whether a worker can do anything for item K, whose last result is RESULT. 1, 0, or -1 with errno. */
static int
may_be_tried(struct batch *b, uint32_t k, struct json_object *result)
{
	struct json_object *error = NULL, *item, *passes = NULL;
	const char *code;
	int may;

	json_object_object_get_ex(result, "error", &error);
	json_object_object_get_ex(error, "retryable", &passes);
	code = rec_string(error, "code");
	if (code && strcmp(code, "deleted") == 0)
		return 0;
	item = batch_item_object(b, k);
	if (!item)
		return errno == EBADMSG ? 0 : -1;
	/* The bytes of an upload are removed after any other failure. The upload of a member is that of its archive. */
	may = !json_object_object_get_ex(item, "upload", NULL) || rec_string(item, "member") ||
	      json_object_get_boolean(passes);
	json_object_put(item);
	return may;
}

/* Claims item K. 1 if it is claimed, has failed, and may be tried again; 0; -1 with errno. */
static int
claim_failed(struct batch *b, uint32_t k)
{
	int s = batch_state(b, k), may;
	struct json_object *result;

	if (s != 'f')
		return s < 0 ? -1 : 0;
	switch (batch_claim_any(b, k)) {
	case CLAIM_OURS:
		break;
	case CLAIM_ERROR:
		return -1;
	default:
		return 0;
	}
	s = batch_state(b, k);
	result = s == 'f' ? batch_result_object(b, k) : NULL;
	if (s == 'f' && !result)
		may = errno == ENOENT || errno == EBADMSG ? 1 : -1;
	else
		may = s == 'f' ? may_be_tried(b, k, result) : s < 0 ? -1 : 0;
	json_object_put(result);
	if (may <= 0)
		batch_unclaim(b, k);
	return may;
}

static bool
has_number(const uint32_t *items, size_t n, uint32_t k)
{
	for (size_t i = 0; i < n; i++)
		if (items[i] == k)
			return true;
	return false;
}

/* At most BATCH_AT_ONCE of them. How many, or -1. */
static int
retry_some(struct batch *b, const uint32_t *items, size_t n)
{
	uint32_t ours[BATCH_AT_ONCE];
	size_t count = 0;
	int rc = 0, error;

	for (size_t i = 0; i < n && rc >= 0; i++) {
		/* What is claimed already does not exclude this process. */
		rc = has_number(ours, count, items[i]) ? 0 : claim_failed(b, items[i]);
		if (rc > 0)
			ours[count++] = items[i];
	}
	if (rc >= 0)
		rc = count > 0 ? batch_raise_format(b) : 0;
	if (rc == 0 && count > 0)
		rc = batch_record_pending(b, ours, count);
	error = errno;
	for (size_t i = 0; i < count; i++) {
		if (rc < 0)
			batch_settle_state(b, ours[i]);
		batch_unclaim(b, ours[i]);
	}
	errno = error;
	return rc < 0 ? -1 : (int)count;
}

int64_t
batch_retry_failed(struct batch *b, const uint32_t *items, size_t n)
{
	int64_t count = 0;

	for (size_t i = 0; i < n; i += BATCH_AT_ONCE) {
		int some = retry_some(b, items + i, n - i < BATCH_AT_ONCE ? n - i : BATCH_AT_ONCE);

		if (some < 0)
			return -1;
		count += some;
	}
	return count;
}
