/* Withdraws decisions for candidates that were removed, so that their subjects are undecided again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/msg.h"
#include "batch/item_files.h"
#include "remove_items.h"
#include "review/picks.h"

enum { TRIES = 1000 };

/* A decision that changes since a candidate was removed. */
struct withdrawal {
	struct pick pick;
	struct buf list; /* of the candidates that stay */
	long removed;    /* the first of the others */
};

/* Stores in W what stays of the decision P. 1, 0 if all of it stays, or -1. */
static int
withdraw(const struct item_stems *stems, const struct pick *p, struct withdrawal *w)
{
	char name[SUBJECT_MAX + 32];
	const char *cursor = NULL;
	long idx, first = 0;
	uint32_t k;

	*w = (struct withdrawal){.pick = *p};
	while (pick_next_candidate(p, &cursor, &idx)) {
		snprintf(name, sizeof(name), "%s_%ld", p->subject, idx);
		if (item_stems_find(stems, name, &k) < 0)
			return -1;
		if (k && !w->removed)
			w->removed = idx;
		if (k)
			continue;
		buf_printf(&w->list, "%s%ld", first ? "," : "[", idx);
		first = first ? first : idx;
	}
	buf_str(&w->list, "]");
	w->pick.at = NULL;
	w->pick.choice = first ? first : PICK_BACK;
	w->pick.list = first ? w->list.data : NULL;
	w->pick.removed = first ? 0 : w->removed;
	return w->removed != 0;
}

/* Stores in BACK what stays of such PICKS. Returns how many, or -1. */
static int64_t
find_picks(const struct picks *picks, const struct item_stems *stems, struct withdrawal *back)
{
	size_t n = 0;

	for (size_t i = 0; i < picks_count(picks); i++) {
		int is = withdraw(stems, picks_get(picks, i), &back[n]);

		if (is > 0)
			n++;
		else
			buf_free(&back[n].list);
		if (is < 0)
			return -1;
	}
	return (int64_t)n;
}

/* 0, 1 if the picks have changed since they were read, or -1. */
static int
take_back(const struct batch *b, const struct picks *picks, const struct item_stems *stems)
{
	struct withdrawal *back = buf_alloc((picks_count(picks) + 1) * sizeof(*back));
	int64_t n = find_picks(picks, stems, back);
	struct pick *v = buf_alloc((picks_count(picks) + 1) * sizeof(*v));
	struct picks *now = n > 0 ? picks_read(b) : NULL; /* V has strings of PICKS, which must not change */
	int rc = n == 0 ? 0 : -1, error;

	for (int64_t i = 0; i < n; i++)
		v[i] = back[i].pick;
	if (now)
		rc = picks_put(now, v, (size_t)n, picks_version(picks));
	error = errno;
	picks_free(now);
	for (int64_t i = 0; i < n; i++) {
		if (rc == 0)
			msg_warn("candidate %ld of subject %s in the batch '%s' was removed: the decision of %s for it "
				 "is withdrawn",
				 back[i].removed, v[i].subject, batch_name(b), v[i].reviewer);
		buf_free(&back[i].list);
	}
	free(back);
	free(v);
	errno = error;
	return rc;
}

/* The same for the N removed items, with the picks as they are now. */
static int
read_and_take_back(const struct batch *b, const struct removal *v, size_t n)
{
	struct item_stems stems = {.batch = b};
	struct picks *picks = picks_read(b);
	int rc = picks ? 0 : -1, error;

	if (rc == 0 && picks_count(picks) > 0) {
		for (size_t i = 0; i < n && rc == 0; i++)
			rc = item_stems_add(&stems, v[i].item);
		if (rc == 0)
			rc = take_back(b, picks, &stems);
	}
	error = errno;
	item_stems_free(&stems);
	picks_free(picks);
	errno = error;
	return rc;
}

int
items_take_picks_back(const struct batch *b, const struct removal *v, size_t n)
{
	int rc = 1, code = 0;

	/* What a reviewer decides in the meantime must not be lost, so it is looked at again. */
	for (int i = 0; i < TRIES && rc > 0; i++)
		rc = read_and_take_back(b, v, n);
	if (rc > 0)
		errno = EBUSY;
	if (rc != 0) {
		code = msg_exit_code(errno);
		msg_warn_errno("cannot withdraw the decisions for the removed items of the batch '%s'; run the same "
			       "command again",
			       batch_name(b));
	}
	return code;
}
