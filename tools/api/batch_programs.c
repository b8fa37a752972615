/* What other programs do with a batch: bi-clean cancels it, and may have to wait for its workers; bi-render makes its
 * review pages, and may have to make many. */
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
	WAIT_MS = 2000,       /* for the program; then it goes on alone, since other requests wait meanwhile */
	MESSAGE_MAX = 1 << 12 /* bytes of what it says */
};

/* Starts the program that ARGV names first. Stores its standard error in SAYS. Returns its process id, or -1 with
 * errno. */
static pid_t
start(char **argv, int *says)
{
	struct buf program = {0};
	int ends[2];
	pid_t pid = -1;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	if (path_of_program(&program, argv[0]) == 0) {
		const struct child_fd fds[] = {{ends[1], STDERR_FILENO}};

		argv[0] = program.data;
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

/* Reads what the program says until it ends. False if it needs longer. */
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

/* Runs the program ARGV on a batch of this name, and makes R the answer: WRONG is the code of the error if it fails. */
static void
run_on_batch(struct api *api, const char *name, char **argv, const char *wrong, struct reply *r)
{
	const char *program = argv[0];
	struct buf said = {0};
	int says, code = 0;
	pid_t pid;

	while (waitpid(-1, NULL, WNOHANG) > 0) { /* one that needed longer */
	}
	if (!resolve_batch(api, name, r))
		return;
	pid = start(argv, &says);
	if (pid < 0) {
		reply_error(r, 500, "cannot_start", "%s cannot be started: %s", program, trouble_reason(errno));
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
		reply_error(r, 503, wrong, "%.*s", said.len ? (int)strcspn(said.data, "\n") : 0,
			    said.len ? said.data : "");
	else if (r->status != 202)
		buf_str(&r->body, "{\"success\":true}\n");
	buf_free(&said);
}

void
batch_cancel_post(struct api *api, const struct request *q, struct reply *r)
{
	char *argv[] = {(char *)"bi-clean", (char *)"-r",        (char *)api->root.path,
			(char *)"cancel",   (char *)q->words[1], NULL};

	run_on_batch(api, q->words[1], argv, "not_cancelled", r);
}

void
batch_render_post(struct api *api, const struct request *q, struct reply *r)
{
	char *argv[] = {(char *)"bi-render",    (char *)"-j",        (char *)"-r",
			(char *)api->root.path, (char *)q->words[1], NULL};

	run_on_batch(api, q->words[1], argv, "not_rendered", r);
}
