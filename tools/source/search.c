#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hosts/http_policy.h"
#include "records/rec.h"
#include "source.h"

/* The search for one subject. */
struct asking {
	struct search *s;
	struct json_object *subject;
	struct findings *f;
	struct verdict failure; /* of this source */
	size_t before;          /* the candidates of other sources */
	uint64_t passed_over;   /* files that cannot be candidates */
	struct buf why;         /* and why, in words */
	long left;              /* requests that may be made */
	bool had_query;         /* the subject has something for which the source can be searched */
	long ways;              /* requests of the first filter that were answered */
	size_t most;            /* candidates that are enough */
};

/* The result of the second filter for the replies to one request. */
struct reading {
	struct json_object *all; /* for json_object_put() */
	struct json_object *candidates;
	const char *more; /* the request for more results; NULL: there are none */
	bool whole;       /* these results are complete, and MORE leads to further candidates */
};

/* --- reading replies --- */

/* The error that the API itself reported, with any status. */
void
search_judge_error(struct json_object *error, struct verdict *v)
{
	const char *code = rec_string(error, "code"), *message = rec_string(error, "message");
	struct json_object *again = NULL;
	int64_t said = v->wait_ms, wait = (int64_t)1000 * rec_number(error, "wait", 0);

	json_object_object_get_ex(error, "again", &again);
	verdict_set(v, json_object_get_boolean(again) ? AGAIN : FAILED, code ? code : "api_error", "%.300s",
		    message ? message : "the source answered with an error");
	v->wait_ms = said > wait ? said : wait;
}

/* Runs the second filter on REPLIES, and sets V to its verdict. */
static void
read_replies(struct asking *k, struct json_object *request, struct json_object *replies, struct reading *r,
	     struct verdict *v)
{
	struct json_object *in = json_object_new_object(), *answer, *error, *whole;
	char wrong[400];

	*r = (struct reading){0};
	json_object_object_add(in, "subject", json_object_get(k->subject));
	json_object_object_add(in, "request", json_object_get(request));
	json_object_object_add(in, "replies", json_object_get(replies));
	r->all = filter_ask(k->s->candidates, in, wrong, sizeof(wrong));
	json_object_put(in);
	answer = r->all ? json_object_array_get_idx(r->all, 0) : NULL;
	if (!json_object_is_type(answer, json_type_object)) {
		verdict_set(v, FAILED, "filter_failed", "%s", r->all ? "its filter returns no object" : wrong);
		return;
	}
	if (json_object_object_get_ex(answer, "error", &error) && error) {
		search_judge_error(error, v);
		return;
	}
	if (!json_object_object_get_ex(answer, "candidates", &r->candidates) ||
	    !json_object_is_type(r->candidates, json_type_array)) {
		verdict_set(v, FAILED, "filter_failed", "its filter returns no candidates");
		return;
	}
	r->more = rec_string(answer, "more");
	r->whole = !json_object_object_get_ex(answer, "whole", &whole) || json_object_get_boolean(whole);
	*v = (struct verdict){.kind = ANSWERED};
}

/* Counts the files that cannot be candidates, once the results are complete. */
static void
take_candidates(struct asking *k, struct json_object *request, struct json_object *replies, const struct reading *r)
{
	struct json_object *reasons;
	const char *name = request ? rec_string(request, "name") : NULL, *file;
	struct buf by = {0};

	if (name)
		buf_printf(&by, "%s%s%s", k->s->several ? k->s->conf->name : "", k->s->several ? "/" : "", name);
	for (size_t i = 0; i < json_object_array_length(r->candidates); i++) {
		struct json_object *one = json_object_array_get_idx(r->candidates, i);

		if (!json_object_is_type(one, json_type_object))
			continue;
		/* A reply of a host must not name a file of this machine. */
		file = rec_string(one, "file");
		if (file && !(k->s->local && folder_has(replies, file)))
			json_object_object_del(one, "file");
		candidates_add(&k->f->candidates, one, k->s->conf->name, by.data);
	}
	buf_free(&by);
	if (json_object_object_get_ex(json_object_array_get_idx(r->all, 0), "passed_over", &reasons) &&
	    json_object_is_type(reasons, json_type_object)) {
		json_object_object_foreach(reasons, why, count)
		{
			int64_t n = json_object_get_int64(count);

			if (n <= 0)
				continue;
			k->passed_over += (uint64_t)n;
			buf_printf(&k->why, "%s%lld %s", k->why.len ? ", " : "", (long long)n, why);
		}
	}
}

/* --- asking --- */

/* Makes one attempt: parses the reply, and filters it with the previous replies. */
static struct json_object *
attempt(struct asking *k, const char *url, struct verdict *v)
{
	struct json_object *reply = NULL;
	struct buf body = {0};
	char wrong[160] = "it is empty";

	k->s->asked++;
	asker_ask(k->s->asker, url, &body, v);
	if (v->kind == ANSWERED) {
		if (body.len)
			reply = rec_parse(body.data, body.len, wrong, sizeof(wrong));
		if (!reply)
			verdict_set(v, AGAIN, "bad_reply", "the answer of %s is not JSON: %s", conf_title(k->s->conf),
				    wrong);
	}
	buf_free(&body);
	return reply;
}

/* Gets the reply to URL from the cache or the source, adds it to REPLIES and filters it. */
static void
get(struct asking *k, struct json_object *request, const char *url, struct json_object *replies, struct reading *r,
    struct verdict *v)
{
	struct json_object *reply = k->s->cache ? cache_get(k->s->cache, url) : NULL;
	unsigned tries = (unsigned)conf_number(k->s->conf, "tries", 4);
	size_t n = json_object_array_length(replies);

	*r = (struct reading){0};
	if (k->s->local) {
		json_object_array_add(replies, folder_list(url, v));
		if (v->kind == ANSWERED)
			read_replies(k, request, replies, r, v);
		return;
	}
	if (reply) {
		k->s->cached++;
		json_object_array_add(replies, reply);
		read_replies(k, request, replies, r, v);
		return;
	}
	for (unsigned i = 1;; i++) {
		reply = attempt(k, url, v);
		if (reply) {
			json_object_array_add(replies, reply);
			read_replies(k, request, replies, r, v);
			if (v->kind == ANSWERED && k->s->cache)
				cache_put(k->s->cache, url, reply);
			if (v->kind != ANSWERED)
				json_object_array_del_idx(replies, n, 1);
		}
		if (v->kind != AGAIN)
			return;
		/* All processes stop requests to the host for that time, even after the last attempt. */
		ask_hold(k->s->asker, v->wait_ms > 0 ? v->wait_ms : http_policy_backoff(i, 1000));
		if (i >= tries)
			return;
		json_object_put(r->all);
		*r = (struct reading){0};
	}
}

static bool
is_enough(const struct asking *k)
{
	return k->f->candidates.n - k->before >= k->most;
}

/* Records that a request failed. Returns whether further requests may be sent. */
static bool
note_failure(struct asking *k, const struct verdict *v)
{
	if (k->failure.kind == ANSWERED) {
		k->failure = *v;
		k->failure.kind = FAILED;
	}
	return v->kind == FAILED && !v->retryable;
}

/* Sends REQUEST and the requests that complete its replies or get further pages. False: no more requests can be sent
 * for the subject. */
static bool
ask_request(struct asking *k, struct json_object *request)
{
	struct json_object *replies = json_object_new_array();
	long pages = (long)conf_number(k->s->conf, "pages", 1);
	const char *first = rec_string(request, k->s->local ? "glob" : "url");
	char *url = buf_strdup(first ? first : "");
	bool go_on = true;

	while (url && k->left-- > 0) {
		struct reading r;
		struct verdict v = {0};
		char *next;

		get(k, request, url, replies, &r, &v);
		if (v.kind != ANSWERED) {
			go_on = note_failure(k, &v);
			json_object_put(r.all);
			break;
		}
		next = r.more && strcmp(r.more, url) != 0 ? buf_strdup(r.more) : NULL;
		if (r.whole || !next || k->left <= 0) {
			take_candidates(k, request, replies, &r);
			json_object_put(replies);
			replies = json_object_new_array();
			if (--pages <= 0 || is_enough(k)) {
				free(next);
				next = NULL;
			}
		}
		json_object_put(r.all);
		free(url);
		url = next;
	}
	k->ways += go_on;
	free(url);
	json_object_put(replies);
	return go_on;
}

/* A source without requests: the subject itself has the candidates. */
static void
read_alone(struct asking *k)
{
	struct json_object *replies = json_object_new_array();
	struct verdict v = {0};
	struct reading r;

	read_replies(k, NULL, replies, &r, &v);
	if (v.kind == ANSWERED)
		take_candidates(k, NULL, replies, &r);
	else
		note_failure(k, &v);
	json_object_put(r.all);
	json_object_put(replies);
}

static void
ask_all(struct asking *k)
{
	struct json_object *in = json_object_new_object(), *requests;
	char wrong[400];

	json_object_object_add(in, "subject", json_object_get(k->subject));
	requests = filter_ask(k->s->requests, in, wrong, sizeof(wrong));
	json_object_put(in);
	if (!requests)
		verdict_set(&k->failure, FAILED, "filter_failed", "%s", wrong);
	k->had_query = !requests || json_object_array_length(requests) > 0;
	for (size_t i = 0; requests && i < json_object_array_length(requests) && k->left > 0 && !is_enough(k); i++)
		if (!ask_request(k, json_object_array_get_idx(requests, i)))
			break;
	json_object_put(requests);
}

/* Records in the findings why this source has no candidates. */
static void
note_nothing(const struct asking *k)
{
	struct buf *out = &k->f->nothing;
	const char *title = conf_title(k->s->conf);

	if (out->len)
		buf_str(out, "; ");
	if (k->passed_over)
		buf_printf(out, "no result of %s for it can be a candidate: %.200s", title, k->why.data);
	else if (!k->s->asker && !k->s->local)
		buf_str(out, "it has no \"urls\"");
	else if (!k->had_query)
		buf_printf(out, "it has nothing for which %s can be searched", title);
	else
		buf_printf(out, "%s has nothing for it, searched in %ld ways", title, k->ways);
	k->f->had_query = k->f->had_query || k->had_query;
}

void
search_subject(struct search *s, const struct subject *who, struct findings *f)
{
	unsigned give_up = (unsigned)conf_number(s->conf, "give_up", 5);
	struct asking k = {
		.s = s,
		.subject = who->json,
		.f = f,
		.before = f->candidates.n,
		.left = (long)conf_number(s->conf, "requests", 12),
		.most = (size_t)conf_number(s->conf, "enough", 0),
		.had_query = true,
	};

	if (k.most < (size_t)s->set->max)
		k.most = (size_t)s->set->max;
	if (s->asker && give_up && s->failures_in_a_row >= give_up) {
		verdict_set(&k.failure, FAILED, "source_given_up",
			    "%s failed %u times in a row and is not searched again", conf_title(s->conf),
			    s->failures_in_a_row);
		k.failure.retryable = true;
	} else {
		if (s->asker || s->local)
			ask_all(&k);
		else
			read_alone(&k);
		s->failures_in_a_row = k.failure.kind != ANSWERED && k.failure.retryable ? s->failures_in_a_row + 1 : 0;
	}
	if (k.failure.kind == ANSWERED && f->candidates.n == k.before)
		note_nothing(&k);
	else if (f->failure.kind == ANSWERED)
		f->failure = k.failure;
	buf_free(&k.why);
}

void
findings_finish(struct findings *f)
{
	candidates_sort(&f->candidates);
	if (f->candidates.n == 0 && f->failure.kind == ANSWERED)
		verdict_set(&f->failure, FAILED, f->had_query ? "no_candidates" : "no_query", "%s", f->nothing.data);
}

void
findings_free(struct findings *f)
{
	candidates_free(&f->candidates);
	buf_free(&f->nothing);
}
