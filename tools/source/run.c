#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/msg.h"
#include "base/opt.h"
#include "batch/batch.h"
#include "files/root_write.h"
#include "records/rec.h"
#include "source.h"

struct run {
	const struct settings *set;
	struct catalog catalog;
	struct conf *conf;
	struct search *search; /* one for each source, as CONF */
	size_t sources;
	struct buf source_names, titles;
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

		candidates_print(&f->candidates, i, o);
		if (r->sources > 1)
			rec_add_string(o, "sources", r->source_names.data);
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

	rec_add_string(o, "source", r->source_names.data);
	rec_add_string(o, "status", "failed");
	rec_add_error(o, v->code, v->message, v->retryable);
	rec_write_json(o);
}

/* The requests of all sources. */
static void
count_requests(const struct run *r, uint64_t *asked, uint64_t *cached)
{
	*asked = *cached = 0;
	for (size_t i = 0; i < r->sources; i++) {
		*asked += r->search[i].asked;
		*cached += r->search[i].cached;
	}
}

static void
draw(const struct run *r)
{
	char line[160];
	uint64_t asked, cached;

	if (!r->watched)
		return;
	count_requests(r, &asked, &cached);
	snprintf(line, sizeof(line),
		 "%llu/%zu subjects, %llu candidates, %llu failed, %llu requests, %llu from the cache",
		 (unsigned long long)r->done, r->catalog.n, (unsigned long long)r->candidates,
		 (unsigned long long)r->failed, (unsigned long long)asked, (unsigned long long)cached);
	msg_progress(line);
}

static void
do_subject(struct run *r, const struct subject *who)
{
	struct findings f = {0};
	size_t given;

	for (size_t i = 0; i < r->sources; i++)
		search_subject(&r->search[i], who, &f);
	findings_finish(&f);
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
		human_print("%s (%s): %zu of %zu candidates from %s", who->name, who->id, given, f.candidates.n,
			    r->titles.data);
	rec_flush(); /* the reader can begin while the next subject is searched */
	findings_free(&f);
	draw(r);
}

/* --- the run --- */

static void
set_up_source(struct run *r, const struct root *root, struct search *s, struct conf *conf)
{
	const char *api = conf_text(conf, "api");

	*s = (struct search){.set = r->set, .conf = conf, .several = r->sources > 1};
	s->local = !api && conf_has(conf, "folder");
	if (api) {
		s->asker = asker_open(root, r->set, conf);
		asker_check(s->asker, api);
		if (r->set->cache)
			s->cache = cache_open(root, (long)conf_number(conf, "cache", 86400));
	}
	if (r->catalog.n > 0)
		opening_ask(s);
	if (s->local && conf_text(conf, "folder"))
		folder_check(conf_text(conf, "folder"));
	s->requests = filter_open(conf, "requests");
	s->candidates = filter_open(conf, "candidates");
	buf_printf(&r->source_names, "%s%s", r->source_names.len ? "," : "", conf->name);
	buf_printf(&r->titles, "%s%s", r->titles.len ? " and " : "", conf_title(conf));
}

static void
set_up(struct run *r, struct root *root)
{
	root_open_to_write(root, r->set->root, true);
	srandom((unsigned)clock_ms() ^ (unsigned)getpid());
	r->search = buf_alloc(r->sources * sizeof(*r->search));
	for (size_t i = 0; i < r->sources; i++)
		set_up_source(r, root, &r->search[i], &r->conf[i]);
}

static void
tear_down(struct run *r)
{
	for (size_t i = 0; i < r->sources; i++) {
		struct search *s = &r->search[i];

		filter_free(s->requests);
		filter_free(s->candidates);
		cache_close(s->cache);
		asker_close(s->asker);
		json_object_put(s->about);
		conf_free(&r->conf[i]);
	}
	free(r->search);
	free(r->conf);
	buf_free(&r->source_names);
	buf_free(&r->titles);
}

static void
end(const struct run *r, int code)
{
	struct json_object *o, *sources;
	uint64_t asked, cached;

	msg_progress(NULL);
	if (r->person && !r->set->quiet)
		human_print("%llu subjects, %llu candidates, %llu failed: batch %s, %s", (unsigned long long)r->done,
			    (unsigned long long)r->candidates, (unsigned long long)r->failed + r->catalog.bad,
			    r->catalog.batch, r->catalog.label);
	if (r->person)
		return;
	o = json_object_new_object();
	sources = json_object_new_array();
	count_requests(r, &asked, &cached);
	for (size_t i = 0; i < r->sources; i++)
		if (r->search[i].about)
			json_object_array_add(sources, json_object_get(r->search[i].about));
	json_object_object_add(o, "subjects", json_object_new_uint64(r->done));
	json_object_object_add(o, "candidates", json_object_new_uint64(r->candidates));
	json_object_object_add(o, "failed", json_object_new_uint64(r->failed + r->catalog.bad));
	json_object_object_add(o, "asked", json_object_new_uint64(asked));
	json_object_object_add(o, "cached", json_object_new_uint64(cached));
	if (json_object_array_length(sources) > 0)
		json_object_object_add(o, "sources", json_object_get(sources));
	json_object_put(sources);
	rec_write_end(o, code);
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
	r.sources = conf_read(&r.conf, set->source, set->sets);
	catalog_read(set, &r.catalog);
	set_up(&r, &root);
	draw(&r);
	for (size_t i = 0; i < r.catalog.n; i++)
		do_subject(&r, &r.catalog.v[i]);
	code = r.failed || r.catalog.bad || r.catalog.n == 0 ? EX_SOME_FAILED : EX_ALL_WELL;
	end(&r, code);
	tear_down(&r);
	catalog_free(&r.catalog);
	root_close(&root);
	return code;
}
