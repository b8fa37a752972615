/*
 * human: numbers and text as people read them.
 */
#ifndef BI_HUMAN_H
#define BI_HUMAN_H

#include <stddef.h>

#include "base/buf.h"

enum { HUMAN_ROOM = 32 };

/* An amount in powers of ten, as networks count: "1.5 KB", "20 MB", "3.1 GB"; written to ROOM (HUMAN_ROOM bytes), which
 * is returned. */
const char *human_bytes(char *room, double bytes);

/* A time span: "12 s", "2:10 min", "1:05 h", "12 days"; the same room. */
const char *human_span(char *room, double seconds);

/*
 * Text for people. Names, titles, URLs and error messages come from strangers: nothing in them may steer a terminal,
 * begin a line of its own, or turn the text behind it around. So each control character (C0 with newline and tab, DEL,
 * C1), line and paragraph separator, mark, embedding, override or isolate of direction, and each byte that is not
 * UTF-8, becomes one "?". human_escape() does that, and all that programs print for people goes through it: messages
 * and progress lines by msg.h, lines on standard output by human_print(), cells of tables by human_text(). Records do
 * not: they are JSON.
 */

/* Does so with the N bytes TEXT in place. Returns how many are left; nothing is stored behind them. */
size_t human_escape(char *text, size_t n);

/* Appends TEXT so escaped. */
void human_text(struct buf *out, const char *text);

/* The same with several lines: newlines and tabs stay. */
void human_lines(struct buf *out, const char *text);

/* Prints one line on standard output, so escaped, and a newline behind it. msg_finish() reports what cannot be written.
 */
void human_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
