#include "body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "files/file.h"
#include "piece_writer.h"

enum { FIRST = 64 << 10, NAME_FROM = 1 << 20, HEAD = 16 << 10 };

/* Files of so many bytes are written past the page cache, in pieces of at least PIECE_LARGE. */
enum { LARGE_FROM = 1 << 20, PIECE_LARGE = 256 << 10 };

/* Larger pieces need fewer system calls and handovers. Those that are being filled have at most FILLING_ALL bytes
 * together, unless there are more than 512. What is received at once stays in the processor's cache. */
enum { PIECE_MIN = 64 << 10, PIECE_MAX = 1 << 20, FILLING_ALL = 32 << 20 };
enum { RECEIVE_MAX = 256 << 10, RECEIVE_ALL = 8 << 20 };

static size_t
share_of(size_t all, size_t most, long parallel)
{
	size_t each = all / (size_t)parallel / PIECE_MIN * PIECE_MIN;

	return each < PIECE_MIN ? PIECE_MIN : each < most ? each : most;
}

struct body_store
body_store_new(int temp, bool sync, long parallel)
{
	return (struct body_store){
		.temp = temp,
		.sync = sync,
		.piece = share_of(FILLING_ALL, PIECE_MAX, parallel),
		.receive = share_of(RECEIVE_ALL, RECEIVE_MAX, parallel),
	};
}

void
body_store_end(struct body_store *store)
{
	piece_writer_end(store->writer);
	store->writer = NULL;
}

struct body
body_new(struct body_store *store)
{
	return (struct body){.store = store, .part.fd = -1};
}

int
body_open(struct body *b)
{
	if (b->part.fd >= 0)
		return 0;
	if (atomic_file_open(&b->part, b->store->temp) == 0)
		return 0;
	b->part.fd = -1;
	return -1;
}

/* A large unfinished file gets a name, so that a long download is visible in temp/ and can be resumed. */
static int
has_become_large(struct body *b)
{
	if (b->named || b->bytes < NAME_FROM)
		return 0;
	b->named = true;
	return 1;
}

/* Waits until what was given to the threads is hashed and written. 0 or -1. */
static int
wait_for_pieces(struct body *b)
{
	return b->stream ? piece_stream_wait(b->stream) : 0;
}

static void
end_stream(struct body *b)
{
	piece_stream_free(b->stream);
	b->stream = NULL;
}

/* Gives the piece to the threads, which hash and write it while the next one arrives. */
static int
give_piece(struct body *b)
{
	struct piece *p = b->piece;
	bool large = b->store->piece >= PIECE_LARGE && (b->bytes >= LARGE_FROM || b->expected >= LARGE_FROM);

	if (!p)
		return 0;
	b->piece = NULL;
	if (!b->stream)
		b->stream = piece_stream_new(b->store->writer, b->part.fd, b->hash);
	return piece_stream_give(b->stream, p, large);
}

int
body_flush(struct body *b)
{
	return give_piece(b) < 0 ? -1 : wait_for_pieces(b);
}

/* After the first bytes, data is written in whole pieces. AT is the offset of BYTES in the file. */
static int
add_to_piece(struct body *b, const char *bytes, size_t n, uint64_t at)
{
	if (!b->store->writer)
		b->store->writer = piece_writer_new(b->store->piece, b->store->sync);
	while (n > 0) {
		size_t some;

		if (!b->piece)
			b->piece = piece_new(b->store->writer, at);
		some = piece_add(b->store->writer, b->piece, bytes, n);
		at += some;
		bytes += some;
		n -= some;
		if (piece_is_full(b->store->writer, b->piece) && give_piece(b) < 0)
			return -1;
	}
	return 0;
}

/* The held bytes go into the first piece; their beginning stays in HELD as the head of the file. */
static int
spill_held(struct body *b)
{
	if (b->spilled)
		return 0;
	if (body_open(b) < 0)
		return -1;
	b->hash = hash_begin();
	b->spilled = true;
	if (add_to_piece(b, b->held, b->held_len, 0) < 0)
		return -1;
	/* Until its group is finished, only the head is needed. */
	if (b->held_len > HEAD)
		b->held = buf_realloc(b->held, b->held_room = b->held_len = HEAD);
	return 0;
}

/* All bytes are in memory: hashes and writes them here. */
static int
write_held(struct body *b)
{
	b->hash = hash_begin();
	hash_add(b->hash, b->held, b->held_len);
	return body_open(b) < 0 ? -1 : file_write_at(b->part.fd, b->held, b->held_len, 0);
}

int
body_add(struct body *b, const void *bytes, size_t n, size_t expected)
{
	uint64_t at = b->bytes;

	b->bytes += n;
	b->expected = expected;
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
		/* If the first piece is already long, its beginning is the head. */
		size_t some = HEAD - b->held_len < n ? HEAD - b->held_len : n;

		b->held = buf_realloc(b->held, b->held_room = FIRST);
		memcpy(b->held + b->held_len, bytes, some);
		b->held_len += some;
		bytes = (const char *)bytes + some;
		n -= some;
		at += some;
	}
	return spill_held(b) < 0 || add_to_piece(b, bytes, n, at) < 0 ? -1 : has_become_large(b);
}

/* The following bytes are already in the file: they are counted and hashed, and their beginning is held as the head of
 * the file. */
static void
take_piece(struct body *b, const char *bytes, size_t n)
{
	size_t room = b->held_len < HEAD ? HEAD - b->held_len : 0;

	if (!b->hash)
		b->hash = hash_begin();
	if (room && !b->held)
		b->held = buf_realloc(NULL, b->held_room = HEAD);
	if (room) {
		memcpy(b->held + b->held_len, bytes, n < room ? n : room);
		b->held_len += n < room ? n : room;
	}
	hash_add(b->hash, bytes, n);
	b->bytes += n;
	b->spilled = true;
}

int
body_read(struct body *b, uint64_t end, size_t most)
{
	char piece[64 << 10];

	if (body_flush(b) < 0)
		return -1;
	while (most > 0 && b->bytes < end) {
		uint64_t want = end - b->bytes < most ? end - b->bytes : most;
		ssize_t n = pread(b->part.fd, piece, want < sizeof(piece) ? want : sizeof(piece), (off_t)b->bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n < 0 ? errno : ENODATA;
			return -1;
		}
		take_piece(b, piece, (size_t)n);
		most -= (size_t)n;
	}
	return has_become_large(b);
}

int
body_adopt(struct body *b, uint64_t size, const char *sha256)
{
	size_t n = size < HEAD ? (size_t)size : HEAD;

	b->held = buf_realloc(b->held, b->held_room = HEAD);
	if (file_read_exactly(b->part.fd, b->held, n, 0) < 0)
		return -1;
	b->held_len = n;
	b->bytes = size;
	b->spilled = true;
	snprintf(b->sha256, sizeof(b->sha256), "%s", sha256);
	return 0;
}

int
body_seek(struct body *b)
{
	return ftruncate(b->part.fd, (off_t)b->bytes);
}

int
body_finish(struct body *b)
{
	if (b->sha256[0])
		return 0;
	if ((b->spilled ? body_flush(b) : write_held(b)) < 0)
		return -1;
	end_stream(b);
	hash_end(b->hash, b->sha256);
	b->hash = NULL;
	return 0;
}

/* The caller of body_finish() waits for the threads. With syncs, the writer's thread waits for the disk, so this thread
 * has time to hash and write what is small. Without, the writer has time for that. */
int
body_end(struct body *b)
{
	if (b->spilled)
		return give_piece(b);
	if (b->store->sync)
		return body_finish(b);
	if (b->held_room > b->held_len)
		b->held = buf_realloc(b->held, b->held_room = b->held_len);
	return 0;
}

bool
body_is_large(const struct body *b)
{
	return b->bytes >= LARGE_FROM;
}

size_t
body_in_memory(const struct body *b)
{
	return !b->spilled ? b->held_len : b->piece ? piece_length(b->piece) : 0;
}

size_t
body_store_unwritten(const struct body_store *store)
{
	return store->writer ? piece_writer_unwritten(store->writer) : 0;
}

size_t
body_unwritten(const struct body *b)
{
	return b->spilled ? 0 : b->held_len;
}

/* Ends what is under way, and drops the piece. */
static void
drop_bytes(struct body *b)
{
	end_stream(b);
	if (b->piece)
		piece_free(b->store->writer, b->piece);
	hash_drop(b->hash);
	free(b->held);
	b->piece = NULL;
	b->hash = NULL;
	b->held = NULL;
	b->held_len = b->held_room = 0;
}

void
body_drop(struct body *b)
{
	drop_bytes(b);
	atomic_file_drop(&b->part);
	*b = body_new(b->store);
}

void
body_forget(struct body *b)
{
	free(b->held);
	b->held = NULL;
	b->held_len = b->held_room = 0;
}

void
body_leave(struct body *b)
{
	if (b->part.noted) {
		body_flush(b); /* the file ends before the bytes that cannot be written */
		atomic_file_leave(&b->part);
	}
	body_drop(b);
}

int
body_restart(struct body *b)
{
	drop_bytes(b);
	b->sha256[0] = '\0';
	b->spilled = false;
	b->bytes = 0;
	b->named = false;
	if (b->part.fd < 0)
		return 0;
	/* The note is written first, so that it never belongs to other bytes. */
	return atomic_file_note(&b->part, NULL) < 0 ? -1 : body_seek(b);
}
