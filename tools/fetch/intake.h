/*
 * intake: lines become items of their batches, and are wanted.
 */
#ifndef BI_INTAKE_H
#define BI_INTAKE_H

#include "open_batches.h"
#include "run_queue.h"

struct intake {
	struct run *run;
	struct open_batches *batches;
	struct run_queue *wants;
	struct rec_reader *reader;
	bool is_open;                /* more lines may come */
	unsigned long long restored; /* items that had been removed */
	struct target *last;         /* the batch of the last good line */
	struct loop_watcher watcher; /* of standard input, where it can be watched */
	struct loop_timer timer;     /* set while lines may be there */
};

/* Starts to read OPERANDS, else standard input. The items are added to WANTS, or with --queue handed in for a worker.
 * intake_end() frees the stage. */
struct intake *intake_open(struct run *run, struct open_batches *batches, struct run_queue *wants, char **operands);

/* NULL does nothing. */
void intake_end(struct intake *in);

/* --resume: wants all items of the batch. Ends the program if the batch does not exist. */
void intake_want_all(struct run *run, struct open_batches *batches, struct run_queue *wants);

#endif
