/*
 * Items that are taken off a batch, and come back. Their numbers stay.
 *
 * A version that does not know removed items passes over the line that says so. It must not fetch the item again, so a
 * line before that one says that it failed permanently, with a code that is read as removed here.
 */
#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/when.h"
#include "batch/batch_internal.h"
#include "records/rec.h"

enum { HELD_TRIES = 100, HELD_MS = 10 };

bool
batch_result_is_kept(const char *line, size_t n)
{
	struct json_object *o = memmem(line, n, "\"kept\":", 7) ? rec_parse(line, n, NULL, 0) : NULL;
	bool is = json_object_get_boolean(json_object_object_get(o, "kept"));

	json_object_put(o);
	return is;
}

/* Adds the lines about item K to LINES and V. Returns how many. */
static size_t
print_lines(uint32_t k, char s, bool kept, const char *now, struct buf lines[2], struct batch_outcome *v)
{
	size_t n = 0;

	if (s == 'x')
		buf_printf(&lines[n++],
			   "{\"item\":%lu,\"status\":\"failed\",\"error\":{\"code\":\"removed\",\"message\":\"it was "
			   "removed from the batch\",\"retryable\":false},\"finished_at\":\"%s\"%s}",
			   (unsigned long)k, now, kept ? ",\"kept\":true" : "");
	buf_printf(&lines[n++], "{\"item\":%lu,\"status\":\"%s\",\"finished_at\":\"%s\"%s}", (unsigned long)k,
		   s == 'x' ? "removed" : "pending", now, kept ? ",\"kept\":true" : "");
	for (size_t i = 0; i < n; i++)
		v[i] = (struct batch_outcome){.item = k, .line = lines[i].data, .len = lines[i].len};
	return n;
}

/* Records N items, which this process has claimed, as removed or pending (the state S). N is at most BATCH_AT_ONCE. 0
 * or -1.
 */
static int
record(struct batch *b, const uint32_t *items, size_t n, bool kept, char s)
{
	struct batch_outcome v[2 * BATCH_AT_ONCE];
	struct buf lines[BATCH_AT_ONCE][2] = {{{0}}};
	char now[WHEN_SIZE];
	size_t count = 0;
	int rc = 0;

	when_now(now);
	for (size_t i = 0; i < n; i++)
		count += print_lines(items[i], s, kept, now, lines[i], v + count);
	/* If this process is killed after the line, the byte is r, which the next process that opens the batch
	 * examines. */
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = batch_set_state(b, items[i], 'r');
	if (rc == 0)
		rc = batch_append_results(b, v, count);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = batch_set_state(b, items[i], s);
	if (rc == 0)
		rc = fdatasync(b->state);
	for (size_t i = 0; i < n; i++) {
		buf_free(&lines[i][0]);
		buf_free(&lines[i][1]);
	}
	return rc;
}

int
batch_record_pending(struct batch *b, const uint32_t *items, size_t n)
{
	return record(b, items, n, false, 'p');
}

/* Whether item K still needs a record that it is removed, or that it was added again. 1, 0, or -1. */
static int
is_to_be_removed(struct batch *b, uint32_t k, bool kept, struct buf *line)
{
	int s = batch_state(b, k);
	char last = '\0';

	if (s < 0)
		return -1;
	buf_clear(line);
	if (batch_result(b, k, line) < 0)
		return errno == ENOENT ? 1 : -1;
	/* The byte is not enough: a power cut may have lost the result to which it belongs. */
	return s != 'x' || batch_result_state(line->data, line->len, &last) != k || last != 'x' ||
	       batch_result_is_kept(line->data, line->len) != kept;
}

/* At most BATCH_AT_ONCE of them. */
static int
remove_some(struct batch *b, const uint32_t *items, size_t n, bool kept)
{
	uint32_t left[BATCH_AT_ONCE];
	struct buf line = {0};
	size_t count = 0;
	int is = 0;

	for (size_t i = 0; i < n && is >= 0; i++) {
		is = is_to_be_removed(b, items[i], kept, &line);
		if (is > 0)
			left[count++] = items[i];
	}
	buf_free(&line);
	if (is >= 0 && count > 0)
		is = record(b, left, count, kept, 'x');
	for (size_t i = 0; i < count && is < 0; i++)
		batch_settle_state(b, left[i]);
	return is < 0 ? -1 : 0;
}

int
batch_remove(struct batch *b, const uint32_t *items, size_t n, bool kept)
{
	int rc = n > 0 ? batch_raise_format(b) : 0;

	for (size_t i = 0; i < n && rc == 0; i += BATCH_AT_ONCE)
		rc = remove_some(b, items + i, n - i < BATCH_AT_ONCE ? n - i : BATCH_AT_ONCE, kept);
	return rc;
}

/* --- back --- */

struct numbers {
	uint32_t *v;
	size_t n;
};

static void
add_number(struct numbers *to, uint32_t k)
{
	if ((to->n & (to->n - 1)) == 0)
		to->v = buf_realloc(to->v, (to->n ? 2 * to->n : 1) * sizeof(*to->v));
	to->v[to->n++] = k;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorts the numbers and removes duplicates. */
static void
sort_numbers(struct numbers *all)
{
	size_t n = 0;

	qsort(all->v, all->n, sizeof(*all->v), by_number);
	for (size_t i = 0; i < all->n; i++)
		if (n == 0 || all->v[n - 1] != all->v[i])
			all->v[n++] = all->v[i];
	all->n = n;
}

uint32_t
batch_item_archive(const char *line, size_t n)
{
	struct json_object *o = memmem(line, n, "\"archive\":", 10) ? rec_parse(line, n, NULL, 0) : NULL;
	long long archive = o && rec_string(o, "member") ? rec_number(o, "archive", 0) : 0;

	json_object_put(o);
	return archive > 0 && archive < UINT32_MAX ? (uint32_t)archive : 0;
}

/* Adds the removed members of the archives in ALL. 0 or -1. */
static int
add_members(const struct batch *b, struct numbers *all)
{
	struct buf line = {0};
	size_t archives = all->n;
	int64_t k = 0;
	int rc = 0;

	while (rc == 0 && (k = batch_find_state(b, (uint32_t)k + 1, 'x')) > 0 && k < UINT32_MAX) {
		uint32_t archive;

		buf_clear(&line);
		rc = batch_item(b, (uint32_t)k, &line);
		archive = rc == 0 ? batch_item_archive(line.data, line.len) : 0;
		/* Added after the sorted numbers. */
		if (archive && bsearch(&archive, all->v, archives, sizeof(*all->v), by_number))
			add_number(all, (uint32_t)k);
	}
	buf_free(&line);
	return k < 0 ? -1 : rc;
}

/* Claims item K, which another process may be removing or adding again. 1 if it is claimed and removed, 0, or -1. */
static int
claim_removed(struct batch *b, uint32_t k)
{
	enum batch_claim claim;
	int s;

	for (int i = 0; (claim = batch_claim_any(b, k)) == CLAIM_HELD; i++) {
		if (batch_state(b, k) != 'x')
			return 0; /* it came back */
		if (i == HELD_TRIES) {
			errno = EBUSY;
			return -1;
		}
		poll(NULL, 0, HELD_MS);
	}
	s = claim == CLAIM_OURS ? batch_state(b, k) : -1;
	if (s == 'x')
		return 1;
	if (claim == CLAIM_OURS)
		batch_unclaim(b, k);
	return s < 0 ? -1 : 0;
}

/* At most BATCH_AT_ONCE of them. How many, or -1. */
static int
restore_some(struct batch *b, const uint32_t *items, size_t n)
{
	uint32_t ours[BATCH_AT_ONCE];
	size_t count = 0;
	int rc = 0;

	for (size_t i = 0; i < n && rc >= 0; i++) {
		rc = claim_removed(b, items[i]);
		if (rc > 0)
			ours[count++] = items[i];
	}
	if (rc >= 0)
		rc = count > 0 ? batch_record_pending(b, ours, count) : 0;
	for (size_t i = 0; i < count; i++)
		batch_release(b, ours[i]);
	return rc < 0 ? -1 : (int)count;
}

int64_t
batch_restore(struct batch *b, const uint32_t *items, size_t n)
{
	struct numbers all = {0};
	int64_t count = 0;
	int rc = 0;

	for (size_t i = 0; i < n && rc >= 0; i++) {
		rc = batch_state(b, items[i]);
		if (rc == 'x')
			add_number(&all, items[i]);
	}
	if (rc >= 0 && all.n > 0) {
		sort_numbers(&all);
		rc = add_members(b, &all);
		sort_numbers(&all); /* a list may have a member too */
	}
	for (size_t i = 0; i < all.n && rc >= 0; i += BATCH_AT_ONCE) {
		rc = restore_some(b, all.v + i, all.n - i < BATCH_AT_ONCE ? all.n - i : BATCH_AT_ONCE);
		count += rc > 0 ? rc : 0;
	}
	free(all.v);
	return rc < 0 ? -1 : count;
}
