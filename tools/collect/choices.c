#include "choices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confined/type.h"
#include "records/rec.h"
#include "review/credit.h"
#include "review/same_picture.h"
#include "review/statements.h"

/* The choice as picks.ndjson has it: a number or a list. */
static struct json_object *
choice_of(const struct pick *p)
{
	return p->list ? rec_parse(p->list, strlen(p->list), NULL, 0) : json_object_new_int64(p->choice);
}

/* Adds the decisions of the reviewers who chose it, or of the others. */
static void
add_reviewers(const struct batch_collector *g, struct json_object *to, const struct decision *d, bool chose)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < d->of.count; i++) {
		const struct pick *p = picks_get(g->picks, d->of.first + i);
		struct json_object *o;

		if (pick_same_choice(p, d->pick) != chose)
			continue;
		o = json_object_new_object();
		rec_add_string(o, "reviewer", p->reviewer);
		if (!chose)
			json_object_object_add(o, "choice", choice_of(p));
		rec_add_string(o, "at", p->at);
		pick_add_remarks(o, p);
		json_object_array_add(all, o);
	}
	if (json_object_array_length(all) > 0)
		json_object_object_add(to, chose ? "reviewers" : "overruled", all);
	else
		json_object_put(all);
}

/* The members of the ask, without those that belong to bi or to the subject. */
static struct json_object *
item_as_given(struct json_object *item)
{
	struct json_object *o = json_object_new_object();

	rec_copy_without(o, item, "bi", "subject", "batch");
	return o;
}

void
choices_forget_path(struct json_object *item)
{
	const char *file = rec_string(item, "file"), *slash = file ? strrchr(file, '/') : NULL;

	if (slash)
		rec_add_string(item, "file", slash + 1);
}

/* The common members of all choices of the subject: the reviewers and the batch. */
static struct json_object *
begin_choice(const struct batch_collector *g, const struct about_subject *a, long idx)
{
	struct json_object *o = json_object_new_object(), *job;

	rec_add_filled(o, "batch", batch_name(g->b));
	if (json_object_object_get_ex(g->about, "job_id", &job))
		json_object_object_add(o, "job_id", json_object_get(job));
	rec_add_filled(o, "name", a->name.data);
	rec_add_filled(o, "category", a->category);
	json_object_object_add(o, "idx", json_object_new_int64(idx));
	return o;
}

/* Parses the result of item K into RESULT; NULL if it has none. 0, or -1 with errno. */
int
choices_read_result(const struct batch *b, uint32_t k, struct json_object **result)
{
	*result = batch_result_object(b, k);
	return *result || errno == ENOENT ? 0 : -1;
}

/* Opens the file of RESULT. -1 with errno; if something other than a file has its name, that is recorded. */
static int
open_result(struct batch_collector *g, struct batch *b, struct json_object *result)
{
	int fd = batch_open_file(b, result), error = errno;

	if (fd < 0 && (error == ELOOP || error == EISDIR || error == ENXIO)) {
		buf_clear(&g->odd);
		buf_printf(&g->odd, "%s of batch %s", rec_string(result, "path"), batch_name(b));
	}
	errno = error;
	return fd;
}

/* Adds the file of item K to the choice, if the batch B has it. 0, or -1 with errno. */
static int
add_file(struct batch_collector *g, struct batch *b, struct json_object *choice, uint32_t k)
{
	struct json_object *result = NULL;
	const char *sha256, *mime, *status;
	char name[FILE_MAX];
	int fd = -1, rc = choices_read_result(b, k, &result);

	sha256 = result ? rec_string(result, "sha256") : NULL;
	mime = result ? rec_string(result, "mime") : NULL;
	status = result ? rec_string(result, "status") : NULL;
	if (status && strcmp(status, "completed") == 0 && sha256 && strlen(sha256) == HASH_HEX &&
	    strspn(sha256, "0123456789abcdef") == HASH_HEX) {
		fd = open_result(g, b, result);
		rc = fd < 0 && errno != ENOENT ? -1 : 0;
	}
	if (fd >= 0) {
		close(fd); /* there may be more files than descriptors, so store.c opens those that it copies */
		snprintf(name, sizeof(name), "%s.%s", sha256, type_extension(mime ? mime : ""));
		rec_add_filled(choice, "file", name);
		rec_add_filled(choice, "sha256", sha256);
		json_object_object_add(choice, "bytes", json_object_new_int64(rec_number(result, "bytes", 0)));
		rec_add_filled(choice, "mime", mime);
		rec_add_filled(choice, "final_url", rec_string(result, "final_url"));
		rec_add_filled(choice, "filename", rec_string(result, "filename"));
	}
	json_object_put(result);
	return rc;
}

/* The item K as the store numbers it, parsed, and its place. NULL with errno. */
struct json_object *
choices_read_item(const struct batch_collector *g, uint32_t k, struct batch_place *place)
{
	struct json_object *item = NULL;
	struct buf line = {0};

	if (batch_item(g->b, k, &line) == 0) {
		errno = EBADMSG;
		if (batch_place(line.data, line.len, place) == 0)
			item = rec_parse(line.data, line.len, NULL, 0);
	}
	buf_free(&line);
	return item;
}

/* For store_update(). */
int
choices_open_file(void *arg, size_t i)
{
	const struct chosen *v = arg;
	const struct source *from = &v->from[i];
	struct json_object *result;
	int fd = -1;

	if (choices_read_result(from->batch, from->item, &result) < 0)
		return -1;
	errno = ENOENT;
	if (result)
		fd = open_result(v->g, from->batch, result);
	json_object_put(result);
	return fd;
}

/* Stores in FROM where the file of item K comes from: if it is a thumbnail, from the original. A missing original is
 * reported. 0, or -1 with errno. */
static int
source_of(struct batch_collector *g, const struct about_subject *a, const struct batch_place *place,
	  struct json_object *item, struct json_object *choice, struct source *from)
{
	char why[300] = "it was not fetched yet", words[420];
	uint32_t k = 0;

	*from = (struct source){g->b, place->item};
	if (originals_has(item) && g->originals &&
	    originals_find(g->originals, place->subject, item, &k, why, sizeof(why)) < 0)
		return -1;
	if (k) {
		json_object_object_add(choice, "original", json_object_new_boolean(true));
		*from = (struct source){originals_batch(g->originals), k};
		return 0;
	}
	if (g->c->set->originals && originals_has(item)) {
		snprintf(words, sizeof(words), "the original of candidate %u is missing: %s", place->idx, why);
		report_refused(g, a->id, "no_original", words, "its thumbnail is collected instead");
		g->failed++;
	}
	return 0;
}

/* Reports that --strict refuses the candidate IDX because it is WRONG. */
static void
refuse_licence(struct batch_collector *g, const struct about_subject *a, uint32_t idx, struct json_object *credit,
	       const char *wrong)
{
	struct json_object *c = NULL;
	char words[200];
	bool open;

	json_object_object_get_ex(credit, "contradiction", &c);
	open = rec_string(c, "counts") && !rec_string(c, "by");
	snprintf(words, sizeof(words), "candidate %u %s%s", idx, wrong,
		 open ? ", by one of its sources, and they contradict each other" : "");
	report_refused(g, a->id, "no_license", words,
		       open                  ? "say on its review page which licence is right, or choose another"
		       : strstr(wrong, "(N") ? "choose another, or allow it: --allow nc, nd or nc,nd"
					     : "choose another, or collect without --strict");
	g->failed++;
}

/* Stores in A which licence the reviewers who chose the candidate IDX hold for the right one; TEXT owns it. */
static void
find_answer(const struct batch_collector *g, const struct decision *d, long idx, struct licence_answer *a, char **text)
{
	*a = (struct licence_answer){0};
	*text = NULL;
	for (size_t i = 0; i < d->of.count; i++) {
		const struct pick *p = picks_get(g->picks, d->of.first + i);
		char *one = d->preferred ? (p == d->pick ? pick_licence(p, idx) : NULL) : pick_licence(p, idx);

		if (one && !*text) {
			*a = (struct licence_answer){.licence = *text = one, .by = p->reviewer};
			continue;
		}
		a->differ = a->differ || (one && strcmp(one, *text) != 0);
		free(one);
	}
}

struct json_object *
choices_credit(const struct batch_collector *g, const struct batch_place *place, uint32_t k, struct json_object *item,
	       const struct decision *d)
{
	struct json_object *credit = credit_of(item), *all;
	struct licence_answer answer;
	char *text;

	if (same_pictures_find(g->c->same, g->b, place, k, item, credit, &all) < 0) {
		json_object_put(credit);
		return NULL;
	}
	if (all) {
		find_answer(g, d, place->idx, &answer, &text);
		statements_settle(credit, all, &answer);
		free(text);
		json_object_put(all);
	}
	return credit;
}

/* Adds item K, unless --strict forbids it. 0, or -1 with errno. */
int
choices_add(struct batch_collector *g, struct chosen *v, const struct about_subject *a, const struct decision *d,
	    uint32_t k)
{
	struct batch_place place;
	struct json_object *item = choices_read_item(g, k, &place), *choice, *credit;
	struct source from;
	const char *wrong;
	int rc, error;

	if (!item)
		return -1;
	place.item = k;
	credit = choices_credit(g, &place, k, item, d);
	if (!credit) {
		json_object_put(item);
		return -1;
	}
	wrong = g->c->set->strict ? statements_check(credit, g->c->set->wanted) : NULL;
	choice = begin_choice(g, a, place.idx);
	rc = source_of(g, a, &place, item, choice, &from);
	if (rc == 0)
		rc = add_file(g, from.batch, choice, from.item);
	error = errno;
	if (rc == 0 && wrong && (rec_string(choice, "file") || !g->all)) /* with --all, failed items are ignored */
		refuse_licence(g, a, place.idx, credit, wrong);
	if (wrong || rc < 0) {
		json_object_put(credit);
		json_object_put(choice);
		json_object_put(item);
		errno = error;
		return rc;
	}
	if (d->pick && d->pick->list)
		json_object_object_add(choice, "rank", json_object_new_int64((int64_t)pick_rank(d->pick, place.idx)));
	rec_add_filled(choice, "how", g->all ? "all" : d->preferred ? "preferred" : "picked");
	if (v->changed)
		json_object_object_add(choice, "changed_since", json_object_new_boolean(true));
	add_reviewers(g, choice, d, true);
	if (d->preferred)
		add_reviewers(g, choice, d, false);
	json_object_object_add(choice, "credit", credit);
	if (a->subject)
		json_object_object_add(choice, "subject", json_object_get(a->subject));
	json_object_object_add(choice, "item", item_as_given(item));
	json_object_put(item);
	json_object_array_add(v->choices, choice);
	v->from = buf_grow(v->from, v->n, sizeof(*v->from));
	v->from[v->n++] = from;
	return 0;
}
