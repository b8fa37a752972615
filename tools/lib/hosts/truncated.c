#include "hosts/truncated.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>

#include "files/file.h"

/* NEAR: where to search an end marker that may also occur earlier, by chance or legitimately, such as the first of two
 * in a PDF. */
enum { BLOCK = 64 << 10, BLOCK_FIRST = 4 << 10, SEGMENTS_MAX = 4096, GIF_NEAR = 256, PDF_NEAR = 2048 };

static const char no_marker[] = "it has no end marker: cut short";
static const char shorter[] = "it is shorter than it says: cut short";
static const char unreadable[] = "it cannot be read again";

struct file {
	int fd;
	uint64_t bytes;
	const char *head;
	size_t head_len;
	unsigned char block[BLOCK];
};

/* Reads N bytes (at most BLOCK) at AT into the block: true if all exist. */
static bool
read_block(struct file *f, uint64_t at, size_t n)
{
	if (at > f->bytes || n > f->bytes - at)
		return false;
	if (f->head && at + n <= f->head_len) {
		memcpy(f->block, f->head + at, n);
		return true;
	}
	return file_read_exactly(f->fd, f->block, n, (off_t)at) == 0;
}

static uint32_t
little_endian(const unsigned char *p, int n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

/* The last occurrence of the mark of N bytes in the file from FROM on, at most DISTANCE before TO; -1 if there is none,
 * -2 if the file cannot be read. */
static int64_t
find_last(struct file *f, uint64_t from, uint64_t to, uint64_t distance, const char *mark, size_t n)
{
	size_t block = BLOCK_FIRST;
	uint64_t end = to;

	if (to > distance && to - distance > from)
		from = to - distance;
	while (end >= n && end - n >= from) {
		size_t here = end - from < block ? (size_t)(end - from) : block;
		uint64_t at = end - here;

		if (!read_block(f, at, here))
			return -2;
		for (size_t i = here - n + 1; i-- > 0;)
			if (f->block[i] == (unsigned char)mark[0] && memcmp(f->block + i, mark, n) == 0)
				return (int64_t)(at + i);
		if (at == from)
			break;
		end = at + n - 1;
		block = BLOCK;
	}
	return -1;
}

static const char *
end_verdict(int64_t found)
{
	return found >= 0 ? NULL : found == -1 ? no_marker : unreadable;
}

/* Where the data of the picture begins: an end marker before that belongs to a thumbnail in the header. 0 if the file
 * ends earlier, 2 if the header is not understood. */
static uint64_t
jpeg_data(struct file *f)
{
	uint64_t at = 2;

	for (int i = 0; i < SEGMENTS_MAX; i++) {
		unsigned char *p = f->block;

		if (!read_block(f, at, 4))
			return 0;
		if (p[0] != 0xff)
			return 2;
		if (p[1] == 0xda)
			return at;
		if (p[1] == 0xff)
			at++;
		else if (p[1] == 0x01 || (p[1] >= 0xd0 && p[1] <= 0xd8))
			at += 2;
		else
			at += 2 + ((uint64_t)p[2] << 8 | p[3]);
	}
	return 2;
}

static const char *
jpeg_check(struct file *f)
{
	uint64_t data = jpeg_data(f);

	return data ? end_verdict(find_last(f, data, f->bytes, TRUNCATED_READ_MAX, "\xff\xd9", 2)) : no_marker;
}

static const char *
png_check(struct file *f)
{
	return end_verdict(find_last(f, 8, f->bytes, TRUNCATED_READ_MAX, "IEND\xae\x42\x60\x82", 8));
}

/* The end of the file without the white space and zeros, at most one block, that servers and tools append. */
static uint64_t
trimmed_end(struct file *f)
{
	size_t n = f->bytes < BLOCK ? (size_t)f->bytes : BLOCK, left = n;

	if (!read_block(f, f->bytes - n, n))
		return f->bytes;
	while (left > 0 && (f->block[left - 1] == '\0' || strchr(" \t\r\n", f->block[left - 1])))
		left--;
	return f->bytes - n + left;
}

static const char *
gif_check(struct file *f)
{
	uint64_t end = trimmed_end(f);

	if (end > 13 && read_block(f, end - 1, 1) && f->block[0] == ';')
		return NULL;
	return end_verdict(find_last(f, 13, f->bytes, GIF_NEAR, "\0;", 2));
}

/* A length of zero or of all ones is from a program that wrote the file as a stream. */
static const char *
riff_check(struct file *f)
{
	uint32_t length;

	if (!read_block(f, 0, 12))
		return f->bytes < 12 ? shorter : unreadable;
	length = little_endian(f->block + 4, 4);
	if (memcmp(f->block, "RIFF", 4) != 0 || length == 0 || length == UINT32_MAX)
		return NULL;
	return f->bytes < (uint64_t)length + 8 ? shorter : NULL;
}

static const char *
pdf_check(struct file *f)
{
	return end_verdict(find_last(f, 0, trimmed_end(f), PDF_NEAR, "%%EOF", 5));
}

/* The record at the end has the lengths of the directory before it and the comment after it. */
static const char *
zip_check(struct file *f)
{
	enum { RECORD = 22, COMMENT_MAX = 65535, MARKS_MAX = 16 };
	uint64_t to = f->bytes;
	int64_t at;

	for (int i = 0; i < MARKS_MAX; i++) {
		uint32_t directory;

		at = find_last(f, 0, to, COMMENT_MAX + BLOCK, "PK\5\6", 4);
		if (at < 0)
			return end_verdict(at);
		if (read_block(f, (uint64_t)at, RECORD)) {
			directory = little_endian(f->block + 12, 4);
			if ((uint64_t)at + RECORD + little_endian(f->block + 20, 2) <= f->bytes &&
			    (directory == UINT32_MAX || directory <= (uint64_t)at))
				return NULL;
		}
		to = (uint64_t)at + 3;
	}
	return no_marker;
}

static const struct {
	const char *begins; /* the media type, or its beginning */
	const char *(*wrong)(struct file *f);
} formats[] = {
	{"image/jpeg", jpeg_check},
	{"image/png", png_check},
	{"image/gif", gif_check},
	{"image/webp", riff_check},
	{"audio/x-wav", riff_check},
	{"audio/wav", riff_check},
	{"video/x-msvideo", riff_check},
	{"application/pdf", pdf_check},
	{"application/zip", zip_check},
	{"application/epub+zip", zip_check},
	{"application/java-archive", zip_check},
	{"application/vnd.openxmlformats-", zip_check},
	{"application/vnd.oasis.opendocument.", zip_check},
};

const char *
truncated_check(int fd, uint64_t bytes, const char *mime, const void *head, size_t head_len)
{
	struct file f;

	if (bytes > INT64_MAX)
		return unreadable;
	f.fd = fd;
	f.bytes = bytes;
	f.head = head;
	f.head_len = head_len;
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (strncmp(mime, formats[i].begins, strlen(formats[i].begins)) == 0)
			return formats[i].wrong(&f);
	return NULL;
}
