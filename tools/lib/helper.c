#include "helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "child.h"
#include "clock.h"
#include "self.h"

enum { START = 30 * 1000, FDS_MOST = 2 }; /* milliseconds until it must be ready */

void
helper_stop(struct helper *h)
{
	int error = errno;

	if (h->socket >= 0)
		close(h->socket);
	h->socket = -1;
	if (h->pid > 0) {
		kill(h->pid, SIGKILL);
		child_wait(h->pid);
	}
	h->pid = 0;
	errno = error;
}

static bool
is_ready(const struct helper *h)
{
	int64_t until = clock_ms() + START;
	char packet[16];
	ssize_t n;

	while ((n = helper_take(h, packet, sizeof(packet))) < 0 && errno == EAGAIN) {
		struct pollfd p = {.fd = h->socket, .events = POLLIN};
		int left = clock_left(until);

		if (left == 0 || (poll(&p, 1, left) < 0 && errno != EINTR))
			return false;
	}
	return n > 0 && strcmp(packet, "ready") == 0;
}

/* Starts it with THEIRS as its descriptor 0. */
static int
run(struct helper *h, int theirs)
{
	char *argv[] = {(char *)(size_t)h->program, (char[]){"--serve"}, (char *)(size_t)h->mode, NULL};
	struct buf path = {0};
	int error;

	h->pid = self_program(&path, h->program) < 0
			 ? -1
			 : child_start(&(struct child){
				   .program = path.data,
				   .argv = argv,
				   .fds = (struct child_fd[]){{theirs, STDIN_FILENO}, {STDERR_FILENO, STDERR_FILENO}},
				   .fd_count = 2,
			   });
	error = errno;
	buf_free(&path);
	errno = error;
	return h->pid < 0 ? -1 : 0;
}

int
helper_start(struct helper *h)
{
	int pair[2], rc, error;

	h->pid = 0;
	h->socket = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	h->socket = pair[0];
	rc = run(h, pair[1]);
	error = errno;
	close(pair[1]);
	if (rc == 0 && is_ready(h))
		return 0;
	helper_stop(h);
	errno = rc < 0 ? error : EPROTO;
	return -1;
}

int
helper_send(const struct helper *h, const void *bytes, size_t n, const int *fds, size_t count)
{
	struct iovec part = {.iov_base = (void *)(size_t)bytes, .iov_len = n};
	struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
	union {
		char room[CMSG_SPACE(FDS_MOST * sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};

	if (count > FDS_MOST) {
		errno = EINVAL;
		return -1;
	}
	if (count > 0) {
		struct cmsghdr *c;

		msg.msg_control = control.room;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	}
	if (sendmsg(h->socket, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	if (errno == EINTR || errno == ENOBUFS || errno == ENOMEM || errno == ETOOMANYREFS)
		errno = EAGAIN;
	return -1;
}

ssize_t
helper_take(const struct helper *h, char *packet, size_t room)
{
	ssize_t n;

	do
		n = recv(h->socket, packet, room - 1, MSG_DONTWAIT);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET)); /* what it answered before it died is still there */
	if (n >= 0)
		packet[n] = '\0';
	return n;
}

bool
helper_serves(void)
{
	int kind = 0;
	socklen_t len = sizeof(kind);

	return getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &kind, &len) == 0 && kind == SOCK_SEQPACKET;
}
