/*
 * body: the bytes of one item as they come in: gathered, hashed and written in pieces.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch.h"

enum { PIECE = 1 << 16, KEEP_FROM = 1 << 20, HEAD = 16 << 10 };

static int
open_part(struct body *b, struct job *j)
{
	if (b->part.fd >= 0)
		return 0;
	if (part_open(&b->part, j->fetch->temp) == 0)
		return 0;
	b->part.fd = -1;
	return -1;
}

/* A part that has become large gets a name in temp/: what is long under way can be seen there. */
static int
keep(struct body *b, const struct job *j)
{
	char name[sizeof(b->part.name)];

	if (b->part.name[0] || b->bytes < KEEP_FROM)
		return 0;
	snprintf(name, sizeof(name), "%s.%u.part", batch_name(j->target->batch), j->item);
	return part_keep(&b->part, name);
}

/* The first piece stays in HELD as the file's head; later ones are written as they are. */
static int
spill(struct body *b, struct job *j)
{
	if (b->spilled)
		return 0;
	if (open_part(b, j) < 0 || part_write(&b->part, b->held, b->held_len) < 0)
		return -1;
	b->spilled = true;
	return 0;
}

int
body_add(struct body *b, struct job *j, const void *bytes, size_t n)
{
	const char *at = bytes;

	if (!b->hash)
		b->hash = hash_begin();
	hash_add(b->hash, bytes, n);
	b->bytes += n;
	if (!b->spilled) {
		size_t some = PIECE - b->held_len < n ? PIECE - b->held_len : n;

		if (!b->held)
			b->held = buf_realloc(NULL, PIECE);
		memcpy(b->held + b->held_len, at, some);
		b->held_len += some;
		at += some;
		n -= some;
	}
	if (n == 0)
		return 0;
	if (spill(b, j) < 0 || part_write(&b->part, at, n) < 0)
		return -1;
	return keep(b, j);
}

int
body_end(struct body *b, struct job *j)
{
	if (!b->hash)
		b->hash = hash_begin();
	hash_end(b->hash, b->sha256);
	b->hash = NULL;
	if (spill(b, j) < 0)
		return -1;
	/* Until its group is settled only the head is of use. */
	if (b->held_len > HEAD)
		b->held = buf_realloc(b->held, b->held_len = HEAD);
	return 0;
}

void
body_drop(struct body *b)
{
	part_drop(&b->part);
	hash_drop(b->hash);
	free(b->held);
	*b = (struct body){.part.fd = -1};
}
