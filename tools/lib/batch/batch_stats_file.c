#include "batch/batch_stats_file.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "files/file.h"

/* The file is a digest of the rest, the digest of the end of the results that it is about, numbers of 8 bytes,
 * little-endian, the codes of failures, each with a NUL, and for each item a byte, the number of its code or 0. */
enum { TO, BYTES, FROM, STEP, BUCKETS, KINDS, ROOM, NUMBERS };
enum {
	MAGIC_BYTES = 8,
	ALL_NUMBERS = NUMBERS + 2 * BATCH_STATS_BUCKETS + 3 * BATCH_STATS_RECENT,
	HEAD = MAGIC_BYTES + 2 * HASH_BYTES + ALL_NUMBERS * (int)sizeof(uint64_t),
	TAIL_BYTES = 4096, /* of the results, or fewer */
};

static const char name[] = "stats.index", magic[MAGIC_BYTES + 1] = "bistats1";

/* The digest of the end of the results up to TO. 0, or -1 if they do not reach so far or cannot be read. */
static int
digest_tail(int results, off_t to, unsigned char digest[HASH_BYTES])
{
	char tail[TAIL_BYTES];
	size_t n = to < TAIL_BYTES ? (size_t)to : TAIL_BYTES;

	if (file_read_exactly(results, tail, n, to - (off_t)n) < 0)
		return -1;
	hash_bytes(tail, n, digest);
	return 0;
}

static int
open_stats(int dir)
{
	return openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

off_t
batch_stats_reach(int dir)
{
	uint64_t to = 0;
	int fd = open_stats(dir), rc = -1;

	if (fd >= 0)
		rc = file_read_exactly(fd, &to, sizeof(to), MAGIC_BYTES + 2 * HASH_BYTES);
	file_close(fd, 0);
	return rc < 0 || le64toh(to) > INT64_MAX ? 0 : (off_t)le64toh(to);
}

/* --- writing --- */

static void
add_number(struct buf *out, uint64_t n)
{
	uint64_t little = htole64(n);

	buf_add(out, &little, sizeof(little));
}

/* The number of bytes of FAILED up to the last that is not 0. */
static uint32_t
room_needed(const struct batch_stats *h)
{
	uint32_t room = h->room;

	while (room > 0 && h->failed[room - 1] == 0)
		room--;
	return room;
}

static void
print_numbers(const struct batch_stats *h, uint32_t room, struct buf *out)
{
	const uint64_t first[NUMBERS] = {
		[TO] = (uint64_t)h->read_to,
		[BYTES] = h->bytes,
		[FROM] = (uint64_t)h->from,
		[STEP] = h->step,
		[BUCKETS] = h->buckets,
		[KINDS] = h->kinds_n,
		[ROOM] = room,
	};

	for (size_t i = 0; i < NUMBERS; i++)
		add_number(out, first[i]);
	for (size_t i = 0; i < BATCH_STATS_BUCKETS; i++) {
		add_number(out, h->items_in[i]);
		add_number(out, h->bytes_in[i]);
	}
	for (size_t i = 0; i < BATCH_STATS_RECENT; i++) {
		add_number(out, (uint64_t)h->recent[i].at);
		add_number(out, h->recent[i].items);
		add_number(out, h->recent[i].bytes);
	}
}

void
batch_stats_save(const struct batch_stats *h, int dir)
{
	unsigned char digest[HASH_BYTES];
	uint32_t room = room_needed(h);
	struct buf out = {0};
	int fd = -1;

	if (digest_tail(h->fd, h->read_to, digest) < 0)
		return;
	buf_add(&out, magic, MAGIC_BYTES);
	buf_add(&out, digest, HASH_BYTES); /* in the place of that of the rest */
	buf_add(&out, digest, HASH_BYTES);
	print_numbers(h, room, &out);
	for (size_t i = 0; i < h->kinds_n; i++)
		buf_add(&out, h->kinds[i].code, strlen(h->kinds[i].code) + 1);
	buf_add(&out, h->failed ? (const char *)h->failed : "", room);
	hash_bytes(out.data + MAGIC_BYTES + HASH_BYTES, out.len - MAGIC_BYTES - HASH_BYTES, digest);
	memcpy(out.data + MAGIC_BYTES, digest, HASH_BYTES);
	/* In place: a reader that sees half of it sees that the digest is wrong. */
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
	if (fd >= 0 && file_write(fd, out.data, out.len) < 0)
		unlinkat(dir, name, 0);
	file_close(fd, 0);
	buf_free(&out);
}

/* --- reading --- */

static uint64_t
number_at(const char *text, size_t i)
{
	uint64_t little;

	memcpy(&little, text + MAGIC_BYTES + 2 * HASH_BYTES + i * sizeof(little), sizeof(little));
	return le64toh(little);
}

/* Whether the numbers can be calculated with: note_time() divides by the step, which is a power of 2. */
static bool
are_sound(const char *text)
{
	uint64_t step = number_at(text, STEP), buckets = number_at(text, BUCKETS);

	return number_at(text, TO) <= INT64_MAX && number_at(text, KINDS) <= BATCH_STATS_KINDS &&
	       number_at(text, ROOM) < UINT32_MAX && number_at(text, FROM) <= INT64_MAX / 2 &&
	       buckets <= BATCH_STATS_BUCKETS && step <= UINT32_MAX / 2 && (step & (step - 1)) == 0 &&
	       (step > 0 || buckets == 0);
}

static bool
is_sound(const struct buf *text, int results)
{
	unsigned char digest[HASH_BYTES];
	const char *rest = text->data + MAGIC_BYTES + HASH_BYTES;

	if (text->len < HEAD || memcmp(text->data, magic, MAGIC_BYTES) != 0)
		return false;
	hash_bytes(rest, text->len - MAGIC_BYTES - HASH_BYTES, digest);
	if (memcmp(digest, text->data + MAGIC_BYTES, HASH_BYTES) != 0)
		return false;
	return are_sound(text->data) && digest_tail(results, (off_t)number_at(text->data, TO), digest) == 0 &&
	       memcmp(digest, rest, HASH_BYTES) == 0;
}

static void
read_numbers(struct batch_stats *h, const char *text)
{
	size_t at = NUMBERS;

	h->read_to = (off_t)number_at(text, TO);
	h->bytes = number_at(text, BYTES);
	h->from = (int64_t)number_at(text, FROM);
	h->step = (unsigned)number_at(text, STEP);
	h->buckets = (size_t)number_at(text, BUCKETS);
	for (size_t i = 0; i < BATCH_STATS_BUCKETS; i++) {
		h->items_in[i] = (uint32_t)number_at(text, at++);
		h->bytes_in[i] = number_at(text, at++);
	}
	for (size_t i = 0; i < BATCH_STATS_RECENT; i++) {
		h->recent[i].at = (int64_t)number_at(text, at++);
		h->recent[i].items = (uint32_t)number_at(text, at++);
		h->recent[i].bytes = number_at(text, at++);
	}
}

/* Reads the codes and the bytes of items behind the numbers, and counts the bytes. */
static void
read_failures(struct batch_stats *h, const struct buf *text)
{
	const char *at = text->data + HEAD, *end = text->data + text->len;

	for (uint64_t n = number_at(text->data, KINDS); n > 0 && at < end && memchr(at, '\0', (size_t)(end - at));
	     n--) {
		h->kinds[h->kinds_n++].code = buf_strdup(at);
		at += strlen(at) + 1;
	}
	h->room = (uint32_t)(end - at);
	h->failed = buf_alloc((size_t)h->room + 1);
	for (uint32_t k = 0; k < h->room; k++) {
		unsigned char kind = (unsigned char)at[k];

		if (kind == 0 || kind > h->kinds_n)
			continue;
		h->failed[k] = kind;
		h->kinds[kind - 1].count++;
	}
}

void
batch_stats_load(struct batch_stats *h, int dir)
{
	struct buf text = {0};
	struct stat st;
	int fd = open_stats(dir);

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    file_read_all(fd, (size_t)st.st_size, &text) == 0 && text.len > 0 && is_sound(&text, h->fd)) {
		read_numbers(h, text.data);
		read_failures(h, &text);
	}
	file_close(fd, 0);
	buf_free(&text);
}
