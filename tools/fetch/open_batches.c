#include "open_batches.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "batch/batch_stats.h"
#include "records/rec.h"

struct target *
open_batches_find(const struct open_batches *b, const char *name)
{
	struct target *t = b->first;

	while (t && strcmp(batch_name(t->batch), name) != 0)
		t = t->next;
	return t;
}

/* Reads from batch.json how its items are fetched. 0, or -1 with errno: it may forbid private addresses, so an
 * unreadable one must not count as permission. */
static int
read_about(struct target *t)
{
	struct json_object *o = batch_metadata_object(t->batch), *only;
	const char *notebook = rec_string(o, "notebook");

	if (!o && errno != ENOENT)
		return -1;
	t->notebook = notebook ? buf_strdup(notebook) : NULL;
	t->public_only = json_object_object_get_ex(o, "public_only", &only) && json_object_get_boolean(only);
	json_object_put(o);
	return 0;
}

struct target *
open_batches_add(struct open_batches *b, const char *name, const struct batch_metadata *about)
{
	enum batch_mode mode = b->run->set->queue ? BATCH_ADD : BATCH_WORK;
	struct batch *batch = batch_open(&b->run->root, name, mode, about);
	struct target **at = &b->first, *t;

	if (!batch)
		return NULL;
	t = buf_alloc(sizeof(*t));
	t->batch = batch;
	if (read_about(t) < 0) {
		batch_close(batch);
		free(t);
		return NULL;
	}
	if (b->run->set->max_wait_ms < 0)
		batch_claim_busy(batch);
	while (*at)
		at = &(*at)->next;
	*at = t;
	return t;
}

struct target *
open_batches_get(struct open_batches *b, const char *name, const struct batch_metadata *about)
{
	struct target *t = open_batches_find(b, name);

	if (!t)
		t = open_batches_add(b, name, about);
	if (!t)
		run_fail(b->run, "opening the batch");
	return t;
}

struct target *
open_batches_next_cancelled(struct open_batches *b)
{
	for (struct target *t = b->first; t; t = t->next) {
		bool was = t->cancelled;
		int is = batch_is_cancelled(t->batch);

		if (is < 0)
			run_fail(b->run, "asking whether a batch is cancelled");
		t->cancelled = is > 0;
		if (t->cancelled && !was)
			return t;
	}
	return NULL;
}

/* Sets the bit of ITEM in BITS, which has room for HAS items, to ON. */
static void
set_bit(unsigned char **bits, uint32_t *has, uint32_t item, bool on)
{
	unsigned char bit = (unsigned char)(1u << (item % 8));

	if (item >= *has) {
		uint32_t room = item + item / 2 + 4096;

		room -= room % 8;
		*bits = buf_realloc(*bits, room / 8);
		memset(*bits + *has / 8, 0, (room - *has) / 8);
		*has = room;
	}
	if (on)
		(*bits)[item / 8] |= bit;
	else
		(*bits)[item / 8] &= (unsigned char)~bit;
}

bool
target_is_busy(const struct target *t, uint32_t item)
{
	return item < t->busy_room && t->busy[item / 8] >> (item % 8) & 1;
}

void
target_set_busy(struct target *t, uint32_t item, bool busy)
{
	set_bit(&t->busy, &t->busy_room, item, busy);
}

bool
target_is_renewed(const struct target *t, uint32_t item)
{
	return item < t->renewed_room && t->renewed[item / 8] >> (item % 8) & 1;
}

void
target_set_renewed(struct target *t, uint32_t item)
{
	set_bit(&t->renewed, &t->renewed_room, item, true);
}

void
open_batches_close(struct open_batches *b, struct target *t)
{
	struct target **at = &b->first;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	if (!b->run->stop_signal && !b->run->fatal)
		batch_stats_keep(t->batch);
	batch_close(t->batch);
	free(t->notebook);
	free(t->busy);
	free(t->renewed);
	free(t->strays);
	free(t);
}

void
open_batches_close_all(struct open_batches *b)
{
	while (b->first)
		open_batches_close(b, b->first);
}
