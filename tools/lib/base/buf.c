#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* Without msg.h, which uses this file, and without allocating memory. */
void *
buf_realloc(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (!p) {
		fprintf(stderr, "%s: out of memory (%zu bytes were asked for)\n", program_invocation_short_name, n);
		exit(EX_OSERR);
	}
	return p;
}

void *
buf_alloc(size_t n)
{
	return memset(buf_realloc(NULL, n), 0, n);
}

void *
buf_grow(void *v, size_t n, size_t size)
{
	/* There is room up to the next power of two. */
	return n & (n - 1) ? v : buf_realloc(v, (n ? 2 * n : 1) * size);
}

char *
buf_strdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(buf_realloc(NULL, n), s, n);
}

char *
buf_room(struct buf *b, size_t n)
{
	if (b->room - b->len < n + 1 || !b->data) {
		size_t room = b->room ? b->room : 64;

		while (room - b->len < n + 1)
			room += room / 2;
		b->data = buf_realloc(b->data, room);
		b->room = room;
	}
	return b->data + b->len;
}

void
buf_add(struct buf *b, const void *bytes, size_t n)
{
	char *at = buf_room(b, n);

	if (n)
		memcpy(at, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return;
	buf_room(b, (size_t)n);
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void
buf_json(struct buf *b, const char *s)
{
	buf_str(b, "\"");
	while (*s) {
		unsigned char c;
		size_t n = 0;

		while ((unsigned char)s[n] >= 0x20 && s[n] != '"' && s[n] != '\\' && s[n] != 0x7f)
			n++;
		buf_add(b, s, n);
		s += n;
		c = (unsigned char)*s;
		if (!c)
			break;
		s++;
		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else
			buf_printf(b, "\\u%04x", c);
	}
	buf_str(b, "\"");
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n >= b->len) {
		buf_clear(b);
		return;
	}
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
	b->data[b->len] = '\0';
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}
