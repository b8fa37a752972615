#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "keeper.h"
#include "msg.h"
#include "self.h"

enum {
	BACKLOG = 1024,
	PAUSE_MS = 1000, /* before one is started again that ended sooner than this */
};

static void
socket_name(const struct keeper *k, bool streams, char name[32])
{
	snprintf(name, 32, streams ? "%d.stream" : "%d.api", k->lease.port);
}

/* A socket that listens in leases/, for this user alone. Its name there may be left from a keeper that was killed: the
 * lease of the port is ours, and so is the name. -1 with errno. */
static int
listen_at(const struct keeper *k, bool streams)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc, error;
	char name[32];
	mode_t mask;

	if (fd < 0)
		return -1;
	socket_name(k, streams, name);
	/* A path of a root can be longer than a socket's may be. */
	snprintf(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d/%s", k->dir, name);
	rc = unlinkat(k->dir, name, 0) < 0 && errno != ENOENT ? -1 : 0;
	mask = umask(0177);
	if (rc == 0)
		rc = bind(fd, (const struct sockaddr *)&at, sizeof(at));
	error = errno;
	umask(mask);
	errno = error;
	if (rc == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int
start(struct keeper *k, size_t i)
{
	bool streams = i >= BACKENDS_ANSWER;
	const struct child_fd fds[] = {{streams ? k->streams : k->answers, STDIN_FILENO},
				       {k->voice, STDOUT_FILENO},
				       {k->voice, STDERR_FILENO}};
	char *argv[] = {"bi-api", "--root", k->s->root.path, streams ? "--stream" : NULL, NULL};
	struct child c = {.program = k->program.data, .argv = argv, .fds = fds};
	struct backend *b = &k->backends[i];

	c.fd_count = sizeof(fds) / sizeof(*fds);
	b->since = clock_ms();
	b->pid = child_start(&c);
	b->pidfd = b->pid > 0 ? pidfd_open(b->pid, 0) : -1;
	if (b->pidfd >= 0)
		return 0;
	if (b->pid > 0) {
		kill(b->pid, SIGKILL);
		child_wait(b->pid);
	}
	b->pid = 0;
	b->due = clock_ms() + PAUSE_MS;
	return -1;
}

int
backend_start(struct keeper *k)
{
	k->dir = root_dir(k->s->root.fd, "leases", false);
	k->answers = k->dir < 0 ? -1 : listen_at(k, false);
	k->streams = k->answers < 0 ? -1 : listen_at(k, true);
	if (k->streams < 0) {
		msg_warn_errno("cannot listen in %s/leases for the API", k->s->root.path);
		return EX_CANTCREAT;
	}
	if (self_program(&k->program, "bi-api") < 0) {
		msg_warn_errno("cannot find bi-api, which answers for what reviewers pick, beside this program");
		return EX_UNAVAILABLE;
	}
	for (size_t i = 0; i < BACKENDS; i++)
		if (start(k, i) < 0) {
			msg_warn_errno("cannot start %s", k->program.data);
			return EX_UNAVAILABLE;
		}
	return 0;
}

void
backend_ended(struct keeper *k, int pidfd)
{
	for (size_t i = 0; i < BACKENDS; i++) {
		struct backend *b = &k->backends[i];
		int64_t now = clock_ms();

		if (!b->pid || b->pidfd != pidfd)
			continue;
		msg_warn("bi-api ended by itself (%d) and is started again", child_wait(b->pid));
		close(b->pidfd);
		b->pid = 0;
		b->pidfd = -1;
		b->due = now - b->since < PAUSE_MS ? b->since + PAUSE_MS : now;
	}
}

int64_t
backend_tend(struct keeper *k)
{
	int64_t next = -1;

	if (k->streams < 0) /* none was started yet, or all are to end */
		return -1;
	for (size_t i = 0; i < BACKENDS; i++) {
		struct backend *b = &k->backends[i];
		int64_t left = b->pid ? -1 : b->due - clock_ms();

		if (!b->pid && left <= 0 && start(k, i) < 0) {
			msg_warn_errno("cannot start %s again", k->program.data);
			left = PAUSE_MS;
		}
		if (!b->pid && (next < 0 || left < next))
			next = left < 0 ? 0 : left;
	}
	return next;
}

static void
end(struct backend *b)
{
	if (!b->pid)
		return;
	kill(b->pid, SIGKILL); /* our child, not waited for: nobody else can have its id */
	child_wait(b->pid);
	close(b->pidfd);
	b->pid = 0;
	b->pidfd = -1;
}

static void
unlisten(const struct keeper *k, int *fd, bool streams)
{
	char name[32];

	if (*fd < 0)
		return;
	socket_name(k, streams, name);
	unlinkat(k->dir, name, 0);
	close(*fd);
	*fd = -1;
}

void
backend_stop_stream(struct keeper *k)
{
	unlisten(k, &k->streams, true);
	end(&k->backends[BACKENDS - 1]);
}

void
backend_stop(struct keeper *k)
{
	backend_stop_stream(k);
	unlisten(k, &k->answers, false);
	for (size_t i = 0; i < BACKENDS_ANSWER; i++)
		end(&k->backends[i]);
	if (k->dir >= 0)
		close(k->dir);
	k->dir = -1;
	buf_free(&k->program);
}
