/*
 * dispatch: one thread around epoll: sockets of libcurl, stdin, signals, and what is due by time.
 */
#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/lock.h"
#include "base/msg.h"
#include "base/paths.h"
#include "commit.h"
#include "fetch.h"
#include "hasher.h"
#include "hosts/host_limits.h"
#include "robots_gate.h"

enum { EVENTS = 128, WAIT_MAX_MS = 1000 };

void
fetch_fail(struct fetch *f, const char *doing)
{
	if (f->fatal)
		return;
	f->fatal = errno ? errno : EIO;
	f->fatal_at = doing;
}

/* libcurl says which of its sockets to watch; the data pointer is used as a flag that it is watched. */
static int
on_socket(CURL *easy, curl_socket_t s, int what, void *arg, void *watched)
{
	struct fetch *f = arg;
	struct epoll_event e = {.data.fd = s};

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(f->epoll, EPOLL_CTL_DEL, s, NULL);
		curl_multi_assign(f->multi, s, NULL);
		return 0;
	}
	e.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
	if (epoll_ctl(f->epoll, watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, s, &e) < 0 &&
	    epoll_ctl(f->epoll, watched ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, s, &e) < 0)
		fetch_fail(f, "watching a connection");
	curl_multi_assign(f->multi, s, f);
	return 0;
}

static int
on_timer(CURLM *multi, long ms, void *arg)
{
	struct fetch *f = arg;

	(void)multi;
	f->curl_due = ms < 0 ? -1 : clock_ms() + ms;
	return 0;
}

static void
reap(struct fetch *f)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(f->multi, &left)))
		if (m->msg == CURLMSG_DONE)
			http_done(f, m->easy_handle, m->data.result);
}

/* Asked while we wait for a lock. */
static bool
stop_asked(void *arg)
{
	struct fetch *f = arg;
	struct pollfd p = {.fd = f->signals, .events = POLLIN};

	return f->stop_signal || poll(&p, 1, 0) > 0;
}

/* 0, or -1 with errno. */
static int
catch_signals(struct fetch *f)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction as;
	sigset_t set;

	signal(SIGPIPE, SIG_IGN); /* TLS writes to connections that have gone; out_flush() minds stdout */
	sigemptyset(&set);
	/* What nohup(1) or a shell lets us ignore would, once blocked, come to a signalfd all the same. */
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (sigaction(ends[i], NULL, &as) == 0 && as.sa_handler != SIG_IGN)
			sigaddset(&set, ends[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	f->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	lock_interruptible(stop_asked, f);
	return f->signals < 0 ? -1 : 0;
}

static bool
watch(const struct fetch *f, int fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

/* Ends the program where PATH, which WHAT was to be read from, cannot be: libcurl would go on without. NULL is passed
 * over. */
static void
check_readable(const char *path, const char *what)
{
	struct stat st;

	if (path && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		errno = EISDIR;
	else if (!path || access(path, R_OK) == 0)
		return;
	msg_die_errno(errno == EACCES ? EX_NOPERM : EX_NOINPUT, "cannot read the %s in '%s'", what, path);
}

/* Ends the program where the jar PATH could not be written at the end. libcurl makes a new file beside it. */
static void
check_jar(const char *path)
{
	char *copy = path ? buf_strdup(path) : NULL;

	if (path && access(path, F_OK) == 0)
		check_readable(path, "cookies");
	if (path && access(dirname(copy), W_OK | X_OK) < 0)
		msg_die_errno(EX_CANTCREAT, "cannot keep cookies in '%s', whose directory must be writable", path);
	free(copy);
}

/* Whether the header LINE of a cookie says a domain, in an attribute behind the cookie itself. */
static bool
has_domain(const char *line)
{
	static const char key[] = "domain";

	while ((line = strchr(line, ';'))) {
		line += 1 + strspn(line + 1, " \t");
		if (strncasecmp(line, key, sizeof(key) - 1) != 0)
			continue;
		line += sizeof(key) - 1;
		line += strspn(line, " \t");
		if (*line != '=')
			continue;
		line += 1 + strspn(line + 1, " \t.");
		if (!strchr(";\r\n", *line))
			return true; /* strchr() finds the end of the line, too */
	}
	return false;
}

/* A cookie of a file in the form of headers may name no host, and libcurl would send it to every one. */
static void
check_cookies(const char *path)
{
	static const char head[] = "Set-Cookie:";
	FILE *file = path ? fopen(path, "re") : NULL;
	char *line = NULL;
	size_t room = 0;

	while (file && getline(&line, &room, file) >= 0)
		if (strncasecmp(line, head, sizeof(head) - 1) == 0 && !has_domain(line))
			msg_die(EX_WRONG_USE,
				"a cookie in %s names no host, and would be sent to every one: write '; Domain=HOST' "
				"behind it",
				path);
	free(line);
	if (file)
		fclose(file);
}

/* Cookies that one transfer gets count for the next: handles have none of their own. */
static void
share_cookies(struct fetch *f)
{
	const char *cookies = f->set->cookie && !strchr(f->set->cookie, '=') ? f->set->cookie : NULL;

	if (!f->set->cookie && !f->set->cookie_jar)
		return;
	check_jar(f->set->cookie_jar);
	check_readable(cookies, "cookies");
	check_cookies(f->set->cookie_jar);
	check_cookies(cookies);
	f->share = curl_share_init();
	if (!f->share || curl_share_setopt(f->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE) != CURLSHE_OK)
		msg_die(EX_OSERR, "libcurl could not share cookies: out of memory");
}

static void
set_up(struct fetch *f)
{
	raise_file_limit(); /* for the connections, part files and locks of many transfers */
	f->temp = root_open_dir(f->root.fd, "temp", true);
	if (f->temp < 0)
		msg_die_errno(msg_exit_code(errno), "cannot make the directory temp in %s", f->root.path);
	f->governor = host_limits_open(&f->root);
	if (!f->governor)
		msg_die_errno(msg_exit_code(errno), "cannot make the directory hosts in %s", f->root.path);
	f->rules = host_rules_load(f->root.path);
	if ((f->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0 || catch_signals(f) < 0 ||
	    !(f->writer = writer_start(f->set, &f->group_done)) || !watch(f, f->signals) || !watch(f, f->group_done))
		msg_die_errno(EX_OSERR, "cannot set up epoll and the writer's thread");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(f->multi = curl_multi_init()))
		msg_die(EX_OSERR, "libcurl does not start");
	share_cookies(f);
	check_readable(f->set->netrc_file, "names and passwords");
	check_readable(f->set->cacert, "certificates");
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, f->set->parallel + 16);
	srandom((unsigned)clock_ms() ^ (unsigned)getpid());
}

/* The time until something is due; 0 while there are lines or local bytes to go on with. */
static int
wait_ms(const struct fetch *f)
{
	int64_t now = clock_ms(), due = now + WAIT_MAX_MS, plan = plan_due(f), expansion = expansion_due(f);
	int64_t http = http_due(f), through = through_due(f), work = work_due(f);

	if (f->local.count || (f->intake_open && !f->stdin_polled))
		return 0;
	if (f->curl_due >= 0 && f->curl_due < due)
		due = f->curl_due;
	if (plan >= 0 && plan < due)
		due = plan;
	if (http >= 0 && http < due)
		due = http;
	if (expansion >= 0 && expansion < due)
		due = expansion;
	if (through >= 0 && through < due)
		due = through;
	if (work >= 0 && work < due)
		due = work;
	if (f->watched && now + 200 < due)
		due = now + 200;
	return due > now ? (int)(due - now) : 0;
}

void
loop_note_signal(struct fetch *f)
{
	struct signalfd_siginfo info;

	if (read(f->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		f->stop_signal = (int)info.ssi_signo;
}

static void
handle(struct fetch *f, const struct epoll_event *e)
{
	int running, what;

	if (e->data.fd == f->signals) {
		loop_note_signal(f);
		return;
	}
	if (e->data.fd == f->group_done || (e->data.fd == STDOUT_FILENO && f->out_watched) ||
	    (e->data.fd == STDIN_FILENO && f->stdin_polled) || expansion_has(f, e->data.fd) ||
	    through_has(f, e->data.fd) || work_has(f, e->data.fd))
		return; /* the next turn sees to it */
	what = (e->events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
	       (e->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) | (e->events & EPOLLERR ? CURL_CSELECT_ERR : 0);
	curl_multi_socket_action(f->multi, e->data.fd, what, &running);
}

static bool
is_over(const struct fetch *f)
{
	return !f->intake_open && plan_is_empty(f) && settle_is_empty(f) && !work_is_open(f);
}

static void
turn(struct fetch *f)
{
	struct epoll_event events[EVENTS];
	int n, running;

	if (f->intake_open) {
		intake_turn(f);
		if (!f->intake_open && f->stdin_polled)
			epoll_ctl(f->epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
	}
	cancel_turn(f);
	work_turn(f);
	local_turn(f);
	expansion_turn(f);
	http_turn(f);
	plan_turn(f); /* after it: what it ended makes room */
	settle_turn(f);
	if (f->fatal || is_over(f))
		return;
	out_flush(f);
	tally_draw(f);
	n = epoll_wait(f->epoll, events, EVENTS, wait_ms(f));
	if (n < 0 && errno != EINTR)
		fetch_fail(f, "waiting for events");
	for (int i = 0; i < n; i++)
		handle(f, &events[i]);
	if (f->curl_due >= 0 && clock_ms() >= f->curl_due) {
		f->curl_due = -1;
		curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	reap(f);
}

static void
clean_up(struct fetch *f)
{
	settle_all(f); /* the writer is idle from here on */
	http_drop_all(f);
	expansion_drop_all(f);
	through_drop_all(f);
	plan_drop_all(f);
	work_end(f);
	robots_forget(f);
	writer_end(f->writer);
	hasher_end(f->hasher);
	targets_close(f);
	curl_multi_cleanup(f->multi);
	if (f->share)
		curl_share_cleanup(f->share);
	curl_global_cleanup();
	if (f->reader)
		rec_close(f->reader);
	buf_free(&f->out);
	close(f->epoll);
	close(f->signals);
	host_limits_close(f->governor);
	host_rules_free(f->rules);
	curl_slist_free_all(f->set->headers);
	close(f->temp);
	root_close(&f->root);
}

/* What was recorded stands; the claims are let go; then the signal does what it would have done. */
static _Noreturn void
stop(struct fetch *f)
{
	sigset_t none;

	settle_all(f);
	out_flush(f);
	msg_progress(NULL);
	clean_up(f);
	signal(f->stop_signal, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	raise(f->stop_signal);
	_exit(128 + f->stop_signal);
}

static int
give_up(struct fetch *f)
{
	int code = f->fatal_code ? f->fatal_code : msg_exit_code(f->fatal);
	const char *mend = f->fatal == ENOSPC || f->fatal == EDQUOT ? "make room and run the same command again"
			   : code == EX_NOPERM                      ? "check who owns it"
								    : "mend that and run the same command again";

	out_flush(f);
	msg_progress(NULL);
	errno = f->fatal;
	msg_warn("%s under %s: %s; what was recorded stands: %s", f->fatal_at, f->root.path, strerror(f->fatal), mend);
	if (f->records)
		rec_write_end(NULL, code);
	clean_up(f);
	return code;
}

int
fetch_run(const struct settings *set, char **operands)
{
	struct fetch f = {.set = set, .curl_due = -1, .epoll = -1, .signals = -1};
	bool cut;
	int code;

	if (!set->resume && !set->work && !*operands && isatty(STDIN_FILENO))
		msg_warn("reading URLs and files from the terminal, one a line; Ctrl-D ends them");
	root_open(&f.root, set->root, true);
	f.person = !set->json && isatty(STDOUT_FILENO);
	f.records = !f.person && (!set->work || set->json);
	f.watched = isatty(STDERR_FILENO) && (f.person || !isatty(STDOUT_FILENO)); /* records show how far it is */
	if (set->work)
		work_wait(&f);
	set_up(&f);
	through_open(&f);
	f.tally.started = clock_ms();
	if (set->work) {
		work_begin(&f);
	} else if (set->resume) {
		intake_all(&f);
	} else {
		f.reader = rec_open(operands, STDIN_FILENO);
		f.intake_open = true;
		f.stdin_polled = !*operands && watch(&f, STDIN_FILENO);
	}
	while (!f.fatal && !f.stop_signal && !is_over(&f))
		turn(&f);
	if (f.fatal == EINTR)
		loop_note_signal(&f); /* it came while we waited for a lock */
	if (f.stop_signal)
		stop(&f);
	if (f.fatal)
		return give_up(&f);
	cut = f.reader && rec_was_cut(f.reader);
	if (cut)
		msg_warn("the records on standard input stopped without an end record: what made them was killed; "
			 "run the pipeline again");
	out_flush_all(&f);
	through_end(&f);
	if (f.stop_signal)
		stop(&f);
	cut = cut || (f.reader && rec_upstream_exit(f.reader));
	code = tally_end(&f, cut);
	clean_up(&f);
	return code;
}
