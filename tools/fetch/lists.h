/*
 * lists: what bi-fetch is to fetch, from its operands, standard input and the files of --input, as records in one
 * stream.
 */
#ifndef BI_LISTS_H
#define BI_LISTS_H

#include "records/rec.h"
#include "settings.h"

struct lists;

/*
 * Opens the operands, in which "-" is standard input, then the lists of --input; standard input if there are none of
 * either. Ends the program if a list cannot be opened (EX_NOINPUT), or if an operand is a pattern of the shell that
 * names no file (EX_USAGE). Nothing is read yet. A person is
 * told if standard input is a terminal. lists_close() frees it.
 */
struct lists *lists_open(const struct settings *set, char **operands);
void lists_close(struct lists *l);

/* Returns the next record without reading a descriptor, REC_MORE if there is none yet: call lists_fill(). What OUT
 * refers to is valid until the next call. */
enum rec_kind lists_next(struct lists *l, struct rec *out);

/* The descriptor to wait for before lists_fill(); -1: it need not be waited for. */
int lists_fd(const struct lists *l);

/* The milliseconds after which lists_next() must be called even if the descriptor cannot be read; -1: never. */
int lists_wait_ms(const struct lists *l);

/* Waits until lists_next() or lists_fill() can go on. Returns 0, or -1 with errno. */
int lists_wait(const struct lists *l);

/* Reads once. Returns 0, or -1 with errno. A list that is invalid as a whole is named in a message and left out. */
int lists_fill(struct lists *l);

/* Returns EX_DATAERR if a list was invalid as a whole, EX_OSERR if one could not be read for want of a process or
 * memory, else EX_ALL_WELL. */
int lists_trouble(const struct lists *l);

/* rec_was_cut() and rec_upstream_exit() of all lists. */
bool lists_were_cut(const struct lists *l);
int lists_upstream_exit(const struct lists *l);

#endif
