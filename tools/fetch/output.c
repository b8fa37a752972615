#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* A writable pipe accepts this much at once (PIPE_BUF); and the most bytes that may wait before nothing more starts. */
enum { AT_ONCE = 4096, WAITING_MAX = 1 << 20 };

bool
output_begin(struct output *o)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) < 0)
		return true; /* writing will tell what is wrong */
	o->is_file = S_ISREG(st.st_mode);
	/* A closed descriptor was opened on it for reading, so that writing fails (msg_program). */
	return !(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)) ||
	       (fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY;
}

void
output_add(struct output *o, const char *record, size_t n)
{
	buf_add(&o->text, record, n);
	buf_add(&o->text, "\n", 1);
}

bool
output_is_full(const struct output *o)
{
	return o->text.len - o->at >= WAITING_MAX;
}

static void
write_some(struct output *o)
{
	size_t left = o->text.len - o->at;
	ssize_t n = write(STDOUT_FILENO, o->text.data + o->at, o->is_file || left < AT_ONCE ? left : AT_ONCE);

	if (n >= 0) {
		o->at += (size_t)n;
		return;
	}
	if (errno == EINTR || errno == EAGAIN)
		return;
	/* The reader closed the pipe, which is not an error. */
	o->at = o->text.len;
	if (errno == EPIPE)
		o->run->stop_signal = SIGPIPE;
	else
		run_fail(o->run, "writing records to standard output");
}

void
output_flush(struct output *o)
{
	struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};

	while (o->at < o->text.len && (o->is_file || poll(&p, 1, 0) > 0))
		write_some(o);
	/* A file cannot be watched and need not be. */
	if (o->at < o->text.len)
		loop_watch(o->run->loop, &o->watcher, STDOUT_FILENO, EPOLLOUT);
	else
		loop_unwatch(o->run->loop, &o->watcher);
	if (o->at == o->text.len || o->at >= WAITING_MAX / 4) {
		buf_drop(&o->text, o->at);
		o->at = 0;
	}
}

void
output_flush_all(struct output *o)
{
	struct pollfd p[] = {{.fd = STDOUT_FILENO, .events = POLLOUT}, {.fd = o->run->signals, .events = POLLIN}};

	for (;;) {
		output_flush(o);
		if (o->at == o->text.len || o->run->stop_signal)
			return;
		if (poll(p, 2, -1) > 0 && p[1].revents)
			run_note_signal(o->run);
	}
}
