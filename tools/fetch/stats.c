/*
 * tally: what is counted and said: records, the progress line, the end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/human.h"
#include "base/msg.h"
#include "fetch.h"

enum { DRAW_MS = 200, RATE_MS = 3000 };

static void
count_kind(struct tally *t, const char *code)
{
	size_t most = sizeof(t->kinds) / sizeof(*t->kinds) - 1, i = 0;

	while (i < most && t->kinds[i].count && strcmp(t->kinds[i].code, code) != 0)
		i++;
	if (!t->kinds[i].count)
		snprintf(t->kinds[i].code, sizeof(t->kinds[i].code), "%s", i < most ? code : "other");
	t->kinds[i].count++;
}

void
tally_say(struct fetch *f, const char *record, size_t n, bool completed, bool now)
{
	struct json_object *o, *error = NULL;
	const char *what, *why, *code;

	if (f->records)
		out_record(f, record, n);
	if (completed) {
		f->tally.completed++;
		return;
	}
	f->tally.failed++;
	f->tally.not_tried += !now;
	o = rec_parse(record, n, NULL, 0);
	json_object_object_get_ex(o, "error", &error);
	code = rec_string(error, "code");
	count_kind(&f->tally, code ? code : "other");
	if (!f->person) {
		json_object_put(o);
		return;
	}
	what = rec_string(o, "url");
	what = what ? what : rec_string(o, "file");
	what = what ? what : rec_string(o, "member");
	what = what ? what : rec_string(o, "media");
	what = what ? what : rec_string(o, "bad");
	why = rec_string(error, "message");
	why = why ? why : "?";
	if (what && !strstr(why, what))
		human_print("failed: %s: %s", what, why);
	else
		human_print("failed: %s", why);
	json_object_put(o);
}

/* The kinds of failures, "http_404 2, timeout 1", at most MOST of them. */
static void
list_kinds(const struct tally *t, size_t most, struct buf *out)
{
	buf_clear(out);
	buf_str(out, "");
	for (size_t i = 0; i < sizeof(t->kinds) / sizeof(*t->kinds) && t->kinds[i].count; i++) {
		if (i == most) {
			buf_str(out, ", ...");
			return;
		}
		buf_printf(out, "%s%s %" PRIu64, i ? ", " : "", t->kinds[i].code, t->kinds[i].count);
	}
}

/* How many hosts are left alone for a second and more: by their own wish, or by the pace that they are asked at. */
static unsigned
count_waiting(const struct fetch *f)
{
	int64_t soon = clock_ms() + 1000;
	unsigned n = 0;

	for (const struct host *h = f->waiting; h; h = h->next_waiting)
		n += h->due > soon;
	return n;
}

void
tally_draw(struct fetch *f)
{
	struct tally *t = &f->tally;
	uint64_t done = t->completed + t->failed;
	int64_t now = clock_ms();
	double seconds;
	char line[256 + BATCH_NAME_MAX], rate[HUMAN_ROOM], left[48] = "", failed[80], waiting[40] = "";
	char batch[BATCH_NAME_MAX + 3] = "";
	struct buf kinds = {0};

	if (f->set->quiet || now - t->drawn < DRAW_MS || !f->watched)
		return;
	if (now - t->rate_since >= RATE_MS || t->drawn == 0) {
		/* The rate is that of the last seconds, not of the whole run. */
		t->rate_since = t->rate_mark;
		t->rate_bytes = t->mark_bytes;
		t->rate_done = t->mark_done;
		t->rate_mark = now;
		t->mark_bytes = t->bytes;
		t->mark_done = done;
	}
	t->drawn = now;
	seconds = (double)(now - t->rate_since) / 1000;
	if (seconds < 0.1)
		seconds = 0.1;
	human_bytes(rate, (double)(t->bytes - t->rate_bytes) / seconds);
	if (done > t->rate_done && t->asked > done && !f->intake_open) {
		char time_left[HUMAN_ROOM];

		human_span(time_left, (double)(t->asked - done) * seconds / (double)(done - t->rate_done));
		snprintf(left, sizeof(left), ", %s left", time_left);
	}
	list_kinds(t, 2, &kinds);
	snprintf(failed, sizeof(failed), "%s%.60s%s", kinds.len ? " (" : "", kinds.data, kinds.len ? ")" : "");
	buf_free(&kinds);
	if (count_waiting(f))
		snprintf(waiting, sizeof(waiting), ", %u host%s waiting", count_waiting(f),
			 count_waiting(f) == 1 ? "" : "s");
	if (f->targets && !f->targets->next)
		snprintf(batch, sizeof(batch), "%s: ", batch_name(f->targets->batch));
	snprintf(line, sizeof(line), "%s%" PRIu64 "/%" PRIu64 "%s done, %" PRIu64 " failed%s, %s/s%s%s", batch, done,
		 t->asked, f->intake_open ? "+" : "", t->failed, failed, rate, left, waiting);
	msg_progress(line);
}

/* What failed, by kind, and what to do about it. */
static void
say_failures(const struct tally *t)
{
	struct buf kinds = {0};

	list_kinds(t, SIZE_MAX, &kinds);
	msg_warn("%" PRIu64 " of %" PRIu64 " failed: %s", t->failed, t->failed + t->completed, kinds.data);
	if (t->not_tried)
		msg_warn("%" PRIu64 " of these failed for good before and %s not tried now: --retry failed does",
			 t->not_tried, t->not_tried == 1 ? "was" : "were");
	buf_free(&kinds);
}

/* The same as a table, whatever came of it. */
static void
say_summary(const struct fetch *f)
{
	const struct tally *t = &f->tally;
	char size[HUMAN_ROOM];

	human_bytes(size, (double)t->bytes);
	msg_warn("%" PRIu64 " lines, %s in %.1f s", t->completed + t->failed, size,
		 (double)(clock_ms() - t->started) / 1000);
	msg_warn("%10" PRIu64 "  completed", t->completed);
	for (size_t i = 0; i < sizeof(t->kinds) / sizeof(*t->kinds) && t->kinds[i].count; i++)
		msg_warn("%10" PRIu64 "  %s", t->kinds[i].count, t->kinds[i].code);
	if (t->not_tried)
		msg_warn("%10" PRIu64 "  of these failed for good before and not tried now (--retry failed does)",
			 t->not_tried);
}

static void
say_end(const struct fetch *f, int code)
{
	const struct tally *t = &f->tally;
	struct json_object *counts = json_object_new_object();

	if (f->set->queue) {
		json_object_object_add(counts, "queued", json_object_new_uint64(t->asked));
	} else {
		json_object_object_add(counts, "completed", json_object_new_uint64(t->completed));
		json_object_object_add(counts, "failed", json_object_new_uint64(t->failed));
	}
	rec_write_end(counts, code);
}

/* What failed of a batch that was handed in is that batch's business: the worker did its part. */
int
tally_end(struct fetch *f, bool cut)
{
	const struct tally *t = &f->tally;
	int code = work_trouble(f);
	char size[HUMAN_ROOM];

	if (code == EX_ALL_WELL && ((t->failed && !f->set->work) || cut))
		code = EX_SOME_FAILED;
	msg_progress(NULL);
	/* In a pipeline nobody sees the records: what failed is said beside it. */
	if (f->set->summary)
		say_summary(f);
	else if (t->failed && !f->set->quiet)
		say_failures(t);
	if (f->records)
		say_end(f, code);
	if (!f->person || f->set->quiet)
		return code;
	if (f->set->queue) {
		human_print("%" PRIu64 " lines handed in, in %s", t->asked, f->root.path);
		return code;
	}
	human_bytes(size, (double)t->bytes);
	human_print("%" PRIu64 " completed, %" PRIu64 " failed, %s fetched in %.1f s, in %s", t->completed, t->failed,
		    size, (double)(clock_ms() - t->started) / 1000, f->root.path);
	return code;
}
