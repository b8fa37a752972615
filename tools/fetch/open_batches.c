#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/msg.h"
#include "fetch.h"

struct target *
target_find(const struct fetch *f, const char *name)
{
	struct target *t = f->targets;

	while (t && strcmp(batch_name(t->batch), name) != 0)
		t = t->next;
	return t;
}

/* What batch.json says of how its items are fetched. 0, or -1 with errno: it may forbid private addresses, so one that
 * is there and cannot be read is no leave to ask them. */
static int
read_about(struct target *t)
{
	struct buf text = {0};
	struct json_object *o = NULL, *only;
	const char *notebook;
	int rc = 0;

	if (batch_metadata(t->batch, &text) == 0) {
		o = rec_parse(text.data, text.len, NULL, 0);
		errno = EBADMSG;
		rc = json_object_is_type(o, json_type_object) ? 0 : -1;
	} else if (errno != ENOENT) {
		rc = -1;
	}
	if (rc == 0) {
		notebook = rec_string(o, "notebook");
		t->notebook = notebook ? buf_strdup(notebook) : NULL;
		t->public_only = json_object_object_get_ex(o, "public_only", &only) && json_object_get_boolean(only);
	}
	json_object_put(o);
	buf_free(&text);
	return rc;
}

struct target *
target_open(struct fetch *f, const char *name, const struct batch_metadata *about)
{
	struct batch *batch = batch_open(&f->root, name, BATCH_WORK, about);
	struct target **at = &f->targets, *t;

	if (!batch)
		return NULL;
	t = buf_alloc(sizeof(*t));
	t->batch = batch;
	if (read_about(t) < 0) {
		int error = errno;

		batch_close(batch);
		free(t);
		errno = error;
		return NULL;
	}
	while (*at)
		at = &(*at)->next;
	*at = t;
	return t;
}

struct target *
target_of(struct fetch *f, const char *name, const struct batch_metadata *about)
{
	struct target *t = target_find(f, name);

	if (!t)
		t = target_open(f, name, about);
	if (!t)
		fetch_fail(f, "opening the batch");
	return t;
}

bool
target_busy(const struct target *t, uint32_t item)
{
	return item < t->busy_room && t->busy[item / 8] >> (item % 8) & 1;
}

void
target_set_busy(struct target *t, uint32_t item, bool busy)
{
	unsigned char bit = (unsigned char)(1u << (item % 8));

	if (item >= t->busy_room) {
		uint32_t room = item + item / 2 + 4096;

		room -= room % 8;
		t->busy = buf_realloc(t->busy, room / 8);
		memset(t->busy + t->busy_room / 8, 0, (room - t->busy_room) / 8);
		t->busy_room = room;
	}
	if (busy)
		t->busy[item / 8] |= bit;
	else
		t->busy[item / 8] &= (unsigned char)~bit;
}

void
target_close(struct fetch *f, struct target *t)
{
	struct target **at = &f->targets;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	batch_close(t->batch);
	free(t->notebook);
	free(t->busy);
	free(t->strays);
	free(t);
}

void
targets_close(struct fetch *f)
{
	while (f->targets)
		target_close(f, f->targets);
}
