#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "msg.h"
#include "part.h"
#include "rec.h"
#include "render.h"
#include "self.h"

enum { PATIENCE = 60 * 1000, CHUNK = 1 << 16 }; /* milliseconds that jq may do nothing */

/* Pages that all subjects write to: kept open, published at the end in this order. */
static const char *const common[] = {"submit.html", "index.html"};
enum { COMMON = sizeof(common) / sizeof(common[0]) };

/* What the pages load, of share/review. */
static const char *const assets[] = {"review.css", "picks.js",  "review.js", "lists.js",
				     "index.js",   "submit.js", "zoom.js",   "subject.js"};

/* jq at work. */
struct jq {
	struct render *r;
	pid_t pid;
	int in, out;         /* its stdin and stdout; -1: closed */
	struct buf to, from; /* not written yet; not a whole line yet */
	uint32_t next;       /* the next subject to hand over */
	uint32_t made;       /* pages of subjects that came back */
	bool tail;           /* everything was handed over */
	struct part pages[COMMON];
	int code; /* what went wrong */
};

static int
start(struct jq *j)
{
	struct buf program = {0}, dir = {0};
	int in[2] = {-1, -1}, out[2] = {-1, -1};

	if (self_share(&program, "review/render.jq") < 0 || self_share(&dir, "review") < 0)
		msg_die(EX_UNAVAILABLE, "share/review is not beside this program, nor where BI_SHARE says");
	/* A socket to write to, for MSG_NOSIGNAL: jq may end before it has read everything. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
	    fcntl(out[0], F_SETFL, O_NONBLOCK) < 0)
		msg_die_errno(EX_OSERR, "cannot make a pipe");
	j->in = in[1];
	j->out = out[0];
	j->pid = child_start(&(struct child){
		.program = "jq",
		.argv = (char *[]){(char[]){"jq"}, (char[]){"-c"}, (char[]){"-L"}, dir.data, (char[]){"-f"},
				   program.data, NULL},
		.fds = (struct child_fd[]){{in[0], STDIN_FILENO},
					   {out[1], STDOUT_FILENO},
					   {STDERR_FILENO, STDERR_FILENO}},
		.fd_count = 3,
	});
	if (j->pid < 0) {
		msg_warn_errno("cannot start jq, which makes the pages; install it");
		j->code = EX_UNAVAILABLE;
	}
	close(in[0]);
	close(out[1]);
	buf_free(&program);
	buf_free(&dir);
	return j->pid < 0 ? -1 : 0;
}

/* Puts the next line for jq into TO, when TO is empty. */
static void
prepare(struct jq *j)
{
	if (j->to.len > 0 || j->tail)
		return;
	if (j->next < j->r->plan.count) {
		if (doc_subject(j->r, j->next++, &j->to) < 0)
			j->code = render_trouble(batch_name(j->r->batch), "read its items");
		return;
	}
	doc_tail(&j->to);
	j->tail = true;
}

static void
feed(struct jq *j)
{
	ssize_t n = send(j->in, j->to.data, j->to.len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0)
		buf_drop(&j->to, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		buf_clear(&j->to); /* jq ended: its exit code says more */
	if (j->to.len == 0 && (j->tail || (n < 0 && errno != EAGAIN && errno != EINTR))) {
		close(j->in);
		j->in = -1;
	}
}

/* Pages are in the review directory itself and named *.html. */
static bool
is_page(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && n < 100 && name[0] != '.' && !strchr(name, '/') && strcmp(name + n - 5, ".html") == 0;
}

/* Takes one line of jq's: a page, or a piece of a common one. */
static void
take_line(struct jq *j, const char *line, size_t n)
{
	struct json_object *o = rec_parse(line, n, NULL, 0), *text;
	const char *name = o ? rec_string(o, "name") : NULL;
	int rc = 0;
	size_t i = 0;

	if (!name || !is_page(name) || !json_object_object_get_ex(o, "text", &text) ||
	    !json_object_is_type(text, json_type_string)) {
		msg_warn("batch %s: the jq program in share/review made something that is no page",
			 batch_name(j->r->batch));
		j->code = EX_SOFTWARE;
		json_object_put(o);
		return;
	}
	while (i < COMMON && strcmp(name, common[i]) != 0)
		i++;
	n = (size_t)json_object_get_string_len(text);
	if (i < COMMON)
		rc = part_write(&j->pages[i], json_object_get_string(text), n);
	else
		rc = part_replace(j->r->temp, j->r->dir, name, json_object_get_string(text), n, false);
	if (i == COMMON)
		render_progress(j->r, "pages", ++j->made, j->r->plan.count);
	if (rc < 0)
		j->code = render_trouble(batch_name(j->r->batch), "write its pages");
	json_object_put(o);
}

static void
take(struct jq *j)
{
	ssize_t n = read(j->out, buf_room(&j->from, CHUNK), CHUNK);
	char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close(j->out);
		j->out = -1;
		return;
	}
	j->from.len += (size_t)n;
	while (j->code == EX_ALL_WELL && (end = memchr(j->from.data, '\n', j->from.len))) {
		take_line(j, j->from.data, (size_t)(end - j->from.data));
		buf_drop(&j->from, (size_t)(end - j->from.data) + 1);
	}
}

/* Until jq closes its output or something goes wrong. */
static void
converse(struct jq *j)
{
	doc_head(j->r, &j->to);
	while (j->out >= 0 && j->code == EX_ALL_WELL) {
		struct pollfd p[2];
		int rc;

		if (j->in >= 0)
			prepare(j);
		p[0] = (struct pollfd){.fd = j->out, .events = POLLIN};
		p[1] = (struct pollfd){.fd = j->in, .events = POLLOUT};
		rc = poll(p, 2, PATIENCE);
		if (rc == 0) {
			msg_warn("batch %s: jq did nothing for %d seconds; its pages are as they were",
				 batch_name(j->r->batch), PATIENCE / 1000);
			j->code = EX_SOFTWARE;
		}
		if (rc <= 0)
			continue;
		if (p[1].revents)
			feed(j);
		if (p[0].revents)
			take(j);
	}
}

static void
end(struct jq *j)
{
	int status;

	if (j->in >= 0)
		close(j->in);
	if (j->out >= 0)
		close(j->out);
	if (j->pid > 0) {
		if (j->code != EX_ALL_WELL)
			kill(j->pid, SIGKILL);
		status = child_wait(j->pid);
		if (j->code == EX_ALL_WELL && (status != 0 || !j->tail || j->made != j->r->plan.count)) {
			msg_warn("batch %s: jq ended with %d after %u of %u pages", batch_name(j->r->batch), status,
				 j->made, j->r->plan.count);
			j->code = EX_SOFTWARE;
		}
	}
	buf_free(&j->to);
	buf_free(&j->from);
}

/* A copy of a file of share/review: the batch's folder works by itself, also from file://. */
static int
copy_asset(const struct render *r, const char *name)
{
	struct buf path = {0}, text = {0};
	char from[64];
	ssize_t n = -1;
	int fd = -1, rc = -1;

	snprintf(from, sizeof(from), "review/%s", name);
	if (self_share(&path, from) == 0)
		fd = open(path.data, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = read(fd, buf_room(&text, CHUNK), CHUNK)) > 0)
		text.len += (size_t)n;
	if (n == 0)
		rc = part_replace(r->temp, r->dir, name, text.data, text.len, false);
	if (rc < 0)
		msg_warn_errno("cannot copy %s of share/review", name);
	if (fd >= 0)
		close(fd);
	buf_free(&path);
	buf_free(&text);
	return rc;
}

int
pages_make(struct render *r)
{
	struct jq j = {.r = r, .in = -1, .out = -1};

	for (size_t i = 0; i < COMMON; i++)
		j.pages[i].fd = -1;
	for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++)
		if (copy_asset(r, assets[i]) < 0)
			return EX_IOERR;
	for (size_t i = 0; i < COMMON && j.code == EX_ALL_WELL; i++)
		if (part_open(&j.pages[i], r->temp) < 0)
			j.code = render_trouble(batch_name(r->batch), "write its pages");
	if (j.code == EX_ALL_WELL && start(&j) == 0)
		converse(&j);
	end(&j);
	for (size_t i = 0; i < COMMON; i++) {
		if (j.code == EX_ALL_WELL && part_publish(&j.pages[i], r->dir, common[i]) < 0)
			j.code = render_trouble(batch_name(r->batch), "write its pages");
		part_drop(&j.pages[i]);
	}
	return j.code;
}
