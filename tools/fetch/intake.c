#include "intake.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/userinfo.h"
#include "base/utf8.h"
#include "batch/queue.h"
#include "list_hint.h"
#include "records/list_line.h"
#include "records/rec.h"

enum { BLOCK = 256 };

/* Lines on their way into one batch. */
struct block {
	struct target *target;
	struct batch_ask asks[BLOCK];
	size_t n;
};

/* An ask of one line; its strings are the caller's to free with ask_free(). */
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

static void
ask_free(struct batch_ask *ask)
{
	free((char *)ask->where);
	free((char *)ask->subject);
	free((char *)ask->text);
	free((char *)ask->userinfo);
}

/* Takes names and passwords off the text of a line that says nothing. Where a URL in it ends is not known then: if an
 * '@' is left behind one, nothing behind its scheme is shown. */
static void
hide_secrets(struct buf *text)
{
	static const char *const marks[] = {"://", ":\\/\\/"};

	if (text->len == 0)
		return;
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
	json_object_object_add(item, "bad", json_object_new_string(shown.len ? shown.data : ""));
	json_object_object_add(item, "line", json_object_new_uint64(rec->line));
	json_object_object_add(item, "code", json_object_new_string(code));
	json_object_object_add(item, "wrong", json_object_new_string(why.data));
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
		json_object_object_add(item, kind, json_object_new_string(where.data));
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
		json_object_object_add(item, "url", json_object_new_string(rec->text));
		ask_url(ask, rec, "url", rec->text, NULL, item);
	} else {
		list_hint(rec->text);
		add_absolute_path(&path, rec->text);
		json_object_object_add(item, "file", json_object_new_string(path.data));
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

/* What a run before this one, or the store, put into a record is not part of the item. */
static void
strip_result(struct json_object *item)
{
	static const char *const ours[] = {"bi",
					   "batch",
					   "item",
					   "status",
					   "path",
					   "file_id",
					   "attempts",
					   "error",
					   "finished_at",
					   "final_url",
					   "found_items",
					   "file_changed_at",
					   "replaced_file",
					   "bytes",
					   "mime",
					   "sha256",
					   "members",
					   "found",
					   "opted_out",
					   "etag",
					   "last_modified",
					   "content_type",
					   "filename"};
	bool result = json_object_object_get_ex(item, "item", NULL) && json_object_object_get_ex(item, "status", NULL);
	size_t n = sizeof(ours) / sizeof(*ours) - (result ? 0 : 10);

	for (size_t i = 0; i < n; i++)
		json_object_object_del(item, ours[i]);
}

/*
 * What a program before us could not find is kept as an item of its subject that has failed. There is one of them a
 * subject, whatever the words: where it is found another time, its items stand beside this one.
 */
static void
ask_failure(struct batch_ask *ask, const char *subject, struct json_object *item, struct json_object *error)
{
	const char *code = rec_string(error, "code"), *message = rec_string(error, "message");
	struct json_object *why = json_object_new_string(message ? message : "it could not be found");

	json_object_object_add(item, "code", json_object_new_string(code ? code : "not_found"));
	json_object_object_add(item, "wrong", why);
	strip_result(item);
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
	char id[SUBJECT_MAX + 2], why[512];
	const char *wrong = NULL;
	const char *subject = subject_of(rec->json, id, sizeof(id), &wrong);
	const char *url = rec_string(rec->json, "url");
	const char *file = rec_string(rec->json, "file");
	const char *media = rec_string(rec->json, "media");
	struct buf path = {0};

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
	strip_result(rec->json);
	if (url) {
		ask_url(ask, rec, "url", url, subject, rec->json);
		return;
	}
	if (!file) {
		ask_url(ask, rec, "media", media, subject, rec->json);
		return;
	}
	add_absolute_path(&path, file);
	json_object_object_add(rec->json, "file", json_object_new_string(path.data));
	ask_make(ask, "file", path.data, subject, rec->json);
	buf_free(&path);
}

/* With --public-only all lines without a batch of the option go to this one. */
static const char usual_batch[] = "default";

/* What --public-only forbids about a line, with its code and the words for it; NULL: nothing. OWN: the batch that the
 * line names, which it may not choose. */
static const char *
find_forbidden(const struct intake *in, const struct target *t, const struct rec *rec, const char *own, char *why,
	       size_t n)
{
	if (in->run->set->public_only && own && strcmp(own, usual_batch) != 0) {
		snprintf(why, n,
			 "line %llu is for the batch '%.150s', and with --public-only all lines go to one batch, which "
			 "--batch names",
			 rec->line, own);
		return "bad_batch";
	}
	/* A file of this machine is one that a stranger who made the line could not read himself. */
	if (!(in->run->set->public_only || t->public_only) ||
	    (rec->kind == REC_PLAIN
		     ? strstr(rec->text, "://") != NULL
		     : rec->kind != REC_JSON || rec_string(rec->json, "url") || !rec_string(rec->json, "file")))
		return NULL;
	snprintf(why, n, "line %llu asks for a file of this machine, and %s", rec->line,
		 in->run->set->public_only ? "--public-only allows public addresses alone"
					   : "its batch is fetched from public addresses alone");
	return "blocked_address";
}

/* The batch of a line: the option's, its own, that of the line before it, "default". */
static struct target *
target_for(struct intake *in, const struct rec *rec, const char *own)
{
	struct batch_metadata about = {
		.category = in->run->set->category,
		.label = in->run->set->label,
		.public_only = in->run->set->queue && in->run->set->public_only,
	};
	struct json_object *subject;
	struct target *t;

	if (!own && !in->run->set->batch && in->last)
		return in->last;
	if (rec->kind == REC_JSON && !about.category && json_object_object_get_ex(rec->json, "subject", &subject) &&
	    json_object_is_type(subject, json_type_object))
		about.category = rec_string(subject, "category");
	if (rec->kind == REC_JSON && !in->run->set->category && rec_string(rec->json, "category"))
		about.category = rec_string(rec->json, "category");
	if (rec->kind == REC_JSON && !about.label)
		about.label = rec_string(rec->json, "label");
	t = open_batches_get(in->batches, in->run->set->batch ? in->run->set->batch : own ? own : usual_batch, &about);
	/* Who works on it later knows only what its batch.json says. */
	if (t && about.public_only && !t->public_only)
		msg_die(EX_WRONG_USE,
			"the batch '%s' was made without --public-only, and its workers would fetch from any address: "
			"hand the lines in to another one (--batch)",
			batch_name(t->batch));
	return t;
}

static void
flush_block(struct intake *in, struct block *block)
{
	struct target *t = block->target;

	if (block->n && batch_add(t->batch, block->asks, block->n) < 0)
		run_fail(in->run, "adding to the batch");
	/* What was added is a worker's from now on. */
	else if (block->n && in->run->set->queue &&
		 ((!in->run->set->no_sync && batch_sync(t->batch) < 0) ||
		  queue_add(&in->run->root, batch_name(t->batch)) < 0))
		run_fail(in->run, "handing in the batch");
	if (block->n && !in->first_target && !in->run->fatal) {
		in->first_target = t;
		in->first_item = block->asks[0].item;
	}
	for (size_t i = 0; i < block->n; i++) {
		if (!in->run->fatal && !in->run->set->queue)
			run_queue_add(in->wants, t, block->asks[i].item);
		ask_free(&block->asks[i]);
	}
	block->n = 0;
}

/* One line into the block, which is flushed before when the line is for another batch. */
static void
take_line(struct intake *in, struct block *block, struct rec *rec)
{
	const char *own = rec->kind == REC_JSON && !in->run->set->batch ? rec_string(rec->json, "batch") : NULL;
	const char *bad_name = own ? root_name_check(own) : NULL;
	struct target *t = target_for(in, rec, bad_name || in->run->set->public_only ? NULL : own);
	struct batch_ask *ask;
	const char *code;
	char why[400];

	if (!t)
		return;
	if (t != block->target)
		flush_block(in, block);
	block->target = in->last = t;
	ask = &block->asks[block->n++];
	if (rec->kind == REC_BAD) {
		ask_bad(ask, rec, rec->code, rec->wrong);
	} else if (bad_name) {
		snprintf(why, sizeof(why), "line %llu: the batch name '%.150s' %s", rec->line, own, bad_name);
		ask_bad(ask, rec, "bad_batch", why);
	} else if ((code = find_forbidden(in, t, rec, own, why, sizeof(why)))) {
		ask_bad(ask, rec, code, why);
	} else if (rec->kind == REC_JSON) {
		ask_json(ask, rec);
	} else {
		ask_plain(ask, rec);
	}
	if (strlen(ask->text) > BATCH_ITEM_MAX) {
		ask_free(ask);
		snprintf(why, sizeof(why), "line %llu is longer than an item may be (%d bytes)", rec->line,
			 BATCH_ITEM_MAX);
		ask_bad(ask, rec, "line_too_long", why);
	}
	ask->userinfo_is = in->run->set->update ? USERINFO_AGAIN : USERINFO_OWN;
	in->run->asked++;
}

static bool
is_ready(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

/* Waits for the list that is read now. AT_ONCE: there are lines already. */
static void
wait_for_lines(struct intake *in, bool at_once)
{
	int fd = lists_fd(in->lists), ms = lists_wait_ms(in->lists);
	bool is_watched;

	if (in->watcher.fd != fd)
		loop_unwatch(in->run->loop, &in->watcher);
	is_watched = fd >= 0 && loop_watch(in->run->loop, &in->watcher, fd, EPOLLIN) == 0;
	if (!is_watched || at_once)
		loop_set_timer(in->run->loop, &in->timer, 0);
	else if (ms >= 0)
		loop_set_timer(in->run->loop, &in->timer, clock_ms() + ms);
}

/* Takes up to a block of the lines that are there. */
static void
take_lines(void *arg)
{
	struct intake *in = arg;
	struct block block = {0};
	struct rec rec;
	bool is_full;

	if (lists_wait_ms(in->lists) >= 0)
		loop_unwatch(in->run->loop, &in->watcher); /* the helper's socket may be closed below */
	while (in->is_open && !in->run->fatal && block.n < BLOCK) {
		switch (lists_next(in->lists, &rec)) {
		case REC_EOF:
			in->is_open = false;
			if (in->run->set->retry && in->run->asked == 0)
				msg_warn("no line was read: --resume works on all that the batch has");
			break;
		case REC_MORE:
			if (block.n || !is_ready(lists_fd(in->lists)))
				goto out;
			if (lists_fill(in->lists) < 0)
				run_fail(in->run, "reading a list");
			break;
		default:
			take_line(in, &block, &rec);
			break;
		}
	}
out:
	is_full = block.n == BLOCK;
	flush_block(in, &block);
	if (in->is_open) {
		wait_for_lines(in, is_full);
	} else {
		loop_unwatch(in->run->loop, &in->watcher);
		loop_stop_timer(in->run->loop, &in->timer);
	}
}

static void
on_input(void *arg, uint32_t events)
{
	(void)events;
	take_lines(arg);
}

struct intake *
intake_open(struct run *run, struct open_batches *batches, struct run_queue *wants, struct lists *lists)
{
	struct intake *in = buf_alloc(sizeof(*in));

	*in = (struct intake){
		.run = run,
		.batches = batches,
		.wants = wants,
		.lists = lists,
		.is_open = true,
		.watcher = {.call = on_input, .arg = in},
		.timer = {.call = take_lines, .arg = in},
	};
	wait_for_lines(in, false);
	return in;
}

void
intake_end(struct intake *in)
{
	if (!in)
		return;
	loop_unwatch(in->run->loop, &in->watcher);
	loop_stop_timer(in->run->loop, &in->timer);
	lists_close(in->lists);
	free(in);
}

void
intake_want_all(struct run *run, struct open_batches *batches, struct run_queue *wants)
{
	const char *name = run->set->batch ? run->set->batch : usual_batch;
	struct batch *there = batch_open(&run->root, name, BATCH_READ, NULL);
	struct target *t;
	int64_t n;

	if (!there)
		msg_die_errno(EX_NOINPUT, "cannot open the batch '%s' of %s (bi-status lists the batches)", name,
			      run->root.path);
	batch_close(there);
	t = open_batches_get(batches, name, NULL);
	n = t ? batch_length(t->batch) : 0;
	if (n < 0)
		run_fail(run, "counting the items");
	for (uint32_t k = 1; k <= n; k++)
		run_queue_add(wants, t, k);
	if (n > 0)
		t->wanted_to = (uint32_t)n;
	run->asked = n > 0 ? (uint64_t)n : 0;
}
