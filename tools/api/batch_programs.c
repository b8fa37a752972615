/* What other programs do with a batch: bi-clean cancels it, and may have to wait for its workers; bi-render makes its
 * review pages, and may have to make many. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/msg.h"
#include "base/paths.h"
#include "files/file.h"
#include "handlers.h"
#include "resolve.h"

enum {
	WAIT_MS = 2000,       /* for the program; then it goes on alone, since other requests wait meanwhile */
	MESSAGE_MAX = 1 << 12 /* bytes of what it says */
};

struct run {
	const char *program;
	char batch[API_WORD_MAX];
	pid_t pid;
	int says; /* a file in memory with its messages: a pipe that nobody reads would end it */
};

/* Starts the program that ARGV names first. Returns 0, or -1 with errno. */
static int
start(struct run *run, char **argv)
{
	struct buf program = {0};

	run->program = argv[0];
	run->says = memfd_create("messages", MFD_CLOEXEC);
	if (run->says < 0)
		return -1;
	run->pid = -1;
	if (path_of_program(&program, argv[0]) == 0) {
		const struct child_fd fds[] = {{run->says, STDERR_FILENO}};

		argv[0] = program.data;
		run->pid = child_start(&(struct child){
			.program = program.data, .argv = argv, .fds = fds, .fd_count = 1, .outlives = true});
	}
	buf_free(&program);
	return run->pid < 0 ? file_close(run->says, -1) : 0;
}

/* Whether the program ends soon. */
static bool
ends_soon(const struct run *run)
{
	int64_t until = clock_ms() + WAIT_MS;
	struct pollfd p = {.fd = pidfd_open(run->pid, 0), .events = POLLIN};
	int rc;

	if (p.fd < 0)
		return false;
	do
		rc = poll(&p, 1, clock_left(until));
	while (rc < 0 && errno == EINTR && clock_ms() < until);
	file_close(p.fd, 0);
	return rc > 0;
}

/* Waits for the program. Returns its exit code, and stores the first line of its messages in SAID. */
static int
end(struct run *run, struct buf *said)
{
	int code = child_wait(run->pid);
	ssize_t n = pread(run->says, buf_room(said, MESSAGE_MAX), MESSAGE_MAX, 0);

	said->len = n > 0 ? (size_t)n : 0;
	buf_str(said, "");
	said->data[strcspn(said->data, "\n")] = '\0';
	file_close(run->says, 0);
	return code;
}

/* Waits in a thread for a program whose client was answered already. The log of the server gets what went wrong. */
static void *
end_later(void *arg)
{
	struct run *run = arg;
	struct buf said = {0};
	int code = end(run, &said);

	if (code)
		msg_warn("%s ended with %d for the batch %s, after its client was answered: %s", run->program, code,
			 run->batch, said.data);
	buf_free(&said);
	free(run);
	return NULL;
}

static void
leave(const struct run *run)
{
	struct run *copy = buf_alloc(sizeof(*copy));
	pthread_t thread;

	*copy = *run;
	if (pthread_create(&thread, NULL, end_later, copy) == 0) {
		pthread_detach(thread);
		return;
	}
	file_close(copy->says, 0);
	free(copy);
}

/* Runs the program ARGV on a batch of this name, and makes R the answer: WRONG is the code of the error if it fails.
 * REMEDY is what a client does about a batch that is in use; NULL: what the program says is enough. */
static void
run_on_batch(struct api *api, const char *name, char **argv, const char *wrong, const char *remedy, struct reply *r)
{
	struct buf said = {0};
	struct run run = {0};
	int code;

	if (!resolve_batch(api, name, r))
		return;
	snprintf(run.batch, sizeof(run.batch), "%s", name);
	if (start(&run, argv) < 0) {
		reply_error(r, 500, "cannot_start", "%s cannot be started: %s", run.program, trouble_reason(errno));
	} else if (!ends_soon(&run)) {
		leave(&run);
		r->status = 202;
		buf_str(&r->body, "{\"success\":true,\"continues\":true}\n");
	} else if ((code = end(&run, &said)) == EX_TEMPFAIL) {
		/* Also if another client asked for the same. */
		if (remedy)
			reply_error(r, 409, "in_progress", "the batch %s is in use, and nothing was changed: %s", name,
				    remedy);
		else
			reply_error(r, 409, "in_progress", "%s", said.data);
	} else if (code == EX_NOINPUT) {
		reply_error(r, 404, "no_such_batch", "%s", said.data);
	} else if (code) {
		reply_error(r, 503, wrong, "%s", said.data);
	} else {
		buf_str(&r->body, "{\"success\":true}\n");
	}
	buf_free(&said);
}

static void
cancel(struct api *api, const char *name, struct reply *r)
{
	char *argv[] = {(char *)"bi-clean", (char *)"-r", (char *)api->root.path, (char *)"cancel", (char *)name, NULL};

	run_on_batch(api, name, argv, "not_cancelled", NULL, r);
}

void
batch_cancel_post(struct api *api, const struct request *q, struct reply *r)
{
	cancel(api, q->words[1], r);
}

/* Whether the job has items that are not done; 409 if not. False after making R the error. */
static bool
has_left(const struct resolved_job *job, struct reply *r)
{
	struct batch_counts c;

	if (batch_count(job->batch->batch, &c) < 0)
		return reply_error(r, 500, "cannot_read", "the batch %s cannot be read: %s", job->batch->name,
				   trouble_reason(errno));
	return c.pending + c.processing > 0 ||
	       reply_error(r, 409, "nothing_left",
			   "all items of this job are done, or cancelled already; its status says how they ended");
}

void
job_cancel_post(struct api *api, const struct request *q, struct reply *r)
{
	struct resolved_job job;
	char name[BATCH_NAME_MAX + 1];

	if (!resolve_job(api, q->words[1], q->words[3], &job, r) || !has_left(&job, r))
		return;
	snprintf(name, sizeof(name), "%s", job.batch->name);
	cancel(api, name, r);
}

void
job_delete(struct api *api, const struct request *q, struct reply *r)
{
	struct resolved_job job;
	char name[BATCH_NAME_MAX + 1];
	char *argv[] = {(char *)"bi-clean", (char *)"-y", (char *)"-r", (char *)api->root.path,
			(char *)"batch",    name,         NULL};

	if (!resolve_job(api, q->words[1], q->words[3], &job, r))
		return;
	snprintf(name, sizeof(name), "%s", job.batch->name);
	run_on_batch(api, name, argv, "not_removed",
		     "wait until the status of the job is completed, failed or partially_completed, or cancel it first "
		     "(POST "
		     "…/cancel/), and then send this request again",
		     r);
}

void
batch_render_post(struct api *api, const struct request *q, struct reply *r)
{
	char *argv[] = {(char *)"bi-render",    (char *)"-j",        (char *)"-r",
			(char *)api->root.path, (char *)q->words[1], NULL};

	run_on_batch(api, q->words[1], argv, "not_rendered", NULL, r);
}
