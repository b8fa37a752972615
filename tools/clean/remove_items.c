/* Removes items from a batch. Each item is claimed, so that no process works on it, and recorded as removed before
 * anything is deleted. Then its decisions and files are removed. After an interruption the same command can be run
 * again, and skips the steps that were done. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/msg.h"
#include "base/opt.h"
#include "batch/error_codes.h"
#include "files/file.h"
#include "notebook/notebook.h"
#include "records/rec.h"
#include "remove_items.h"

enum {
	EVERY_MS = 100,     /* between two checks of the items that others hold */
	PATIENCE_MS = 30000 /* for them to release the items */
};

struct removing {
	const struct clean *c;
	struct batch *b;
	struct removal *v; /* the selected items, in the order of the numbers */
	size_t n;
	uint64_t removed, held;
	int code;
};

/* --- saying --- */

/* The URL or path of the item, which the caller frees; NULL: it is not known. */
static char *
what_of(const struct batch *b, uint32_t k, const char **key)
{
	static const char *const members[] = {"url", "media", "file", "filename", "member", "bad"};
	struct buf line = {0};
	struct json_object *item = batch_item(b, k, &line) == 0 ? rec_parse(line.data, line.len, NULL, 0) : NULL;
	char *what = NULL;

	for (size_t i = 0; !what && i < sizeof(members) / sizeof(*members); i++) {
		const char *value = rec_string(item, members[i]);

		*key = members[i];
		what = value ? buf_strdup(value) : NULL;
	}
	json_object_put(item);
	buf_free(&line);
	return what;
}

static void
say_item(const struct removing *x, const struct removal *r)
{
	const char *key = NULL, *name = batch_name(x->b);
	char *what = what_of(x->b, r->item, &key);
	struct json_object *o;

	if (!x->c->json) {
		human_print("%s item %" PRIu32 " of batch %s: %s (%" PRIu32 " file%s, %" PRIu64 " bytes%s)",
			    x->c->only_say ? "would remove" : "removed", r->item, name, what ? what : "?", r->files,
			    r->files == 1 ? "" : "s", r->bytes, x->c->keep_files ? ", kept" : "");
	} else {
		o = json_object_new_object();
		json_object_object_add(o, x->c->only_say ? "would_remove_item" : "removed_item",
				       json_object_new_int64(r->item));
		rec_add_string(o, "batch", name);
		if (what)
			rec_add_string(o, key, what);
		json_object_object_add(o, "files", json_object_new_int64(r->files));
		json_object_object_add(o, "bytes", json_object_new_uint64(r->bytes));
		rec_write_json(o);
	}
	free(what);
}

/* Whether the batch has pages, which still show the removed items. */
static bool
has_pages(const struct removing *x)
{
	struct buf path = {0};
	bool has;

	buf_printf(&path, "review/%s", batch_name(x->b));
	has = file_stat(x->c->root.fd, path.data, NULL) != 0;
	buf_free(&path);
	return has;
}

static void
finish(const struct removing *x)
{
	struct json_object *counts;

	if (x->c->json) {
		counts = json_object_new_object();
		json_object_object_add(counts, "removed", json_object_new_uint64(x->c->only_say ? 0 : x->removed));
		json_object_object_add(counts, "held", json_object_new_uint64(x->held));
		rec_write_end(counts, x->code);
	} else if (x->n == 0) {
		puts("Nothing to remove");
	} else if (x->removed > 0 && !x->c->only_say && has_pages(x)) {
		human_print("`bi-render %s` makes the pages without %s", batch_name(x->b),
			    x->removed == 1 ? "it" : "them");
	}
}

/* --- removing --- */

static void
note(struct removing *x, int code)
{
	x->code = x->code ? x->code : code;
}

/* Removes N claimed items. False after a message, if none of them was removed. */
static bool
record(struct removing *x, const struct removal *v, size_t n)
{
	uint32_t *items = buf_alloc((n + 1) * sizeof(*items));
	int rc;

	for (size_t i = 0; i < n; i++)
		items[i] = v[i].item;
	rc = batch_remove(x->b, items, n, x->c->keep_files);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = batch_forget_userinfo(x->b, items[i]);
	free(items);
	if (rc == 0)
		return true;
	note(x, msg_exit_code(errno));
	msg_warn_errno("cannot record which items of the batch '%s' are removed; run the same command again",
		       batch_name(x->b));
	return false;
}

/* Removes N claimed items, which were copied from the selected ones. */
static void
remove_claimed(struct removing *x, struct removal *v, size_t n)
{
	if (n == 0 || !record(x, v, n))
		return;
	note(x, items_take_picks_back(x->b, v, n));
	if (!x->c->keep_files)
		note(x, items_remove_files(x->c, x->b, v, n));
	if (notebook_import_results(&x->c->root, x->b) < 0) {
		note(x, msg_exit_code(errno));
		msg_warn_errno(
			"cannot take the items of the batch '%s' out of its notebook; run the same command again",
			batch_name(x->b));
	}
	for (size_t i = 0; i < n; i++)
		say_item(x, &v[i]);
	rec_flush(); /* it may wait for other processes */
	x->removed += n;
}

/* Claims the items that no process holds, and removes them. False if a claim failed with an error. */
static bool
remove_free(struct removing *x)
{
	struct removal *ours = buf_alloc((x->n + 1) * sizeof(*ours));
	enum batch_claim claim = CLAIM_OURS;
	size_t n = 0;

	x->held = 0;
	for (size_t i = 0; i < x->n && claim != CLAIM_ERROR; i++) {
		if (x->v[i].is_gone)
			continue;
		claim = batch_claim_any(x->b, x->v[i].item);
		x->held += claim == CLAIM_HELD;
		if (claim != CLAIM_OURS)
			continue;
		x->v[i].is_gone = true;
		ours[n++] = x->v[i];
	}
	if (claim == CLAIM_ERROR) {
		note(x, msg_exit_code(errno));
		msg_warn_errno("cannot claim the items of the batch '%s'", batch_name(x->b));
	} else {
		remove_claimed(x, ours, n);
	}
	for (size_t i = 0; i < n; i++)
		batch_unclaim(x->b, ours[i].item);
	free(ours);
	return claim != CLAIM_ERROR && x->code == 0;
}

static void
remove_all(struct removing *x)
{
	int64_t until = clock_ms() + PATIENCE_MS;

	while (remove_free(x) && x->held > 0) {
		if (clock_ms() >= until) {
			msg_warn("%" PRIu64
				 " of these items of the batch '%s' %s still being worked on: the others are removed; "
				 "run the same command again later (bi-clean cancel %s ends the work)",
				 x->held, batch_name(x->b), x->held == 1 ? "is" : "are", batch_name(x->b));
			note(x, EX_TEMPFAIL);
			return;
		}
		poll(NULL, 0, EVERY_MS);
	}
}

static void
list(struct removing *x, const struct selection *s)
{
	x->v = buf_alloc((s->count + 1) * sizeof(*x->v));
	for (uint32_t k = 1; k <= s->length; k++)
		if (selection_has(s, k))
			x->v[x->n++] = (struct removal){.item = k};
}

static bool
is_agreed(const struct removing *x)
{
	return x->c->keep_files || clean_agreed(x->c, "remove %zu item%s of the batch '%s' with all files?", x->n,
						x->n == 1 ? "" : "s", batch_name(x->b));
}

/* The selection is known now. */
static void
remove_selected(struct removing *x)
{
	if (x->c->only_say) {
		note(x, items_remove_files(x->c, x->b, x->v, x->n));
		for (size_t i = 0; i < x->n; i++)
			say_item(x, &x->v[i]);
	} else if (x->n > 0 && !is_agreed(x)) {
		note(x, EX_SOME_FAILED);
	} else if (x->n > 0) {
		remove_all(x);
	}
	finish(x);
}

static void
check_use(const struct clean *c, char **args)
{
	const char *wrong = c->batch ? root_name_check(c->batch) : NULL;

	if (!c->batch)
		opt_die("items needs a batch: --batch NAME");
	if (wrong)
		opt_die("the batch name '%s' %s", c->batch, wrong);
	if (!*args && !c->failed && !c->status)
		opt_die("items takes numbers, ranges such as 3-9, URLs or paths of items, or --failed or --status");
	if (c->status && !error_codes_check(c->status))
		opt_die("--status takes codes such as 404,5xx,timeout, not '%s'", c->status);
}

int
clean_items(const struct clean *c, char **args)
{
	struct removing x = {.c = c};
	struct selection s = {0};

	check_use(c, args);
	/* Opening it for work would create it, so its existence is checked first. */
	x.b = batch_open(&c->root, c->batch, BATCH_READ, NULL);
	if (x.b && !c->only_say) {
		batch_close(x.b);
		x.b = batch_open(&c->root, c->batch, BATCH_JOIN, NULL);
	}
	if (!x.b)
		return clean_not_had(c, c->batch);
	x.code = items_select(c, x.b, args, &s);
	if (x.code == 0) {
		list(&x, &s);
		remove_selected(&x);
	} else if (c->json) {
		rec_write_end(NULL, x.code);
	}
	free(x.v);
	free(s.bits);
	batch_close(x.b);
	return x.code;
}
