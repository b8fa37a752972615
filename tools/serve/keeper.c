#include <arpa/inet.h>
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

#include "batch.h"
#include "child.h"
#include "clock.h"
#include "lease.h"
#include "msg.h"
#include "rec.h"
#include "self.h"
#include "serve.h"

enum {
	ANSWER_MS = 30000,      /* for lighttpd to answer the first request */
	DRAIN_MS = 2000,        /* for requests under way once it is asked to end */
	END_MS = 1000,          /* and for it to go when told to */
	LOG_MOST = 1 << 20,     /* bytes of a log before it begins anew */
	SAID_MOST = 1024,       /* bytes of what it said that a message repeats */
	RECORD_LONGEST = 16384, /* less than a pipe takes at once */
	DRAIN_EVERY = 65536,
};

struct keeper {
	const struct serve *s;
	const char *batch;
	struct lease lease;
	struct sockaddr_storage at; /* where lighttpd listens */
	socklen_t at_len;
	pid_t lighttpd; /* 0: none */
	int pidfd;      /* of lighttpd */
	int signals;    /* a signalfd: who asks us to end */
	int says;       /* what lighttpd and its children say on stderr */
	int log;        /* leases/PORT.log */
	off_t logged;
	struct buf said; /* the end of what it said, until it is ready */
};

/* What turn() returns, added up; 0: the time is over. */
enum { TURN_ENDED = 1, TURN_ASKED = 2, TURN_FD = 4 };

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
	if (k->said.len > SAID_MOST)
		buf_drop(&k->said, k->said.len - SAID_MOST);
	if (k->logged + n > LOG_MOST && ftruncate(k->log, 0) == 0)
		k->logged = 0;
	n = write(k->log, bytes, (size_t)n);
	k->logged += n > 0 ? n : 0;
}

/* Waits up to MS (-1: for ever, which is a keeper's life) until something happens: to lighttpd, to us, or on FD. */
static int
turn(struct keeper *k, int fd, short events, int64_t ms)
{
	struct pollfd p[] = {{.fd = k->pidfd, .events = POLLIN},
			     {.fd = k->signals, .events = POLLIN},
			     {.fd = fd, .events = events},
			     {.fd = k->says, .events = POLLIN}};
	int64_t until = clock_ms() + ms;
	int happened = 0, n;

	do {
		n = poll(p, sizeof(p) / sizeof(*p), ms < 0 ? -1 : clock_left(until));
		if (n < 0 && errno != EINTR)
			return TURN_ASKED;
		if (n <= 0)
			continue;
		if (p[3].revents)
			keep_log(k);
		p[3].fd = k->says;
		if (p[1].revents) {
			struct signalfd_siginfo info;

			if (read(k->signals, &info, sizeof(info)) > 0)
				happened |= TURN_ASKED;
		}
		happened |= p[0].revents ? TURN_ENDED : 0;
		happened |= p[2].revents ? TURN_FD : 0;
	} while (!happened && (ms < 0 || clock_ms() < until));
	return happened;
}

/* Waits for lighttpd, which has ended, and forgets it. Its exit code. */
static int
reap(struct keeper *k)
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

	for (size_t i = 0; k->lighttpd && i < sizeof(steps) / sizeof(*steps); i++) {
		int64_t until = clock_ms() + steps[i].ms;

		kill(k->lighttpd, steps[i].signal); /* our child, not waited for: nobody else can have its id */
		while (k->lighttpd && clock_ms() < until)
			if (turn(k, -1, 0, until - clock_ms()) & TURN_ENDED)
				reap(k);
	}
	k->lighttpd = 0;
}

/* --- starting lighttpd --- */

/* The names that a request may ask for, as a regular expression. The address is digits, a to f, dots and colons. */
static void
host_names(struct buf *out, const char *address)
{
	bool all = strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;

	buf_str(out, "^(localhost|127\\.0\\.0\\.1|\\[::1\\]");
	if (all) /* by any address, never by a name that somebody else's domain could have */
		buf_str(out, "|[0-9.]+|\\[[0-9a-f:.]+\\]");
	else
		buf_str(out, strchr(address, ':') ? "|\\[" : "|");
	for (const char *c = address; !all && *c; c++)
		buf_printf(out, *c == '.' ? "\\%c" : "%c", *c);
	if (!all && strchr(address, ':'))
		buf_str(out, "\\]");
	buf_str(out, ")(:[0-9]+)?$");
}

/* Gives lighttpd what share/serve/lighttpd.conf asks the environment for. */
static int
set_environment(const struct keeper *k)
{
	int dir = root_dir(k->s->root.fd, "review", false);
	char self[32], path[4096];
	char home[NAME_LONGEST + 16];
	struct buf hosts = {0};
	ssize_t n;
	int rc = -1;

	if (dir < 0)
		return -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", dir);
	n = readlink(self, path, sizeof(path) - 1);
	close(dir);
	if (n > 0) {
		path[n] = '\0';
		host_names(&hosts, k->s->address);
		snprintf(home, sizeof(home), "/%s/index.html", k->batch);
		rc = setenv("BI_REVIEW", path, 1) < 0 || setenv("BI_HOSTS", hosts.data, 1) < 0 ||
				     setenv("BI_HOME", home, 1) < 0
			     ? -1
			     : 0;
		buf_free(&hosts);
	}
	return rc;
}

static pid_t
start_program(const struct keeper *k, const char *program, char *conf, int says)
{
	const struct child_fd fds[] = {{k->lease.socket, STDIN_FILENO}, {says, STDOUT_FILENO}, {says, STDERR_FILENO}};
	char *argv[] = {"lighttpd", "-D", "-f", conf, NULL};
	struct child c = {.program = program, .argv = argv, .fds = fds};

	c.fd_count = sizeof(fds) / sizeof(*fds);
	return child_start(&c);
}

/* Starts it by $BI_LIGHTTPD, or from PATH, or where Debian has it, which is not in everybody's PATH. */
static pid_t
start_lighttpd(const struct keeper *k, char *conf, int says)
{
	const char *given = getenv("BI_LIGHTTPD");
	pid_t pid;

	if (given && *given)
		return start_program(k, given, conf, says);
	pid = start_program(k, "lighttpd", conf, says);
	if (pid < 0 && errno == ENOENT)
		pid = start_program(k, "/usr/sbin/lighttpd", conf, says);
	return pid;
}

/* The configuration's absolute path, for the caller to free. NULL with errno. */
static char *
configuration(void)
{
	struct buf path = {0};
	char *conf = self_share(&path, "serve/lighttpd.conf") == 0 ? realpath(path.data, NULL) : NULL;

	if (!conf)
		msg_warn_errno("cannot find %s (BI_SHARE names the folder of the programs' data)", path.data);
	buf_free(&path);
	return conf;
}

static int
launch(struct keeper *k)
{
	char *conf = configuration();
	int says[2];

	if (!conf)
		return EX_UNAVAILABLE;
	if (set_environment(k) < 0 || pipe2(says, O_CLOEXEC) < 0) {
		msg_warn_errno("cannot prepare the server of batch %s", k->batch);
		free(conf);
		return EX_OSERR;
	}
	k->says = says[0];
	k->lighttpd = start_lighttpd(k, conf, says[1]);
	close(says[1]);
	free(conf);
	if (k->lighttpd > 0 && (k->pidfd = pidfd_open(k->lighttpd, 0)) >= 0) {
		/* From here on the port is lighttpd's: nobody is to connect to a socket of ours that has no server. */
		close(k->lease.socket);
		k->lease.socket = -1;
		return 0;
	}
	if (k->lighttpd < 0) {
		k->lighttpd = 0;
		msg_warn_errno(
			"cannot start lighttpd, which serves the pages: install it (apt-get install lighttpd), or "
			"say with BI_LIGHTTPD where it is");
		return EX_UNAVAILABLE;
	}
	kill(k->lighttpd, SIGKILL);
	reap(k);
	msg_warn("cannot watch over lighttpd: this kernel has no pidfd_open");
	return EX_OSERR;
}

/* --- does it answer? --- */

static int
connect_to(const struct keeper *k)
{
	int fd = socket(k->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&k->at, k->at_len) == 0 || errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

/* Why lighttpd is not serving, as an exit code after its message. */
static int
no_answer(struct keeper *k, int happened, const char *status)
{
	int code = happened & TURN_ENDED ? reap(k) : 0;

	for (size_t i = 0; i < k->said.len; i++)
		if ((unsigned char)k->said.data[i] < ' ')
			k->said.data[i] = i + 1 < k->said.len ? ' ' : '\0';
	if (happened & TURN_ENDED)
		msg_warn("lighttpd ended (%d) before it served batch %s; it said: %s", code, k->batch,
			 k->said.len ? k->said.data : "nothing");
	else if (happened & TURN_ASKED)
		msg_warn("the server of batch %s was asked to end before it was ready", k->batch);
	else if (*status)
		msg_warn("lighttpd answers '%s' for /%s/index.html of %s instead of the page", status, k->batch,
			 getenv("BI_REVIEW"));
	else
		msg_warn("lighttpd does not answer on port %d; it said: %s", k->lease.port,
			 k->said.len ? k->said.data : "nothing");
	return EX_UNAVAILABLE;
}

/* Sends the request and reads the answer's first bytes, "HTTP/1.0 200", until the time UNTIL. What turn() said last. */
static int
ask(struct keeper *k, int fd, int64_t until, char *answer, size_t room)
{
	char request[NAME_LONGEST + 64];
	int length =
		snprintf(request, sizeof(request), "HEAD /%s/index.html HTTP/1.0\r\nHost: localhost\r\n\r\n", k->batch);
	int happened = turn(k, fd, POLLOUT, until - clock_ms());
	size_t have = 0;
	ssize_t n;

	/* A new connection has room for all of it. */
	if (happened != TURN_FD || send(fd, request, (size_t)length, MSG_NOSIGNAL) != length)
		return happened;
	while (have < room - 1 && (happened = turn(k, fd, POLLIN, until - clock_ms())) == TURN_FD) {
		n = recv(fd, answer + have, room - 1 - have, 0);
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	return happened;
}

/* Asks lighttpd for the batch's page. 0 once it answers with it, else an exit code after a message. */
static int
probe(struct keeper *k)
{
	char answer[sizeof("HTTP/1.0 200")] = "";
	int fd = connect_to(k), happened = TURN_FD;

	if (fd >= 0) {
		happened = ask(k, fd, clock_ms() + ANSWER_MS, answer, sizeof(answer));
		close(fd);
	}
	if (strncmp(answer, "HTTP/1.", 7) == 0 && strcmp(answer + 8, " 200") == 0)
		return 0;
	if (happened == TURN_FD && !*answer) /* no connection, or a broken one: it is ending */
		happened = turn(k, -1, 0, END_MS);
	return no_answer(k, happened, answer);
}

/* --- the record --- */

/* Category and label, as batch.json has them; a batch may have no directory any more, only its pages. */
static void
add_about(struct json_object *record, const struct keeper *k)
{
	static const char *const keys[] = {"category", "label"};
	struct batch *b = batch_open(&k->s->root, k->batch, BATCH_READ, NULL);
	struct json_object *about = NULL;
	struct buf text = {0};

	if (b && batch_about(b, &text) == 0 && text.len < RECORD_LONGEST / 2)
		about = rec_parse(text.data, text.len, NULL, 0);
	for (size_t i = 0; json_object_is_type(about, json_type_object) && i < sizeof(keys) / sizeof(*keys); i++) {
		const char *value = rec_string(about, keys[i]);

		if (value)
			json_object_object_add(record, keys[i], json_object_new_string(value));
	}
	json_object_put(about);
	buf_free(&text);
	if (b)
		batch_close(b);
}

static struct json_object *
make_record(const struct keeper *k)
{
	static const char *const local[] = {"127.0.0.1", "0.0.0.0", "::"};
	struct json_object *record = json_object_new_object();
	const char *host = k->s->address;
	char url[512];

	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++)
		if (strcmp(k->s->address, local[i]) == 0)
			host = "localhost";
	snprintf(url, sizeof(url), strchr(host, ':') ? "http://[%s]:%d/%s/index.html" : "http://%s:%d/%s/index.html",
		 host, k->lease.port, k->batch);
	json_object_object_add(record, "port", json_object_new_int(k->lease.port));
	json_object_object_add(record, "pid", json_object_new_int(getpid()));
	json_object_object_add(record, "batch", json_object_new_string(k->batch));
	add_about(record, k);
	json_object_object_add(record, "url", json_object_new_string(url));
	json_object_object_add(record, "address", json_object_new_string(k->s->address));
	return record;
}

/* The state first, in the lease; then the event: the record and the byte. */
static int
announce(struct keeper *k)
{
	struct json_object *record = make_record(k);
	const char *line = rec_print(record);
	int rc = lease_write(&k->lease, line, strlen(line));

	if (rc < 0) {
		rc = msg_code(errno);
		msg_warn_errno("cannot write %s/leases/%d", k->s->root.path, k->lease.port);
	} else {
		serve_print(k->s, line, strlen(line));
	}
	json_object_put(record);
	return rc;
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
	return rc < 0 ? -1 : child_tell_ready(k->s->ready);
}

/* --- a keeper's life --- */

static int
open_log(struct keeper *k)
{
	int dir = root_dir(k->s->root.fd, "leases", false);
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

static int
take_port(struct keeper *k)
{
	int last = k->s->another ? 0 : serve_last_port(k->s, k->batch);
	int rc = last ? lease_take(&k->lease, &k->s->root, k->s->address, last, last) : 1;

	if (rc == 1)
		rc = lease_take(&k->lease, &k->s->root, k->s->address, k->s->first, k->s->last);
	if (rc == 1)
		return EX_TEMPFAIL;
	k->at_len = sizeof(k->at);
	if (rc == 0 && getsockname(k->lease.socket, (struct sockaddr *)&k->at, &k->at_len) == 0)
		return 0;
	rc = errno == EADDRNOTAVAIL ? EX_UNAVAILABLE : msg_code(errno);
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
		rc = launch(k);
	if (rc == 0)
		rc = probe(k);
	if (rc == 0 && !k->s->another)
		serve_note_port(k->s, k->batch, k->lease.port);
	if (rc == 0)
		rc = announce(k);
	if (rc == 0 && k->s->held >= 0)
		close(k->s->held);
	if (rc == 0 && k->s->ready >= 0 && detach(k) < 0)
		rc = EX_OSERR; /* nobody waits for this server any longer */
	return rc;
}

int
keep(const struct serve *s, const char *batch)
{
	struct keeper k = {.s = s, .batch = batch, .pidfd = -1, .signals = -1, .says = -1, .log = -1};
	int rc;

	prctl(PR_SET_NAME, "bi-serve");
	signal(SIGPIPE, SIG_IGN);
	k.lease = (struct lease){.fd = -1, .socket = -1};
	if (s->ready >= 0 && chdir("/") < 0)
		msg_warn_errno("cannot leave the working directory");
	rc = begin(&k);
	if (rc == 0 && turn(&k, -1, 0, -1) & TURN_ENDED) {
		msg_warn("lighttpd on port %d ended by itself (%d)", k.lease.port, reap(&k));
		rc = EX_UNAVAILABLE;
	}
	end_lighttpd(&k);
	lease_end(&k.lease);
	buf_free(&k.said);
	return rc;
}
