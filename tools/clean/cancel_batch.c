/* Cancels a batch: while this process holds the request to cancel (batch_cancel), processes that work on the batch
 * record their items as failed, and this process records the others. It ends when no item is left. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/msg.h"
#include "base/when.h"
#include "batch/batch.h"
#include "batch/job_status.h"
#include "batch/queue.h"
#include "clean.h"
#include "records/rec.h"

enum {
	AT_ONCE = 256,
	EVERY_MS = 100,     /* between two checks of the items that others hold */
	PATIENCE_MS = 30000 /* for them to release the items */
};

struct cancelling {
	const struct clean *c;
	struct batch *b;
	struct batch_outcome v[AT_ONCE];
	struct buf lines[AT_ONCE];
	size_t n;
	uint64_t cancelled, held;
};

/* Records the claimed items. 0 or -1. */
static int
flush(struct cancelling *x)
{
	int rc;

	for (size_t i = 0; i < x->n; i++) {
		x->v[i].line = x->lines[i].data;
		x->v[i].len = x->lines[i].len;
	}
	rc = batch_record(x->b, x->v, x->n, true);
	if (rc == 0)
		x->cancelled += x->n;
	x->n = 0;
	return rc;
}

/* Appends the members of the item after the failure, as in every result. 0, or -1 with errno. */
static int
print_failure(struct cancelling *x, uint32_t k, struct buf *out)
{
	struct json_object *item, *o = json_object_new_object();
	int rc = 0, why;
	char finished[WHEN_SIZE];

	json_object_object_add(o, "item", json_object_new_int64(k));
	rec_add_string(o, "status", "failed");
	rec_add_error(o, "cancelled", "the batch was cancelled before it was fetched", false);
	rec_add_string(o, "finished_at", when_now(finished));
	item = batch_item_object(x->b, k);
	if (!item && errno != ENOENT && errno != EBADMSG)
		rc = -1;
	rec_copy_without(o, item, "bi");
	why = errno;
	buf_clear(out);
	buf_str(out, rec_print(o));
	json_object_put(item);
	json_object_put(o);
	errno = why;
	return rc;
}

/* Records the items that nobody holds as failed. X->held gets the number of those left. 0 or -1. */
static int
cancel_free(struct cancelling *x)
{
	int64_t length = batch_length(x->b);

	x->held = 0;
	if (length < 0)
		return -1;
	for (uint32_t k = 1; k <= length; k++) {
		int state = batch_state(x->b, k);

		if (state < 0)
			return -1;
		if (state == 'c' || state == 'f' || state == 'x')
			continue;
		switch (batch_claim(x->b, k, NULL)) {
		case CLAIM_OURS:
			if (print_failure(x, k, &x->lines[x->n]) < 0)
				return -1;
			x->v[x->n++] = (struct batch_outcome){.item = k};
			if (x->n == AT_ONCE && flush(x) < 0)
				return -1;
			break;
		case CLAIM_HELD:
			x->held++;
			break;
		case CLAIM_ERROR:
			return -1;
		case CLAIM_DONE:
		case CLAIM_FAILED:
		case CLAIM_REMOVED:
			break;
		}
	}
	return flush(x);
}

static bool
nothing_left(const char *batch, void *arg)
{
	struct cancelling *x = arg;
	struct batch_counts counts;

	(void)batch;
	return batch_count(x->b, &counts) == 0 && counts.pending + counts.processing == 0;
}

/* Continues until no item is left. 0 or the exit code after a message. */
static int
cancel_all(struct cancelling *x)
{
	const char *name = batch_name(x->b);
	int64_t until = clock_ms() + PATIENCE_MS;

	for (;;) {
		if (cancel_free(x) < 0)
			return msg_report_errno("cannot cancel the batch '%s'", name);
		if (x->held == 0)
			break;
		if (clock_ms() >= until) {
			msg_warn("%" PRIu64 " items of the batch '%s' are still being worked on: the others are "
				 "cancelled; run the same command again",
				 x->held, name);
			return EX_TEMPFAIL;
		}
		poll(NULL, 0, EVERY_MS);
	}
	if (queue_end(&x->c->root, name, nothing_left, x) < 0 && errno != ENOENT)
		return msg_report_errno("cannot take the batch '%s' out of the queue", name);
	return 0;
}

static void
say(const struct cancelling *x, uint64_t items)
{
	struct json_object *o;

	if (!x->c->json) {
		human_print("%s %" PRIu64 " items of batch %s", x->c->only_say ? "would cancel" : "cancelled", items,
			    batch_name(x->b));
		return;
	}
	o = json_object_new_object();
	rec_add_string(o, x->c->only_say ? "would_cancel" : "cancelled", batch_name(x->b));
	json_object_object_add(o, "items", json_object_new_uint64(items));
	rec_write_json(o);
}

/* 0 or the exit code after a message. */
static int
cancel(const struct clean *c, const char *name)
{
	struct cancelling x = {.c = c, .b = batch_open(&c->root, name, BATCH_READ, NULL)};
	struct batch_counts counts = {0};
	int code = 0, rc;

	if (x.b && !c->only_say) {
		batch_close(x.b);
		x.b = batch_open(&c->root, name, BATCH_JOIN, NULL);
	}
	if (!x.b)
		return clean_not_had(c, name);
	if (c->only_say) {
		if (batch_count(x.b, &counts) == 0) {
			say(&x, counts.pending + counts.processing);
		} else {
			code = msg_exit_code(errno);
			msg_warn_errno("cannot read the batch '%s'", name);
		}
	} else if ((rc = batch_cancel(x.b)) < 0) {
		code = msg_exit_code(errno);
		msg_warn_errno("cannot cancel the batch '%s'", name);
	} else if (rc > 0) {
		msg_warn("the batch '%s' is already being cancelled by another bi-clean", name);
		code = EX_TEMPFAIL;
	} else {
		code = cancel_all(&x);
		say(&x, x.cancelled);
	}
	batch_close(x.b);
	for (size_t i = 0; i < AT_ONCE; i++)
		buf_free(&x.lines[i]);
	return code;
}

int
clean_cancel(const struct clean *c, char **args)
{
	struct batch_args names = {0};
	size_t failed = 0;
	int code = 0;

	clean_names(args, "cancel", &names);
	for (size_t i = 0; i < names.n; i++) {
		int rc = cancel(c, names.v[i]);

		failed += rc != 0;
		if (code == 0)
			code = rc;
	}
	if (code && names.n > 1)
		code = EX_SOME_FAILED;
	if (c->json)
		rec_write_counts(code, {"cancelled", names.n - failed}, {"failed", failed});
	batch_args_free(&names);
	return code;
}
