#include "coprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "files/file.h"

/* Reads once, so that a filter that writes without end does not block the loop. */
enum { READS_MAX = 64, DYING_MS = 2000 };

static void
on_event(void *arg, uint32_t events)
{
	struct coprocess *x = arg;

	(void)events;
	x->ready = true;
	coprocess_is_over(x);
}

/* Closing is not enough: a child that is being started has a copy for a moment, which would stay watched. */
static void
close_watched(struct coprocess *x, struct loop_watcher *w, int *fd)
{
	if (*fd < 0)
		return;
	loop_unwatch(x->loop, w);
	file_close(*fd, 0);
	*fd = -1;
}

static void
close_in(struct coprocess *x)
{
	close_watched(x, &x->in_watcher, &x->in);
}

static void
close_pipes(struct coprocess *x)
{
	close_in(x);
	close_watched(x, &x->out_watcher, &x->out);
}

static int
set_up(struct coprocess *x)
{
	if ((x->pidfd = pidfd_open(x->pid, 0)) < 0 || fcntl(x->in, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(x->out, F_SETFL, O_NONBLOCK) < 0 || loop_watch(x->loop, &x->pid_watcher, x->pidfd, EPOLLIN) < 0 ||
	    loop_watch(x->loop, &x->out_watcher, x->out, EPOLLIN) < 0)
		return -1;
	return 0;
}

int
coprocess_start(struct coprocess *x, char *const *argv, struct loop *loop)
{
	const struct loop_watcher watcher = {.call = on_event, .arg = x};
	struct job_list given = x->given;
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0)
		return -1;
	if (pipe2(out, O_CLOEXEC) < 0)
		return file_close(in[0], file_close(in[1], -1));
	*x = (struct coprocess){
		.given = given,
		.loop = loop,
		.in_watcher = watcher,
		.out_watcher = watcher,
		.pid_watcher = watcher,
		.pidfd = -1,
		.in = in[1],
		.out = out[0],
	};
	x->pid = child_start(&(struct child){
		.program = argv[0],
		.argv = argv,
		.fds = (struct child_fd[]){{in[0], STDIN_FILENO},
					   {out[1], STDOUT_FILENO},
					   {STDERR_FILENO, STDERR_FILENO}},
		.fd_count = 3,
		.group = true,
	});
	file_close(in[0], file_close(out[1], 0));
	if (x->pid > 0 && set_up(x) == 0) {
		x->reader = rec_open(NULL, x->out);
		return 0;
	}
	if (x->pid > 0) {
		int error = errno;

		coprocess_reap(x);
		errno = error;
	}
	close_pipes(x);
	x->pid = 0;
	return -1;
}

void
coprocess_say(struct coprocess *x, const char *line, size_t n)
{
	if (x->sent == x->unsent.len) {
		buf_clear(&x->unsent);
		x->sent = 0;
	}
	buf_add(&x->unsent, line, n);
}

void
coprocess_hold(struct coprocess *x, bool hold)
{
	if (hold == x->unheard)
		return;
	x->unheard = hold;
	if (hold)
		loop_unwatch(x->loop, &x->out_watcher);
	else
		loop_watch(x->loop, &x->out_watcher, x->out, EPOLLIN);
}

size_t
coprocess_unsent(const struct coprocess *x)
{
	return x->unsent.len - x->sent;
}

void
coprocess_flush(struct coprocess *x)
{
	while (x->in >= 0 && coprocess_unsent(x)) {
		ssize_t n = write(x->in, x->unsent.data + x->sent, coprocess_unsent(x));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			close_in(x); /* it no longer reads, which its end or a timeout will show */
		else
			x->sent += (size_t)n;
	}
	if (x->in >= 0 && coprocess_unsent(x))
		loop_watch(x->loop, &x->in_watcher, x->in, EPOLLOUT);
	else
		loop_unwatch(x->loop, &x->in_watcher);
	if (x->in >= 0 && x->finishing && !coprocess_unsent(x))
		close_in(x);
}

enum rec_kind
coprocess_read(struct coprocess *x, struct rec *out)
{
	enum rec_kind kind;
	int reads = 0;

	while ((kind = rec_next(x->reader, out)) == REC_MORE) {
		if (reads++ == READS_MAX)
			break;
		if (rec_fill(x->reader) < 0)
			return errno == EAGAIN ? REC_MORE : REC_EOF;
	}
	return kind;
}

void
coprocess_finish(struct coprocess *x)
{
	static const char end[] = "{\"end\":\"bi-fetch\",\"exit\":0}\n";

	if (x->finishing || x->kill_at)
		return;
	x->finishing = true;
	coprocess_say(x, end, sizeof(end) - 1);
	coprocess_flush(x);
}

void
coprocess_close(struct coprocess *x, int64_t kill_at)
{
	close_pipes(x);
	x->kill_at = kill_at;
	if (kill_at > clock_ms())
		return;
	kill(-x->pid, SIGKILL);
	x->kill_at = clock_ms() + DYING_MS;
}

bool
coprocess_is_over(struct coprocess *x)
{
	struct pollfd p = {.fd = x->pidfd, .events = POLLIN};

	if (!x->exited && poll(&p, 1, 0) > 0) {
		x->exited = true;
		loop_unwatch(x->loop, &x->pid_watcher); /* nothing more can be reported */
	}
	return x->exited;
}

bool
coprocess_await(struct coprocess *x, int64_t until, int fd)
{
	char ignored[16 << 10];
	int left;

	while (!coprocess_is_over(x) && (left = clock_left(until)) > 0) {
		struct pollfd p[] = {
			{.fd = x->pidfd, .events = POLLIN},
			{.fd = x->out, .events = POLLIN},
			{.fd = coprocess_unsent(x) ? x->in : -1, .events = POLLOUT},
			{.fd = fd, .events = POLLIN},
		};

		if (poll(p, sizeof(p) / sizeof(*p), left) < 0 && errno != EINTR)
			return false;
		if (p[3].revents)
			return false;
		if (p[1].revents && read(x->out, ignored, sizeof(ignored)) == 0)
			close_watched(x, &x->out_watcher, &x->out);
		coprocess_flush(x);
	}
	return coprocess_is_over(x);
}

int
coprocess_reap(struct coprocess *x)
{
	int code;

	kill(-x->pid, SIGKILL); /* and its children, which may still run */
	code = child_wait(x->pid);
	x->pid = 0;
	close_pipes(x);
	close_watched(x, &x->pid_watcher, &x->pidfd);
	if (x->reader)
		rec_close(x->reader);
	x->reader = NULL;
	buf_free(&x->unsent);
	x->sent = 0;
	return code;
}

bool
coprocess_is_done(const struct coprocess *x)
{
	return x->finishing && !x->given.count;
}

void
coprocess_how(const struct coprocess *x, int code, char *out, size_t room)
{
	if (x->why == TALKS_NONSENSE)
		snprintf(out, room, "it wrote what is no answer");
	else if (!x->exited)
		snprintf(out, room, "it closed its output, and did not end");
	else if (code > 128 && code <= 128 + SIGRTMAX)
		snprintf(out, room, "signal %d (%s)", code - 128, strsignal(code - 128));
	else
		snprintf(out, room, "exit code %d", code);
}
