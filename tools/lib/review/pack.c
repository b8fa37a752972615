#include "review/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/msg.h"
#include "files/file.h"

enum {
	EPOCH = 315532800, /* the time of every member: 1980-01-01, the earliest time in a zip */
	BLOCK = 1 << 16,
};

struct pack {
	bool is_zip;
	struct archive *a;
	int fd;
	char *manifest;
	char *tree; /* a directory instead of the archive; NULL: none */
	struct buf sums;
	struct hash *hash; /* of the archive */
	uint64_t bytes;
	int error;    /* of writing to FD */
	bool dropped; /* nothing more is written */
};

static const struct pack_kind kinds[] = {
	{".tar", NULL, 0},        {".zip", NULL, 1},     {".tar.gz", "gzip", 0}, {".tgz", "gzip", 0},
	{".tar.bz2", "bzip2", 0}, {".tbz2", "bzip2", 0}, {".tar.xz", "xz", 0},   {".txz", "xz", 0},
	{".tar.zst", "zstd", 0},  {".tzst", "zstd", 0},  {".tar.lz4", "lz4", 0}, {".tar.lz", "lzip", 0},
};

const struct pack_kind *const pack_tar = &kinds[0], *const pack_zip = &kinds[1];

const struct pack_kind *
pack_kind_of(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t k = strlen(kinds[i].suffix);

		if (n > k && strcmp(name + n - k, kinds[i].suffix) == 0 && name[n - k - 1] != '/')
			return &kinds[i];
	}
	return NULL;
}

static la_ssize_t
write_out(struct archive *a, void *arg, const void *bytes, size_t n)
{
	struct pack *p = arg;
	ssize_t w;

	if (p->dropped)
		return (la_ssize_t)n;
	do
		w = write(p->fd, bytes, n);
	while (w < 0 && errno == EINTR);
	if (w < 0) {
		p->error = errno;
		archive_set_error(a, errno, "it cannot be written");
		return -1;
	}
	hash_add(p->hash, bytes, (size_t)w);
	p->bytes += (uint64_t)w;
	return w;
}

/* Sets the format and its filter. Returns 0, or the code of libarchive. */
static int
set_kind(struct archive *a, const struct pack_kind *kind)
{
	int rc = kind->is_zip ? archive_write_set_format_zip(a) : archive_write_set_format_pax_restricted(a);

	if (rc == ARCHIVE_OK && kind->filter)
		rc = archive_write_add_filter_by_name(a, kind->filter);
	/* gzip would store the time of writing. */
	if (rc == ARCHIVE_OK && kind->filter && strcmp(kind->filter, "gzip") == 0)
		rc = archive_write_set_filter_option(a, "gzip", "timestamp", NULL);
	/* No padding after the compressed data. */
	if (rc == ARCHIVE_OK)
		rc = archive_write_set_bytes_per_block(a, BLOCK);
	return rc == ARCHIVE_OK ? archive_write_set_bytes_in_last_block(a, 1) : rc;
}

struct pack *
pack_begin(const struct pack_kind *kind, int fd, const char *manifest)
{
	struct pack *p = buf_alloc(sizeof(*p));

	p->fd = fd;
	p->is_zip = kind->is_zip;
	p->manifest = buf_strdup(manifest);
	p->hash = hash_begin();
	p->a = archive_write_new();
	if (p->a && set_kind(p->a, kind) == ARCHIVE_OK &&
	    archive_write_open(p->a, p, NULL, write_out, NULL) == ARCHIVE_OK)
		return p;
	msg_warn("libarchive cannot write %s here: %s", kind->suffix,
		 p->a && archive_error_string(p->a) ? archive_error_string(p->a) : "out of memory");
	pack_drop(p);
	return NULL;
}

struct pack *
pack_begin_tree(const char *tree, const char *manifest)
{
	static const int flags = ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_PERM;
	struct pack *p = buf_alloc(sizeof(*p));

	*p = (struct pack){.fd = -1, .manifest = buf_strdup(manifest), .tree = buf_strdup(tree)};
	p->a = archive_write_disk_new();
	if (p->a && archive_write_disk_set_options(p->a, flags) == ARCHIVE_OK)
		return p;
	msg_warn("libarchive cannot write to a directory here: %s",
		 p->a && archive_error_string(p->a) ? archive_error_string(p->a) : "out of memory");
	pack_drop(p);
	return NULL;
}

const struct buf *
pack_sums(const struct pack *p)
{
	return &p->sums;
}

static int
set_errno(struct pack *p)
{
	return file_fail(p->error ? p->error : archive_errno(p->a) > 0 ? archive_errno(p->a) : EIO);
}

/* Writes the header of a member. Names are UTF-8 in any locale; libarchive writes another name to a tar as bytes, with
 * a warning. Returns the code of libarchive. */
static int
write_header(struct pack *p, struct archive_entry *e)
{
	static locale_t utf8;
	locale_t before;
	int rc;

	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	before = uselocale(utf8);
	rc = archive_write_header(p->a, e);
	uselocale(before);
	return rc == ARCHIVE_WARN && !p->is_zip ? ARCHIVE_OK : rc;
}

static int
begin_member(struct pack *p, const char *name, size_t n)
{
	struct archive_entry *e = archive_entry_new();
	struct buf path = {0};
	int rc;

	if (!e)
		return file_fail(ENOMEM);
	buf_printf(&path, "%s%s%s", p->tree ? p->tree : "", p->tree ? "/" : "", name);
	archive_entry_set_pathname(e, path.data);
	buf_free(&path);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_mtime(e, EPOCH, 0);
	archive_entry_set_size(e, (la_int64_t)n);
	rc = write_header(p, e);
	archive_entry_free(e);
	return rc == ARCHIVE_OK ? 0 : set_errno(p);
}

static int
add_bytes(struct pack *p, const char *bytes, size_t n)
{
	while (n > 0) {
		la_ssize_t w = archive_write_data(p->a, bytes, n);

		if (w <= 0)
			return set_errno(p);
		bytes += w;
		n -= (size_t)w;
		p->bytes += p->tree ? (uint64_t)w : 0;
	}
	return 0;
}

int
pack_bytes(struct pack *p, const char *name, const void *bytes, size_t n)
{
	unsigned char digest[HASH_BYTES];
	char hex[HASH_HEX + 1];

	if (begin_member(p, name, n) < 0 || add_bytes(p, bytes, n) < 0)
		return -1;
	hash_bytes(bytes, n, digest);
	hash_hex(digest, sizeof(digest), hex);
	buf_printf(&p->sums, "%s  %s\n", hex, name);
	return archive_write_finish_entry(p->a) == ARCHIVE_OK ? 0 : set_errno(p);
}

int
pack_file(struct pack *p, const char *name, int fd, const char *sha256)
{
	char block[BLOCK], hex[HASH_HEX + 1];
	struct hash *h;
	struct stat st;
	off_t at = 0;
	ssize_t n = 1;
	int rc;

	if (fstat(fd, &st) < 0 || begin_member(p, name, (size_t)st.st_size) < 0)
		return -1;
	h = hash_begin();
	for (rc = 0; rc == 0 && n > 0; at += n) {
		n = file_read_at(fd, block, sizeof(block), at);
		if (n < 0 || (n > 0 && at + n > st.st_size)) {
			errno = n < 0 ? errno : EBADMSG;
			rc = -1;
		} else if (n > 0) {
			hash_add(h, block, (size_t)n);
			rc = add_bytes(p, block, (size_t)n);
		}
	}
	hash_end(h, hex);
	if (rc == 0 && at != st.st_size) {
		errno = EBADMSG; /* the file became shorter in the meantime; libarchive would pad it with zeros */
		rc = -1;
	}
	if (rc < 0)
		return -1;
	if (sha256 && strcmp(hex, sha256) != 0)
		return file_fail(EBADMSG);
	buf_printf(&p->sums, "%s  %s\n", hex, name);
	return archive_write_finish_entry(p->a) == ARCHIVE_OK ? 0 : set_errno(p);
}

int
pack_end(struct pack *p, char hex[HASH_HEX + 1], uint64_t *bytes)
{
	int rc = 0, error;

	if (begin_member(p, p->manifest, p->sums.len) < 0 ||
	    add_bytes(p, p->sums.len ? p->sums.data : "", p->sums.len) < 0 || archive_write_close(p->a) != ARCHIVE_OK)
		rc = set_errno(p);
	error = errno;
	if (rc == 0 && p->tree) {
		p->hash = hash_begin();
		hash_add(p->hash, p->sums.data, p->sums.len);
	}
	if (rc == 0) {
		hash_end(p->hash, hex);
		p->hash = NULL;
		*bytes = p->bytes;
	}
	pack_drop(p);
	errno = error;
	return rc;
}

void
pack_drop(struct pack *p)
{
	if (!p)
		return;
	/* Freeing it writes the end; archive_write_fail() would hinder that, and leak. */
	p->dropped = true;
	if (p->a)
		archive_write_free(p->a);
	hash_drop(p->hash);
	free(p->manifest);
	free(p->tree);
	buf_free(&p->sums);
	free(p);
}
