#include "supervisor_wait.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "children.h"

enum {
	LOG_MAX = 1 << 20, /* bytes after which a log begins again */
	SAID_MAX = 1024,   /* bytes of lighttpd's output that a message repeats */
	READ_MAX = 65536,
};

/* Copies the output of lighttpd to the log. A full disk loses only messages. */
static void
append_log(struct supervisor *k)
{
	static char bytes[READ_MAX];
	ssize_t n = read(k->says, bytes, sizeof(bytes));

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
		close(k->says);
		k->says = -1;
	}
	if (n <= 0)
		return;
	buf_add(&k->said, bytes, (size_t)n);
	if (k->said.len > SAID_MAX)
		buf_drop(&k->said, k->said.len - SAID_MAX);
	if (k->logged + n > LOG_MAX && ftruncate(k->log, 0) == 0)
		k->logged = 0;
	n = write(k->log, bytes, (size_t)n);
	k->logged += n > 0 ? n : 0;
}

/* Handles the events in P, which supervisor_wait() made. Returns what happened. */
static int
handle_events(struct supervisor *k, const struct pollfd *p)
{
	int happened = p[0].revents ? WAIT_ENDED : 0;

	if (p[3].revents)
		append_log(k);
	if (p[1].revents) {
		struct signalfd_siginfo info;

		if (read(k->signals, &info, sizeof(info)) > 0)
			happened |= WAIT_ASKED;
	}
	for (size_t i = 0; i < CHILDREN; i++)
		if (p[4 + i].revents)
			children_reap(k, p[4 + i].fd);
	return happened | (p[2].revents ? WAIT_FD : 0);
}

int
supervisor_wait(struct supervisor *k, int fd, short events, int64_t ms)
{
	int64_t until = clock_ms() + ms;
	int happened = 0, n;

	do {
		struct pollfd p[4 + CHILDREN] = {{.fd = k->pidfd, .events = POLLIN},
						 {.fd = k->signals, .events = POLLIN},
						 {.fd = fd, .events = events},
						 {.fd = k->says, .events = POLLIN}};
		int64_t next = children_restart_due(k);
		int64_t left = ms < 0 ? -1 : clock_left(until);

		for (size_t i = 0; i < CHILDREN; i++)
			p[4 + i] = (struct pollfd){.fd = k->children[i].pidfd, .events = POLLIN};
		if (next >= 0 && (left < 0 || next < left))
			left = next;
		n = poll(p, sizeof(p) / sizeof(*p), (int)left);
		if (n < 0 && errno != EINTR)
			return WAIT_ASKED;
		if (n > 0)
			happened |= handle_events(k, p);
	} while (!happened && (ms < 0 || clock_ms() < until));
	return happened;
}

int
supervisor_reap_lighttpd(struct supervisor *k)
{
	int code = child_wait(k->lighttpd);

	for (int i = 0; k->says >= 0 && i < 16; i++) { /* its last output */
		struct pollfd p = {.fd = k->says, .events = POLLIN};

		if (poll(&p, 1, 0) <= 0)
			break;
		append_log(k);
	}
	k->lighttpd = 0;
	return code;
}
