/* What a source is, and the settings that follow from it: one request, before the first subject. */
#include <stdlib.h>
#include <string.h>

#include "base/msg.h"
#include "base/utf8.h"
#include "hosts/http_policy.h"
#include "records/rec.h"
#include "source.h"

enum { TEXT_MAX = 64 << 10 }; /* bytes of an answer that is not JSON */

/* Runs FILTER, which gives one object, for json_object_put(). IN is freed. Ends the program if it fails. */
static struct json_object *
run_filter(const struct search *s, struct filter *filter, struct json_object *in)
{
	char wrong[400];
	struct json_object *all = filter_ask(filter, in, wrong, sizeof(wrong)), *one = NULL;

	json_object_put(in);
	if (!all)
		msg_die(EX_CONFIG, "the source '%s': %s", s->conf->name, wrong);
	one = json_object_get(json_object_array_get_idx(all, 0));
	json_object_put(all);
	if (!json_object_is_type(one, json_type_object))
		msg_die(EX_CONFIG, "the source '%s': its filter returns no object when it is opened", s->conf->name);
	return one;
}

/* Adds the answer to IN, as JSON or as text. Returns the JSON. */
static struct json_object *
add_answer(struct json_object *in, struct buf *body)
{
	struct json_object *reply = body->len ? rec_parse(body->data, body->len, NULL, 0) : NULL;

	if (reply) {
		json_object_object_add(in, "reply", reply);
	} else if (body->len) {
		body->len = body->len < TEXT_MAX ? body->len : TEXT_MAX;
		body->data[body->len] = '\0';
		utf8_replace_invalid(body->data);
		rec_add_string(in, "text", body->data);
	}
	return reply;
}

/* Asks URL once and gives the answer to FILTER. V is the verdict on the answer, or that of the filter on it. */
static struct json_object *
attempt(struct search *s, struct filter *filter, const char *url, struct verdict *v)
{
	struct json_object *in = json_object_new_object(), *out, *error, *reply;
	struct buf body = {0};

	rec_add_string(in, "url", url);
	reply = s->cache ? cache_get(s->cache, url) : NULL;
	*v = (struct verdict){.kind = ANSWERED};
	if (reply) {
		s->cached++;
		json_object_object_add(in, "reply", json_object_get(reply));
	} else {
		s->asked++;
		asker_ask(s->asker, url, &body, v);
		reply = json_object_get(add_answer(in, &body));
		buf_free(&body);
		if (v->kind != ANSWERED) {
			struct json_object *failure = json_object_new_object();

			rec_add_string(failure, "code", v->code);
			rec_add_string(failure, "message", v->message);
			json_object_object_add(failure, "again",
					       json_object_new_boolean(v->retryable || v->kind == AGAIN));
			json_object_object_add(in, "failure", failure);
		}
	}
	out = run_filter(s, filter, in);
	if (v->kind == ANSWERED && json_object_object_get_ex(out, "error", &error) && error)
		search_judge_error(error, v);
	if (v->kind == ANSWERED && reply && s->cache)
		cache_put(s->cache, url, reply);
	json_object_put(reply);
	return out;
}

/* Asks until there is an answer, or none can be had. */
static struct json_object *
ask(struct search *s, struct filter *filter, const char *url)
{
	unsigned tries = (unsigned)conf_number(s->conf, "tries", 4);

	for (unsigned i = 1;; i++) {
		struct verdict v;
		struct json_object *out = attempt(s, filter, url, &v);

		if (v.kind != AGAIN)
			return out;
		ask_hold(s->asker, v.wait_ms > 0 ? v.wait_ms : http_policy_backoff(i, 1000));
		if (i >= tries)
			return out;
		json_object_put(out);
	}
}

/* Takes over the settings, and says what was opened. */
static void
take(struct search *s, struct conf *conf, struct json_object *out)
{
	struct json_object *settings, *error, *again = NULL;
	const char *note = rec_string(out, "note"), *version;

	bool has_settings = json_object_object_get_ex(out, "settings", &settings) &&
			    json_object_is_type(settings, json_type_object);

	if (json_object_object_get_ex(out, "error", &error) && error) {
		const char *message = rec_string(error, "message");

		/* What fails for now may be searched with the settings that are known. */
		json_object_object_get_ex(error, "again", &again);
		if (!has_settings || !json_object_get_boolean(again))
			msg_die(EX_CONFIG, "%s", message ? message : "the source answered with an error");
	}
	if (has_settings)
		conf_merge(conf, settings);
	version = rec_string(out, "version");
	s->about = json_object_new_object();
	rec_add_string(s->about, "source", conf->name);
	rec_add_string(s->about, "title", conf_title(conf));
	rec_add_filled(s->about, "version", version);
	rec_add_filled(s->about, "api", conf_text(conf, "api"));
	if (note)
		msg_warn("%.400s", note);
	if (!s->set->quiet)
		msg_warn("searching %.200s%s%.100s%s, %.500s", conf_title(conf), version ? " (" : "",
			 version ? version : "", version ? ")" : "", conf_text(conf, "api"));
}

void
opening_ask(struct search *s)
{
	struct filter *filter;
	struct json_object *request, *out, *error;
	const char *url;

	if (!filter_exists(s->conf, "opening"))
		return;
	filter = filter_open(s->conf, "opening");
	request = run_filter(s, filter, json_object_new_object());
	filter_free(filter);
	if (json_object_object_get_ex(request, "error", &error) && error)
		msg_die(EX_WRONG_USE, "%s", rec_string(error, "message"));
	url = rec_string(request, "url");
	if (url && s->asker) {
		filter = filter_open(s->conf, "opened");
		out = ask(s, filter, url);
		take(s, s->conf, out);
		json_object_put(out);
		filter_free(filter);
	}
	json_object_put(request);
}
