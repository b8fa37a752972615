#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/msg.h"
#include "base/opt.h"
#include "confined/helper.h"

bool
helper_serves(void)
{
	int kind = 0;
	socklen_t len = sizeof(kind);

	return getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &kind, &len) == 0 && kind == SOCK_SEQPACKET;
}

void
helper_require_socket(void)
{
	if (!helper_serves())
		opt_die("--serve needs a SOCK_SEQPACKET socket as standard input");
	memory_expect_limit(HELPER_LACKS);
}

void
helper_confine(const struct confine_limits *limits)
{
	if (confine_process(limits, NULL) < 0)
		msg_die_errno(EX_OSERR, "this kernel does not let the process confine itself (seccomp)");
	if (!helper_send_answer("ready", 5, NULL, 0))
		_exit(EX_OSERR);
}

ssize_t
helper_next_request(char *text, size_t room, int *fds, size_t count)
{
	struct iovec part = {.iov_base = text, .iov_len = room - 1};
	union {
		char room[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr msg = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(STDIN_FILENO, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n;
	text[n] = '\0';
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(count * sizeof(*fds)))
		return -1;
	memcpy(fds, CMSG_DATA(c), count * sizeof(*fds));
	return n;
}

bool
helper_send_answer(const void *head, size_t n, const void *bytes, size_t len)
{
	struct iovec parts[] = {{(void *)(size_t)head, n}, {(void *)(size_t)bytes, len}};
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = len ? 2 : 1};
	ssize_t sent;

	do
		sent = sendmsg(STDIN_FILENO, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)(n + len);
}

bool
helper_lacks_memory(void)
{
	enum { PROBE = 64 << 20 };

	return mmap(NULL, PROBE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) ==
	       MAP_FAILED;
}

void
helper_limit_seconds(int seconds)
{
	struct itimerval t = {.it_value = {.tv_sec = seconds}};

	if (setitimer(ITIMER_PROF, &t, NULL) < 0)
		_exit(EX_OSERR);
}
