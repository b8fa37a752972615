/*
 * utf8: characters of UTF-8 (RFC 3629), and which of them are not text.
 *
 * This is the only table of such characters. The caller decides what to do with each class: reject it, omit it, or
 * replace it.
 */
#ifndef BI_UTF8_H
#define BI_UTF8_H

#include <stddef.h>
#include <stdint.h>

enum utf8_class {
	UTF8_TEXT,
	UTF8_CONTROL,  /* C0, DEL and C1: they steer terminals */
	UTF8_BREAK,    /* line and paragraph separators */
	UTF8_MARK,     /* left-to-right, right-to-left and Arabic letter marks */
	UTF8_OVERRIDE, /* embeddings, overrides and isolates: they turn the direction of the text behind them */
	UTF8_UNSEEN,   /* soft hyphen, zero width space, byte order mark and the like; joiners are text */
};

/* The length in bytes of the character at the beginning of the N bytes S, which is stored in C. Returns 0 if these
 * bytes do not begin with a character, or N is 0. A NUL is a character of one byte. */
size_t utf8_decode(const char *s, size_t n, uint32_t *c);

/* Stores the character C, which is not a surrogate and at most 0x10ffff, in OUT. Returns its length in bytes, 1 to 4.
 */
size_t utf8_encode(uint32_t c, char out[4]);

/* Returns the class of the character C. */
enum utf8_class utf8_class_of(uint32_t c);

/* Returns the offset of the first of the N bytes S that is a NUL or not part of a character; N if there is no such
 * byte. */
size_t utf8_valid_length(const char *s, size_t n);

/* Returns how many of the N bytes S, the beginning of a longer text, are whole characters. The rest is the beginning of
 * one more character. */
size_t utf8_whole_length(const char *s, size_t n);

/* Replaces what is not UTF-8 in TEXT by '?': for text that was cut, or came from elsewhere. */
void utf8_replace_invalid(char *text);

/* The same, and makes TEXT one line: each control character becomes a blank. */
void utf8_make_line(char *text);

/* The N bytes TEXT, up to a NUL, as one line of valid UTF-8: runs of blanks and control characters are one blank, with
 * none around the line. It is cut to MAX bytes, not inside a character. For the caller to free. */
char *utf8_copy_line(const char *text, size_t n, size_t max);

#endif
