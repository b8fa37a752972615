/*
 * scan: reads the beginning of a line that one of our programs wrote, without parsing the whole line.
 *
 * Each call takes one thing at *AT and moves *AT behind it, or returns false and leaves *AT as it is. Nothing at END or
 * behind is read.
 */
#ifndef BI_SCAN_H
#define BI_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes TEXT. */
bool scan_text(const char **at, const char *end, const char *text);

/* Takes a number in decimal digits that fits in OUT. */
bool scan_number(const char **at, const char *end, uint64_t *out);

/* Takes the number of an item: 1 or more, 32 bits. */
bool scan_item(const char **at, const char *end, uint32_t *out);

/* Takes the text up to the next quote, and the quote. Stores the text, at most LONGEST bytes and a NUL, in OUT. */
bool scan_word(const char **at, const char *end, char *out, size_t longest);

/* Returns the place behind the first TEXT in the N bytes LINE, or NULL if TEXT is not in them. */
const char *scan_after(const char *line, size_t n, const char *text);

#endif
