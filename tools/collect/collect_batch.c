/* Collects the chosen candidates of each subject of a batch. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "batch/subject_index.h"
#include "choices.h"
#include "collect_batch.h"
#include "confined/type.h"
#include "decisions.h"
#include "exit_code.h"
#include "files/file.h"
#include "records/rec.h"
#include "report.h"
#include "review/credit.h"
#include "review/picks.h"
#include "review/statements.h"

/* --- a subject --- */

/* --as: the id by which it is collected. */
static void
rename_subject(const struct settings *set, char id[ID_MAX + 1])
{
	size_t n = strlen(id);

	for (const char **as = set->as; *as; as++)
		if (strncmp(*as, id, n) == 0 && (*as)[n] == '=') {
			snprintf(id, ID_MAX + 1, "%s", *as + n + 1);
			return;
		}
}

/* What its first item says of it. 0, or -1 with errno. For json_object_put() and buf_free(). */
static int
know_subject(const struct batch_collector *g, uint32_t i, struct about_subject *a)
{
	struct batch_place place;
	struct json_object *item = choices_read_item(g, g->plan.items[g->plan.subjects[i].first], &place), *v = NULL;
	char room[SUBJECT_MAX + 1];
	const char *name;

	if (!item)
		return -1;
	*a = (struct about_subject){.category = rec_string(g->about, "category")};
	if (json_object_object_get_ex(item, "subject", &v) && v)
		snprintf(a->id, sizeof(a->id), "%s", subject_index_id(&g->plan, i));
	else
		snprintf(a->id, sizeof(a->id), "%s_%s", batch_name(g->b), subject_index_id(&g->plan, i));
	if (json_object_is_type(v, json_type_object)) {
		a->subject = json_object_get(v);
		if ((name = rec_text(v, "name", room, sizeof(room))))
			credit_clean(&a->name, name);
		if (rec_string(v, "category"))
			a->category = rec_string(v, "category");
	}
	rename_subject(g->c->set, a->id);
	place_print(&a->place, g->c->set->by, batch_name(g->b), a->category, a->id);
	json_object_put(item);
	return 0;
}

/* Reports that candidate IDX was chosen and then removed. */
static void
report_removed(struct batch_collector *g, const struct about_subject *a, long idx)
{
	char words[100];

	snprintf(words, sizeof(words), "candidate %ld, which was chosen, was removed from the batch", idx);
	report_refused(g, a->id, "candidate_removed", words, "choose another");
	g->failed++;
}

/* Whether the file of item K, the candidate IDX, was replaced after the latest of the decisions for it. 1, 0, or -1
 * with errno. */
static int
has_changed(const struct batch_collector *g, const struct decision *d, uint32_t k, uint32_t idx)
{
	struct json_object *result;
	const char *at;
	int is;

	if (choices_read_result(g->b, k, &result) < 0)
		return -1;
	at = rec_string(result, "file_changed_at");
	is = at != NULL;
	for (size_t i = 0; i < d->of.count && is; i++) {
		const struct pick *p = picks_get(g->picks, d->of.first + i);

		is = pick_rank(p, idx) == 0 || picks_compare_times(p->at, at) < 0;
	}
	json_object_put(result);
	return is;
}

/* Adds item K, a chosen candidate, unless it was removed. 0, or -1 with errno. */
static int
choose_item(struct batch_collector *g, const struct about_subject *a, const struct decision *d, struct chosen *v,
	    uint32_t k, long idx)
{
	int state = batch_state(g->b, k);

	if (state == 'x' && !g->all)
		report_removed(g, a, idx);
	if (state < 0)
		return -1;
	return state == 'x' ? 0 : choices_add(g, v, a, d, k);
}

/* Adds the candidate IDX, which was chosen. 0, or -1 with errno. */
static int
choose_candidate(struct batch_collector *g, uint32_t i, const struct about_subject *a, const struct decision *d,
		 struct chosen *v, long idx)
{
	const struct indexed_subject *s = &g->plan.subjects[i];
	uint32_t item;
	int changed;

	if (idx > s->count) {
		report_refused(g, a->id, "no_such_candidate", "the candidate that was chosen is not in the batch",
			       "choose another");
		g->failed++;
		return 0;
	}
	item = g->plan.items[s->first + idx - 1]; /* IDX counts its items in the order asked, and so does the plan */
	changed = has_changed(g, d, item, (uint32_t)idx);
	if (changed < 0)
		return -1;
	if (changed && !g->c->set->changed) {
		report_refused(g, a->id, "changed_since", "the file of the candidate has changed since it was chosen",
			       "choose again, or take it as it is by --changed");
		g->failed++;
		v->keep = buf_grow(v->keep, v->keep_n, sizeof(*v->keep));
		v->keep[v->keep_n++] = (uint32_t)idx;
		return 0;
	}
	v->changed = changed;
	return choose_item(g, a, d, v, item, idx);
}

/* Adds the chosen items, in the order of the reviewers. 0, or -1 with errno. */
static int
choose_items(struct batch_collector *g, uint32_t i, const struct about_subject *a, const struct decision *d,
	     struct chosen *v)
{
	const struct indexed_subject *s = &g->plan.subjects[i];
	const char *cursor = NULL;
	long idx;
	int rc = 0;

	if (d->kind == UNDECIDED && g->taken_back[i] && !g->all)
		report_removed(g, a, g->taken_back[i]);
	if (d->kind == DECIDED && d->pick->choice == PICK_NONE)
		report_rejected(g, a->id, d);
	for (uint32_t k = 0; g->all && k < s->count && rc == 0; k++)
		rc = choose_item(g, a, d, v, g->plan.items[s->first + k], (long)k + 1);
	while (d->kind == DECIDED && rc == 0 && pick_next_candidate(d->pick, &cursor, &idx))
		rc = choose_candidate(g, i, a, d, v, idx);
	return rc;
}

static int
choose_subject(struct batch_collector *g, uint32_t i)
{
	struct about_subject a = {0};
	struct chosen v = {.g = g, .choices = json_object_new_array()};
	struct stored stored = {0};
	struct decision d;
	int rc;

	decide(g->c, g->picks, g->first[i], &d);
	rc = know_subject(g, i, &a);
	if (rc == 0 && d.kind == DISPUTED)
		report_dispute(g, a.id, &d);
	if (rc == 0 && g->c->decisions)
		rc = decisions_add(g->c->decisions, g, i, &a, &d);
	g->c->decided += d.kind != UNDECIDED;
	if (rc == 0)
		rc = choose_items(g, i, &a, &d, &v);
	if (rc == 0) {
		struct wanted w = {
			.batch = batch_name(g->b),
			.id = a.id,
			.place = a.place.data,
			.choices = v.choices,
			.open = choices_open_file,
			.arg = &v,
			.keep_all = picks_count(g->picks) == 0 && !g->all && !g->taken_back[i],
			.keep = v.keep,
			.keep_n = v.keep_n,
			.disputed = d.kind == DISPUTED,
		};

		rc = store_update(g->c, &w, &stored);
		if (rc == 0)
			report_stored(g, &w, &stored);
	}
	free(v.from);
	free(v.keep);
	free(stored.outcome);
	buf_free(&stored.removed);
	json_object_put(v.choices);
	json_object_put(a.subject);
	buf_free(&a.name);
	buf_free(&a.place);
	return rc;
}

/* --- a batch --- */

/* Whether --strict refuses item K. What cannot be told is reported when the subject is collected. */
static bool
is_refused(const struct batch_collector *g, const struct batch_place *place, uint32_t k, struct json_object *item,
	   const struct decision *d)
{
	struct json_object *credit = g->c->set->strict ? choices_credit(g, place, k, item, d) : NULL;
	bool refused = credit && statements_check(credit, g->c->set->wanted);

	json_object_put(credit);
	return refused;
}

/* Fetches the originals of the chosen items. Returns an exit code. */
static int
get_originals(const struct batch_collector *g)
{
	struct buf lines = {0};
	int code = EX_ALL_WELL;

	for (uint32_t i = 0; i < g->plan.count && code == EX_ALL_WELL; i++) {
		const struct indexed_subject *s = &g->plan.subjects[i];
		struct decision d;

		decide(g->c, g->picks, g->first[i], &d);
		for (uint32_t k = 0; k < s->count; k++) {
			struct batch_place place;
			struct json_object *item;

			if (!g->all && !(d.kind == DECIDED && pick_rank(d.pick, (long)k + 1) > 0))
				continue;
			if (batch_state(g->b, g->plan.items[s->first + k]) == 'x')
				continue;
			item = choices_read_item(g, g->plan.items[s->first + k], &place);
			if (!item && errno != EBADMSG) { /* this is reported when the subject is collected */
				code = msg_report_errno("cannot read the items of batch %s", batch_name(g->b));
				break;
			}
			if (item && originals_has(item) &&
			    !is_refused(g, &place, g->plan.items[s->first + k], item, &d))
				originals_list(&lines, batch_name(g->b), (long)k + 1, item);
			json_object_put(item);
		}
	}
	if (code == EX_ALL_WELL)
		code = originals_fetch(g->c, batch_name(g->b), &lines);
	buf_free(&lines);
	return code;
}

/* Records where the decisions of each subject begin. */
static void
find_decisions(struct batch_collector *g)
{
	const struct pick *back;
	struct picks_subject s;
	size_t strangers = 0, cursor = 0;

	g->first = buf_alloc((g->plan.count + 1) * sizeof(*g->first));
	memset(g->first, 0, (g->plan.count + 1) * sizeof(*g->first));
	for (size_t i = 0; picks_subject(g->picks, i, &s); i = s.first + s.count) {
		uint32_t subject;

		if (subject_index_find(&g->plan, s.id, &subject))
			g->first[subject] = (uint32_t)s.first + 1;
		else
			strangers++;
	}
	g->taken_back = buf_alloc((g->plan.count + 1) * sizeof(*g->taken_back));
	memset(g->taken_back, 0, (g->plan.count + 1) * sizeof(*g->taken_back));
	while ((back = picks_next_removed(g->picks, &cursor))) {
		uint32_t subject;

		if (subject_index_find(&g->plan, back->subject, &subject))
			g->taken_back[subject] = back->removed;
	}
	if (strangers)
		msg_warn("batch %s: %zu decisions are about subjects that it does not have, and are ignored",
			 batch_name(g->b), strangers);
	g->all = g->c->set->all && picks_count(g->picks) == 0;
	if (g->c->set->all && !g->all)
		msg_warn("batch %s has been reviewed: --all is ignored, and the reviewers' choices are collected",
			 batch_name(g->b));
	if (!g->c->set->all && picks_count(g->picks) == 0) {
		msg_warn("batch %s: nobody has decided anything yet: review it, or take every item by --all",
			 batch_name(g->b));
	} else {
		/* A preferred reviewer who decided nothing is most likely misspelt. */
		for (const char **name = g->c->set->prefer; *name; name++) {
			size_t n = picks_count(g->picks), i = 0;

			while (i < n && strcmp(picks_get(g->picks, i)->reviewer, *name) != 0)
				i++;
			if (i == n && n > 0 && strcmp(*name, "newest") != 0)
				msg_warn("batch %s: no reviewer %s has decided anything in it", batch_name(g->b),
					 *name);
		}
	}
}

/* Reports that subject I could not be collected, with errno. Returns whether only this subject is damaged, so that the
 * others can continue. */
static bool
is_damage(struct batch_collector *g, uint32_t i)
{
	const char *name = batch_name(g->b), *id = subject_index_id(&g->plan, i);
	bool is_odd = g->odd.len > 0;
	int error = errno;

	g->failed++;
	g->c->unread = true;
	if (is_odd)
		msg_warn("batch %s: subject %s cannot be collected: cannot open %s: %s", name, id, g->odd.data,
			 file_reason(error));
	else if (error == EBADMSG)
		msg_warn("batch %s: subject %s: its items or its metadata.json in the collection are damaged; remove "
			 "the damaged files and collect its batches again",
			 name, id);
	else if (store_is_damage(error))
		msg_warn("batch %s: subject %s cannot be collected: something that is not a file or directory of bi is "
			 "in its place in %s/collected/%s (%s); move it away",
			 name, id, g->c->root->path, place_tree[g->c->set->by], strerror(error));
	else
		msg_warn_errno("batch %s: subject %s cannot be collected", name, id);
	buf_clear(&g->odd);
	errno = error;
	return is_odd || store_is_damage(error);
}

/* Reads batch.json into G->about; nothing if it does not exist yet. 0, or -1 with errno. */
static int
read_about(struct batch_collector *g)
{
	g->about = batch_metadata_object(g->b);
	if (!g->about && errno == ENOENT)
		g->about = json_object_new_object();
	return g->about ? 0 : -1;
}

static int
collect_subjects(struct batch_collector *g)
{
	const char *name = batch_name(g->b);
	int code = EX_ALL_WELL;

	if (read_about(g) < 0)
		return msg_report_errno("cannot read batch.json of batch %s", name);
	if (batch_filesfd(g->b) < 0 && errno != ENOENT)
		return msg_report_errno("cannot look into files/ of batch %s", name);
	if (subject_index_build(&g->plan, g->b) < 0)
		return msg_report_errno("cannot read the items of batch %s", name);
	g->picks = picks_read(g->b);
	if (!g->picks)
		return msg_report_errno("cannot read the picks of batch %s", name);
	find_decisions(g);
	if (picks_bad_lines(g->picks)) {
		msg_warn("batch %s: %zu lines of its picks.ndjson are not decisions, and are ignored; check whether "
			 "they were saved elsewhere",
			 name, picks_bad_lines(g->picks));
		g->failed++;
	}
	if (g->c->set->originals && (code = get_originals(g)) > EX_CONFLICT)
		return code;
	if (originals_open(g->c, name, &g->originals) < 0)
		return msg_report_errno("cannot read the batch of the originals of batch %s", name);
	for (uint32_t i = 0; i < g->plan.count; i++)
		if (choose_subject(g, i) < 0 && !is_damage(g, i))
			return msg_report_errno("cannot continue with batch %s", name);
	/* Groups are directories of their own, each of which would need an fsync. */
	if (g->c->made && (g->c->set->by == PLACE_BY_ID ? fsync(g->c->subjects) : syncfs(g->c->subjects)) < 0)
		return msg_report_errno("cannot sync the collection, for batch %s", name);
	g->c->made = false;
	return exit_code_worse(code, g->refused ? EX_CONFLICT : g->failed ? EX_SOME_FAILED : EX_ALL_WELL);
}

int
collect_batch(struct collect *c, const char *name)
{
	struct batch_collector g = {.c = c, .b = batch_open(c->root, name, BATCH_READ, NULL)};
	int code;

	if (!g.b && errno == ENOENT) {
		msg_warn("there is no batch %s in %s; bi-status lists the batches", name, c->root->path);
		return EX_NOINPUT;
	}
	if (!g.b)
		return msg_report_errno("cannot open the batch %s", name);
	code = collect_subjects(&g);
	if (!c->set->json && !(c->set->output && strcmp(c->set->output, "-") == 0))
		report_batch(&g);
	c->files += g.files;
	c->changed += g.changed;
	c->removed += g.removed;
	c->refused += g.refused;
	c->failed += g.failed;
	buf_free(&g.odd);
	json_object_put(g.about);
	picks_free(g.picks);
	originals_close(g.originals);
	subject_index_free(&g.plan);
	free(g.first);
	free(g.taken_back);
	batch_close(g.b);
	return code;
}
