/*
 * doctor_findings: what the checks of bi-status --doctor find.
 *
 * Each check looks at one subject, and reports what it finds with doctor_find() and doctor_mend(), one after the other.
 * It changes nothing, leaves nothing behind, and waits for nothing. A check that needs what another one found missing
 * finds nothing.
 */
#ifndef BI_DOCTOR_FINDINGS_H
#define BI_DOCTOR_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/buf.h"
#include "files/root.h"

enum doctor_level {
	DOCTOR_PROBLEM, /* something does not work, or will not soon */
	DOCTOR_NOTE,    /* all works, worse than it could */
};

enum { DOCTOR_LINES_MAX = 20 }; /* findings of one check that are lines of their own, for people */

/* A finding, or a check that found nothing, kept for the list on a terminal. */
struct doctor_line {
	int rank; /* the lowest comes first */
	const char *check;
	char *what;
	char *mend; /* NULL: nothing is to be mended */
};

struct doctor {
	const struct root *root;
	bool json;
	bool list;      /* the findings are kept and listed at the end, for a terminal */
	bool read_only; /* nothing can be written, which is said */
	size_t problems, notes;
	struct buf looked;       /* what was looked at, for when all is well */
	const char *check;       /* the one under way */
	size_t found;            /* how many things it found */
	enum doctor_level level; /* of the finding that waits for what mends it */
	char *batch;             /* which batch that is about, or NULL */
	struct buf what;
	struct doctor_line *lines; /* with LIST; doctor_list() prints and frees them */
	size_t lines_n;
};

/* Begins a finding: what is wrong, with what. BATCH is the one that it is about, or NULL. doctor_mend() must follow. */
void doctor_find(struct doctor *d, enum doctor_level level, const char *batch, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Prints the last finding, with what mends it. */
void doctor_mend(struct doctor *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* With LIST: keeps a line that a check has found nothing; LOOKED says what was looked at. */
void doctor_keep_fine(struct doctor *d, const char *looked);

/* With LIST: keeps a line that counts the findings of a check beyond DOCTOR_LINES_MAX. */
void doctor_keep_more(struct doctor *d);

/* Prints the list, the most serious findings first, and a summary; frees it. */
void doctor_list(struct doctor *d);

/* Notes what was looked at, as the next part of a list. */
void doctor_looked(struct doctor *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Writes a time span in words to ROOM (DOCTOR_SPAN bytes), which it returns: "12 minutes". */
enum { DOCTOR_SPAN = 32 };
const char *doctor_span(char *room, double seconds);

/* Returns how many seconds ago SINCE was; 0 if it is 0 or in the future. */
double doctor_seconds_since(time_t since);

#endif
