#include "stored.h"

#include <string.h>

#include "later_rules.h"
#include "page.h"
#include "result_record.h"
#include "update.h"

void
stored_say_result(struct dispatch *d, const struct target *t, const char *line, size_t n, bool now,
		  struct json_object *extra)
{
	struct buf *record = &d->record;
	bool completed = false;

	batch_result_number(line, n, &completed);
	buf_clear(record);
	/* Of completed ones that nobody reads only the number counts. */
	if (!completed || extra || d->records)
		batch_result_record(t->batch, line, n, record);
	if (extra)
		result_add_members(record, extra);
	if (d->records)
		output_add(&d->output, record->data, record->len);
	completed = completed && !json_object_object_get_ex(extra, "error", NULL) &&
		    !json_object_object_get_ex(extra, "mismatch", NULL);
	stats_count(&d->stats, record->data, record->len, completed, now);
}

/* Fails a completed item that does not fit the options. If somebody else has it, it is looked at later. */
static void
fail_stored(struct dispatch *d, struct target *t, uint32_t item, const char *code, const char *why)
{
	struct job *j = job_new(&d->run, t, item);

	if (!j)
		return;
	update_begin_recheck(j);
	if (!scheduler_claim(d->scheduler, j))
		return;
	verdict_fail(j, false, code, "%s", why);
	job_list_add(&d->ended, j);
}

void
stored_say(struct dispatch *d, struct target *t, uint32_t item, const struct buf *line, struct json_object *extra)
{
	char why[256];
	const char *code;

	recorded_remove_left(t, item, line);
	code = later_rules_look(&d->run, d->transfers, t, line, &extra, why, sizeof(why));

	if (code && d->run.set->recheck) {
		fail_stored(d, t, item, code, why);
	} else {
		stored_say_result(d, t, line->data, line->len, false, extra);
		page_want_stored(&d->run, &d->wants, t, line->data, line->len);
		archives_want_stored(d->archives, t, item, line->data, line->len);
	}
	json_object_put(extra);
}

/* Says what is stored of N items of T. A worker says nothing. */
static void
say_items(struct dispatch *d, struct target *t, struct batch_known_result *items, size_t n)
{
	struct buf *text = &d->stored_text, *line = &d->stored_line;

	batch_results_ahead(t->batch, items, n, text);
	for (size_t i = 0; i < n && !d->run.fatal; i++)
		switch (result_take_stored(&d->run, t, &items[i], text, line)) {
		case 0:
			run_queue_add(&d->wants, t, items[i].item);
			break;
		case 1:
			stored_say(d, t, items[i].item, line, NULL);
			break;
		}
}

void
stored_say_all(struct dispatch *d)
{
	struct batch_known_result items[BATCH_KNOWN_MAX];
	struct target *t = NULL, *next;
	uint32_t item;
	size_t n = 0;

	while (!run_queue_is_empty(&d->stored)) {
		run_queue_take(&d->stored, &next, &item);
		if (d->worker)
			continue;
		if (n == BATCH_KNOWN_MAX || (n > 0 && next != t)) {
			say_items(d, t, items, n);
			n = 0;
		}
		t = next;
		items[n++].item = item;
	}
	if (n > 0)
		say_items(d, t, items, n);
}
