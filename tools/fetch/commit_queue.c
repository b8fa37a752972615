#include "commit_queue.h"

#include <stdlib.h>

#include "base/buf.h"

/* Limits of finished jobs that wait for the writer, and of their bytes in memory: above these no transfer starts. */
enum { WAITING_MAX = 2 * GROUP_MAX, BYTES_MAX = 6 << 20 };

struct commit_queue {
	struct run *run;
	struct job_list ended;
	size_t bytes; /* of them, in memory */
	struct writer *writer;
	struct loop_watcher done;
	bool busy; /* the writer has a group */
};

struct commit_queue *
commit_queue_new(struct run *run)
{
	struct commit_queue *q = buf_alloc(sizeof(*q));
	int done;

	q->run = run;
	q->writer = writer_start(run, &done);
	if (q->writer && loop_watch(run->loop, &q->done, done, EPOLLIN) == 0)
		return q;
	commit_queue_end(q);
	return NULL;
}

void
commit_queue_add(struct commit_queue *q, struct job *j)
{
	job_list_add(&q->ended, j);
	q->bytes += job_unwritten(j);
}

struct room
commit_queue_room(const struct commit_queue *q)
{
	return (struct room){
		.jobs = q->ended.count < WAITING_MAX ? WAITING_MAX - q->ended.count : 0,
		.bytes = q->bytes < BYTES_MAX ? BYTES_MAX - q->bytes : 0,
	};
}

bool
commit_queue_is_empty(const struct commit_queue *q)
{
	return q->ended.count == 0 && !q->busy;
}

bool
commit_queue_give(struct commit_queue *q)
{
	struct group *g;
	struct job *j;

	if (q->busy || !q->ended.count)
		return q->busy;
	g = buf_alloc(sizeof(*g));
	while (g->count < GROUP_MAX && (j = job_list_take(&q->ended))) {
		q->bytes -= job_unwritten(j);
		g->jobs[g->count++] = j;
	}
	q->busy = true;
	writer_give(q->writer, g);
	return true;
}

struct group *
commit_queue_take(struct commit_queue *q, bool wait)
{
	struct group *g = q->busy ? writer_take(q->writer, wait) : NULL;

	if (g)
		q->busy = false;
	return g;
}

void
commit_queue_end(struct commit_queue *q)
{
	struct job *j;

	if (!q)
		return;
	while ((j = job_list_take(&q->ended)))
		job_free(j);
	loop_unwatch(q->run->loop, &q->done);
	writer_end(q->writer);
	free(q);
}
