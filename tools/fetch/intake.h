/*
 * intake: lines become items of their batches, and are wanted.
 */
#ifndef BI_INTAKE_H
#define BI_INTAKE_H

#include "open_batches.h"
#include "run_queue.h"

struct intake;

/* Begins to read OPERANDS, else standard input, in the turns of the loop. The items are added to WANTS, or handed in
 * for a worker with --queue. For intake_end(). */
struct intake *intake_open(struct run *run, struct open_batches *batches, struct run_queue *wants, char **operands);

/* Whether more lines may come. */
bool intake_is_open(const struct intake *in);

/* Whether the records that were read stopped without an end record; and the exit code of the program that made them. */
bool intake_was_cut(const struct intake *in);
int intake_upstream_exit(const struct intake *in);

/* NULL does nothing. */
void intake_end(struct intake *in);

/* --resume: all items of the batch are wanted. Ends the program where there is no such batch. */
void intake_want_all(struct run *run, struct open_batches *batches, struct run_queue *wants);

#endif
