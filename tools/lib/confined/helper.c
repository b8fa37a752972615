#include "confined/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/paths.h"
#include "base/trouble.h"
#include "base/utf8.h"

enum { START = 30 * 1000, FDS_MAX = 2 }; /* milliseconds in which the helper must become ready */
enum { PAUSE_MS = 50, PAUSES_MAX = 5 };  /* before it is started again; doubles PAUSES_MAX times */

/* The processor time that the helper used, in milliseconds; 0 if that is not known. */
static int64_t
processor_ms(const struct helper *h)
{
	struct timespec t;
	clockid_t clock;

	if (h->pid <= 0 || clock_getcpuclockid(h->pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
		return 0;
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
note_packet_time(struct helper *h)
{
	h->since = clock_ms();
	h->cpu = processor_ms(h);
}

/* Reads what there is of its standard error, and keeps the end of it in LAST, of ROOM bytes, with a NUL. */
static void
read_noise(const struct helper *h, char *last, size_t room)
{
	char some[4096];
	size_t n = 0;
	ssize_t got;

	while ((got = read(h->noise, some, sizeof(some))) > 0 || (got < 0 && errno == EINTR)) {
		size_t more = got > 0 ? (size_t)got : 0, keep;
		const char *from = some;

		if (more >= room) {
			from += more - (room - 1);
			more = room - 1;
		}
		keep = n < room - 1 - more ? n : room - 1 - more;
		memmove(last, last + n - keep, keep);
		memcpy(last + keep, from, more);
		n = keep + more;
	}
	last[n] = '\0';
}

/* Keeps the last line of its standard error in OUT, so that it can be shown. What a sanitizer reports is shown whole.
 */
static void
read_last_line(const struct helper *h, char out[HELPER_SAID])
{
	char text[1 << 16], *line;
	size_t n;

	read_noise(h, text, sizeof(text));
#ifdef __SANITIZE_ADDRESS__
	if (strstr(text, "Sanitizer: ") || strstr(text, ": runtime error: "))
		fputs(text, stderr);
#endif
	for (n = strlen(text); n > 0 && text[n - 1] == '\n'; n--)
		text[n - 1] = '\0';
	line = strrchr(text, '\n');
	snprintf(out, HELPER_SAID, "%s", line ? line + 1 : text);
	utf8_make_line(out);
}

/* Makes room for what it writes next. */
static void
drop_noise(const struct helper *h)
{
	char none[1];

	read_noise(h, none, sizeof(none));
}

/* Shows all that it wrote: it did not start. */
static void
show_noise(const struct helper *h)
{
	char text[1 << 16];

	read_noise(h, text, sizeof(text));
	fputs(text, stderr);
}

void
helper_stop(struct helper *h)
{
	int error = errno;

	if (h->socket >= 0) {
		close(h->socket);
		close(h->noise);
	}
	h->socket = -1;
	if (h->pid > 0) {
		kill(h->pid, SIGKILL);
		child_wait(h->pid);
	}
	h->pid = 0;
	errno = error;
}

bool
helper_was_killed(int code)
{
	static const int signals[] = {SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGQUIT};

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (code == 128 + signals[i])
			return true;
	return false;
}

/* The other end is closed, so this was not just an empty packet. */
static bool
has_hung_up(const struct helper *h)
{
	struct pollfd p = {.fd = h->socket};

	return poll(&p, 1, 0) > 0 && p.revents & POLLHUP;
}

struct helper_end
helper_fail(struct helper *h, enum helper_sign sign)
{
	int64_t had = processor_ms(h) - h->cpu, time = clock_ms() - h->since;
	struct helper_end end = {.code = -1};

	if (sign == HELPER_GONE && h->pid > 0 && has_hung_up(h)) {
		kill(h->pid, SIGKILL); /* the earlier exit status stays */
		end.code = child_wait(h->pid);
		h->pid = 0;
		end.ours = helper_was_killed(end.code) || end.code == HELPER_LACKS;
	} else if (sign == HELPER_LATE) {
		end.ours = 4 * had < time;
	}
	h->troubles = end.ours ? h->troubles + 1 : 0;
	if (h->socket >= 0)
		read_last_line(h, end.said);
	helper_stop(h);
	return end;
}

static ssize_t
receive_packet(const struct helper *h, char *packet, size_t room)
{
	ssize_t n;

	do
		n = recv(h->socket, packet, room - 1, MSG_DONTWAIT);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET)); /* what it sent before it died is still readable */
	if (n >= 0)
		packet[n] = '\0';
	return n;
}

static bool
is_ready(const struct helper *h)
{
	int64_t until = clock_ms() + START;
	char packet[16];
	ssize_t n;

	while ((n = receive_packet(h, packet, sizeof(packet))) < 0 && errno == EAGAIN) {
		struct pollfd p = {.fd = h->socket, .events = POLLIN};
		int left = clock_left(until);

		if (left == 0 || (poll(&p, 1, left) < 0 && errno != EINTR))
			return false;
	}
	return n > 0 && strcmp(packet, "ready") == 0;
}

/* Starts the helper with THEIRS as its descriptor 0, and NOISE as its standard error. */
static int
start_on_socket(struct helper *h, int theirs, int noise)
{
	char *argv[] = {(char *)(size_t)h->program, (char[]){"--serve"}, (char *)(size_t)h->mode, NULL};
	struct buf path = {0};

	h->pid = path_of_program(&path, h->program) < 0
			 ? -1
			 : child_start(&(struct child){
				   .program = path.data,
				   .argv = argv,
				   .fds = (struct child_fd[]){{theirs, STDIN_FILENO}, {noise, STDERR_FILENO}},
				   .fd_count = 2,
			   });
	buf_free(&path);
	return h->pid < 0 ? -1 : 0;
}

/* Stops a helper that did not become ready. No file was sent to it, so this machine is at fault: errno tells how. */
static int
fail_start(struct helper *h)
{
	int code = 0;

	show_noise(h);
	if (has_hung_up(h)) {
		kill(h->pid, SIGKILL); /* the earlier exit status stays */
		code = child_wait(h->pid);
		h->pid = 0;
	}
	helper_stop(h);
	errno = code == EX_UNAVAILABLE ? ENOPKG : code == HELPER_LACKS ? ENOMEM : EAGAIN;
	return -1;
}

static int
start_once(struct helper *h)
{
	int pair[2], noise[2], rc, error;

	h->pid = 0;
	h->socket = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	/* Neither end waits: what does not fit is lost. */
	if (pipe2(noise, O_CLOEXEC | O_NONBLOCK) < 0) {
		error = errno;
		close(pair[0]);
		close(pair[1]);
		errno = error;
		return -1;
	}
	h->socket = pair[0];
	h->noise = noise[0];
	rc = start_on_socket(h, pair[1], noise[1]);
	error = errno;
	close(pair[1]);
	close(noise[1]);
	if (rc == 0 && is_ready(h)) {
		drop_noise(h);
		note_packet_time(h);
		return 0;
	}
	if (rc == 0)
		return fail_start(h);
	helper_stop(h);
	errno = error;
	return -1;
}

int
helper_start(struct helper *h)
{
	for (int tries = 1;; tries++) {
		unsigned doubled = h->troubles < PAUSES_MAX ? h->troubles : PAUSES_MAX;
		long ms = h->troubles > 0 ? (long)PAUSE_MS << (doubled - 1) : 0;

		/* The cause of the failure may be temporary: the pause grows with the number of failures. */
		if (ms > 0)
			nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
		if (start_once(h) == 0)
			return 0;
		if (tries == HELPER_TRIES || !trouble_is_local(errno))
			return -1;
		h->troubles++;
	}
}

int
helper_send(struct helper *h, const void *bytes, size_t n, const int *fds, size_t count)
{
	struct iovec part = {.iov_base = (void *)(size_t)bytes, .iov_len = n};
	struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
	union {
		char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};

	if (count > FDS_MAX) {
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
	if (sendmsg(h->socket, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
		note_packet_time(h);
		return 0;
	}
	if (errno == ECONNRESET)
		errno = EPIPE;
	if (errno == EINTR || errno == ENOBUFS || errno == ENOMEM || errno == ETOOMANYREFS)
		errno = EAGAIN;
	return -1;
}

ssize_t
helper_receive(struct helper *h, char *packet, size_t room)
{
	ssize_t n = receive_packet(h, packet, room);

	if (n > 0) {
		drop_noise(h); /* it is about what the answer is about */
		note_packet_time(h);
		h->troubles = 0;
	}
	return n;
}
