#include "stats.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/msg.h"
#include "records/rec.h"

enum { RATE_MS = 3000 };

static void
count_kind(struct stats *s, const char *code)
{
	size_t most = sizeof(s->kinds) / sizeof(*s->kinds) - 1, i = 0;

	while (i < most && s->kinds[i].count && strcmp(s->kinds[i].code, code) != 0)
		i++;
	if (!s->kinds[i].count)
		snprintf(s->kinds[i].code, sizeof(s->kinds[i].code), "%s", i < most ? code : "other");
	s->kinds[i].count++;
}

void
stats_count(struct stats *s, const char *record, size_t n, bool completed, bool now)
{
	struct json_object *o, *error = NULL;
	const char *what, *why, *code;
	bool mismatch;

	if (completed) {
		s->completed++;
		return;
	}
	s->failed++;
	o = rec_parse(record, n, NULL, 0);
	/* It is completed, and does not fit the options; or it could not be asked for again. */
	mismatch = json_object_object_get_ex(o, "mismatch", &error);
	if (!mismatch)
		json_object_object_get_ex(o, "error", &error);
	s->mismatched += mismatch;
	s->not_tried += !now && !mismatch && !json_object_object_get_ex(o, "update", NULL);
	code = rec_string(error, "code");
	count_kind(s, code ? code : "other");
	if (!s->person) {
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

/* The kinds of failures, such as "http_404 2, timeout 1", at most MOST of them. */
static void
list_kinds(const struct stats *s, size_t most, struct buf *out)
{
	buf_clear(out);
	buf_str(out, "");
	for (size_t i = 0; i < sizeof(s->kinds) / sizeof(*s->kinds) && s->kinds[i].count; i++) {
		if (i == most) {
			buf_str(out, ", ...");
			return;
		}
		buf_printf(out, "%s%s %" PRIu64, i ? ", " : "", s->kinds[i].code, s->kinds[i].count);
	}
}

void
stats_draw(struct stats *s, const char *batch, const char *waiting, bool more)
{
	uint64_t done = s->completed + s->failed;
	int64_t now = clock_ms();
	double seconds;
	char line[256 + BATCH_NAME_MAX], rate[HUMAN_ROOM], left[48] = "", failed[80];
	char name[BATCH_NAME_MAX + 3] = "";
	struct buf kinds = {0};

	if (now - s->rate_since >= RATE_MS || !s->drawn) {
		/* The rate of the last seconds, not of the whole run. */
		s->rate_since = s->rate_mark;
		s->rate_bytes = s->mark_bytes;
		s->rate_done = s->mark_done;
		s->rate_mark = now;
		s->mark_bytes = s->run->bytes;
		s->mark_done = done;
	}
	s->drawn = true;
	seconds = (double)(now - s->rate_since) / 1000;
	if (seconds < 0.1)
		seconds = 0.1;
	human_bytes(rate, (double)(s->run->bytes - s->rate_bytes) / seconds);
	if (done > s->rate_done && s->run->asked > done && !more) {
		char time_left[HUMAN_ROOM];

		human_span(time_left, (double)(s->run->asked - done) * seconds / (double)(done - s->rate_done));
		snprintf(left, sizeof(left), ", %s left", time_left);
	}
	list_kinds(s, 2, &kinds);
	snprintf(failed, sizeof(failed), "%s%.60s%s", kinds.len ? " (" : "", kinds.data, kinds.len ? ")" : "");
	buf_free(&kinds);
	if (batch)
		snprintf(name, sizeof(name), "%s: ", batch);
	snprintf(line, sizeof(line), "%s%" PRIu64 "/%" PRIu64 "%s done, %" PRIu64 " failed%s, %s/s%s%s%s", name, done,
		 s->run->asked, more ? "+" : "", s->failed, failed, rate, left, waiting ? ", " : "",
		 waiting ? waiting : "");
	msg_progress(line);
}

/* Prints the failures by kind, and what to do about them. */
static void
say_failures(const struct stats *s)
{
	struct buf kinds = {0};

	list_kinds(s, SIZE_MAX, &kinds);
	msg_warn("%" PRIu64 " of %" PRIu64 " failed: %s", s->failed, s->failed + s->completed, kinds.data);
	if (s->not_tried)
		msg_warn("%" PRIu64
			 " of these failed permanently before and %s not tried now: --retry failed tries them",
			 s->not_tried, s->not_tried == 1 ? "was" : "were");
	if (s->mismatched)
		msg_warn("%" PRIu64 " of these %s completed by an earlier run with other options: --recheck fails %s",
			 s->mismatched, s->mismatched == 1 ? "was" : "were", s->mismatched == 1 ? "it" : "them");
	buf_free(&kinds);
}

/* Prints the same as a table, in every case. */
static void
say_summary(const struct stats *s)
{
	char size[HUMAN_ROOM];

	human_bytes(size, (double)s->run->bytes);
	msg_warn("%" PRIu64 " lines, %s in %.1f s", s->completed + s->failed, size,
		 (double)(clock_ms() - s->started) / 1000);
	msg_warn("%10" PRIu64 "  completed", s->completed);
	for (size_t i = 0; i < sizeof(s->kinds) / sizeof(*s->kinds) && s->kinds[i].count; i++)
		msg_warn("%10" PRIu64 "  %s", s->kinds[i].count, s->kinds[i].code);
	if (s->not_tried)
		msg_warn("%10" PRIu64
			 "  of these failed permanently before and were not tried now (--retry failed tries them)",
			 s->not_tried);
}

static void
say_end(const struct stats *s, int code)
{
	struct json_object *counts = json_object_new_object();

	if (s->run->set->queue) {
		json_object_object_add(counts, "queued", json_object_new_uint64(s->run->asked));
	} else {
		json_object_object_add(counts, "completed", json_object_new_uint64(s->completed));
		json_object_object_add(counts, "failed", json_object_new_uint64(s->failed));
	}
	if (s->from)
		json_object_object_add(counts, "from", json_object_get(s->from));
	rec_write_end(counts, code);
}

int
stats_end(const struct stats *s, int code, bool cut, bool records)
{
	const struct settings *set = s->run->set;
	const char *root = s->run->root.path;
	char size[HUMAN_ROOM];

	/* Failures in a submitted batch belong to that batch, since the worker did its part. */
	if (code == EX_ALL_WELL && ((s->failed && !set->work) || cut))
		code = EX_SOME_FAILED;
	msg_progress(NULL);
	/* In a pipeline the records are not visible, so failures are reported on standard error too. */
	if (set->summary)
		say_summary(s);
	else if (s->failed && !set->quiet)
		say_failures(s);
	if (records)
		say_end(s, code);
	if (!s->person || set->quiet)
		return code;
	if (set->queue) {
		human_print("%" PRIu64 " lines submitted, in %s", s->run->asked, root);
		return code;
	}
	human_bytes(size, (double)s->run->bytes);
	human_print("%" PRIu64 " completed, %" PRIu64 " failed, %s fetched in %.1f s, in %s", s->completed, s->failed,
		    size, (double)(clock_ms() - s->started) / 1000, root);
	return code;
}
