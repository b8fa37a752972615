/*
 * out: records on their way to standard output, which may be a pipe that is full: the run goes on, and a signal
 * is heeded, while nobody reads.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/msg.h"
#include "fetch.h"

/* A pipe that can be written to takes this much at once (PIPE_BUF); what waits at most before nothing more is begun. */
enum { AT_ONCE = 4096, WAITING_MAX = 1 << 20 };

void
out_record(struct fetch *f, const char *record, size_t n)
{
	buf_add(&f->out, record, n);
	buf_add(&f->out, "\n", 1);
}

bool
out_is_full(const struct fetch *f)
{
	return f->out.len - f->out_at >= WAITING_MAX;
}

static bool
is_writable(void)
{
	struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&p, 1, 0) > 0;
}

static void
write_some(struct fetch *f)
{
	size_t left = f->out.len - f->out_at;
	ssize_t n = write(STDOUT_FILENO, f->out.data + f->out_at, left < AT_ONCE ? left : AT_ONCE);

	if (n >= 0) {
		f->out_at += (size_t)n;
		return;
	}
	if (errno == EINTR || errno == EAGAIN)
		return;
	/* Whoever read has had enough: no fault of ours. */
	f->out_at = f->out.len;
	if (errno == EPIPE)
		f->stop_signal = SIGPIPE;
	else
		fetch_fail(f, "writing records to standard output");
}

/* Watches stdout for room, or no more. A file cannot be watched, nor needs to be. */
static void
watch_room(struct fetch *f, bool watch)
{
	struct epoll_event e = {.events = EPOLLOUT, .data.fd = STDOUT_FILENO};

	if (watch == f->out_watched)
		return;
	f->out_watched = watch;
	if (epoll_ctl(f->epoll, watch ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, STDOUT_FILENO, watch ? &e : NULL) < 0 && watch)
		f->out_watched = false;
}

void
out_flush(struct fetch *f)
{
	while (f->out_at < f->out.len && is_writable())
		write_some(f);
	watch_room(f, f->out_at < f->out.len);
	if (f->out_at == f->out.len || f->out_at >= WAITING_MAX / 4) {
		buf_drop(&f->out, f->out_at);
		f->out_at = 0;
	}
}

void
out_flush_all(struct fetch *f)
{
	struct pollfd p[] = {{.fd = STDOUT_FILENO, .events = POLLOUT}, {.fd = f->signals, .events = POLLIN}};

	for (;;) {
		out_flush(f);
		if (f->out_at == f->out.len || f->stop_signal)
			return;
		if (poll(p, 2, -1) > 0 && p[1].revents)
			loop_note_signal(f);
	}
}
