#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/msg.h"
#include "children.h"
#include "files/file.h"
#include "lighttpd.h"
#include "port.h"
#include "probe.h"
#include "record.h"
#include "supervisor.h"
#include "supervisor_wait.h"

enum {
	DRAIN_MS = 2000, /* for current requests, once it is asked to end */
	END_MS = 1000,   /* and for lighttpd to end, once it is told to */
};

/* Ends lighttpd: first it may finish its requests, then it is told to end, then the kernel kills it. */
static void
end_lighttpd(struct supervisor *k)
{
	static const struct {
		int signal, ms;
	} steps[] = {{SIGINT, DRAIN_MS}, {SIGTERM, END_MS}, {SIGKILL, END_MS}};

	children_wind_down(k);
	for (size_t i = 0; k->lighttpd && i < sizeof(steps) / sizeof(*steps); i++) {
		int64_t until = clock_ms() + steps[i].ms;

		kill(k->lighttpd, steps[i].signal); /* a child that was not waited for, so the id is still its own */
		while (k->lighttpd && clock_ms() < until)
			if (supervisor_wait(k, -1, 0, until - clock_ms()) & WAIT_ENDED)
				supervisor_reap_lighttpd(k);
	}
	k->lighttpd = 0;
}

/* Closes the terminal and pipes of the caller; later messages go to the log. */
static int
detach_from_caller(const struct supervisor *k)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), rc = 0;

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(k->log, STDERR_FILENO) < 0)
		rc = -1;
	file_close(null, 0);
	return rc < 0 ? -1 : child_report_ready(k->s->ready);
}

/* --- a supervisor's life --- */

static int
open_log(struct supervisor *k)
{
	int dir = root_open_dir(k->s->root.fd, "leases", false);
	char name[32];
	struct stat st;

	snprintf(name, sizeof(name), "%d.log", k->lease.port);
	k->log = dir < 0 ? -1
			 : openat(dir, name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	file_close(dir, 0);
	if (k->log >= 0 && fstat(k->log, &st) == 0 && S_ISREG(st.st_mode) && ftruncate(k->log, 0) == 0)
		return 0;
	msg_warn_errno("cannot open the log %s/leases/%s", k->s->root.path, name);
	return EX_CANTCREAT;
}

static int
open_says(struct supervisor *k)
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
watch_signals(struct supervisor *k)
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

/* Takes the first free port that was not the last port of another batch. Returns as lease_acquire(). */
static int
take_unused_port(struct supervisor *k)
{
	int first = k->s->first, count = k->s->last - first + 1, rc = 1;
	bool *others = buf_alloc((size_t)count * sizeof(*others));

	if (port_mark_others(k->s, k->batch, others) < 0)
		rc = -1;
	for (int i = 0; i < count && rc == 1; i++)
		if (!others[i])
			rc = lease_acquire(&k->lease, &k->s->root, k->s->address, first + i, first + i);
	free(others);
	return rc;
}

static int
take_port(struct supervisor *k)
{
	int last = k->s->another ? 0 : port_last(k->s, k->batch);
	int rc = last ? lease_acquire(&k->lease, &k->s->root, k->s->address, last, last) : 1;

	if (rc == 1)
		rc = take_unused_port(k);
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

/* Starts everything until the server answers. 0, or the exit code after a message. */
static int
start_server(struct supervisor *k)
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
		rc = children_start(k);
	if (rc == 0)
		rc = lighttpd_start(k);
	if (rc == 0)
		rc = server_probe(k);
	if (rc == 0 && !k->s->another)
		port_note(k->s, k->batch, k->lease.port);
	if (rc == 0)
		rc = record_announce(k);
	if (rc == 0 && k->s->held >= 0)
		close(k->s->held);
	if (rc == 0 && k->s->ready >= 0 && detach_from_caller(k) < 0)
		rc = EX_OSERR; /* the caller no longer waits for this server */
	return rc;
}

int
supervisor_run(const struct serve *s, const char *batch)
{
	struct supervisor k = {.s = s, .batch = batch, .pidfd = -1, .signals = -1, .says = -1, .voice = -1, .log = -1};
	int rc;

	children_prepare(&k);
	prctl(PR_SET_NAME, "bi-serve");
	signal(SIGPIPE, SIG_IGN);
	k.lease = (struct lease){.fd = -1, .socket = -1};
	if (s->ready >= 0 && chdir("/") < 0)
		msg_warn_errno("cannot leave the working directory");
	rc = start_server(&k);
	if (rc == 0 && supervisor_wait(&k, -1, 0, -1) & WAIT_ENDED) {
		msg_warn("lighttpd on port %d ended unexpectedly (%d)", k.lease.port, supervisor_reap_lighttpd(&k));
		rc = EX_UNAVAILABLE;
	}
	end_lighttpd(&k);
	children_stop(&k);
	lease_end(&k.lease);
	buf_free(&k.said);
	return rc;
}
