/*
 * settle: ended jobs, gathered into groups for the writer thread (commit.h), and said once they are recorded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commit.h"
#include "fetch.h"
#include "page.h"

/* Ended jobs that wait for the writer, and their bytes in memory: beyond these no further transfer is started. */
enum { WAITING_MAX = 2 * GROUP_LARGEST, BYTES_MAX = 6 << 20 };

/* What J holds in memory until it is recorded: bytes of its file, or a line to which the filter may have added much. */
static size_t
weight(const struct job *j)
{
	return body_unwritten(&j->body) + (j->line ? strlen(j->line) : 0);
}

void
settle_add(struct fetch *f, struct job *j)
{
	job_list_add(&f->ended, j);
	f->ended_bytes += weight(j);
}

bool
settle_is_behind(const struct fetch *f)
{
	return f->ended.count >= WAITING_MAX || f->ended_bytes >= BYTES_MAX;
}

bool
settle_is_full(const struct fetch *f)
{
	return settle_is_behind(f) || through_is_full(f);
}

bool
settle_is_empty(const struct fetch *f)
{
	return f->ended.count == 0 && !f->group && expansion_is_empty(f) && through_is_empty(f);
}

static void
say(struct fetch *f, const struct target *t, const char *line, size_t n, bool now)
{
	struct buf record = {0};
	bool completed = false;

	batch_result_number(line, n, &completed);
	batch_result_record(t->batch, line, n, &record);
	tally_say(f, record.data, record.len, completed, now);
	buf_free(&record);
}

static void
give_group(struct fetch *f)
{
	struct group *g = buf_alloc(sizeof(*g));

	while (f->ended.first && g->count < GROUP_LARGEST) {
		g->jobs[g->count] = f->ended.first;
		f->ended_bytes -= weight(f->ended.first);
		job_list_cut(&f->ended, g->jobs[g->count++]);
	}
	f->group = g;
	writer_give(f->writer, g);
}

static void
take_group(struct fetch *f, bool wait)
{
	struct group *g = f->group ? writer_take(f->writer, wait) : NULL;

	if (!g)
		return;
	f->group = NULL;
	for (size_t i = 0; i < g->count; i++) {
		struct job *j = g->jobs[i];

		if (j->recorded) {
			j->claimed = false; /* batch_record() let it go */
			target_set_busy(j->target, j->item, false);
			upload_settled(j);
			if (!j->unsaid)
				say(f, j->target, j->line, strlen(j->line), true);
		}
		job_free(j);
	}
	for (size_t i = 0; i < g->aside_count; i++)
		if (g->aside[i]->aside == ASIDE_MEDIA)
			page_found(f, g->aside[i]);
		else if (g->aside[i]->aside == ASIDE_THROUGH)
			through_add(f, g->aside[i]);
		else
			expansion_begin(f, g->aside[i]);
	if (g->error) {
		errno = g->error;
		fetch_fail(f, g->doing);
	}
	free(g);
}

void
settle_turn(struct fetch *f)
{
	take_group(f, false);
	through_turn(f);
	if (!f->group && f->ended.count && !f->fatal)
		give_group(f);
}

void
settle_all(struct fetch *f)
{
	do {
		take_group(f, true);
		if (f->ended.count && !f->fatal)
			give_group(f);
	} while (f->group);
}

/* The state of an item is not what its results say, as a power cut may leave it, and was brought up. */
static bool
was_behind(struct fetch *f, struct target *t, uint32_t item, bool has_result, bool completed)
{
	int s = batch_state(t->batch, item);
	int rc = s < 0 ? -1 : 0;

	if (s > 0 && (!has_result || completed != (s == 'c')))
		rc = batch_recover(t->batch, item);
	if (rc < 0)
		fetch_fail(f, "bringing states up to results");
	return rc > 0;
}

void
settle_stored(struct fetch *f, struct target *t, uint32_t item)
{
	struct buf line = {0};
	bool completed = false, has_result;

	if (f->set->work)
		return;
	has_result = batch_result(t->batch, item, &line) == 0;
	if (!has_result && errno != ENOENT) {
		fetch_fail(f, "reading results.ndjson");
		goto out;
	}
	if (has_result)
		batch_result_number(line.data, line.len, &completed);
	if (was_behind(f, t, item, has_result, completed)) {
		plan_want(f, t, item);
	} else if (has_result) {
		say(f, t, line.data, line.len, false);
		page_stored(f, t, line.data, line.len);
		expansion_stored(f, t, item, line.data, line.len);
	} else if (!f->fatal) {
		errno = ENOENT;
		fetch_fail(f, "reading results.ndjson");
	}
out:
	buf_free(&line);
}
