#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/msg.h"
#include "base/utf8.h"
#include "files/file.h"
#include "records/rec.h"
#include "source.h"

enum { PATIENCE_MS = 60 * 1000, CHUNK = 1 << 16, ANSWER_MAX = 64 << 20, PROGRAM_MAX = 1 << 20 };

struct filter {
	const struct conf *conf;
	struct buf program;
	pid_t pid;   /* 0: not running */
	int in, out; /* -1: not running */
	struct buf to, from;
};

struct filter *
filter_open(const struct conf *c, const char *def)
{
	struct filter *f = buf_alloc(sizeof(*f));

	*f = (struct filter){.conf = c, .in = -1, .out = -1};
	/* Writes one line for each input, in every case. */
	buf_printf(
		&f->program,
		"include \"%s\"; try {ok: [%s($conf)]} catch {error: (if type == \"string\" then . else tojson end)}",
		c->name, def);
	return f;
}

bool
filter_exists(const struct conf *c, const char *def)
{
	struct buf path = {0}, text = {0}, start = {0};
	bool exists;
	int fd;

	buf_printf(&path, "%s/%s.jq", c->dir.data, c->name);
	buf_printf(&start, "def %s(", def);
	fd = open(path.data, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || file_read_all(fd, PROGRAM_MAX, &text) < 0)
		msg_die_errno(EX_CONFIG, "cannot read the filters of the source '%s', %s", c->name, path.data);
	close(fd);
	buf_str(&text, "");
	exists = strstr(text.data, start.data) != NULL;
	buf_free(&path);
	buf_free(&text);
	buf_free(&start);
	return exists;
}

static void
stop(struct filter *f)
{
	file_close(f->in, 0);
	file_close(f->out, 0);
	if (f->pid > 0) {
		kill(f->pid, SIGKILL);
		child_wait(f->pid);
	}
	f->in = f->out = -1;
	f->pid = 0;
	buf_clear(&f->from);
	buf_clear(&f->to);
}

void
filter_free(struct filter *f)
{
	if (!f)
		return;
	stop(f);
	buf_free(&f->program);
	buf_free(&f->from);
	buf_free(&f->to);
	free(f);
}

static void
start(struct filter *f)
{
	int in[2], out[2];

	/* A socket to write to, for MSG_NOSIGNAL: jq may end before it has read everything. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
	    fcntl(out[0], F_SETFL, O_NONBLOCK) < 0)
		msg_die_errno(EX_OSERR, "cannot make a pipe");
	f->in = in[1];
	f->out = out[0];
	f->pid = child_start(&(struct child){
		.program = "jq",
		.argv = (char *[]){(char[]){"jq"}, (char[]){"-c"}, (char[]){"--unbuffered"}, (char[]){"-L"},
				   f->conf->dir.data, (char[]){"-L"}, f->conf->share.data, (char[]){"--argjson"},
				   (char[]){"conf"}, (char *)rec_print(f->conf->values), f->program.data, NULL},
		.fds = (struct child_fd[]){{in[0], STDIN_FILENO},
					   {out[1], STDOUT_FILENO},
					   {STDERR_FILENO, STDERR_FILENO}},
		.fd_count = 3,
	});
	if (f->pid < 0)
		msg_die_errno(EX_UNAVAILABLE, "cannot start jq, which runs the filters of sources; install it");
	close(in[0]);
	close(out[1]);
}

/* Writes as much to jq as it accepts now. False: it has ended. */
static bool
feed(struct filter *f)
{
	ssize_t n = send(f->in, f->to.data, f->to.len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0)
		buf_drop(&f->to, (size_t)n);
	return n >= 0 || errno == EAGAIN || errno == EINTR;
}

/* Reads the available output. False: jq has ended, or its output is too long. */
static bool
take(struct filter *f)
{
	ssize_t n = read(f->out, buf_room(&f->from, CHUNK), CHUNK);

	if (n > 0) {
		f->from.len += (size_t)n;
		f->from.data[f->from.len] = '\0';
	}
	return n > 0 ? f->from.len <= ANSWER_MAX : n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Runs until a line has arrived. NULL, or what is wrong. */
static const char *
converse(struct filter *f)
{
	int64_t until = clock_ms() + PATIENCE_MS;

	while (!f->from.len || f->from.data[f->from.len - 1] != '\n') {
		struct pollfd p[2] = {{.fd = f->out, .events = POLLIN},
				      {.fd = f->to.len ? f->in : -1, .events = POLLOUT}};
		int rc = poll(p, 2, clock_left(until));

		if (rc == 0)
			return "it wrote nothing for a minute";
		if (rc < 0)
			continue;
		if (p[0].revents && !take(f))
			return "jq ended; its message is above";
		if (p[1].revents && !feed(f))
			return "jq ended; its message is above";
	}
	return NULL;
}

struct json_object *
filter_ask(struct filter *f, struct json_object *in, char *wrong, size_t room)
{
	struct json_object *answer, *ok = NULL;
	const char *why;

	if (f->pid <= 0)
		start(f);
	buf_str(&f->to, rec_print(in));
	buf_str(&f->to, "\n");
	why = converse(f);
	if (why) {
		snprintf(wrong, room, "its filter failed: %s", why);
		stop(f);
		return NULL;
	}
	answer = rec_parse(f->from.data, f->from.len - 1, NULL, 0);
	buf_clear(&f->from);
	if (json_object_object_get_ex(answer, "ok", &ok) && json_object_is_type(ok, json_type_array)) {
		json_object_get(ok);
	} else {
		const char *error = answer ? rec_string(answer, "error") : NULL;

		snprintf(wrong, room, "its filter failed: %.300s", error ? error : "its output is not JSON");
		utf8_replace_invalid(wrong);
		ok = NULL;
	}
	json_object_put(answer);
	return ok;
}
