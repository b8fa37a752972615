#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/msg.h"
#include "base/opt.h"
#include "batch/batch.h"
#include "records/rec.h"
#include "source.h"

struct run {
	const struct settings *set;
	struct catalog catalog;
	struct conf conf;
	struct search search;
	bool person; /* stdout is a terminal: sentences, not records */
	bool watched;
	uint64_t done, candidates, failed;
};

/* The common members of all records of a subject. */
static struct json_object *
record(const struct run *r, const struct subject *who)
{
	struct json_object *o = json_object_new_object(), *subject = json_object_new_object();

	rec_add_string(o, "batch", r->catalog.batch);
	rec_add_string(o, "label", r->catalog.label);
	if (!r->set->by_ids)
		rec_add_string(o, "category", r->set->category ? r->set->category : "ALL");
	/* The members of the subject in the catalog, except those that its candidates have. */
	rec_copy_without(subject, who->json, "urls", "url");
	json_object_object_add(o, "subject", subject);
	return o;
}

/* --- one subject --- */

/* Prints the best candidates as items. An item that is too long loses the extra members from its source, and is left
 * out if that is not enough. */
static size_t
out_items(struct run *r, const struct subject *who, const struct findings *f)
{
	size_t given = 0;

	for (size_t i = 0; i < f->candidates.n && given < (size_t)r->set->max; i++) {
		struct json_object *o = record(r, who);

		candidates_print(&f->candidates, i, r->conf.name, o);
		json_object_object_add(o, "rank", json_object_new_int64((int64_t)given + 1));
		if (strlen(rec_print(o)) > BATCH_ITEM_MAX)
			json_object_object_del(o, "extmetadata");
		if (strlen(rec_print(o)) <= BATCH_ITEM_MAX) {
			given++;
			if (!r->person)
				rec_write_json(json_object_get(o));
		}
		json_object_put(o);
	}
	return given;
}

/* A subject without candidates becomes a failed item, so that the batch shows that it is missing, and why. */
static void
out_failure(struct run *r, const struct subject *who, const struct verdict *v)
{
	struct json_object *o = record(r, who);

	rec_add_string(o, "source", r->conf.name);
	rec_add_string(o, "status", "failed");
	rec_add_error(o, v->code, v->message, v->retryable);
	rec_write_json(o);
}

static void
draw(const struct run *r)
{
	char line[160];

	if (!r->watched)
		return;
	snprintf(line, sizeof(line),
		 "%llu/%zu subjects, %llu candidates, %llu failed, %llu requests, %llu from the cache",
		 (unsigned long long)r->done, r->catalog.n, (unsigned long long)r->candidates,
		 (unsigned long long)r->failed, (unsigned long long)r->search.asked,
		 (unsigned long long)r->search.cached);
	msg_progress(line);
}

static void
do_subject(struct run *r, const struct subject *who)
{
	const char *title = conf_title(&r->conf);
	struct findings f;
	size_t given;

	search_subject(&r->search, who, &f);
	given = out_items(r, who, &f);
	r->done++;
	r->candidates += given;
	if (f.failure.kind != ANSWERED) {
		r->failed++;
		msg_warn("subject %s (%.100s): %s%s%s", who->id, who->name, f.failure.message,
			 given ? "; the candidates found before are used" : "",
			 f.failure.retryable ? "; run the same command again to try again" : "");
	}
	if (given == 0 && !r->person)
		out_failure(r, who, &f.failure);
	if (r->person)
		human_print("%s (%s): %zu of %zu candidates from %s", who->name, who->id, given, f.candidates.n, title);
	rec_flush(); /* the reader can begin while the next subject is searched */
	findings_free(&f);
	draw(r);
}

/* --- the run --- */

static void
set_up(struct run *r, struct root *root)
{
	const char *api;

	conf_read(&r->conf, r->set->source, r->set->sets);
	r->search = (struct search){.set = r->set, .conf = &r->conf};
	api = conf_text(&r->conf, "api");
	root_open(root, r->set->root, true);
	if (api) {
		r->search.asker = asker_open(root, r->set, &r->conf);
		asker_check(r->search.asker, api);
		if (r->set->cache)
			r->search.cache = cache_open(root, (long)conf_number(&r->conf, "cache", 86400));
	}
	r->search.requests = filter_open(&r->conf, "requests");
	r->search.candidates = filter_open(&r->conf, "candidates");
	srandom((unsigned)clock_ms() ^ (unsigned)getpid());
}

static void
end(const struct run *r, int code)
{

	msg_progress(NULL);
	if (r->person && !r->set->quiet)
		human_print("%llu subjects, %llu candidates, %llu failed: batch %s, %s", (unsigned long long)r->done,
			    (unsigned long long)r->candidates, (unsigned long long)(r->failed + r->catalog.bad),
			    r->catalog.batch, r->catalog.label);
	if (r->person)
		return;
	rec_write_counts(code, {"subjects", r->done}, {"candidates", r->candidates},
			 {"failed", r->failed + r->catalog.bad}, {"asked", r->search.asked},
			 {"cached", r->search.cached});
}

int
source_run(const struct settings *set)
{
	struct run r = {.set = set, .person = !set->json && isatty(STDOUT_FILENO)};
	struct root root;
	int code;

	r.watched = !set->quiet && isatty(STDERR_FILENO);
	if (!set->file && isatty(STDIN_FILENO))
		opt_die("give the catalog of subjects by --file or on standard input");
	set_up(&r, &root);
	catalog_read(set, &r.catalog);
	draw(&r);
	for (size_t i = 0; i < r.catalog.n; i++)
		do_subject(&r, &r.catalog.v[i]);
	code = r.failed || r.catalog.bad || r.catalog.n == 0 ? EX_SOME_FAILED : EX_ALL_WELL;
	end(&r, code);
	filter_free(r.search.requests);
	filter_free(r.search.candidates);
	cache_close(r.search.cache);
	asker_close(r.search.asker);
	conf_free(&r.conf);
	catalog_free(&r.catalog);
	root_close(&root);
	return code;
}
