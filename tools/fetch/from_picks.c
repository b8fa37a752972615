#include "from_picks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/msg.h"
#include "batch/subject_index.h"
#include "review/picks.h"

/* What is needed to translate the decisions of one part. */
struct translation {
	struct part *part;
	const struct batch *batch;      /* that the decisions are for */
	const struct identities *items; /* of BATCH alone */
	struct subject_index here, there;
	struct picks *picks; /* of BATCH */
	struct picks_subjects *subjects;
};

/* A decision as it is in the batch. */
struct translated {
	struct pick pick;
	char subject[SUBJECT_MAX + 1];
	struct buf list;
};

/* Stores the place that item K of the part has in the batch in OUT. 1, 0 if the batch does not have the item, -1. */
static int
find_item(const struct translation *t, uint32_t k, struct batch_place *out)
{
	struct buf line = {0};
	struct batch_place place;
	uint32_t all = 0;
	int rc = batch_item(t->part->batch, k, &line);

	if (rc == 0 && batch_place(line.data, line.len, &place) == 0)
		rc = identities_next(t->items, place.key, 0, &all);
	buf_clear(&line);
	if (rc == 0 && all)
		rc = batch_item(t->batch, all, &line);
	if (rc == 0 && all)
		rc = batch_place(line.data, line.len, out) == 0;
	buf_free(&line);
	return rc;
}

/* Stores the numbers that the candidates of the subject S of the part have in the batch in IDX, and the subject there
 * in OUT. Returns 1; 0 if not all of them are there as one subject, or that has others too; -1 with errno. */
static int
map_subject(const struct translation *t, const struct indexed_subject *s, long *idx, struct translated *out)
{
	struct batch_place place;
	uint32_t subject;
	int is = 1;

	for (uint32_t i = 0; i < s->count && is > 0; i++) {
		is = find_item(t, t->there.items[s->first + i], &place);
		if (is <= 0)
			break;
		idx[i] = (long)place.idx;
		if (i == 0)
			snprintf(out->subject, sizeof(out->subject), "%s", place.subject);
		is = strcmp(out->subject, place.subject) == 0;
	}
	if (is <= 0)
		return is;
	return subject_index_find(&t->here, out->subject, &subject) && t->here.subjects[subject].count == s->count;
}

/* Translates the candidates of V. False: one of them is not an item of the part. */
static bool
map_choice(const struct pick *v, const struct indexed_subject *s, const long *idx, struct translated *out)
{
	const char *cursor = NULL;
	long one;
	size_t n = 0;

	out->pick = *v;
	out->pick.subject = out->subject;
	while (pick_next_candidate(v, &cursor, &one)) {
		if (one < 1 || one > (long)s->count)
			return false;
		buf_printf(&out->list, "%s%ld", n ? "," : "[", idx[one - 1]);
		if (n++ == 0)
			out->pick.choice = idx[one - 1];
	}
	buf_str(&out->list, "]");
	if (v->list)
		out->pick.list = out->list.data;
	return true;
}

/* Whether the batch has the decision already, or a later one of this reviewer. */
static bool
is_known(const struct picks *p, const struct pick *v)
{
	const struct pick *last = picks_last(p, v);

	return last &&
	       ((pick_same_choice(last, v) && pick_same_remarks(last, v)) || picks_compare_times(last->at, v->at) >= 0);
}

/* Translates the decision V about the subject S. Returns NULL if OUT has it, else why it is left, with errno 0 unless
 * something could not be read. */
static const char *
translate(const struct translation *t, const struct pick *v, const struct indexed_subject *s, struct translated *out,
	  char *wrong, size_t room)
{
	long *idx = buf_alloc(s->count * sizeof(*idx));
	int is = map_subject(t, s, idx, out);
	bool good = is > 0 && map_choice(v, s, idx, out);

	free(idx);
	if (is < 0)
		return strerror(errno);
	errno = 0;
	if (!good)
		return "not all candidates of the subject are the same in the part and in the batch";
	if (!picks_check(t->subjects, &out->pick, 1, wrong, room) ||
	    !picks_check_removed(t->batch, &out->pick, 1, wrong, room))
		return wrong;
	return NULL;
}

/* Takes one decision. 0, or -1 with errno. */
static int
take_pick(const struct translation *t, const struct pick *v)
{
	struct translated out = {.list = {0}};
	uint32_t subject;
	char wrong[256];
	const char *why;
	int rc = 0;

	if (!subject_index_find(&t->there, v->subject, &subject))
		return 0;
	why = translate(t, v, &t->there.subjects[subject], &out, wrong, sizeof(wrong));
	if (why && errno) {
		rc = -1;
	} else if (why) {
		t->part->picks_left++;
		msg_warn("the decision of %s about the subject '%s' in the part '%s' is not taken: %s", v->reviewer,
			 v->subject, t->part->name, why);
	} else if (!is_known(t->picks, &out.pick)) {
		rc = picks_put(t->picks, &out.pick, 1, NULL);
		t->part->picks += rc == 0;
	}
	buf_free(&out.list);
	return rc;
}

/* Takes the decisions P of the part. 0 or -1. */
static int
take_picks(struct translation *t, const struct picks *p)
{
	int rc = subject_index_build(&t->there, t->part->batch);

	for (size_t i = 0; i < picks_count(p) && rc == 0; i++)
		rc = take_pick(t, picks_get(p, i));
	subject_index_free(&t->there);
	return rc;
}

/* Reads what all translations for B share. 0 or -1. */
static int
begin(struct translation *t, struct identities *items)
{
	if (t->items)
		return 0;
	t->items = items;
	if (identities_add(items, t->batch, NULL, NULL) < 0)
		return -1;
	t->picks = picks_read(t->batch);
	t->subjects = t->picks ? picks_subjects_read(t->batch) : NULL;
	return t->subjects ? 0 : -1;
}

int
from_picks_take(struct from_parts *f, struct batch *b)
{
	struct translation t = {.batch = b};
	struct identities items = {.count = 0};
	int rc = 0, error;

	for (size_t i = 0; i < f->count && rc == 0; i++) {
		struct picks *p = picks_read(f->v[i].batch);

		t.part = &f->v[i];
		rc = p ? 0 : -1;
		if (p && picks_count(p) > 0 && !t.items)
			rc = subject_index_build(&t.here, b);
		if (p && picks_count(p) > 0 && rc == 0)
			rc = begin(&t, &items);
		if (p && picks_count(p) > 0 && rc == 0)
			rc = take_picks(&t, p);
		error = errno;
		picks_free(p);
		errno = error;
	}
	error = errno;
	subject_index_free(&t.here);
	identities_free(&items);
	picks_subjects_free(t.subjects);
	picks_free(t.picks);
	errno = error;
	return rc;
}
