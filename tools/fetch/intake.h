/*
 * intake: lines become items of their batches, and are wanted.
 */
#ifndef BI_INTAKE_H
#define BI_INTAKE_H

#include "lists.h"
#include "open_batches.h"
#include "run_queue.h"

struct intake {
	struct run *run;
	struct open_batches *batches;
	struct run_queue *wants;
	struct lists *lists;
	bool is_open;                /* more lines may come */
	unsigned long long restored; /* items that had been removed */
	struct target *last;         /* the batch of the last good line */
	struct target *first_target; /* the batch of the first item; NULL: none was added */
	uint32_t first_item;         /* its number there */
	struct loop_watcher watcher; /* of the list that is read, where it can be watched */
	struct loop_timer timer;     /* set while lines may be there */
};

/* Starts to read LISTS, which it takes over. The items are added to WANTS, or with --queue handed in for a worker.
 * intake_end() frees the stage. */
struct intake *intake_open(struct run *run, struct open_batches *batches, struct run_queue *wants, struct lists *lists);

/* NULL does nothing. */
void intake_end(struct intake *in);

/* --resume: wants all items of the batch. Ends the program if the batch does not exist. */
void intake_want_all(struct run *run, struct open_batches *batches, struct run_queue *wants);

#endif
