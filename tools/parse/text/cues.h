/*
 * cues: the lines of subtitles, without marks.
 */
#ifndef BI_PARSE_CUES_H
#define BI_PARSE_CUES_H

#include <stdbool.h>
#include <stddef.h>

#include "doc.h"

struct cues {
	struct doc *d;
	size_t count;
	double end;      /* of the last one, in seconds */
	bool braces;     /* what is in braces is not shown */
	bool rolling;    /* lines are repeated while the next ones come */
	struct buf line; /* of the current cue */
	struct buf last; /* the line before */
};

/* Seconds of "01:02:03,456", "02:03.4" or "1:02:03.04"; -1 if TEXT begins otherwise. */
double cue_time(const char *text);

/* Counts a cue that ends at END. */
void cue_add(struct cues *c, double end);

/* Writes what is in C->line and the N bytes S as a line, without marks; an empty one is not written. */
void cue_put_line(struct cues *c, const char *s, size_t n);

/* Writes what is in C->line. */
void cue_end_line(struct cues *c);

#endif
