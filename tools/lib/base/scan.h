/*
 * scan: what stands at the beginning of a line that one of our programs wrote, without parsing the whole.
 *
 * Each call takes one thing at *AT, which moves behind it, or says false and leaves *AT where it is. Nothing at END or
 * behind is read.
 */
#ifndef BI_SCAN_H
#define BI_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes TEXT. */
bool scan_text(const char **at, const char *end, const char *text);

/* Takes a number in decimal digits that fits. */
bool scan_number(const char **at, const char *end, uint64_t *out);

/* Takes the number of an item: 1 or more, 32 bits. */
bool scan_item(const char **at, const char *end, uint32_t *out);

/* Takes what stands before the next quote, and the quote: at most LONGEST bytes, into OUT with a NUL. */
bool scan_word(const char **at, const char *end, char *out, size_t longest);

/* What follows the first TEXT in the N bytes LINE, NULL where that is not there. */
const char *scan_after(const char *line, size_t n, const char *text);

#endif
