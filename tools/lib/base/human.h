/*
 * human: numbers and text as people read them.
 */
#ifndef BI_HUMAN_H
#define BI_HUMAN_H

#include <stddef.h>

#include "base/buf.h"

enum { HUMAN_ROOM = 32 };

/* Writes an amount in powers of ten, "1.5 KB", "20 MB", "3.1 GB", to ROOM (HUMAN_ROOM bytes). Returns ROOM. */
const char *human_bytes(char *room, double bytes);

/* Writes a time span, "12 s", "2:10 min", "1:05 h", "12 days", to ROOM (HUMAN_ROOM bytes). Returns ROOM. */
const char *human_span(char *room, double seconds);

/*
 * Text for people. Names, titles, URLs and error messages come from strangers. They must not steer a terminal, begin a
 * new line, or change the direction of the text behind them. So human_escape() replaces each control character (C0 with
 * newline and tab, DEL, C1), line and paragraph separator, mark, embedding, override or isolate of direction, and each
 * byte that is not UTF-8, by one "?". Everything that programs print for people is escaped: messages and progress lines
 * by msg.h, lines on standard output by human_print(), cells of tables by human_text(). Records are JSON and are not
 * escaped.
 */

/* Escapes the N bytes TEXT in place. Returns how many bytes are left; no NUL is stored behind them. */
size_t human_escape(char *text, size_t n);

/* Appends TEXT, escaped. */
void human_text(struct buf *out, const char *text);

/* Appends TEXT, escaped, but keeps newlines and tabs. */
void human_lines(struct buf *out, const char *text);

/* Prints one line, escaped, and a newline on standard output. msg_finish() reports a failed write. */
void human_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
