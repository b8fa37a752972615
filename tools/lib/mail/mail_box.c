#include "mail/mail_box.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>

#include "files/file.h"
#include "mail/mail_head.h"

enum { BLOCK = 64 << 10 };

static ssize_t
read_box(struct mail_box *b, char *to, size_t n, int64_t at)
{
	ssize_t got = file_read_at(b->fd, to, n, at);

	if (got < 0)
		b->failed = errno;
	return got;
}

/* The length of the From line at AT, before which there is an empty line; 0: it is not one. */
static size_t
from_line_at(struct mail_box *b, int64_t at)
{
	char line[2 * MAIL_BOX_LINE];
	ssize_t n = read_box(b, line, sizeof(line), at);

	return n > 0 ? mail_head_from_line(line, (size_t)n) : 0;
}

/* Where the next From line is, at FROM or behind; SIZE: there is none. */
static int64_t
find_from_line(struct mail_box *b, int64_t from)
{
	static char block[BLOCK];
	static const char mark[] = "\nFrom ";
	size_t n;

	for (int64_t at = from; !b->failed && at + (int64_t)sizeof(mark) < b->size; at += (int64_t)n - 8) {
		ssize_t got = read_box(b, block, sizeof(block), at);
		char *found = block;

		n = got > 0 ? (size_t)got : 0;
		while (n > 0 && (found = memmem(found, n - (size_t)(found - block), mark, sizeof(mark) - 1))) {
			bool empty = found > block && (found[-1] == '\n' ||
						       (found - 1 > block && found[-1] == '\r' && found[-2] == '\n'));
			int64_t line = at + (found - block) + 1;

			if (empty && from_line_at(b, line) > 0)
				return line;
			found++;
		}
		if (n <= 8)
			break;
	}
	return b->size;
}

/* Reads the whole file: what reads a mail does not tell an error from its end. */
static int64_t
read_through(struct mail_box *b)
{
	static char block[BLOCK];

	for (int64_t at = 0; !b->failed && at < b->size; at += BLOCK)
		read_box(b, block, sizeof(block), at);
	return b->size;
}

void
mail_box_open(struct mail_box *b, int fd, int64_t size)
{
	*b = (struct mail_box){.fd = fd, .size = size};
	b->box = from_line_at(b, 0) > 0;
}

bool
mail_box_next(struct mail_box *b, int64_t *start, int64_t *end)
{
	if (b->failed || b->at >= b->size)
		return false;
	*start = b->box ? b->at + (int64_t)from_line_at(b, b->at) : 0;
	*end = b->at = b->box ? find_from_line(b, *start) : read_through(b);
	return !b->failed;
}
