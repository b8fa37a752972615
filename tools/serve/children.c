#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "argv.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/msg.h"
#include "base/paths.h"
#include "children.h"
#include "files/file.h"
#include "files/trash.h"

enum {
	BACKLOG = 1024,
	PAUSE_MS = 1000, /* before a restart of a process that ended sooner; doubles each time */
	DOUBLINGS = 5,
	WORKER_MS = 2000, /* for the worker to record its results */
};

static const struct {
	const char *socket; /* the suffix of the name of its socket; NULL: it has none */
	const char *option;
	size_t count;
} kinds[CHILD_KINDS] = {
	[CHILD_ANSWERS] = {"api", NULL, 3},
	[CHILD_STREAMS] = {"stream", "--stream", 1},
	[CHILD_SUBMITS] = {"take", "--take", 2},
	[CHILD_WORKS] = {NULL, NULL, 1},
};

/* --- sockets --- */

static void
socket_name(const struct supervisor *k, enum child_kind kind, char name[32])
{
	snprintf(name, 32, "%d.%s", k->lease.port, kinds[kind].socket);
}

/* Makes a listening socket in leases/, for this user only. A killed supervisor may have left the name; this process has
 * the lease of the port, so it may replace the name. -1 with errno. */
static int
listen_at(const struct supervisor *k, enum child_kind kind)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc, error;
	char name[32];
	mode_t mask;

	if (fd < 0)
		return -1;
	socket_name(k, kind, name);
	/* The path of a root can be too long for a socket. */
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
	file_close(fd, 0);
	return -1;
}

static int
listen_all(struct supervisor *k)
{
	k->dir = root_open_dir(k->s->root.fd, "leases", false);
	for (size_t i = 0; k->dir >= 0 && i < CHILD_KINDS; i++) {
		if (!kinds[i].socket)
			continue;
		k->sockets[i] = listen_at(k, (enum child_kind)i);
		if (k->sockets[i] < 0)
			return -1;
	}
	return k->dir < 0 ? -1 : 0;
}

static void
close_socket(struct supervisor *k, enum child_kind kind)
{
	char name[32];

	if (k->sockets[kind] < 0)
		return;
	socket_name(k, kind, name);
	unlinkat(k->dir, name, 0);
	close(k->sockets[kind]);
	k->sockets[kind] = -1;
}

/* --- bodies --- */

/* In leases/PORT.bodies/, lighttpd stores requests that it cannot pass on at once; files of a killed lighttpd are
 * removed. */
static int
clear_bodies(const struct supervisor *k, bool make)
{
	char name[32];

	snprintf(name, sizeof(name), "%d.bodies", k->lease.port);
	if (trash_dir(&k->s->root, k->dir, name) < 0 && errno != ENOENT)
		return -1;
	return make ? mkdirat(k->dir, name, 0700) : 0;
}

/* --- starting --- */

static int
start_child(struct supervisor *k, struct server_child *b)
{
	bool works = b->kind == CHILD_WORKS;
	const struct child_fd fds[] = {
		{k->voice, STDOUT_FILENO}, {k->voice, STDERR_FILENO}, {works ? -1 : k->sockets[b->kind], STDIN_FILENO}};
	struct argv w = {0};
	struct child c = {.program = works ? k->fetch.data : k->api.data, .argv = w.v, .fds = fds};

	c.fd_count = sizeof(fds) / sizeof(*fds) - works;
	if (works) {
		argv_add(&w, "bi-fetch", NULL);
		argv_add(&w, "--root", k->s->root.path);
		argv_add(&w, "--work", NULL);
		argv_add(&w, "--stand-by", NULL);
		argv_add(&w, "--public-only", NULL);
		argv_add(&w, "--quiet", NULL);
		argv_add(&w, "--through", "bi-parse");
	} else {
		argv_add(&w, "bi-api", NULL);
		argv_add(&w, "--root", k->s->root.path);
		if (kinds[b->kind].option)
			argv_add(&w, kinds[b->kind].option, NULL);
		argv_add_api(&w, k->s);
	}
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

/* Whether a process of this kind is wanted. */
static bool
is_wanted(const struct supervisor *k, const struct server_child *b)
{
	return b->kind != CHILD_WORKS || !k->s->no_worker;
}

static const char *
program_of(const struct supervisor *k, const struct server_child *b)
{
	return b->kind == CHILD_WORKS ? k->fetch.data : k->api.data;
}

void
children_prepare(struct supervisor *k)
{
	size_t n = 0;

	k->dir = -1;
	k->ending = true; /* until they are started */
	for (size_t i = 0; i < CHILD_KINDS; i++) {
		k->sockets[i] = -1;
		for (size_t j = 0; j < kinds[i].count; j++)
			k->children[n++] = (struct server_child){.kind = (enum child_kind)i, .pidfd = -1};
	}
}

static int
find_program(const char *name, struct buf *path)
{
	int rc = path_of_program(path, name);

	if (rc < 0)
		msg_warn_errno("cannot find %s, which the server needs, beside this program", name);
	return rc;
}

int
children_start(struct supervisor *k)
{
	if (listen_all(k) < 0) {
		msg_warn_errno("cannot listen in %s/leases for the API", k->s->root.path);
		return EX_CANTCREAT;
	}
	if (clear_bodies(k, true) < 0) {
		msg_warn_errno("cannot make %s/leases/%d.bodies", k->s->root.path, k->lease.port);
		return EX_CANTCREAT;
	}
	/* The worker finds bi-parse itself. */
	if (find_program("bi-parse", &k->fetch) < 0 || find_program("bi-fetch", &k->fetch) < 0 ||
	    find_program("bi-api", &k->api) < 0)
		return EX_UNAVAILABLE;
	k->ending = false;
	for (size_t i = 0; i < CHILDREN; i++) {
		struct server_child *b = &k->children[i];

		if (is_wanted(k, b) && start_child(k, b) < 0) {
			msg_warn_errno("cannot start %s", program_of(k, b));
			return EX_UNAVAILABLE;
		}
	}
	return 0;
}

/* --- keeping --- */

/* When a process that ended is started again: at once, or after a growing pause if it ended soon after its start. */
static int64_t
due_again(struct server_child *b)
{
	int64_t now = clock_ms();
	unsigned doublings;

	if (now - b->since >= PAUSE_MS) {
		b->quick = 0;
		return now;
	}
	doublings = b->quick < DOUBLINGS ? b->quick : DOUBLINGS;
	b->quick++;
	return b->since + ((int64_t)PAUSE_MS << doublings);
}

void
children_reap(struct supervisor *k, int pidfd)
{
	for (size_t i = 0; i < CHILDREN; i++) {
		struct server_child *b = &k->children[i];
		int code;

		if (!b->pid || b->pidfd != pidfd)
			continue;
		code = child_wait(b->pid);
		close(b->pidfd);
		b->pid = 0;
		b->pidfd = -1;
		b->due = due_again(b);
		if (!k->ending)
			msg_warn("%s ended unexpectedly (%d) and is started again",
				 b->kind == CHILD_WORKS ? "the worker, bi-fetch," : "bi-api", code);
	}
}

int64_t
children_restart_due(struct supervisor *k)
{
	int64_t next = -1;

	for (size_t i = 0; !k->ending && i < CHILDREN; i++) {
		struct server_child *b = &k->children[i];
		int64_t left;

		if (b->pid || !is_wanted(k, b))
			continue;
		left = b->due - clock_ms();
		if (left <= 0 && start_child(k, b) < 0) {
			msg_warn_errno("cannot start %s again", program_of(k, b));
			left = PAUSE_MS;
		}
		if (!b->pid && (next < 0 || left < next))
			next = left < 0 ? 0 : left;
	}
	return next;
}

/* --- ending --- */

static void
end_child(struct server_child *b)
{
	if (!b->pid)
		return;
	kill(b->pid, SIGKILL); /* a child that was not waited for, so the id is still its own */
	child_wait(b->pid);
	close(b->pidfd);
	b->pid = 0;
	b->pidfd = -1;
}

void
children_wind_down(struct supervisor *k)
{
	k->ending = true;
	if (k->dir >= 0)
		close_socket(k, CHILD_STREAMS);
	for (size_t i = 0; i < CHILDREN; i++) {
		struct server_child *b = &k->children[i];

		if (b->kind == CHILD_STREAMS)
			end_child(b); /* streams never end by themselves */
		else if (b->kind == CHILD_WORKS && b->pid)
			kill(b->pid, SIGTERM);
	}
}

void
children_stop(struct supervisor *k)
{
	int64_t until = clock_ms() + WORKER_MS;

	children_wind_down(k);
	for (size_t i = 0; i < CHILDREN; i++) {
		struct server_child *b = &k->children[i];

		if (b->kind == CHILD_WORKS) {
			/* Waits until that moment. */
			struct pollfd p = {.fd = b->pidfd, .events = POLLIN};

			while (b->pid && poll(&p, 1, clock_left(until)) < 0 && errno == EINTR) {
			}
		}
		end_child(b);
	}
	for (size_t i = 0; k->dir >= 0 && i < CHILD_KINDS; i++)
		close_socket(k, (enum child_kind)i);
	if (k->dir >= 0 && clear_bodies(k, false) < 0)
		msg_warn_errno("cannot remove %s/leases/%d.bodies", k->s->root.path, k->lease.port);
	file_close(k->dir, 0);
	k->dir = -1;
	buf_free(&k->api);
	buf_free(&k->fetch);
}
