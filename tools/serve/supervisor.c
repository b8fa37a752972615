#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/msg.h"
#include "record.h"
#include "supervisor.h"

enum {
	DRAIN_MS = 2000,   /* for requests under way once it is asked to end */
	END_MS = 1000,     /* and for it to go when told to */
	LOG_MAX = 1 << 20, /* bytes of a log before it begins anew */
	SAID_MAX = 1024,   /* bytes of what it said that a message repeats */
	DRAIN_EVERY = 65536,
};

/* Moves what lighttpd said into the log. A full disk loses messages and nothing else. */
static void
keep_log(struct keeper *k)
{
	static char bytes[DRAIN_EVERY];
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

/* What happened to those in P, which keeper_turn() made. */
static int
heed(struct keeper *k, const struct pollfd *p)
{
	int happened = p[0].revents ? TURN_ENDED : 0;

	if (p[3].revents)
		keep_log(k);
	if (p[1].revents) {
		struct signalfd_siginfo info;

		if (read(k->signals, &info, sizeof(info)) > 0)
			happened |= TURN_ASKED;
	}
	for (size_t i = 0; i < BACKENDS; i++)
		if (p[4 + i].revents)
			backend_ended(k, p[4 + i].fd);
	return happened | (p[2].revents ? TURN_FD : 0);
}

int
keeper_turn(struct keeper *k, int fd, short events, int64_t ms)
{
	int64_t until = clock_ms() + ms;
	int happened = 0, n;

	do {
		struct pollfd p[4 + BACKENDS] = {{.fd = k->pidfd, .events = POLLIN},
						 {.fd = k->signals, .events = POLLIN},
						 {.fd = fd, .events = events},
						 {.fd = k->says, .events = POLLIN}};
		int64_t next = backend_tend(k);
		int64_t left = ms < 0 ? -1 : clock_left(until);

		for (size_t i = 0; i < BACKENDS; i++)
			p[4 + i] = (struct pollfd){.fd = k->backends[i].pidfd, .events = POLLIN};
		if (next >= 0 && (left < 0 || next < left))
			left = next;
		n = poll(p, sizeof(p) / sizeof(*p), (int)left);
		if (n < 0 && errno != EINTR)
			return TURN_ASKED;
		if (n > 0)
			happened |= heed(k, p);
	} while (!happened && (ms < 0 || clock_ms() < until));
	return happened;
}

int
keeper_reap(struct keeper *k)
{
	int code = child_wait(k->lighttpd);

	for (int i = 0; k->says >= 0 && i < 16; i++) { /* what it said last */
		struct pollfd p = {.fd = k->says, .events = POLLIN};

		if (poll(&p, 1, 0) <= 0)
			break;
		keep_log(k);
	}
	k->lighttpd = 0;
	return code;
}

/* Ends lighttpd: lets it finish what is under way, then tells it, then the kernel. */
static void
end_lighttpd(struct keeper *k)
{
	static const struct {
		int signal, ms;
	} steps[] = {{SIGINT, DRAIN_MS}, {SIGTERM, END_MS}, {SIGKILL, END_MS}};

	backend_wind_up(k);
	for (size_t i = 0; k->lighttpd && i < sizeof(steps) / sizeof(*steps); i++) {
		int64_t until = clock_ms() + steps[i].ms;

		kill(k->lighttpd, steps[i].signal); /* our child, not waited for: nobody else can have its id */
		while (k->lighttpd && clock_ms() < until)
			if (keeper_turn(k, -1, 0, until - clock_ms()) & TURN_ENDED)
				keeper_reap(k);
	}
	k->lighttpd = 0;
}

/* Lets go of the caller's terminal and pipes; what is said from here on is for the log. */
static int
detach(const struct keeper *k)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), rc = 0;

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(k->log, STDERR_FILENO) < 0)
		rc = -1;
	if (null >= 0)
		close(null);
	return rc < 0 ? -1 : child_report_ready(k->s->ready);
}

/* --- a keeper's life --- */

static int
open_log(struct keeper *k)
{
	int dir = root_open_dir(k->s->root.fd, "leases", false);
	char name[32];
	struct stat st;

	snprintf(name, sizeof(name), "%d.log", k->lease.port);
	k->log = dir < 0 ? -1
			 : openat(dir, name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	if (dir >= 0)
		close(dir);
	if (k->log >= 0 && fstat(k->log, &st) == 0 && S_ISREG(st.st_mode) && ftruncate(k->log, 0) == 0)
		return 0;
	msg_warn_errno("cannot open the log %s/leases/%s", k->s->root.path, name);
	return EX_CANTCREAT;
}

static int
open_says(struct keeper *k)
{
	int says[2];

	if (pipe2(says, O_CLOEXEC) < 0) {
		msg_warn_errno("cannot make a pipe for the messages of lighttpd");
		return EX_OSERR;
	}
	k->says = says[0];
	k->voice = says[1];
	return 0;
}

static int
watch_signals(struct keeper *k)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
		k->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (k->signals >= 0)
		return 0;
	msg_warn_errno("cannot watch for signals");
	return EX_OSERR;
}

/* The first free port that no other batch had last. As lease_acquire(). */
static int
take_nobodys(struct keeper *k)
{
	int first = k->s->first, count = k->s->last - first + 1, rc = 1;
	bool *others = buf_alloc((size_t)count * sizeof(*others));

	if (serve_others_ports(k->s, k->batch, others) < 0)
		rc = -1;
	for (int i = 0; i < count && rc == 1; i++)
		if (!others[i])
			rc = lease_acquire(&k->lease, &k->s->root, k->s->address, first + i, first + i);
	free(others);
	return rc;
}

static int
take_port(struct keeper *k)
{
	int last = k->s->another ? 0 : serve_last_port(k->s, k->batch);
	int rc = last ? lease_acquire(&k->lease, &k->s->root, k->s->address, last, last) : 1;

	if (rc == 1)
		rc = take_nobodys(k);
	if (rc == 1)
		rc = lease_acquire(&k->lease, &k->s->root, k->s->address, k->s->first, k->s->last);
	if (rc == 1)
		return EX_TEMPFAIL;
	k->at_len = sizeof(k->at);
	if (rc == 0 && getsockname(k->lease.socket, (struct sockaddr *)&k->at, &k->at_len) == 0)
		return 0;
	rc = errno == EADDRNOTAVAIL ? EX_UNAVAILABLE : msg_exit_code(errno);
	msg_warn_errno("cannot take one of the ports %d to %d of %s, in %s/leases", k->s->first, k->s->last,
		       k->s->address, k->s->root.path);
	return rc;
}

/* From nothing to a server that answers. 0, or the exit code after a message. */
static int
begin(struct keeper *k)
{
	int rc = watch_signals(k);

	if (rc == 0)
		rc = take_port(k);
	if (rc == 0)
		rc = open_log(k);
	if (rc == 0)
		rc = open_says(k);
	if (rc == 0)
		rc = lighttpd_prepare(k);
	if (rc == 0)
		rc = backend_start(k);
	if (rc == 0)
		rc = lighttpd_start(k);
	if (rc == 0)
		rc = server_probe(k);
	if (rc == 0 && !k->s->another)
		serve_note_port(k->s, k->batch, k->lease.port);
	if (rc == 0)
		rc = record_announce(k);
	if (rc == 0 && k->s->held >= 0)
		close(k->s->held);
	if (rc == 0 && k->s->ready >= 0 && detach(k) < 0)
		rc = EX_OSERR; /* nobody waits for this server any longer */
	return rc;
}

int
keeper_run(const struct serve *s, const char *batch)
{
	struct keeper k = {.s = s, .batch = batch, .pidfd = -1, .signals = -1, .says = -1, .voice = -1, .log = -1};
	int rc;

	backend_prepare(&k);
	prctl(PR_SET_NAME, "bi-serve");
	signal(SIGPIPE, SIG_IGN);
	k.lease = (struct lease){.fd = -1, .socket = -1};
	if (s->ready >= 0 && chdir("/") < 0)
		msg_warn_errno("cannot leave the working directory");
	rc = begin(&k);
	if (rc == 0 && keeper_turn(&k, -1, 0, -1) & TURN_ENDED) {
		msg_warn("lighttpd on port %d ended by itself (%d)", k.lease.port, keeper_reap(&k));
		rc = EX_UNAVAILABLE;
	}
	end_lighttpd(&k);
	backend_stop(&k);
	lease_end(&k.lease);
	buf_free(&k.said);
	return rc;
}
