/*
 * licence_table: share/licences, which says what is known of licences. That file describes its format.
 */
#ifndef BI_LICENCE_TABLE_H
#define BI_LICENCE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* What a licence allows and asks for, as bits. 0: it allows nothing. */
enum {
	LICENCE_USE = 1,
	LICENCE_CHANGE = 2,
	LICENCE_COMMERCE = 4,
	LICENCE_ATTRIBUTION = 8,
	LICENCE_SHARE_ALIKE = 16,
	LICENCE_UNKNOWN = 32,                                              /* nobody knows what it allows */
	LICENCE_ANY_USE = LICENCE_USE | LICENCE_CHANGE | LICENCE_COMMERCE, /* it is free */
};

/* A line. Strings may be "". */
struct licence_line {
	char *id, *name, *url;
	unsigned terms;
	char **names; /* in lower case, their words joined by single spaces; ends with NULL */
};

/* Reads the table, once. Returns NULL, or why it cannot be read, in words that name the file. The functions below need
 * it. */
const char *licence_table_load(void);

/* Splits TEXT into words in lower case, joined by single spaces, without those that have no meaning. Returns NULL if it
 * is no UTF-8. The caller frees it. */
char *licence_words(const char *text);

/* Returns the line that has these words as a name, or NULL. */
const struct licence_line *licence_line_named(const char *words);

/* Returns the line whose URL this is, whatever its scheme, "www.", page or language, or NULL. */
const struct licence_line *licence_line_at(const char *url);

/* Returns the names of a part of Creative Commons' licences ("nc"), the longest first; NULL behind the last. */
char *const *licence_part_names(const char *part);

#endif
