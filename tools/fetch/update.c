#include "update.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "base/when.h"
#include "local_facts.h"
#include "records/rec.h"

/* What the server says of a file: these members of a result are kept up to date. */
static const char *const facts[] = {"etag", "last_modified", "content_type", "filename"};

/* --- asking --- */

/* The validator KEY of the result, as the server gave it. An item may have been given a member of this name too: where
 * it cannot be told whose it is, there is none. */
static const char *
find_validator(const struct job *j, const char *key)
{
	const char *v = rec_string(j->update->result, key), *asked = rec_string(j->asked, key);

	if (!v || !*v || (asked && strcmp(asked, v) == 0))
		return NULL;
	for (const char *c = v; *c; c++)
		if (iscntrl((unsigned char)*c))
			return NULL;
	return v;
}

/* Whether what is asked for now is the URL whose validators these are: another may have the same ones by chance. */
static bool
is_same_url(const struct job *j)
{
	const char *final = rec_string(j->update->result, "final_url");

	return final ? strcmp(final, job_url(j)) == 0 : !j->at;
}

struct curl_slist *
update_add_conditions(struct job *j, struct curl_slist *l)
{
	struct update *u = j->update;
	const char *etag, *date;
	struct buf line = {0};

	if (!u)
		return l;
	u->conditional = false;
	etag = find_validator(j, "etag");
	date = etag ? NULL : find_validator(j, "last_modified");
	if (u->lost || (!etag && !date) || !is_same_url(j))
		return l;
	u->conditional = true;
	buf_printf(&line, "%s: %s", etag ? "If-None-Match" : "If-Modified-Since", etag ? etag : date);
	l = curl_slist_append(l, line.data);
	buf_free(&line);
	return l;
}

/* There is nothing to publish: the job ends as one that brought nothing. */
static void
set_unchanged(struct job *j)
{
	j->update->unchanged = true;
	j->verdict = (struct verdict){.kind = FAILED, .reached = j->verdict.reached};
}

bool
update_take_304(struct job *j)
{
	if (!j->update || !j->update->conditional)
		return false;
	set_unchanged(j);
	return true;
}

bool
update_take_file(struct job *j, const struct stat *st)
{
	if (!j->update || j->update->lost || !find_validator(j, "last_modified") ||
	    local_file_differs(j->update->result, st))
		return false;
	set_unchanged(j);
	return true;
}

/* --- what came --- */

/* The fact KEY as the answer has it; NULL: it has none that can be recorded. */
static const char *
new_fact(const struct job *j, const char *key)
{
	const struct answer *a = &j->answer;
	const char *v = strcmp(key, "etag") == 0            ? a->etag
			: strcmp(key, "last_modified") == 0 ? a->last_modified
			: strcmp(key, "content_type") == 0  ? a->content_type
			: rec_string(j->asked, key)         ? rec_string(j->asked, key)
							    : a->filename;

	return v && *v && utf8_valid_length(v, strlen(v)) == strlen(v) ? v : NULL;
}

static bool
is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Whether all facts, and the URL that the bytes came from, are as they are recorded. */
static bool
are_facts_same(const struct job *j)
{
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		const char *now = new_fact(j, facts[i]);

		if (!now)
			now = rec_string(j->asked, facts[i]);
		if (!is_same_text(now, rec_string(j->update->result, facts[i])))
			return false;
	}
	return is_same_text(j->at, rec_string(j->update->result, "final_url"));
}

void
update_compare(struct job *j)
{
	struct update *u = j->update;

	if (!u || u->recheck || u->unchanged || j->verdict.kind != GOT || j->filtered || u->lost ||
	    strcmp(u->sha256, j->body.sha256) != 0)
		return;
	u->unchanged = true;
	u->refreshed = !are_facts_same(j);
	if (!u->refreshed)
		j->verdict.kind = FAILED;
}

bool
update_is_over(const struct job *j)
{
	return j->update && !j->update->recheck && j->verdict.kind == FAILED;
}

void
update_print_name(const struct job *j, char *name, size_t n)
{
	if (j->update && j->update->name[0])
		snprintf(name, n, "%s_%u_%u.%s", j->place.subject, j->place.idx, j->update->version, j->type.ext);
	else
		snprintf(name, n, "%s_%u.%s", j->place.subject, j->place.idx, j->type.ext);
}

char *
update_refreshed_line(const struct job *j)
{
	struct json_object *o = rec_parse(j->update->line, strlen(j->update->line), NULL, 0);
	char *line;

	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		const char *now = new_fact(j, facts[i]);

		if (!now)
			now = rec_string(j->asked, facts[i]);
		if (now)
			rec_add_string(o, facts[i], now);
		else
			json_object_object_del(o, facts[i]);
	}
	if (j->at)
		rec_add_string(o, "final_url", j->at);
	else
		json_object_object_del(o, "final_url");
	line = buf_strdup(rec_print(o));
	json_object_put(o);
	return line;
}

void
update_add_members(const struct job *j, struct json_object *o)
{
	char now[WHEN_MS_SIZE];

	if (!j->update || !j->update->name[0])
		return;
	if (!j->update->recheck)
		rec_add_string(o, "file_changed_at", when_now_ms(now));
	rec_add_string(o, "replaced_file", j->update->name);
}

void
update_remove_old(const struct job *j)
{
	if (j->update && j->update->name[0] && (j->update->recheck || !j->update->unchanged))
		recorded_remove_file(j->target, j->update->name);
}

void
update_remove_new(const struct job *j)
{
	if (strcmp(j->name, j->update->name) != 0)
		recorded_remove_file(j->target, j->name);
}

void
update_add_outcome(const struct job *j, struct json_object *o)
{
	if (j->update->unchanged || j->verdict.kind == GOT) {
		rec_add_string(o, "update", j->update->unchanged ? "unchanged" : "changed");
		return;
	}
	rec_add_string(o, "update", "failed");
	rec_add_error(o, j->verdict.code, j->verdict.message, j->verdict.retryable);
}
