#include "body.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "files/file.h"

/* --- digests of what is long, reckoned in a thread of their own while the next bytes come in and are written --- */

enum { WAITING_MAX = 16 }; /* pieces, of 256 KiB at most each */

struct hasher {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct piece {
		struct hash *hash;
		char *bytes;
		size_t n;
	} waiting[WAITING_MAX]; /* a ring; the first piece is being hashed */
	size_t first, count;
	bool end;
};

static void *
hash_pieces(void *arg)
{
	struct hasher *h = arg;

	pthread_mutex_lock(&h->mutex);
	for (;;) {
		struct piece p;

		while (h->count == 0 && !h->end)
			pthread_cond_wait(&h->changed, &h->mutex);
		if (h->count == 0)
			break;
		p = h->waiting[h->first];
		pthread_mutex_unlock(&h->mutex);
		hash_add(p.hash, p.bytes, p.n);
		free(p.bytes);
		pthread_mutex_lock(&h->mutex);
		h->first = (h->first + 1) % WAITING_MAX;
		h->count--;
		if (h->count == 0 || h->count == WAITING_MAX - 1) /* a thread may wait for that */
			pthread_cond_broadcast(&h->changed);
	}
	pthread_mutex_unlock(&h->mutex);
	return NULL;
}

static struct hasher *
hasher_start(void)
{
	struct hasher *h = buf_alloc(sizeof(*h));
	int error;

	pthread_mutex_init(&h->mutex, NULL);
	pthread_cond_init(&h->changed, NULL);
	error = pthread_create(&h->thread, NULL, hash_pieces, h);
	if (!error)
		return h;
	free(h);
	errno = error;
	return NULL;
}

/* Passes N bytes to the thread, which adds them to HASH in order. BYTES are from malloc(), and are freed. HASH belongs
 * to the thread until hasher_wait() has returned. If several megabytes are waiting, this waits until some are done. */
static void
hasher_give(struct hasher *h, struct hash *hash, char *bytes, size_t n)
{
	pthread_mutex_lock(&h->mutex);
	while (h->count == WAITING_MAX)
		pthread_cond_wait(&h->changed, &h->mutex);
	h->waiting[(h->first + h->count++) % WAITING_MAX] = (struct piece){hash, bytes, n};
	if (h->count == 1)
		pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->mutex);
}

static void
hasher_wait(struct hasher *h)
{
	pthread_mutex_lock(&h->mutex);
	while (h->count > 0)
		pthread_cond_wait(&h->changed, &h->mutex);
	pthread_mutex_unlock(&h->mutex);
}

void
body_store_end(struct body_store *store)
{
	struct hasher *h = store->hasher;

	if (!h)
		return;
	pthread_mutex_lock(&h->mutex);
	h->end = true;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->mutex);
	pthread_join(h->thread, NULL);
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->mutex);
	free(h);
}

/* --- bodies --- */

enum { FIRST = 64 << 10, NAME_FROM = 1 << 20, HEAD = 16 << 10 };

/* Larger pieces need fewer system calls; all pieces together have at most PIECES_ALL bytes. */
enum { PIECE_MIN = 64 << 10, PIECE_MAX = 256 << 10, PIECES_ALL = 8 << 20, SYNC_PIECE = 2 << 20 };

struct body
body_new(struct body_store *store)
{
	return (struct body){.store = store, .part.fd = -1};
}

size_t
body_piece_size(long parallel)
{
	size_t each = PIECES_ALL / (size_t)parallel;

	return each < PIECE_MIN ? PIECE_MIN : each < PIECE_MAX ? each : PIECE_MAX;
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

/* Writes the held bytes; their beginning stays in HELD as the head of the file. */
static int
spill_held(struct body *b)
{
	if (b->spilled)
		return 0;
	b->hash = hash_begin();
	hash_add(b->hash, b->held, b->held_len);
	if (body_open(b) < 0 || atomic_file_write(&b->part, b->held, b->held_len) < 0)
		return -1;
	b->spilled = true;
	/* Until its group is finished, only the head is needed. */
	if (b->held_len > HEAD)
		b->held = buf_realloc(b->held, b->held_room = b->held_len = HEAD);
	return 0;
}

/* The digest belongs to this thread again. */
static void
take_hash(struct body *b)
{
	if (b->hasher)
		hasher_wait(b->hasher);
	b->hasher = NULL;
}

/* Writes the piece, and passes it on for hashing while the next one arrives. Tells the kernel to start writing data
 * that will be synced, so that the disk works during the transfer and not only at its end. */
static int
write_piece(struct body *b)
{
	off_t end = b->store->sync ? (off_t)b->bytes : 0;

	if (atomic_file_write(&b->part, b->piece, b->piece_len) < 0)
		return -1;
	if (!b->store->hasher)
		b->store->hasher = hasher_start();
	b->hasher = b->store->hasher;
	if (b->hasher) {
		hasher_give(b->hasher, b->hash, b->piece, b->piece_len);
	} else {
		hash_add(b->hash, b->piece, b->piece_len);
		free(b->piece);
	}
	b->piece = NULL;
	b->piece_len = 0;
	if (end - b->sync_begun >= SYNC_PIECE) {
		(void)sync_file_range(b->part.fd, b->sync_begun, end - b->sync_begun, SYNC_FILE_RANGE_WRITE);
		b->sync_begun = end;
	}
	return 0;
}

int
body_flush(struct body *b)
{
	return b->piece_len ? write_piece(b) : 0;
}

/* After the first bytes, data is written in whole pieces. */
static int
add_to_piece(struct body *b, const char *bytes, size_t n)
{
	size_t room = b->store->piece;

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
		if (write_piece(b) < 0)
			return -1;
	}
	return has_become_large(b);
}

int
body_add(struct body *b, const void *bytes, size_t n, size_t expected)
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
		/* If the first piece is already long, its beginning is the head. */
		size_t some = HEAD - b->held_len < n ? HEAD - b->held_len : n;

		b->held = buf_realloc(b->held, b->held_room = FIRST);
		memcpy(b->held + b->held_len, bytes, some);
		b->held_len += some;
		bytes = (const char *)bytes + some;
		n -= some;
	}
	return spill_held(b) < 0 ? -1 : add_to_piece(b, bytes, n);
}

/* The following bytes are already in the file: they are counted and hashed, and their beginning is held as the head of
 * the file. */
static void
take_piece(struct body *b, const char *bytes, size_t n)
{
	size_t room = b->held_len < HEAD ? HEAD - b->held_len : 0;

	take_hash(b);
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
	off_t end = (off_t)b->bytes;

	return ftruncate(b->part.fd, end) < 0 || lseek(b->part.fd, end, SEEK_SET) < 0 ? -1 : 0;
}

int
body_finish(struct body *b)
{
	if (b->sha256[0])
		return 0;
	if (spill_held(b) < 0 || body_flush(b) < 0)
		return -1;
	take_hash(b);
	hash_end(b->hash, b->sha256);
	b->hash = NULL;
	return 0;
}

/* With syncs, the writer's thread waits for the disk, so this thread has time to hash and write. Without, the writer
 * has time for the held bytes. */
int
body_end(struct body *b)
{
	if (b->spilled || b->store->sync)
		return body_finish(b);
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
	take_hash(b);
	atomic_file_drop(&b->part);
	hash_drop(b->hash);
	free(b->held);
	free(b->piece);
	*b = body_new(b->store);
}

void
body_forget(struct body *b)
{
	free(b->held);
	free(b->piece);
	b->held = b->piece = NULL;
	b->held_len = b->held_room = b->piece_len = 0;
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
	take_hash(b);
	hash_drop(b->hash);
	b->hash = NULL;
	b->sync_begun = 0;
	b->held_len = 0;
	free(b->held);
	b->held = NULL;
	b->held_room = 0;
	b->sha256[0] = '\0';
	b->piece_len = 0;
	b->spilled = false;
	b->bytes = 0;
	b->named = false;
	if (b->part.fd < 0)
		return 0;
	/* The note is written first, so that it never belongs to other bytes. */
	return atomic_file_note(&b->part, NULL) < 0 ? -1 : body_seek(b);
}
