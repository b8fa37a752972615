#include "item_ask.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/userinfo.h"
#include "base/utf8.h"
#include "item_headers.h"
#include "list_hint.h"
#include "records/list_line.h"
#include "result_members.h"

/* An ask of one line; item_ask_free() frees its strings. */
static void
ask_make(struct batch_ask *ask, const char *kind, const char *where, const char *subject, struct json_object *item)
{
	char *text = buf_strdup(rec_print(item));

	userinfo_strip(text, strlen(text));
	*ask = (struct batch_ask){
		.kind = kind,
		.where = buf_strdup(where),
		.subject = subject ? buf_strdup(subject) : NULL,
		.text = text,
	};
}

void
item_ask_failure(struct batch_ask *ask, const char *source, const char *subject)
{
	*ask = (struct batch_ask){.kind = "bad", .where = source, .subject = subject, .text = "{}"};
}

void
item_ask_free(struct batch_ask *ask)
{
	free((char *)ask->where);
	free((char *)ask->subject);
	free((char *)ask->text);
	free((char *)ask->userinfo);
	free((char *)ask->headers);
}

/* Takes names and passwords off the text of a line that says nothing, and headers and cookies with all that follows.
 * Where a URL in it ends is not known then: if an '@' is left behind one, nothing behind its scheme is shown. */
static void
hide_secrets(struct buf *text)
{
	static const char *const marks[] = {"://", ":\\/\\/"}, *const keys[] = {"\"headers\"", "\"cookies\""};

	if (text->len == 0)
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		char *key = strcasestr(text->data, keys[i]);

		if (!key)
			continue;
		text->len = (size_t)(key - text->data) + strlen(keys[i]);
		buf_str(text, "…");
	}
	text->len = userinfo_strip(text->data, text->len);
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		char *url = strstr(text->data, marks[i]);

		if (!url || !strchr(url, '@'))
			continue;
		text->len = (size_t)(url - text->data) + strlen(marks[i]);
		buf_str(text, "…");
	}
}

/* A line that cannot be an item is kept as one that has failed, so that nothing is lost silently. TEXT: what can be
 * shown of it. */
static void
ask_bad_as(struct batch_ask *ask, const struct rec *rec, const char *text, const char *code, const char *wrong)
{
	struct json_object *item = json_object_new_object();
	struct buf where = {0}, shown = {0}, why = {0};

	buf_str(&why, wrong);
	utf8_replace_invalid(why.data);
	buf_str(&shown, text ? text : "");
	hide_secrets(&shown);
	if (shown.len > 200)
		shown.data[shown.len = 200] = '\0';
	while (shown.len && shown.data[shown.len - 1] & 0x80)
		shown.data[--shown.len] = '\0'; /* no half character at the cut */
	buf_printf(&where, "%llu %s %s", rec->line, code, shown.len ? shown.data : "");
	rec_add_string(item, "bad", shown.len ? shown.data : "");
	json_object_object_add(item, "line", json_object_new_uint64(rec->line));
	rec_add_string(item, "code", code);
	rec_add_string(item, "wrong", why.data);
	ask_make(ask, "bad", where.data, NULL, item);
	json_object_put(item);
	buf_free(&where);
	buf_free(&shown);
	buf_free(&why);
}

static void
ask_bad(struct batch_ask *ask, const struct rec *rec, const char *code, const char *wrong)
{
	ask_bad_as(ask, rec, rec->text, code, wrong);
}

/* An ask of a URL, which is known without the blanks around it, and without the name and password that it may have. */
static void
ask_url(struct batch_ask *ask, const struct rec *rec, const char *kind, const char *url, const char *subject,
	struct json_object *item)
{
	struct buf where = {0}, userinfo = {0};
	bool changed;
	char why[200];

	buf_str(&where, url);
	changed = list_url_clean(&where);
	if (userinfo_hide_torn(where.data)) {
		snprintf(why, sizeof(why), "line %llu: its URL %s", rec->line, userinfo_torn);
		ask_bad_as(ask, rec, where.data, "bad_url", why);
		buf_free(&where);
		return;
	}
	changed = userinfo_extract(where.data, &userinfo) || changed;
	if (changed)
		rec_add_string(item, kind, where.data);
	if (userinfo.len)
		batch_mark_userinfo(item);
	ask_make(ask, kind, where.data, subject, item);
	ask->userinfo = userinfo.len ? userinfo.data : NULL;
	if (!userinfo.len)
		buf_free(&userinfo);
	buf_free(&where);
}

/* Files are remembered by their absolute path: a run that goes on may begin elsewhere. */
static void
add_absolute_path(struct buf *out, const char *file)
{
	char cwd[PATH_MAX];

	if (*file != '/' && getcwd(cwd, sizeof(cwd)))
		buf_printf(out, "%s/", strcmp(cwd, "/") == 0 ? "" : cwd);
	while (file[0] == '.' && file[1] == '/')
		file += 2;
	buf_str(out, file);
}

static void
ask_plain(struct batch_ask *ask, const struct rec *rec)
{
	struct json_object *item = json_object_new_object();
	struct buf path = {0};

	if (strstr(rec->text, "://")) {
		rec_add_string(item, "url", rec->text);
		ask_url(ask, rec, "url", rec->text, NULL, item);
	} else {
		list_hint(rec->text);
		add_absolute_path(&path, rec->text);
		rec_add_string(item, "file", path.data);
		ask_make(ask, "file", path.data, NULL, item);
		buf_free(&path);
	}
	json_object_put(item);
}

/* The subject's id as text, NULL without a subject. WRONG is set where it has none that is good. */
static const char *
subject_of(struct json_object *item, char *room, size_t n, const char **wrong)
{
	struct json_object *subject;
	const char *id;

	if (!json_object_object_get_ex(item, "subject", &subject))
		return NULL;
	id = json_object_is_type(subject, json_type_object) ? rec_text(subject, "id", room, n)
							    : rec_text(item, "subject", room, n);
	*wrong = id ? root_subject_check(id) : "is missing";
	return id;
}

/*
 * What a program before us could not find is kept as an item of its subject that has failed. There is one of them a
 * subject and source, whatever the words. Where the source finds something another time, the intake removes this item.
 */
static void
ask_failure(struct batch_ask *ask, const char *subject, struct json_object *item, struct json_object *error)
{
	const char *code = rec_string(error, "code"), *message = rec_string(error, "message");
	struct json_object *why = json_object_new_string(message ? message : "it could not be found");

	rec_add_string(item, "code", code ? code : "not_found");
	json_object_object_add(item, "wrong", why);
	result_members_remove(item);
	ask_make(ask, "bad", rec_string(item, "source"), subject, item);
}

/* Says of a record which of the members that say where its bytes are is no string, or that there is none. */
static void
say_nowhere(const struct rec *rec, char *why, size_t n)
{
	static const char *const keys[] = {"url", "file", "media"};
	struct json_object *value = NULL;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (!json_object_object_get_ex(rec->json, keys[i], &value) || !value ||
		    json_object_is_type(value, json_type_string))
			continue;
		snprintf(why, n, "line %llu: its \"%s\" is no string", rec->line, keys[i]);
		return;
	}
	snprintf(why, n, "line %llu has none of \"url\", \"file\" and \"media\"", rec->line);
}

static void
ask_json(struct batch_ask *ask, const struct rec *rec)
{
	struct json_object *error;
	char id[SUBJECT_MAX + 2], why[512], what[200];
	const char *wrong = NULL;
	const char *subject = subject_of(rec->json, id, sizeof(id), &wrong);
	const char *url = rec_string(rec->json, "url");
	const char *file = rec_string(rec->json, "file");
	const char *media = rec_string(rec->json, "media");
	struct buf path = {0}, headers = {0};

	if (wrong) {
		snprintf(why, sizeof(why), "line %llu: the subject's id %s%.80s%s%s", rec->line, subject ? "'" : "",
			 subject ? subject : "", subject ? "' " : "", wrong);
		ask_bad(ask, rec, "bad_subject", why);
		return;
	}
	if (!url && !file && !media && subject && rec_string(rec->json, "source") &&
	    json_object_object_get_ex(rec->json, "error", &error) && json_object_is_type(error, json_type_object)) {
		ask_failure(ask, subject, rec->json, error);
		return;
	}
	if (!url && !file && !media) {
		say_nowhere(rec, why, sizeof(why));
		ask_bad(ask, rec, "no_url", why);
		return;
	}
	result_members_remove(rec->json);
	if (item_headers_take(rec->json, &headers, what, sizeof(what))) {
		snprintf(why, sizeof(why), "line %llu: %s", rec->line, what);
		ask_bad_as(ask, rec, url ? url : media ? media : file, "bad_header", why);
		buf_free(&headers);
		return;
	}
	if (url || !file) {
		ask_url(ask, rec, url ? "url" : "media", url ? url : media, subject, rec->json);
		ask->headers = headers.data;
		return;
	}
	buf_free(&headers);
	add_absolute_path(&path, file);
	rec_add_string(rec->json, "file", path.data);
	ask_make(ask, "file", path.data, subject, rec->json);
	buf_free(&path);
}

/* With --public-only all lines without a batch of the option go to this one. */
const char item_usual_batch[] = "default";

/* What --public-only forbids about a line, with its code and the words for it; NULL: nothing. OWN: the batch that the
 * line names, which it may not choose. */
static const char *
find_forbidden(const struct settings *set, bool batch_public, const struct rec *rec, const char *own, char *why,
	       size_t n)
{
	if (set->public_only && own && strcmp(own, item_usual_batch) != 0) {
		snprintf(why, n,
			 "line %llu is for the batch '%.150s', and with --public-only all lines go to one batch, which "
			 "--batch names",
			 rec->line, own);
		return "bad_batch";
	}
	/* A file of this machine is one that a stranger who made the line could not read himself. */
	if (!(set->public_only || batch_public) ||
	    (rec->kind == REC_PLAIN
		     ? strstr(rec->text, "://") != NULL
		     : rec->kind != REC_JSON || rec_string(rec->json, "url") || !rec_string(rec->json, "file")))
		return NULL;
	snprintf(why, n, "line %llu asks for a file of this machine, and %s", rec->line,
		 set->public_only ? "--public-only allows public addresses alone"
				  : "its batch is fetched from public addresses alone");
	return "blocked_address";
}

void
item_ask(struct batch_ask *ask, const struct settings *set, const struct rec *rec, const char *own, bool batch_public)
{
	const char *bad_name = own ? root_name_check(own) : NULL, *code;
	char why[400];

	if (rec->kind == REC_BAD) {
		ask_bad(ask, rec, rec->code, rec->wrong);
	} else if (bad_name) {
		snprintf(why, sizeof(why), "line %llu: the batch name '%.150s' %s", rec->line, own, bad_name);
		ask_bad(ask, rec, "bad_batch", why);
	} else if ((code = find_forbidden(set, batch_public, rec, own, why, sizeof(why)))) {
		ask_bad(ask, rec, code, why);
	} else if (rec->kind == REC_JSON) {
		ask_json(ask, rec);
	} else {
		ask_plain(ask, rec);
	}
	if (strlen(ask->text) > BATCH_ITEM_MAX) {
		item_ask_free(ask);
		snprintf(why, sizeof(why), "line %llu is longer than an item may be (%d bytes)", rec->line,
			 BATCH_ITEM_MAX);
		ask_bad(ask, rec, "line_too_long", why);
	}
	ask->userinfo_is = set->update ? USERINFO_AGAIN : USERINFO_OWN;
}
