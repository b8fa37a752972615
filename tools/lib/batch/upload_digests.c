#include "batch/upload_digests.h"

#include <endian.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "files/file.h"

static const char name[] = "digests.index";

/* A record of the file. Its numbers are little-endian. */
struct record {
	uint64_t size, inode, changed; /* st_ctim, in nanoseconds */
	unsigned char digest[HASH_BYTES];
	unsigned char check[8]; /* the first bytes of the SHA-256 of the members above */
};
_Static_assert(sizeof(struct record) == 64, "the records have 64 bytes");

static void
describe(struct record *r, const struct stat *st)
{
	r->size = htole64((uint64_t)st->st_size);
	r->inode = htole64((uint64_t)st->st_ino);
	r->changed = htole64((uint64_t)st->st_ctim.tv_sec * 1000000000 + (uint64_t)st->st_ctim.tv_nsec);
}

static void
seal(struct record *r)
{
	unsigned char digest[HASH_BYTES];

	hash_bytes(r, offsetof(struct record, check), digest);
	memcpy(r->check, digest, sizeof(r->check));
}

void
upload_digest_add(struct buf *out, const struct stat *st, const char *sha256)
{
	struct record r;

	describe(&r, st);
	for (size_t i = 0; i < HASH_BYTES; i++)
		r.digest[i] = (unsigned char)(hex_value(sha256[2 * i]) * 16 + hex_value(sha256[2 * i + 1]));
	seal(&r);
	buf_add(out, &r, sizeof(r));
}

void
upload_digests_write(int dir, const struct buf *records)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);

	if (fd >= 0 && file_close(fd, file_write(fd, records->data, records->len)) < 0)
		unlinkat(dir, name, 0);
}

bool
upload_digest_find(int dir, uint32_t k, const struct stat *st, char sha256[HASH_HEX + 1])
{
	struct record noted, now;
	int fd = k ? file_open(dir, name) : -1;
	int rc = fd < 0 ? -1 : file_read_exactly(fd, &noted, sizeof(noted), (off_t)(k - 1) * (off_t)sizeof(noted));

	file_close(fd, 0);
	if (rc < 0)
		return false;
	describe(&now, st);
	memcpy(now.digest, noted.digest, sizeof(now.digest));
	seal(&now);
	hash_hex(noted.digest, sizeof(noted.digest), sha256);
	return memcmp(&now, &noted, sizeof(now)) == 0;
}

static int
see_one(int dir, const struct dirent *e, void *arg)
{
	(void)dir;
	(void)arg;
	return strcmp(e->d_name, name) != 0;
}

bool
uploads_are_gone(int dir)
{
	return file_each(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), see_one, NULL) == 0;
}

void
upload_digests_remove(int dir)
{
	if (dir >= 0 && uploads_are_gone(dir))
		unlinkat(dir, name, 0);
}
