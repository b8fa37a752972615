/* Which decisions may be added: what the batch's items say. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/utf8.h"
#include "batch/item_files.h"
#include "files/append.h"
#include "files/file.h"
#include "records/rec.h"
#include "review/picks.h"
#include "review/review_settings.h"

struct subject {
	char *id;
	uint32_t items;
	uint32_t removed, failed; /* as picks_subjects_count() last counted them */
	bool decided;             /* as it last found */
};

struct picks_subjects {
	int dir; /* batches/NAME */
	int fd;  /* items.ndjson; -1: it does not exist yet */
	off_t read_to;
	struct subject *all;
	uint32_t n;
	uint32_t *of; /* of each item: the index of its subject in ALL */
	uint32_t of_n;
	struct table by_id; /* maps the id to 1 + the index in ALL */
	bool many;          /* the batch allows several candidates in a decision */
};

static struct subject *
find_subject(const struct picks_subjects *s, const char *id)
{
	uint32_t print = table_hash(id), cursor = 0;
	struct table_slot *slot;

	while ((slot = table_next(&s->by_id, print, &cursor)))
		if (strcmp(s->all[slot->item - 1].id, id) == 0)
			return &s->all[slot->item - 1];
	return NULL;
}

/* Notes that item K is one of the subject with this index. Items are read in their order. */
static void
note_subject(struct picks_subjects *s, uint32_t k, uint32_t index)
{
	if (k == s->of_n + 1)
		s->of = buf_grow(s->of, s->of_n++, sizeof(*s->of));
	if (k > 0 && k <= s->of_n)
		s->of[k - 1] = index;
}

static bool
take_item(off_t at, const char *line, size_t n, void *arg)
{
	struct picks_subjects *s = arg;
	struct batch_place place;
	struct subject *one;

	(void)at;
	if (batch_place(line, n, &place) < 0)
		return true;
	one = find_subject(s, place.subject);
	if (!one) {
		s->all = buf_grow(s->all, s->n, sizeof(*s->all));
		one = &s->all[s->n++];
		*one = (struct subject){.id = buf_strdup(place.subject)};
		table_add(&s->by_id, table_hash(place.subject), s->n);
	}
	if (place.idx > one->items)
		one->items = place.idx;
	note_subject(s, place.item, (uint32_t)(one - s->all));
	return true;
}

int
picks_subjects_refresh(struct picks_subjects *s)
{
	struct review_settings settings;
	off_t end;

	if (review_settings_read(s->dir, &settings) < 0)
		return -1;
	s->many = settings.many;
	json_object_put(settings.all);
	if (s->fd < 0) {
		s->fd = openat(s->dir, "items.ndjson", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (s->fd < 0)
			return errno == ENOENT ? 0 : -1;
	}
	end = append_each(s->fd, s->read_to, take_item, s);
	if (end < 0)
		return -1; /* reading the same lines again does no harm */
	s->read_to = end;
	return 0;
}

struct picks_subjects *
picks_subjects_read(const struct batch *b)
{
	struct picks_subjects *s = buf_alloc(sizeof(*s));

	*s = (struct picks_subjects){.fd = -1};
	s->dir = fcntl(batch_dirfd(b), F_DUPFD_CLOEXEC, 3);
	if (s->dir >= 0 && picks_subjects_refresh(s) == 0)
		return s;
	picks_subjects_free(s);
	return NULL;
}

void
picks_subjects_free(struct picks_subjects *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->n; i++)
		free(s->all[i].id);
	free(s->all);
	free(s->of);
	table_clear(&s->by_id);
	file_close(s->fd, 0);
	file_close(s->dir, 0);
	free(s);
}

unsigned long
picks_subjects_items(const struct picks_subjects *s, const char *id)
{
	const struct subject *one = find_subject(s, id);

	return one ? one->items : 0;
}

/* Counts N items from number FROM on, whose states these are, with their subjects. */
static void
count_states(struct picks_subjects *s, uint32_t from, const char *states, size_t n)
{
	for (size_t i = 0; i < n && from + i <= s->of_n; i++) {
		struct subject *one = &s->all[s->of[from + i - 1]];

		one->removed += states[i] == 'x';
		one->failed += states[i] == 'f';
	}
}

/* Notes which subjects were decided on. */
static void
find_decided(struct picks_subjects *s, const struct picks *p)
{
	struct picks_subject at = {0};
	struct subject *one;

	while (p && picks_subject(p, at.first + at.count, &at))
		if ((one = find_subject(s, at.id)))
			one->decided = true;
}

long
picks_subjects_count(struct picks_subjects *s, const struct batch *b, const struct picks *p)
{
	char states[4096];
	long count = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		s->all[i].removed = s->all[i].failed = 0;
		s->all[i].decided = false;
	}
	for (uint32_t from = 1; from <= s->of_n; from += sizeof(states)) {
		size_t left = s->of_n - from + 1, n = left < sizeof(states) ? left : sizeof(states);

		if (batch_states(b, from, states, n) < 0)
			return -1;
		count_states(s, from, states, n);
	}
	find_decided(s, p);
	for (uint32_t i = 0; i < s->n; i++) {
		const struct subject *one = &s->all[i];

		count += one->removed < one->items && (one->decided || one->removed + one->failed < one->items);
	}
	return count;
}

/* --- times --- */

static int
two_digits(const char *p)
{
	return (p[0] - '0') * 10 + p[1] - '0';
}

/* "2026-11-22T15:04:05Z", with up to nine digits of a fraction: RFC 3339, in UTC. */
static bool
is_time(const char *at)
{
	static const char form[] = "0000-00-00T00:00:00";
	size_t i;

	for (i = 0; form[i]; i++)
		if (form[i] == '0' ? at[i] < '0' || at[i] > '9' : at[i] != form[i])
			return false;
	if (two_digits(at + 5) < 1 || two_digits(at + 5) > 12 || two_digits(at + 8) < 1 || two_digits(at + 8) > 31 ||
	    two_digits(at + 11) > 23 || two_digits(at + 14) > 59 || two_digits(at + 17) > 60)
		return false;
	if (at[i] == '.') {
		size_t digits = strspn(at + i + 1, "0123456789");

		if (digits < 1 || digits > 9)
			return false;
		i += 1 + digits;
	}
	return at[i] == 'Z' && !at[i + 1];
}

/* --- a set --- */

/* Returns the first candidate of V that is not one of ITEMS; 0 if there is none. */
static long
find_wrong_candidate(const struct pick *v, unsigned long items)
{
	const char *cursor = NULL;
	long idx;

	if (v->choice < PICK_BACK)
		return v->choice;
	if ((unsigned long)pick_licence_last(v) > items)
		return pick_licence_last(v);
	while (pick_next_candidate(v, &cursor, &idx))
		if ((unsigned long)idx > items)
			return idx;
	return 0;
}

/* Whether one decision is invalid; stores the reason if ROOM is not 0. */
static bool
is_wrong(const struct picks_subjects *s, const struct pick *v, char *wrong, size_t room)
{
	const char *name = v->reviewer ? pick_reviewer_check(v->reviewer) : NULL;
	unsigned long items = picks_subjects_items(s, v->subject);
	const char *remark = pick_remarks_check(v);
	long bad = find_wrong_candidate(v, items);

	if (items == 0 && root_subject_check(v->subject))
		snprintf(wrong, room, "a subject's id %s", root_subject_check(v->subject));
	else if (items == 0)
		snprintf(wrong, room, "subject '%s' is not in the batch", v->subject);
	else if (v->list && !s->many)
		snprintf(wrong, room,
			 "the choice for subject '%s' is a list, and the batch has one pick a subject (bi-render "
			 "--picks many allows several)",
			 v->subject);
	else if (bad)
		snprintf(wrong, room, "subject '%s' has the candidates 1 to %lu, not %ld", v->subject, items, bad);
	else if (remark)
		snprintf(wrong, room, "subject '%s': its %s", v->subject, remark);
	else if (name)
		snprintf(wrong, room, "the reviewer's name %s", name);
	else if (v->at && !is_time(v->at))
		snprintf(wrong, room, "the time of subject '%s' is not written as 2026-11-22T15:04:05.123Z",
			 v->subject);
	else
		return false;
	return true;
}

bool
picks_check(const struct picks_subjects *s, const struct pick *v, size_t n, char *wrong, size_t room)
{
	size_t count = 0, len;

	for (size_t i = 0; i < n; i++) {
		char more[1];

		count += is_wrong(s, &v[i], count ? more : wrong, count ? sizeof(more) : room);
	}
	len = count ? strlen(wrong) : 0;
	if (count)
		utf8_replace_invalid(wrong); /* an id may have been cut */
	if (count > 1 && len < room)
		snprintf(wrong + len, room - len, " (and %zu more are wrong)", count - 1);
	return count == 0;
}

bool
picks_check_removed(const struct batch *b, const struct pick *v, size_t n, char *wrong, size_t room)
{
	struct item_stems stems = {.batch = b};
	char name[SUBJECT_MAX + 32];
	int rc = item_stems_add_removed(&stems, true);
	uint32_t k = 0;

	for (size_t i = 0; i < n && rc == 0 && k == 0; i++) {
		const char *cursor = NULL;
		long idx;

		while (rc == 0 && k == 0 && pick_next_candidate(&v[i], &cursor, &idx)) {
			snprintf(name, sizeof(name), "%s_%ld", v[i].subject, idx);
			rc = item_stems_find(&stems, name, &k);
			if (k)
				snprintf(wrong, room, "candidate %ld of subject '%s' was removed from the batch", idx,
					 v[i].subject);
		}
	}
	if (rc < 0)
		snprintf(wrong, room, "the items that were removed cannot be read: %s", strerror(errno));
	item_stems_free(&stems);
	return rc == 0 && k == 0;
}

/* What is wrong with the members of O other than the decisions; NULL: nothing. */
static const char *
form_check(struct json_object *o, const char *batch)
{
	struct json_object *selections, *member;

	if (!json_object_is_type(o, json_type_object))
		return "it is no JSON object";
	if (!json_object_object_get_ex(o, "selections", &selections) ||
	    !json_object_is_type(selections, json_type_object))
		return "it has no object \"selections\"";
	if (json_object_object_length(selections) > PICK_SET_MAX)
		return "it has more than 100000 selections";
	if (json_object_object_get_ex(o, "reviewer", &member) && !json_object_is_type(member, json_type_string))
		return "its \"reviewer\" is no string";
	if (json_object_object_get_ex(o, "at", &member) && !json_object_is_type(member, json_type_object))
		return "its \"at\" is no object";
	if (json_object_object_get_ex(o, "remarks", &member) && !json_object_is_type(member, json_type_object))
		return "its \"remarks\" is no object";
	if (json_object_object_get_ex(o, "batch", &member) && !json_object_is_type(member, json_type_string))
		return "its \"batch\" is no string";
	if (member && strcmp(json_object_get_string(member), batch) != 0)
		return "it is of another batch";
	return NULL;
}

/* Parses the decision VALUE about the subject ID, and what the set O has about that subject, into V. Returns false with
 * WRONG. */
static bool
parse_decision(struct json_object *o, const char *id, struct json_object *value, struct pick *v, char *wrong,
	       size_t room)
{
	struct json_object *at = json_object_object_get(o, "at"), *remarks = json_object_object_get(o, "remarks"), *own;
	const char *bad = NULL;

	*v = (struct pick){.subject = id, .reviewer = rec_string(o, "reviewer")};
	if (json_object_object_get_ex(at, id, &own) && !(v->at = rec_string(at, id)))
		v->at = ""; /* this is not a time, which picks_check() reports */
	v->bare = !json_object_object_get_ex(remarks, id, &own);
	if (!pick_parse_choice(value, v))
		snprintf(wrong, room, "the choice for subject '%s' is no candidate's number, %s", id,
			 json_object_is_type(value, json_type_array) ? "nor a list of such numbers, each once"
								     : "0 or null");
	else if (!v->bare && !json_object_is_type(own, json_type_object))
		snprintf(wrong, room, "the remarks on subject '%s' are no object", id);
	else if (!v->bare && (bad = pick_parse_remarks(own, v)))
		snprintf(wrong, room, "subject '%s': its %s", id, bad);
	else
		return true;
	utf8_replace_invalid(wrong);
	return false;
}

/* Whether each subject of the remarks of O has a choice in SELECTIONS. Returns false with WRONG. */
static bool
check_remarked(struct json_object *o, struct json_object *selections, char *wrong, size_t room)
{
	struct json_object *remarks = json_object_object_get(o, "remarks");

	if (!remarks)
		return true;
	json_object_object_foreach(remarks, id, own)
	{
		(void)own;
		if (json_object_object_get_ex(selections, id, NULL))
			continue;
		snprintf(wrong, room, "the remarks on subject '%s' are without its choice in \"selections\"", id);
		utf8_replace_invalid(wrong);
		return false;
	}
	return true;
}

bool
picks_parse(struct json_object *o, const char *batch, struct picks_set *set, char *wrong, size_t room)
{
	const char *form = form_check(o, batch);
	struct json_object *selections;
	bool right = true;

	*set = (struct picks_set){0};
	if (form) {
		snprintf(wrong, room, "%s", form);
		return false;
	}
	selections = json_object_object_get(o, "selections");
	set->v = buf_alloc(((size_t)json_object_object_length(selections) + 1) * sizeof(*set->v));
	json_object_object_foreach(selections, id, value)
	{
		right = right && parse_decision(o, id, value, &set->v[set->n++], wrong, room);
	}
	if (right && check_remarked(o, selections, wrong, room))
		return true;
	free(set->v);
	*set = (struct picks_set){0};
	return false;
}
