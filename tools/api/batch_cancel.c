/* Cancels a batch by bi-clean, which may have to wait for its workers. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/paths.h"
#include "files/file.h"
#include "handlers.h"
#include "resolve.h"

enum {
	WAIT_MS = 2000,       /* for bi-clean; then it goes on alone, since other requests wait meanwhile */
	MESSAGE_MAX = 1 << 12 /* bytes of what it says */
};

/* Starts bi-clean. Stores its standard error in SAYS. Returns its process id, or -1 with errno. */
static pid_t
start_cancel(const char *root, const char *batch, int *says)
{
	struct buf program = {0};
	int ends[2];
	pid_t pid = -1;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	if (path_of_program(&program, "bi-clean") == 0) {
		char *argv[] = {program.data, (char *)"-r", (char *)root, (char *)"cancel", (char *)batch, NULL};
		const struct child_fd fds[] = {{ends[1], STDERR_FILENO}};

		pid = child_start(&(struct child){
			.program = program.data, .argv = argv, .fds = fds, .fd_count = 1, .outlives = true});
	}
	buf_free(&program);
	file_close(ends[1], 0);
	if (pid < 0)
		file_close(ends[0], 0);
	else
		*says = ends[0];
	return pid;
}

/* Reads what bi-clean says until it ends. False if it needs longer. */
static bool
hear(int says, struct buf *out)
{
	int64_t until = clock_ms() + WAIT_MS;
	struct pollfd p = {.fd = says, .events = POLLIN};
	char some[512];
	ssize_t n;

	for (;;) {
		int rc = poll(&p, 1, clock_left(until));

		if (rc < 0 && errno == EINTR && clock_ms() < until)
			continue;
		if (rc <= 0)
			return false;
		n = read(says, some, sizeof(some));
		if (n <= 0)
			return true;
		if (out->len < MESSAGE_MAX)
			buf_add(out, some, (size_t)n);
	}
}

void
batch_cancel_post(struct api *api, const struct request *q, struct reply *r)
{
	const char *name = q->words[1];
	struct buf said = {0};
	int says, code = 0;
	pid_t pid;

	while (waitpid(-1, NULL, WNOHANG) > 0) { /* one that needed longer */
	}
	if (!resolve_batch(api, name, r))
		return;
	pid = start_cancel(api->root.path, name, &says);
	if (pid < 0) {
		reply_error(r, 500, "cannot_start", "bi-clean cannot be started: %s", trouble_reason(errno));
		return;
	}
	if (!hear(says, &said)) {
		r->status = 202;
		buf_str(&r->body, "{\"success\":true,\"continues\":true}\n");
	} else {
		code = child_wait(pid);
	}
	file_close(says, 0);
	if (code)
		reply_error(r, 503, "not_cancelled", "%.*s",
			    said.len ? (int)strcspn(said.data, "\n") : 0, said.len ? said.data : "");
	else if (r->status != 202)
		buf_str(&r->body, "{\"success\":true}\n");
	buf_free(&said);
}
