#include "intake.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "batch/batch_priority.h"
#include "batch/queue.h"
#include "item_ask.h"
#include "records/rec.h"

enum { BLOCK = 256 };

/* Lines on their way into one batch. */
struct block {
	struct target *target;
	struct batch_ask asks[BLOCK];
	size_t n;
};

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
	t = open_batches_get(in->batches,
			     in->run->set->batch ? in->run->set->batch
			     : own               ? own
						 : item_usual_batch,
			     &about);
	/* Who works on it later knows only what its batch.json says. */
	if (t && about.public_only && !t->public_only)
		msg_die(EX_WRONG_USE,
			"the batch '%s' was made without --public-only, and its workers would fetch from any address: "
			"hand the lines in to another one (--batch)",
			batch_name(t->batch));
	return t;
}

/* What a list has again is no longer removed. 0, or -1 with errno. */
static int
restore_removed(struct intake *in, struct block *block)
{
	uint32_t items[BLOCK];
	size_t n = 0;
	int64_t back;

	for (size_t i = 0; i < block->n; i++)
		if (block->asks[i].state == 'x')
			items[n++] = block->asks[i].item;
	back = n ? batch_restore(block->target->batch, items, n) : 0;
	in->restored += back > 0 ? (unsigned long long)back : 0;
	return back < 0 ? -1 : 0;
}

/* Removes the item that says that ITEM's subject has no candidates, now that SOURCE has some. 0, or -1 with errno. */
static int
remove_failure(struct batch *b, const char *source, const char *subject)
{
	struct batch_ask ask;
	enum batch_claim claim;
	int rc;

	item_ask_failure(&ask, source, subject);
	if (batch_find(b, &ask) < 0)
		return -1;
	if (!ask.item || ask.state == 'x')
		return 0;
	claim = batch_claim_any(b, ask.item);
	if (claim != CLAIM_OURS)
		return claim == CLAIM_ERROR ? -1 : 0;
	rc = batch_remove(b, &ask.item, 1, false);
	batch_unclaim(b, ask.item);
	return rc;
}

/* A source that had nothing for a subject before may have found candidates now: the item that says so has done its
 * duty. Such an item that the same list brings again comes back by restore_removed(). */
static int
remove_failures(struct block *block)
{
	int rc = 0;

	for (size_t i = 0; i < block->n && rc == 0; i++) {
		struct json_object *o;
		const char *source, *sources;

		if (!block->asks[i].subject || !strstr(block->asks[i].text, "\"rank\":1"))
			continue;
		o = rec_parse(block->asks[i].text, strlen(block->asks[i].text), NULL, 0);
		source = rec_string(o, "source");
		sources = rec_string(o, "sources");
		if (source && rec_number(o, "rank", 0) == 1) {
			rc = remove_failure(block->target->batch, source, block->asks[i].subject);
			if (rc == 0 && sources)
				rc = remove_failure(block->target->batch, sources, block->asks[i].subject);
		}
		json_object_put(o);
	}
	return rc;
}

/* What was added is a worker's from now on. 0, or -1 with errno. */
static int
hand_in(const struct intake *in, struct batch *b)
{
	const struct settings *set = in->run->set;

	if ((!set->no_sync && batch_sync(b) < 0) ||
	    (set->priority >= 0 &&
	     batch_priority_write(&in->run->root, batch_dirfd(b), set->priority, !set->no_sync) < 0))
		return -1;
	return queue_add(&in->run->root, batch_name(b));
}

static void
flush_block(struct intake *in, struct block *block)
{
	struct target *t = block->target;

	if (block->n && batch_add(t->batch, block->asks, block->n) < 0)
		run_fail(in->run, "adding to the batch");
	else if (block->n && restore_removed(in, block) < 0)
		run_fail(in->run, "taking back items that were removed");
	else if (!in->run->set->queue && remove_failures(block) < 0)
		run_fail(in->run, "removing the failures of subjects that have candidates now");
	else if (block->n && in->run->set->queue && hand_in(in, t->batch) < 0)
		run_fail(in->run, "handing in the batch");
	if (block->n && !in->first_target && !in->run->fatal) {
		in->first_target = t;
		in->first_item = block->asks[0].item;
	}
	for (size_t i = 0; i < block->n; i++) {
		if (!in->run->fatal && !in->run->set->queue)
			run_queue_add(in->wants, t, block->asks[i].item);
		item_ask_free(&block->asks[i]);
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

	if (!t)
		return;
	if (t != block->target)
		flush_block(in, block);
	block->target = in->last = t;
	item_ask(&block->asks[block->n++], in->run->set, rec, own, t->public_only);
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
	if (in->restored)
		msg_warn("%llu item%s removed before, and came back: the list has %s again", in->restored,
			 in->restored == 1 ? " was" : "s were", in->restored == 1 ? "it" : "them");
	loop_unwatch(in->run->loop, &in->watcher);
	loop_stop_timer(in->run->loop, &in->timer);
	lists_close(in->lists);
	free(in);
}

void
intake_want_all(struct run *run, struct open_batches *batches, struct run_queue *wants)
{
	const char *name = run->set->batch ? run->set->batch : item_usual_batch;
	struct batch *there = batch_open(&run->root, name, BATCH_READ, NULL);
	struct target *t;
	int64_t n;

	if (!there)
		msg_die_errno(errno == BATCH_NEWER ? EX_DATAERR : EX_NOINPUT,
			      "cannot open the batch '%s' of %s (bi-status lists the batches)", name, run->root.path);
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
