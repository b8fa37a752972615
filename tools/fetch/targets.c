#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch.h"
#include "msg.h"

struct target *
target_of(struct fetch *f, const char *name, const struct batch_about *about)
{
	struct target **at = &f->targets;
	struct target *t;

	while (*at && strcmp(batch_name((*at)->batch), name) != 0)
		at = &(*at)->next;
	if (*at)
		return *at;
	t = buf_alloc(sizeof(*t));
	t->batch = batch_open(&f->root, name, BATCH_WORK, about);
	if (!t->batch) {
		free(t);
		fetch_fail(f, "opening the batch");
		return NULL;
	}
	*at = t;
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
targets_close(struct fetch *f)
{
	while (f->targets) {
		struct target *t = f->targets;

		f->targets = t->next;
		batch_close(t->batch);
		free(t->busy);
		free(t);
	}
}
