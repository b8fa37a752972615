#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "batch_cache.h"
#include "handlers.h"
#include "query.h"
#include "records/rec.h"
#include "reply.h"
#include "resolve.h"
#include "review/review_settings.h"

/* --- the document --- */

/* Which document of a batch a client gets. */
struct view {
	const struct review_settings *set;
	const char *who; /* the reviewer who asks; NULL: not stated */
	bool decisions;  /* only what each reviewer decided: a page works out the rest itself */
};

static int
by_reviewer(const void *a, const void *b)
{
	const struct pick *const *x = a, *const *y = b;
	int order = strcmp((*x)->reviewer, (*y)->reviewer);

	if (order)
		return order;
	return *x < *y ? -1 : *x > *y; /* makes the order independent of qsort */
}

/* Whether the reviewer who asks may see what was decided about the subject ID: in a blind batch they must have decided.
 */
static bool
may_see(const struct picks *p, const struct view *v, const char *id)
{
	const struct pick *own;

	if (!v->set->blind)
		return true;
	own = v->who ? picks_last(p, &(struct pick){.subject = id, .reviewer = v->who}) : NULL;
	return own && own->choice != PICK_BACK;
}

/* The decisions and remarks of all that the reviewer who asks may see, sorted by reviewer, for free(); stores how many
 * in N. */
static const struct pick **
list_visible(const struct picks *p, const struct view *v, size_t *n)
{
	size_t count = picks_count(p), cursor = 0, room = count;
	const struct pick **all, *one;

	while (picks_next_undecided(p, &cursor))
		room++;
	all = buf_alloc((room + 1) * sizeof(*all));
	*n = 0;
	for (size_t i = 0; i < count; i++)
		if (may_see(p, v, picks_get(p, i)->subject))
			all[(*n)++] = picks_get(p, i);
	cursor = 0;
	while ((one = picks_next_undecided(p, &cursor)))
		if (may_see(p, v, one->subject) || (v->who && strcmp(one->reviewer, v->who) == 0))
			all[(*n)++] = one;
	qsort(all, *n, sizeof(*all), by_reviewer);
	return all;
}

static void
add_reviewers(struct buf *out, const struct picks *p, const struct view *v)
{
	size_t n;
	const struct pick **all = list_visible(p, v, &n);
	const char *reviewer = NULL;

	buf_str(out, ",\"reviewers\":{");
	for (size_t i = 0; i < n; i++) {
		bool same = reviewer && strcmp(reviewer, all[i]->reviewer) == 0;

		if (!same) {
			buf_str(out, reviewer ? "}," : "");
			reviewer = all[i]->reviewer;
			buf_json(out, reviewer);
			buf_str(out, ":{");
		}
		buf_str(out, same ? "," : "");
		buf_json(out, all[i]->subject);
		buf_str(out, ":{\"choice\":");
		pick_print_choice(out, all[i], v->set->many);
		buf_str(out, ",\"at\":");
		buf_json(out, all[i]->at);
		pick_print_remarks(out, all[i]);
		buf_str(out, "}");
	}
	buf_str(out, reviewer ? "}}" : "}");
	free(all);
}

/* Adds the subjects on which the reviewers agree, and stores the others in DIFFER. */
static void
add_agreed(struct buf *out, struct buf *differ, const struct cached_batch *b, const struct view *v)
{
	struct picks_subject s = {0};
	const char *before = "";

	buf_str(out, ",\"selections\":{");
	while (picks_subject(b->picks, s.first + s.count, &s)) {
		if (!may_see(b->picks, v, s.id))
			continue;
		if (!s.agreed) {
			buf_str(differ, differ->len ? "," : "");
			buf_json(differ, s.id);
			continue;
		}
		buf_str(out, before);
		buf_json(out, s.id);
		buf_str(out, ":");
		pick_print_choice(out, picks_get(b->picks, s.first), v->set->many);
		before = ",";
	}
	buf_str(out, "}");
}

static void
print_selections(const struct cached_batch *b, const struct view *v, struct buf *out)
{
	struct buf differ = {0};

	buf_printf(out, "{\"batch\":\"%s\"", b->name);
	if (!v->decisions)
		add_agreed(out, &differ, b, v);
	add_reviewers(out, b->picks, v);
	if (!v->decisions)
		buf_printf(out, ",\"disagreements\":[%s]", differ.len ? differ.data : "");
	if (v->set->all) {
		buf_str(out, ",\"settings\":");
		buf_str(out, rec_print(v->set->all));
	}
	buf_str(out, "}\n");
	buf_free(&differ);
}

/* The version of the document: that of the picks, and behind a hyphen that of the settings, if the batch has any. */
static void
print_version(const struct cached_batch *b, const struct review_settings *set, char version[sizeof(b->version)])
{
	snprintf(version, sizeof(b->version), set->all ? "%s-%08x" : "%s", picks_version(b->picks),
		 set->all ? table_hash(rec_print(set->all)) : 0);
}

/* Makes R the batch's document that V describes, or only its version if the client has the document (STATUS 304) or
 * does not want it (204). */
static void
reply_selections(struct cached_batch *b, const struct view *v, int status, struct reply *r)
{
	char version[sizeof(b->version)], etag[sizeof(b->version) + 2];

	print_version(b, v->set, version);
	snprintf(etag, sizeof(etag), "\"%s\"", version);
	reply_header(r, "ETag", etag);
	reply_header(r, "Cache-Control", "no-cache");
	r->status = status;
	if (status == 204 || status == 304)
		return;
	if (v->set->blind) { /* each reviewer has a document */
		print_selections(b, v, &r->body);
		return;
	}
	if (strcmp(b->version, version) != 0 || b->decisions != v->decisions) {
		buf_clear(&b->document);
		print_selections(b, v, &b->document);
		b->decisions = v->decisions;
		snprintf(b->version, sizeof(b->version), "%s", version);
	}
	buf_add(&r->body, b->document.data, b->document.len);
}

/* --- requests --- */

/* Also reads the settings of the batch, whose SET->all is for json_object_put(). */
static struct cached_batch *
get_batch(struct api *api, const struct request *q, struct review_settings *set, struct reply *r)
{
	struct cached_batch *b = resolve_batch(api, q->words[1], r);

	if (b && cached_batch_picks(b) == 0) {
		if (review_settings_read(b->dir, set) == 0)
			return b;
		reply_error(r, 500, "cannot_read",
			    "review.json of the batch %s cannot be read: %s; correct it, or remove it and set it again "
			    "with bi-render",
			    b->name, errno == EBADMSG ? "it is not a JSON object" : trouble_reason(errno));
	} else if (b) {
		resolve_fail(q->words[1], r);
	}
	return NULL;
}

/* Stores the version of an If-Match or If-None-Match with one entity tag in OUT. False for "*" and for none. */
static bool
take_version(const char *header, char out[80])
{
	size_t n;

	if (!header || strcmp(header, "*") == 0)
		return false;
	header += strncmp(header, "W/", 2) == 0 ? 2 : 0;
	header += *header == '"';
	n = strcspn(header, "\"");
	snprintf(out, 80, "%.*s", (int)(n < 79 ? n : 79), header);
	return true;
}

/* Whether the request wants only the decisions, into V. False after making R the error of other fields. */
static bool
take_fields(const struct request *q, struct view *v, struct reply *r)
{
	struct buf fields = {0};
	bool good = true;

	if (query_text(q, "fields", &fields)) {
		v->decisions = good = strcmp(fields.data, "reviewers") == 0;
		if (!good)
			reply_error(r, 400, "bad_parameter", "fields must be reviewers");
	}
	buf_free(&fields);
	return good;
}

void
selections_get(struct api *api, const struct request *q, struct reply *r)
{
	struct review_settings set = {0};
	struct cached_batch *b = get_batch(api, q, &set, r);
	struct view v = {.set = &set};
	char version[80], now[sizeof(b->version)];
	struct buf who = {0};
	bool has;

	if (!b)
		return;
	print_version(b, &set, now);
	has = take_version(scgi_get(q->scgi, "HTTP_IF_NONE_MATCH"), version) && strcmp(version, now) == 0;
	v.who = query_text(q, "reviewer", &who) ? who.data : NULL;
	if (take_fields(q, &v, r))
		reply_selections(b, &v, has ? 304 : 200, r);
	buf_free(&who);
	json_object_put(set.all);
}

/* Adds the set, and makes R the result. */
static void
put_picks(struct cached_batch *b, const struct request *q, struct view *v, const struct picks_set *set, struct reply *r)
{
	const char *prefer = scgi_get(q->scgi, "HTTP_PREFER");
	char version[80], now[sizeof(b->version)], picks[sizeof(b->version)];
	bool match = take_version(scgi_get(q->scgi, "HTTP_IF_MATCH"), version);
	int rc;

	v->who = set->n && set->v->reviewer && *set->v->reviewer ? set->v->reviewer : "anonymous";
	print_version(b, v->set, now);
	snprintf(picks, sizeof(picks), "%s", picks_version(b->picks));
	/* Under the lock, the version of the picks is compared again. */
	rc = match && strcmp(version, now) != 0 ? 1 : picks_put(b->picks, set->v, set->n, match ? picks : NULL);
	if (rc < 0 && errno == EINTR)
		reply_error(r, 503, "busy", "another process holds the picks of batch %s; nothing was written",
			    b->name);
	else if (rc < 0)
		reply_error(r, 500, "cannot_write", "the picks of batch %s cannot be stored: %s", b->name,
			    trouble_reason(errno));
	else if (rc > 0)
		reply_selections(b, v, 412, r);
	else
		reply_selections(b, v, prefer && strcasestr(prefer, "return=minimal") ? 204 : 200, r);
}

void
selections_put(struct api *api, const struct request *q, struct reply *r)
{
	const struct picks_subjects *subjects;
	struct review_settings settings = {0};
	struct view v = {.set = &settings};
	struct cached_batch *b;
	struct json_object *o;
	struct picks_set set;
	char wrong[512];

	if (!(b = get_batch(api, q, &settings, r)) || !(o = reply_take_json(q->scgi, r))) {
		json_object_put(settings.all);
		return;
	}
	if (!take_fields(q, &v, r))
		set.v = NULL;
	else if (!picks_parse(o, b->name, &set, wrong, sizeof(wrong)))
		reply_error(r, 422, "bad_selections", "the selections are refused: %s", wrong);
	else if (!(subjects = cached_batch_subjects(b)))
		reply_error(r, 500, "cannot_read", "the items of batch %s cannot be read: %s", b->name,
			    trouble_reason(errno));
	else if (!picks_check(subjects, set.v, set.n, wrong, sizeof(wrong)) ||
		 !picks_check_removed(b->batch, set.v, set.n, wrong, sizeof(wrong)))
		reply_error(r, 422, "bad_selections", "the selections are refused: %s; nothing was written", wrong);
	else
		put_picks(b, q, &v, &set, r);
	free(set.v);
	json_object_put(o);
	json_object_put(settings.all);
}
