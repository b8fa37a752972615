#include "confined/unpack.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "files/file.h"

static la_ssize_t
read_source(struct archive *a, void *arg, const void **block)
{
	struct unpack *s = arg;
	ssize_t n = file_read_at(s->fd, s->block, sizeof(s->block), s->at);

	*block = s->block;
	if (n < 0) {
		s->failed = errno;
		archive_set_error(a, errno, "it cannot be read: %s", strerror(errno));
		return ARCHIVE_FATAL;
	}
	s->at += n;
	return n;
}

static la_int64_t
seek_source(struct archive *a, void *arg, la_int64_t offset, int whence)
{
	struct unpack *s = arg;
	int64_t from = whence == SEEK_CUR ? s->at : whence == SEEK_END ? s->size : 0, to;

	if (__builtin_add_overflow(from, offset, &to) || to < 0) {
		archive_set_error(a, EINVAL, "it refers to what is before its beginning");
		return ARCHIVE_FATAL;
	}
	return s->at = to;
}

static la_int64_t
skip_source(struct archive *a, void *arg, la_int64_t bytes)
{
	struct unpack *s = arg;
	int64_t left = s->size - s->at, n = bytes < left ? bytes : left;

	(void)a;
	if (n <= 0)
		return 0;
	s->at += n;
	return n;
}

void
unpack_load(void)
{
	static const char *const charsets[] = {"UTF-16LE", "UTF-16BE", "UTF-8"};

	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++)
		if (iconv_open("UTF-8", charsets[i]) == (iconv_t)-1) /* open until the process ends */
			msg_die_errno(EX_UNAVAILABLE, "cannot convert names from %s", charsets[i]);
}

/* The record at the end of a ZIP's directory (PKWARE APPNOTE 4.3.16); at is 0 if there is none. A ZIP64 has its numbers
 * elsewhere. */
struct zip_end {
	uint64_t at, count, size, offset; /* of the record; members, bytes and place of the directory */
	bool zip64;
};

static uint64_t
little_endian(const unsigned char *s, size_t n)
{
	uint64_t value = 0;

	while (n-- > 0)
		value = value << 8 | s[n];
	return value;
}

static int
find_zip_end(const struct unpack *u, struct zip_end *end)
{
	enum { END_SIZE = 22, COMMENT_MAX = 0xffff, LOCATOR_SIZE = 20 };
	static unsigned char tail[END_SIZE + COMMENT_MAX];
	int64_t from = u->size > (int64_t)sizeof(tail) ? u->size - (int64_t)sizeof(tail) : 0;
	ssize_t n = file_read_at(u->fd, tail, sizeof(tail), from);

	*end = (struct zip_end){0};
	for (ssize_t i = n - END_SIZE; i >= 0; i--) {
		const unsigned char *record = tail + i;

		if (memcmp(record, "PK\5\6", 4) != 0)
			continue;
		*end = (struct zip_end){.at = (uint64_t)(from + i),
					.count = little_endian(record + 10, 2),
					.size = little_endian(record + 12, 4),
					.offset = little_endian(record + 16, 4),
					.zip64 = i >= LOCATOR_SIZE && memcmp(record - LOCATOR_SIZE, "PK\6\7", 4) == 0};
		break;
	}
	return n < 0 ? -1 : 0;
}

/* Finds out whether this is a ZIP that does not end in its own directory: its end is cut off, or bytes before it are
 * missing. The last directory, if there is one, is then that of another ZIP in it, or has wrong places. 0, or -1 with
 * errno. */
static int
look_for_end(struct unpack *u)
{
	enum { COUNT_UNKNOWN = 0xffff };
	struct zip_end end;
	char head[4];
	ssize_t n = file_read_at(u->fd, head, 4, 0);

	if (n < 0 || find_zip_end(u, &end) < 0)
		return -1;
	u->listed = end.count != COUNT_UNKNOWN ? end.count : 0;
	u->cut = n == 4 && memcmp(head, "PK\3\4", 4) == 0 &&
		 (!end.at || (!end.zip64 && end.size != UINT32_MAX && end.offset != UINT32_MAX &&
			      end.offset + end.size != end.at));
	return 0;
}

struct archive *
unpack_new(struct unpack *u, int fd)
{
	struct archive *a = archive_read_new();
	struct stat st;
	static int (*const supports[])(struct archive *) = {
		archive_read_support_filter_bzip2, archive_read_support_filter_compress,
		archive_read_support_filter_gzip,  archive_read_support_filter_lz4,
		archive_read_support_filter_lzip,  archive_read_support_filter_lzma,
		archive_read_support_filter_rpm,   archive_read_support_filter_xz,
		archive_read_support_filter_zstd,  archive_read_support_format_7zip,
		archive_read_support_format_ar,    archive_read_support_format_cab,
		archive_read_support_format_cpio,  archive_read_support_format_iso9660,
		archive_read_support_format_lha,   archive_read_support_format_rar,
		archive_read_support_format_rar5,  archive_read_support_format_tar,
		archive_read_support_format_xar,
	};

	if (!a || fstat(fd, &st) < 0) {
		archive_read_free(a);
		return NULL;
	}
	*u = (struct unpack){.fd = fd, .size = st.st_size};
	if (look_for_end(u) < 0) {
		int error = errno;

		archive_read_free(a);
		errno = error;
		return NULL;
	}
	/* If libarchive was built without a format, it returns an error here, and later does not recognise such
	 * archives. */
	for (size_t i = 0; i < sizeof(supports) / sizeof(supports[0]); i++)
		supports[i](a);
	if (u->cut)
		archive_read_support_format_zip_streamable(a);
	else
		archive_read_support_format_zip(a);
	archive_read_set_read_callback(a, read_source);
	archive_read_set_seek_callback(a, seek_source);
	archive_read_set_skip_callback(a, skip_source);
	archive_read_set_callback_data(a, u);
	return a;
}

/* libarchive has no numbers for these, but its texts do not change: they are in its tests. */
enum unpack_fault
unpack_fault(struct archive *a, const struct unpack *u)
{
	const char *words = archive_error_string(a);

	words = words ? words : "";
	if (u->failed)
		return UNPACK_UNREAD;
	if (strcmp(words, "Unrecognized archive format") == 0)
		return UNPACK_NOT;
	if (strcasestr(words, "crypt") || strcasestr(words, "passphrase"))
		return UNPACK_ENCRYPTED;
	if (archive_errno(a) == ENOMEM)
		return UNPACK_MEMORY;
	if (strcasestr(words, "unsupported") || strcasestr(words, "not supported") ||
	    strcasestr(words, "support unavailable") || strcasestr(words, "no support for") ||
	    strcasestr(words, "codec ID"))
		return UNPACK_UNSUPPORTED;
	return archive_read_has_encrypted_entries(a) > 0 ? UNPACK_ENCRYPTED : UNPACK_DAMAGED;
}

uint64_t
unpack_overlaps(struct archive *a, const struct unpack *u, uint64_t count)
{
	if ((archive_format(a) & ARCHIVE_FORMAT_BASE_MASK) != ARCHIVE_FORMAT_ZIP)
		return 0;
	return u->listed > count ? u->listed - count : 0;
}
