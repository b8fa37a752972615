#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/msg.h"
#include "records/rec.h"
#include "report.h"

static struct json_object *
make_record(const struct batch_collector *g, const char *id, const char *status)
{
	struct json_object *o = json_object_new_object();

	rec_add_string(o, "batch", batch_name(g->b));
	rec_add_string(o, "subject", id);
	rec_add_string(o, "status", status);
	return o;
}

static void
print_record(const struct batch_collector *g, struct json_object *o)
{
	if (g->c->set->json)
		rec_write_json(o);
	else
		json_object_put(o);
}

void
report_refused(const struct batch_collector *g, const char *id, const char *code, const char *message,
	       const char *what_to_do)
{
	struct json_object *o = make_record(g, id, "refused");

	msg_warn("batch %s: subject %s: %s; %s", batch_name(g->b), id, message, what_to_do);
	rec_add_error(o, code, message, false);
	print_record(g, o);
}

void
report_dispute(struct batch_collector *g, const char *id, const struct decision *d)
{
	struct buf words = {0};

	buf_str(&words, "reviewers differ: ");
	for (size_t i = 0; i < d->of.count; i++) {
		const struct pick *p = picks_get(g->picks, d->of.first + i);

		buf_printf(&words, "%s%s chose ", i ? ", " : "", p->reviewer);
		pick_print_words(&words, p);
	}
	report_refused(g, id, "disagreement", words.data,
		       "let them agree, or choose whose decision counts with --prefer");
	buf_free(&words);
	g->refused++;
}

void
report_rejected(const struct batch_collector *g, const char *id, const struct decision *d)
{
	struct json_object *o = make_record(g, id, "rejected"), *all = json_object_new_array();
	bool any = false;

	for (size_t i = 0; i < d->of.count; i++) {
		const struct pick *p = picks_get(g->picks, d->of.first + i);
		struct json_object *one = json_object_new_object();

		rec_add_string(one, "reviewer", p->reviewer);
		rec_add_string(one, "at", p->at);
		pick_add_remarks(one, p);
		json_object_array_add(all, one);
		any = any || pick_has_remarks(p);
	}
	json_object_object_add(o, "reviewers", all);
	if (any)
		print_record(g, o);
	else
		json_object_put(o);
}

static void
report_choice(struct batch_collector *g, const struct wanted *w, struct json_object *choice, bool is_new)
{
	static const char *const keys[] = {"idx", "rank", "sha256", "bytes", "mime", "how"};
	struct json_object *o, *v, *names;
	struct buf path = {0};

	g->files++;
	g->changed += is_new;
	if (!g->c->set->json)
		return;
	o = make_record(g, w->id, "collected");
	if (!g->c->set->private) {
		buf_printf(&path, "%s/collected/%s/%s/%s", g->c->root->path, place_tree[g->c->set->by], w->place,
			   rec_string(choice, "file"));
		rec_add_string(o, "collected", path.data);
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (json_object_object_get_ex(choice, keys[i], &v))
			json_object_object_add(o, keys[i], json_object_get(v));
	names = json_object_new_array();
	if (json_object_object_get_ex(choice, "credit", &v) && json_object_object_get_ex(v, "licenses", &v))
		for (size_t i = 0; i < json_object_array_length(v); i++)
			json_object_array_add(
				names, json_object_new_string(rec_string(json_object_array_get_idx(v, i), "name")));
	json_object_object_add(o, "licenses", names);
	json_object_object_add(o, "new", json_object_new_boolean(is_new));
	print_record(g, o);
	buf_free(&path);
}

void
report_stored(struct batch_collector *g, const struct wanted *w, const struct stored *s)
{
	if (*s->conflict) {
		struct buf remedy = {0};

		buf_printf(&remedy, "collect it by another id: `bi-collect --as %s=NEW %s`, or use --by batch", w->id,
			   w->batch);
		report_refused(g, w->id, "conflict", s->conflict, remedy.data);
		buf_free(&remedy);
		g->refused++;
		return;
	}
	for (size_t i = 0; w->choices && i < json_object_array_length(w->choices); i++) {
		struct json_object *choice = json_object_array_get_idx(w->choices, i);

		if (s->outcome[i] == STORE_GONE && g->all)
			continue;
		if (s->outcome[i] == STORE_GONE) {
			report_refused(g, w->id, "not_completed", "the batch does not have the file that was chosen",
				       "fetch it again (bi-status shows the batch), or choose another");
			g->failed++;
		} else if (s->outcome[i] == STORE_CHANGED_FILE) {
			report_refused(g, w->id, "file_changed",
				       "the file that was chosen was changed since it was fetched",
				       "fetch it again, or choose another");
			g->failed++;
		} else if (rec_string(choice, "file")) {
			report_choice(g, w, choice, s->outcome[i] == STORE_NEW);
		}
	}
	for (const char *name = s->removed.data; name && name < s->removed.data + s->removed.len;
	     name += strlen(name) + 1) {
		struct json_object *o = make_record(g, w->id, "removed");

		rec_add_string(o, "file", name);
		print_record(g, o);
		g->removed++;
	}
	if (s->exported) {
		/* Records what an export must have. */
		g->c->kept = buf_grow(g->c->kept, g->c->kept_n, sizeof(*g->c->kept));
		g->c->kept[g->c->kept_n++] = (struct kept){buf_strdup(w->place), s->exported};
	}
}

void
report_batch(const struct batch_collector *g)
{
	struct buf line = {0};

	buf_printf(&line, "%s: %llu file%s %s", batch_name(g->b), (unsigned long long)g->files,
		   g->files == 1 ? "" : "s", g->c->set->private ? "chosen" : "collected");
	if (!g->c->set->private)
		buf_printf(&line, ", %llu of them new", (unsigned long long)g->changed);
	if (g->removed)
		buf_printf(&line, ", %llu removed", (unsigned long long)g->removed);
	if (g->refused)
		buf_printf(&line, ", %llu in conflict", (unsigned long long)g->refused);
	if (g->failed)
		buf_printf(&line, ", %llu failed", (unsigned long long)g->failed);
	if (!g->c->set->private)
		buf_printf(&line, ": %s/collected/", g->c->root->path);
	human_print("%s", line.data);
	buf_free(&line);
	rec_flush();
}
