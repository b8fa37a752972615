#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "argv.h"
#include "base/child.h"
#include "base/msg.h"
#include "batch/batch.h"
#include "files/file.h"
#include "http/servers.h"
#include "record.h"
#include "records/rec.h"
#include "start.h"

enum {
	READY_MS = 40000, /* longer than the supervisor itself waits for lighttpd to answer */
	READY_FD = 3,
	RECORD_MAX = 1 << 16,
};

/* Opens a directory in another one, whose descriptor is closed. -1 with errno. */
static int
open_below(int dir, const char *name)
{
	int fd;

	if (dir < 0)
		return -1;
	fd = root_open_dir(dir, name, false);
	return file_close(dir, fd);
}

/* Whether a batch has the name BATCH, as far as can be seen; errno is kept. */
static bool
has_batch(const struct serve *s, const char *batch)
{
	int error = errno, dir = root_open_dir(s->root.fd, "batches", false);
	int is = dir < 0 ? (errno == ENOENT ? 0 : -1) : file_close(dir, file_stat(dir, batch, NULL));

	errno = error;
	return is != 0;
}

/* Whether the programs beside the server can read the batch, if it still exists. 0 or an exit code. */
static int
check_format(const struct serve *s, const char *batch)
{
	struct batch *b = batch_open(&s->root, batch, BATCH_READ, NULL);

	if (b) {
		batch_close(b);
		return 0;
	}
	if (errno != BATCH_NEWER)
		return 0;
	msg_warn_errno("the batch %s cannot be served", batch);
	return msg_exit_code(errno);
}

/* Whether BATCH has pages. */
static int
check_pages(const struct serve *s, const char *batch)
{
	int dir = open_below(root_open_dir(s->root.fd, "review", false), batch);
	struct stat st;
	int rc = dir < 0 ? -1 : fstatat(dir, "index.html", &st, AT_SYMLINK_NOFOLLOW);

	if (rc == 0 && !S_ISREG(st.st_mode)) {
		errno = EINVAL;
		rc = -1;
	}
	if (rc < 0 && errno == ENOENT && !has_batch(s, batch))
		msg_warn("there is no batch %s in %s, and no review pages of one; bi-status lists the batches", batch,
			 s->root.path);
	else if (rc < 0 && errno == ENOENT)
		msg_warn("there are no review pages of batch %s in %s: run `bi-render %s` first", batch, s->root.path,
			 batch);
	else if (rc < 0)
		msg_warn_errno("the review pages of batch %s cannot be served: %s/review/%s/index.html", batch,
			       s->root.path, batch);
	file_close(dir, 0);
	return rc == 0 ? check_format(s, batch) : EX_NOINPUT;
}

int
serve_check(const struct serve *s, const char *batch)
{
	int dir;

	if (!serve_is_home(batch))
		return check_pages(s, batch);
	/* The folder that lighttpd serves must exist, even if it is empty. */
	dir = root_open_dir(s->root.fd, "review", true);
	if (dir < 0) {
		msg_warn_errno("cannot make %s/review", s->root.path);
		return EX_CANTCREAT;
	}
	close(dir);
	return 0;
}

/* Who can reach the pages of a server, according to its record. */
static const char *
access_of(const struct server *v)
{
	const char *access = rec_string(v->record, "access");

	return access ? access : serve_access_name(SERVE_OPEN);
}

void
serve_warn_open(const struct serve *s)
{
	struct servers all;

	if (s->access == SERVE_OPEN || servers_find(&s->root, &all) < 0)
		return;
	for (size_t i = 0; i < all.n; i++)
		if (strcmp(access_of(&all.v[i]), serve_access_name(SERVE_OPEN)) == 0)
			msg_warn("the server on port %d shows the same pages to every user of this machine, without a "
				 "password: `bi-clean stop %d` ends it",
				 all.v[i].port, all.v[i].port);
	servers_free(&all);
}

int
serve_known(const struct serve *s, const char *batch)
{
	struct servers all;
	int found = 0;

	if (servers_find(&s->root, &all) < 0) {
		msg_warn_errno("cannot read the leases in %s/leases", s->root.path);
		return -1;
	}
	for (size_t i = 0; i < all.n && !found; i++) {
		const struct server *v = &all.v[i];
		const char *address = rec_string(v->record, "address");

		found = v->batch && v->url && address && strcmp(v->batch, batch) == 0 &&
			strcmp(address, s->address) == 0 && strcmp(access_of(v), serve_access_name(s->access)) == 0;
		if (found) {
			bool usual, elsewhere;

			record_print(s, v->record, " already");
			/* An existing server keeps the options with which it was started. */
			usual = s->first == 8000 && s->last == 8020;
			elsewhere = !usual && (v->port < s->first || v->port > s->last);
			if (elsewhere || s->origins_n || s->hosts_n || s->csrf_cookie || s->no_worker ||
			    memcmp(&s->bounds, &bounds_usual, sizeof(s->bounds)) != 0)
				msg_warn("the server on port %d continues as it was started, %s; to change that, run "
					 "`bi-clean stop %d` first",
					 v->port, elsewhere ? "on that port" : "without these options", v->port);
		}
	}
	servers_free(&all);
	return found;
}

/* --- starting a supervisor --- */

struct pipes {
	int ready[2], record[2];
};

static int
open_pipes(struct pipes *p)
{
	if (pipe2(p->ready, O_CLOEXEC) < 0)
		return -1;
	if (pipe2(p->record, O_CLOEXEC) == 0)
		return 0;
	close(p->ready[0]);
	close(p->ready[1]);
	return -1;
}

static pid_t
start_supervisor(const struct serve *s, const char *batch, const struct pipes *p)
{
	char ports[32], fd[16];
	const struct child_fd fds[] = {
		{p->record[1], STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}, {p->ready[1], READY_FD}};
	struct argv w = {0};
	struct child c = {.program = "/proc/self/exe", .argv = w.v, .fds = fds, .outlives = true};

	c.fd_count = sizeof(fds) / sizeof(*fds);
	snprintf(ports, sizeof(ports), "%d-%d", s->first, s->last);
	snprintf(fd, sizeof(fd), "%d", READY_FD);
	argv_add(&w, "bi-serve", NULL);
	argv_add(&w, "--json", NULL);
	argv_add(&w, "--keep", fd);
	argv_add(&w, "--root", s->root.path);
	argv_add(&w, "--port", ports);
	argv_add(&w, "--address", s->address);
	if (s->access != SERVE_OPEN)
		argv_add(&w, s->access == SERVE_SHARE ? "--share" : "--private", NULL);
	for (size_t i = 0; i < s->hosts_n; i++)
		argv_add(&w, "--allow-host", s->hosts[i]);
	if (s->cert) {
		argv_add(&w, "--cert", s->cert);
		argv_add(&w, "--key", s->key);
	}
	argv_add_api(&w, s);
	if (s->no_worker)
		argv_add(&w, "--no-worker", NULL);
	if (s->another)
		argv_add(&w, "--another", NULL);
	if (serve_is_home(batch))
		argv_add(&w, "--home", NULL);
	else
		argv_add(&w, "--", batch);
	return child_start(&c);
}

/* The record that a supervisor wrote before it reported that it is ready. */
static int
read_record(const struct serve *s, const char *batch, int fd)
{
	char line[RECORD_MAX];
	struct json_object *record;
	size_t have = 0;
	ssize_t n;

	do {
		n = read(fd, line + have, sizeof(line) - have);
		have += n > 0 ? (size_t)n : 0;
	} while ((n > 0 && line[have - 1] != '\n' && have < sizeof(line)) || (n < 0 && errno == EINTR));
	if (have < 2 || line[have - 1] != '\n') {
		msg_warn("the server of batch %s did not report itself: run this command again", batch);
		return EX_SOFTWARE;
	}
	record = rec_parse(line, have - 1, NULL, 0);
	record_print(s, record, "");
	json_object_put(record);
	return 0;
}

/* Reports what happened to a supervisor that is not ready. It is still a child of this process, so the process id is
 * its own. */
static int
report_not_ready(const char *batch, pid_t supervisor, int ready)
{
	int code;

	if (ready != 1)
		kill(supervisor, SIGKILL); /* the kernel ends lighttpd with it, and the lease */
	code = child_wait(supervisor);
	if (ready == 2)
		msg_warn("the server of batch %s did not answer within %d seconds and was ended; if this machine is "
			 "overloaded, try again later",
			 batch, READY_MS / 1000);
	else if (ready == 1 && code > 128)
		msg_warn("the server of batch %s was ended by signal %d before it was ready", batch, code - 128);
	if (ready != 1 || code <= 0 || code > 128)
		return EX_UNAVAILABLE;
	return code;
}

int
serve_start(const struct serve *s, const char *batch)
{
	struct pipes p;
	pid_t supervisor;
	int ready, code;

	if (open_pipes(&p) < 0) {
		msg_warn_errno("cannot make a pipe to start the server of batch %s with", batch);
		return EX_OSERR;
	}
	supervisor = start_supervisor(s, batch, &p);
	if (supervisor < 0)
		msg_warn_errno("cannot start the server of batch %s", batch);
	close(p.ready[1]);
	close(p.record[1]);
	code = EX_OSERR;
	if (supervisor > 0) {
		ready = child_await_ready(p.ready[0], READY_MS);
		code = ready == 0 ? read_record(s, batch, p.record[0]) : report_not_ready(batch, supervisor, ready);
	}
	close(p.ready[0]);
	close(p.record[0]);
	return code;
}

/* --- no port --- */

struct holders {
	int servers, other_ports;
	int next; /* the first port that was not checked */
	struct buf others;
};

/* Records the ports before PORT as held by other programs. */
static void
note_others(struct holders *h, int port)
{
	int count = port - h->next;

	if (count <= 0)
		return;
	buf_printf(&h->others, count == 1 ? "%s%d" : "%s%d-%d", h->others.len ? ", " : "", h->next, port - 1);
	h->other_ports += count;
}

void
serve_no_port(const struct serve *s, const char *batch)
{
	struct holders h = {.next = s->first};
	struct servers all;

	msg_warn("no port from %d to %d is free for batch %s", s->first, s->last, batch);
	if (servers_find(&s->root, &all) < 0)
		msg_warn_errno("cannot read %s/leases", s->root.path);
	for (size_t i = 0; i < all.n; i++)
		if (all.v[i].port >= s->first && all.v[i].port <= s->last) {
			note_others(&h, all.v[i].port);
			h.next = all.v[i].port + 1;
			h.servers++;
			msg_warn("port %d: %s%s%s", all.v[i].port,
				 all.v[i].batch ? all.v[i].batch : "a server that is starting",
				 all.v[i].url ? ", " : "", all.v[i].url ? all.v[i].url : "");
		}
	servers_free(&all);
	note_others(&h, s->last + 1);
	if (h.other_ports)
		msg_warn("these ports are held by programs that are not servers of this root: %s", h.others.data);
	if (h.servers)
		msg_warn("end one of the servers with `bi-clean stop PORT`, or choose other ports with --port "
			 "FIRST-LAST");
	else
		msg_warn("choose other ports with --port FIRST-LAST");
	buf_free(&h.others);
}
