/*
 * body: the bytes of one item as they come in: gathered, hashed and written in pieces.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch.h"

enum { FIRST = 64 << 10, KEEP_FROM = 1 << 20, HEAD = 16 << 10 };

/* Larger pieces are fewer system calls; all that are under way have PIECES_ALL bytes at most. */
enum { PIECE_LEAST = 64 << 10, PIECE_MOST = 256 << 10, PIECES_ALL = 8 << 20 };

size_t
body_piece(const struct settings *set)
{
	size_t each = PIECES_ALL / (size_t)set->parallel;

	return each < PIECE_LEAST ? PIECE_LEAST : each < PIECE_MOST ? each : PIECE_MOST;
}

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

/* What came first is written, and its beginning stays in HELD as the file's head. */
static int
spill(struct body *b, struct job *j)
{
	if (b->spilled)
		return 0;
	b->hash = hash_begin();
	hash_add(b->hash, b->held, b->held_len);
	if (open_part(b, j) < 0 || part_write(&b->part, b->held, b->held_len) < 0)
		return -1;
	b->spilled = true;
	/* Until its group is settled only the head is of use. */
	if (b->held_len > HEAD)
		b->held = buf_realloc(b->held, b->held_room = b->held_len = HEAD);
	return 0;
}

int
body_flush(struct body *b)
{
	int rc = b->piece_len ? part_write(&b->part, b->piece, b->piece_len) : 0;

	free(b->piece);
	b->piece = NULL;
	b->piece_len = 0;
	return rc;
}

/* Behind the first bytes all is written a piece at once. */
static int
add_to_piece(struct body *b, struct job *j, const char *bytes, size_t n)
{
	size_t room = body_piece(j->fetch->set);

	hash_add(b->hash, bytes, n);
	while (n > 0) {
		size_t some = room - b->piece_len < n ? room - b->piece_len : n;

		if (!b->piece)
			b->piece = buf_realloc(NULL, room);
		memcpy(b->piece + b->piece_len, bytes, some);
		b->piece_len += some;
		bytes += some;
		n -= some;
		if (b->piece_len < room)
			break;
		if (part_write(&b->part, b->piece, room) < 0)
			return -1;
		b->piece_len = 0;
	}
	return keep(b, j);
}

int
body_add(struct body *b, struct job *j, const void *bytes, size_t n, size_t expected)
{
	b->bytes += n;
	if (!b->spilled && b->held_len + n <= FIRST) {
		if (b->held_len + n > b->held_room) {
			b->held_room = !b->held && expected >= n && expected <= FIRST ? expected : FIRST;
			b->held = buf_realloc(b->held, b->held_room);
		}
		memcpy(b->held + b->held_len, bytes, n);
		b->held_len += n;
		return 0;
	}
	if (b->held_len < HEAD && !b->spilled) {
		/* One piece that is long from the start: its own beginning is the head. */
		size_t some = HEAD - b->held_len < n ? HEAD - b->held_len : n;

		b->held = buf_realloc(b->held, b->held_room = FIRST);
		memcpy(b->held + b->held_len, bytes, some);
		b->held_len += some;
		bytes = (const char *)bytes + some;
		n -= some;
	}
	return spill(b, j) < 0 ? -1 : add_to_piece(b, j, bytes, n);
}

int
body_finish(struct body *b, struct job *j)
{
	if (b->sha256[0])
		return 0;
	if (spill(b, j) < 0 || body_flush(b) < 0)
		return -1;
	hash_end(b->hash, b->sha256);
	b->hash = NULL;
	return 0;
}

/*
 * With syncs the writer's thread waits for the disk, and this one has the time to hash and write. Without, the writer
 * has it for what is still held.
 */
int
body_end(struct body *b, struct job *j)
{
	if (b->spilled || !j->fetch->set->no_sync)
		return body_finish(b, j);
	if (b->held_room > b->held_len)
		b->held = buf_realloc(b->held, b->held_room = b->held_len);
	return 0;
}

size_t
body_unwritten(const struct body *b)
{
	return b->spilled ? 0 : b->held_len;
}

void
body_drop(struct body *b)
{
	part_drop(&b->part);
	hash_drop(b->hash);
	free(b->held);
	free(b->piece);
	*b = (struct body){.part.fd = -1};
}

int
body_restart(struct body *b)
{
	hash_drop(b->hash);
	b->hash = NULL;
	b->held_len = 0;
	free(b->held);
	b->held = NULL;
	b->held_room = 0;
	b->sha256[0] = '\0';
	b->piece_len = 0;
	b->spilled = false;
	b->bytes = 0;
	if (b->part.fd < 0)
		return 0;
	return ftruncate(b->part.fd, 0) < 0 || lseek(b->part.fd, 0, SEEK_SET) < 0 ? -1 : 0;
}
