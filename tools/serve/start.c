#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "argv.h"
#include "base/child.h"
#include "base/human.h"
#include "base/msg.h"
#include "files/file.h"
#include "http/servers.h"
#include "records/rec.h"
#include "serve.h"

enum {
	READY_MS = 40000, /* longer than the keeper itself waits for lighttpd to answer */
	READY_FD = 3,
	RECORD_MAX = 1 << 16,
};

/* A directory in another; both descriptors are let go. -1 with errno. */
static int
below(int dir, const char *name)
{
	int fd, error;

	if (dir < 0)
		return -1;
	fd = root_open_dir(dir, name, false);
	error = errno;
	close(dir);
	errno = error;
	return fd;
}

bool
serve_is_home(const char *batch)
{
	return strcmp(batch, SERVE_HOME) == 0;
}

/* The folder that lighttpd serves is there, though nothing may be in it yet. */
static int
check_home(const struct serve *s)
{
	int dir = root_open_dir(s->root.fd, "review", true);

	if (dir >= 0) {
		close(dir);
		return 0;
	}
	msg_warn_errno("cannot make %s/review", s->root.path);
	return EX_CANTCREAT;
}

/* Whether there is something by the name of BATCH among the batches, as far as can be seen; errno stays. */
static bool
has_batch(const struct serve *s, const char *batch)
{
	int error = errno, dir = root_open_dir(s->root.fd, "batches", false);
	int is = dir < 0 ? (errno == ENOENT ? 0 : -1) : file_close(dir, file_stat(dir, batch, NULL));

	errno = error;
	return is != 0;
}

/* Whether the pages of BATCH are there. */
static int
check_pages(const struct serve *s, const char *batch)
{
	int dir = below(root_open_dir(s->root.fd, "review", false), batch);
	struct stat st;
	int rc = dir < 0 ? -1 : fstatat(dir, "index.html", &st, AT_SYMLINK_NOFOLLOW);

	if (rc == 0 && !S_ISREG(st.st_mode)) {
		errno = EINVAL;
		rc = -1;
	}
	if (rc < 0 && errno == ENOENT && !has_batch(s, batch))
		msg_warn("there is no batch %s in %s, and no review pages of one; bi-status lists those that there are",
			 batch, s->root.path);
	else if (rc < 0 && errno == ENOENT)
		msg_warn("there are no review pages of batch %s in %s: run `bi-render %s` first", batch, s->root.path,
			 batch);
	else if (rc < 0)
		msg_warn_errno("the review pages of batch %s cannot be served: %s/review/%s/index.html", batch,
			       s->root.path, batch);
	if (dir >= 0)
		close(dir);
	return rc == 0 ? 0 : EX_NOINPUT;
}

int
serve_check(const struct serve *s, const char *batch)
{
	return serve_is_home(batch) ? check_home(s) : check_pages(s, batch);
}

const char *
serve_access_name(enum serve_access access)
{
	static const char *const names[] = {"open", "private", "share"};

	return names[access];
}

/* The URL that a person opens: its fragment, which browsers send to nobody, has the token. */
static void
add_token(const struct serve *s, struct json_object *record)
{
	const char *url = rec_string(record, "url");
	struct buf with = {0};

	if (!url || !*s->token)
		return;
	buf_printf(&with, "%s#token=%s", url, s->token);
	json_object_object_add(record, "url", json_object_new_string(with.data));
	buf_free(&with);
}

static void
print_record(const struct serve *s, struct json_object *record, const char *already)
{
	add_token(s, record);
	if (s->json) {
		rec_write_json(record);
	} else {
		human_print("%s is served%s at %s",
			    serve_is_home(rec_string(record, "batch")) ? "The root" : rec_string(record, "batch"),
			    already, rec_string(record, "url"));
		human_print("(`bi-clean stop %lld` ends it)", rec_number(record, "port", 0));
	}
	rec_flush();
}

void
serve_print(const struct serve *s, const char *line, size_t n)
{
	struct json_object *record = rec_parse(line, n, NULL, 0);

	print_record(s, record, "");
	json_object_put(record);
}

/* Who reaches a server's pages, as its record says. */
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

/* A server that is there goes on as it was started. */
static void
report_not_heeded(const struct serve *s, int port)
{
	bool usual = s->first == 8000 && s->last == 8020, elsewhere = !usual && (port < s->first || port > s->last);

	if (elsewhere || s->origins_n || s->hosts_n || s->csrf_cookie || s->no_worker ||
	    memcmp(&s->bounds, &bounds_usual, sizeof(s->bounds)) != 0)
		msg_warn("the server on port %d goes on as it was started, %s: `bi-clean stop %d` first", port,
			 elsewhere ? "there" : "without these options", port);
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
			print_record(s, v->record, " already");
			report_not_heeded(s, v->port);
		}
	}
	servers_free(&all);
	return found;
}

/* --- starting a keeper --- */

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
start_keeper(const struct serve *s, const char *batch, const struct pipes *p)
{
	char ports[32], fd[16];
	const struct child_fd fds[] = {
		{p->record[1], STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}, {p->ready[1], READY_FD}};
	struct words w = {0};
	struct child c = {.program = "/proc/self/exe", .argv = w.v, .fds = fds, .outlives = true};

	c.fd_count = sizeof(fds) / sizeof(*fds);
	snprintf(ports, sizeof(ports), "%d-%d", s->first, s->last);
	snprintf(fd, sizeof(fd), "%d", READY_FD);
	words_add(&w, "bi-serve", NULL);
	words_add(&w, "--json", NULL);
	words_add(&w, "--keep", fd);
	words_add(&w, "--root", s->root.path);
	words_add(&w, "--port", ports);
	words_add(&w, "--address", s->address);
	if (s->access != SERVE_OPEN)
		words_add(&w, s->access == SERVE_SHARE ? "--share" : "--private", NULL);
	for (size_t i = 0; i < s->hosts_n; i++)
		words_add(&w, "--allow-host", s->hosts[i]);
	if (s->cert) {
		words_add(&w, "--cert", s->cert);
		words_add(&w, "--key", s->key);
	}
	words_add_api(&w, s);
	if (s->no_worker)
		words_add(&w, "--no-worker", NULL);
	if (s->another)
		words_add(&w, "--another", NULL);
	if (serve_is_home(batch))
		words_add(&w, "--home", NULL);
	else
		words_add(&w, "--", batch);
	return child_start(&c);
}

/* The record that a keeper wrote before it said that it is ready. */
static int
take_record(const struct serve *s, const char *batch, int fd)
{
	char line[RECORD_MAX];
	size_t have = 0;
	ssize_t n;

	do {
		n = read(fd, line + have, sizeof(line) - have);
		have += n > 0 ? (size_t)n : 0;
	} while ((n > 0 && line[have - 1] != '\n' && have < sizeof(line)) || (n < 0 && errno == EINTR));
	if (have < 2 || line[have - 1] != '\n') {
		msg_warn("the server of batch %s gave no record of itself: run this again", batch);
		return EX_SOFTWARE;
	}
	serve_print(s, line, have - 1);
	return 0;
}

/* What became of a keeper that is not ready; it is our child still, so its process id is its own. */
static int
not_ready(const char *batch, pid_t keeper, int ready)
{
	int code;

	if (ready != 1)
		kill(keeper, SIGKILL); /* the kernel ends lighttpd with it, and the lease */
	code = child_wait(keeper);
	if (ready == 2)
		msg_warn("the server of batch %s did not answer within %d seconds, and was ended: is this machine "
			 "overloaded?",
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
	pid_t keeper;
	int ready, code;

	if (open_pipes(&p) < 0) {
		msg_warn_errno("cannot make a pipe to start the server of batch %s with", batch);
		return EX_OSERR;
	}
	keeper = start_keeper(s, batch, &p);
	if (keeper < 0)
		msg_warn_errno("cannot start the server of batch %s", batch);
	close(p.ready[1]);
	close(p.record[1]);
	code = EX_OSERR;
	if (keeper > 0) {
		ready = child_await_ready(p.ready[0], READY_MS);
		code = ready == 0 ? take_record(s, batch, p.record[0]) : not_ready(batch, keeper, ready);
	}
	close(p.ready[0]);
	close(p.record[0]);
	return code;
}

/* --- no port --- */

struct holders {
	int servers, other_ports;
	int next; /* the first port that was not looked at */
	struct buf others;
};

/* Notes the ports up to the one before PORT as held by others. */
static void
note_others(struct holders *h, int port)
{
	int count = port - h->next;

	if (count <= 0)
		return;
	buf_printf(&h->others, count == 1 ? "%s%d" : "%s%d-%d", h->others.len ? ", " : "", h->next, port - 1);
	h->other_ports += count;
}

static void
say_holder(struct holders *h, const struct server *v)
{
	note_others(h, v->port);
	h->next = v->port + 1;
	h->servers++;
	msg_warn("port %d: %s%s%s", v->port, v->batch ? v->batch : "a server that is starting", v->url ? ", " : "",
		 v->url ? v->url : "");
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
		if (all.v[i].port >= s->first && all.v[i].port <= s->last)
			say_holder(&h, &all.v[i]);
	servers_free(&all);
	note_others(&h, s->last + 1);
	if (h.other_ports)
		msg_warn("held by programs that are not servers of this root: %s", h.others.data);
	if (h.servers)
		msg_warn("end one of the servers with `bi-clean stop PORT`, or choose other ports with --port "
			 "FIRST-LAST");
	else
		msg_warn("choose other ports with --port FIRST-LAST");
	buf_free(&h.others);
}
