/*
 * screen: a terminal that is drawn on over and over, and is left as it was.
 *
 * It is standard output. There is one a process, since atexit(3) has to find it.
 */
#ifndef BI_SCREEN_H
#define BI_SCREEN_H

#include <stdbool.h>

#include "base/buf.h"

/* Whether standard output is a terminal that can be drawn on. */
bool screen_is_there(void);

/* Takes the terminal over: another page of it, no cursor, keys that are typed are not shown. It is given back when the
 * program exits, at the latest. */
void screen_open(void);

/* Gives it back. */
void screen_close(void);

/* How many rows it has; 24 where that is not known. */
int screen_rows(void);

/* Draws TEXT, lines that fit, in place of what was there. */
void screen_draw(const struct buf *text);

/* Returns the descriptor on which typed keys are announced: standard input or, if that is not a terminal, /dev/tty; -1:
 * keys are not read. */
int screen_keys(void);

/* Returns the next key that was typed; 0: none. */
char screen_key(void);

#endif
