/*
 * buf: a growing byte buffer. The program ends (EX_OSERR) when memory runs out, so no function here returns an error. A
 * zeroed struct is an empty buffer.
 */
#ifndef BI_BUF_H
#define BI_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;  /* NUL-terminated once anything was added; NULL before */
	size_t len;  /* bytes in use, without that NUL */
	size_t room; /* bytes allocated */
};

/* Makes room for N more bytes and returns their place. The caller adds what it wrote to LEN. */
char *buf_room(struct buf *b, size_t n);

/* Appends N bytes. */
void buf_add(struct buf *b, const void *bytes, size_t n);

/* Appends a string. */
void buf_str(struct buf *b, const char *s);

/* Appends as printf would. */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Appends S as a JSON string, quotes included (RFC 8259; S is UTF-8). */
void buf_json(struct buf *b, const char *s);

/* Drops the first N bytes. */
void buf_drop(struct buf *b, size_t n);

/* Empties the buffer and keeps its memory. */
void buf_clear(struct buf *b);

/* Frees the memory and leaves an empty buffer. */
void buf_free(struct buf *b);

/* malloc, realloc and strdup that end the program when memory runs out. */
void *buf_alloc(size_t n);
void *buf_realloc(void *p, size_t n);
char *buf_strdup(const char *s);

/* Returns V, an array of N elements of SIZE bytes that grew by this function alone, with room for one more. */
void *buf_grow(void *v, size_t n, size_t size);

#endif
