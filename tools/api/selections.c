#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch_cache.h"
#include "handlers.h"
#include "records/rec.h"
#include "reply.h"
#include "resolve.h"

/* --- the document --- */

static int
by_reviewer(const void *a, const void *b)
{
	const struct pick *const *x = a, *const *y = b;
	int order = strcmp((*x)->reviewer, (*y)->reviewer);

	if (order)
		return order;
	return *x < *y ? -1 : *x > *y; /* makes the order independent of qsort */
}

static void
add_reviewers(struct buf *out, const struct picks *p)
{
	size_t n = picks_count(p);
	const struct pick **all = buf_alloc((n + 1) * sizeof(*all));
	const char *reviewer = NULL;

	for (size_t i = 0; i < n; i++)
		all[i] = picks_get(p, i);
	qsort(all, n, sizeof(*all), by_reviewer);
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
		buf_printf(out, ":{\"choice\":%ld,\"at\":", all[i]->choice);
		buf_json(out, all[i]->at);
		buf_str(out, "}");
	}
	buf_str(out, reviewer ? "}}" : "}");
	free(all);
}

static void
print_selections(struct cached_batch *b)
{
	struct buf *out = &b->document, differ = {0};
	struct picks_subject s = {0};
	const char *before = "";

	buf_clear(out);
	buf_printf(out, "{\"batch\":\"%s\",\"selections\":{", b->name);
	while (picks_subject(b->picks, s.first + s.count, &s)) {
		if (!s.agreed) {
			buf_str(&differ, differ.len ? "," : "");
			buf_json(&differ, s.id);
			continue;
		}
		buf_str(out, before);
		buf_json(out, s.id);
		buf_printf(out, ":%ld", s.choice);
		before = ",";
	}
	buf_str(out, "}");
	add_reviewers(out, b->picks);
	buf_printf(out, ",\"disagreements\":[%s]}\n", differ.len ? differ.data : "");
	buf_free(&differ);
	snprintf(b->version, sizeof(b->version), "%s", picks_version(b->picks));
}

/* Makes R the batch's document, or only its version if the client has the document (STATUS 304) or does not want it
 * (204). */
static void
reply_selections(struct cached_batch *b, int status, struct reply *r)
{
	char etag[80];

	snprintf(etag, sizeof(etag), "\"%s\"", picks_version(b->picks));
	reply_header(r, "ETag", etag);
	reply_header(r, "Cache-Control", "no-cache");
	r->status = status;
	if (status == 204 || status == 304)
		return;
	if (strcmp(b->version, picks_version(b->picks)) != 0)
		print_selections(b);
	buf_add(&r->body, b->document.data, b->document.len);
}

/* --- requests --- */

static struct cached_batch *
get_batch(struct api *api, const struct request *q, struct reply *r)
{
	struct cached_batch *b = resolve_batch(api, q->words[1], r);

	if (!b || cached_batch_picks(b) == 0)
		return b;
	resolve_fail(q->words[1], r);
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

void
selections_get(struct api *api, const struct request *q, struct reply *r)
{
	struct cached_batch *b = get_batch(api, q, r);
	char version[80];
	bool has;

	if (!b)
		return;
	has = take_version(scgi_get(q->scgi, "HTTP_IF_NONE_MATCH"), version) &&
	      strcmp(version, picks_version(b->picks)) == 0;
	reply_selections(b, has ? 304 : 200, r);
}

/* Adds the set, and makes R the result. */
static void
put_picks(struct cached_batch *b, const struct request *q, const struct picks_set *set, struct reply *r)
{
	const char *prefer = scgi_get(q->scgi, "HTTP_PREFER");
	char version[80];
	bool match = take_version(scgi_get(q->scgi, "HTTP_IF_MATCH"), version);
	int rc = picks_put(b->picks, set->v, set->n, match ? version : NULL);

	if (rc < 0 && errno == EINTR)
		reply_error(r, 503, "busy", "another process holds the picks of batch %s; nothing was written",
			    b->name);
	else if (rc < 0)
		reply_error(r, 500, "cannot_write", "the picks of batch %s cannot be stored: %s", b->name,
			    trouble_reason(errno));
	else if (rc > 0)
		reply_selections(b, 412, r);
	else
		reply_selections(b, prefer && strcasestr(prefer, "return=minimal") ? 204 : 200, r);
}

void
selections_put(struct api *api, const struct request *q, struct reply *r)
{
	const struct picks_subjects *subjects;
	struct cached_batch *b;
	struct json_object *o;
	struct picks_set set;
	char wrong[512];

	if (!(b = get_batch(api, q, r)) || !(o = reply_take_json(q->scgi, r)))
		return;
	if (!picks_parse(o, b->name, &set, wrong, sizeof(wrong)))
		reply_error(r, 422, "bad_selections", "the selections are refused: %s", wrong);
	else if (!(subjects = cached_batch_subjects(b)))
		reply_error(r, 500, "cannot_read", "the items of batch %s cannot be read: %s", b->name,
			    trouble_reason(errno));
	else if (!picks_check(subjects, set.v, set.n, wrong, sizeof(wrong)) ||
		 !picks_check_removed(b->batch, set.v, set.n, wrong, sizeof(wrong)))
		reply_error(r, 422, "bad_selections", "the selections are refused: %s; nothing was written", wrong);
	else
		put_picks(b, q, &set, r);
	free(set.v);
	json_object_put(o);
}
