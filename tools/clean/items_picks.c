/* Withdraws decisions for candidates that were removed, so that their subjects are undecided again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/msg.h"
#include "batch/item_files.h"
#include "remove_items.h"
#include "review/picks.h"

/* Whether the decision P is for a removed candidate. 1, 0, or -1. */
static int
is_for_removed(const struct item_stems *stems, const struct pick *p)
{
	char name[SUBJECT_MAX + 32];
	uint32_t k;

	if (p->choice <= 0)
		return 0;
	snprintf(name, sizeof(name), "%s_%ld", p->subject, p->choice);
	return item_stems_find(stems, name, &k) < 0 ? -1 : k != 0;
}

/* Adds the withdrawals of such PICKS to BACK. Returns how many, or -1. */
static int64_t
find_picks(const struct picks *picks, const struct item_stems *stems, struct pick *back)
{
	size_t n = 0;

	for (size_t i = 0; i < picks_count(picks); i++) {
		const struct pick *p = picks_get(picks, i);
		int is = is_for_removed(stems, p);

		if (is < 0)
			return -1;
		if (is)
			back[n++] = (struct pick){p->subject, PICK_BACK, p->reviewer, NULL, p->choice};
	}
	return (int64_t)n;
}

static int
take_back(const struct batch *b, const struct picks *picks, const struct item_stems *stems)
{
	struct pick *back = buf_alloc((picks_count(picks) + 1) * sizeof(*back));
	int64_t n = find_picks(picks, stems, back);
	struct picks *now = n > 0 ? picks_read(b) : NULL; /* BACK has strings of PICKS, which must not change */
	int rc = n == 0 ? 0 : now ? picks_put(now, back, (size_t)n, NULL) : -1, error = errno;

	picks_free(now);
	for (int64_t i = 0; rc == 0 && i < n; i++)
		msg_warn("candidate %ld of subject %s in the batch '%s' was removed: the decision of %s for it is "
			 "withdrawn",
			 back[i].removed, back[i].subject, batch_name(b), back[i].reviewer);
	free(back);
	errno = error;
	return rc;
}

int
items_take_picks_back(const struct batch *b, const struct removal *v, size_t n)
{
	struct item_stems stems = {.batch = b};
	struct picks *picks = picks_read(b);
	int rc = picks ? 0 : -1, code = 0;

	if (rc == 0 && picks_count(picks) > 0) {
		for (size_t i = 0; i < n && rc == 0; i++)
			rc = item_stems_add(&stems, v[i].item);
		if (rc == 0)
			rc = take_back(b, picks, &stems);
	}
	if (rc < 0) {
		code = msg_exit_code(errno);
		msg_warn_errno("cannot withdraw the decisions for the removed items of the batch '%s'; run the same "
			       "command again",
			       batch_name(b));
	}
	item_stems_free(&stems);
	picks_free(picks);
	return code;
}
