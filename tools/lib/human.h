/*
 * human: numbers and text as people read them.
 */
#ifndef BI_HUMAN_H
#define BI_HUMAN_H

#include <stddef.h>

#include "buf.h"

enum { HUMAN_ROOM = 32 };

/* An amount in powers of ten, as networks count: "1.5 KB", "20 MB", "3.1 GB"; written to ROOM (HUMAN_ROOM bytes), which
 * is returned. */
const char *human_bytes(char *room, double bytes);

/* A time span: "12 s", "2:10 min", "1:05 h", "12 days"; the same room. */
const char *human_span(char *room, double seconds);

/* Appends text that others wrote: nothing in it may steer the terminal. Control characters (C0, DEL, and C1 in UTF-8)
 * become ?. */
void human_text(struct buf *out, const char *text);

#endif
