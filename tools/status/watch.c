/* Keeps the table up to date: redraws it on a terminal, or else prints it again when it changes. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "follow_batches.h"
#include "records/rec.h"
#include "screen.h"
#include "status.h"
#include "status_table.h"
#include "watch.h"

enum {
	DRAW_MS = 250,    /* between two tables on a terminal */
	APPEND_MS = 1000, /* and without a terminal */
	MOVE_MS = 1000,   /* after which rates and remaining times are computed again */
	CLOCK_MS = 1000,  /* between two tables on a terminal, which has the time */
	SIGNALS_FD = 1,
	KEYS_FD = 2,
};

struct watch {
	struct follower follower;
	const struct settings *set;
	bool screen;
	int signals;
	int ended_by; /* a signal */
	bool quit;
	bool changed; /* a batch was checked since the last table */
	int64_t drawn;
	struct buf last; /* the table that was shown */
	int code;
};

/* --- batches --- */

static void
on_batch_change(struct follower *t, struct followed_batch *v, struct batch *b)
{
	struct watch *w = t->arg;

	(void)snapshot_take(t->root, &v->snapshot, b, &v->history);
	/* Values that change without events: rates fall when nothing happens, and time passes. */
	if (v->snapshot.p.counts.held && snapshot_items_left(&v->snapshot) && clock_ms() + MOVE_MS < v->due)
		v->due = clock_ms() + MOVE_MS;
	w->changed = true;
}

static void
on_batch_left(struct follower *t, struct followed_batch *v, bool gone)
{
	struct watch *w = t->arg;

	(void)v;
	w->changed = true;
	if (gone && t->names->n)
		w->code = EX_NOINPUT;
}

/* --- the table --- */

/* The table of all checked batches. */
static void
print_table(const struct watch *w, bool fitting, struct buf *out)
{
	const struct snapshot **v = buf_alloc((w->follower.n + 1) * sizeof(*v));
	struct paper paper = paper_of_stdout();
	const struct screen_form form = {screen_rows(), screen_keys() >= 0, w->follower.names->n > 0};
	size_t n = 0;

	for (size_t i = 0; i < w->follower.n; i++)
		if (w->follower.v[i]->looked)
			v[n++] = &w->follower.v[i]->snapshot;
	if (fitting)
		table_print_screen(w->follower.root, v, n, &paper, &form, out);
	else
		(void)table_print(&w->follower.root, 1, v, n, 0, &paper, out);
	free(v);
}

static void
show_table(struct watch *w)
{
	struct buf table = {0};

	w->changed = false;
	w->drawn = clock_ms();
	print_table(w, w->screen, &table);
	if (w->last.len == table.len && memcmp(w->last.data, table.data, table.len) == 0) {
		buf_free(&table);
		return;
	}
	if (w->screen) {
		screen_draw(&table);
	} else {
		time_t now = time(NULL);
		char at[32];
		struct tm tm;

		localtime_r(&now, &tm);
		(void)strftime(at, sizeof(at), "%Y-%m-%d %H:%M:%S", &tm); /* it fits */
		printf("%s\n%s\n", at, table.data);
		rec_flush();
	}
	buf_free(&w->last);
	w->last = table;
}

/* --- signals and keys --- */

static void
catch_signals(struct watch *w)
{
	static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT};
	struct sigaction as;
	sigset_t set;

	sigemptyset(&set);
	/* Signals that nohup(1) or a shell made this process ignore would still arrive at a signalfd if they were
	 * blocked. */
	for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		if (sigaction(caught[i], NULL, &as) == 0 && as.sa_handler != SIG_IGN)
			sigaddset(&set, caught[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || (w->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		msg_die_errno(EX_OSERR, "cannot watch for signals");
}

/* Redraws everything. */
static void
draw_again(struct watch *w)
{
	buf_clear(&w->last);
	w->changed = true;
	w->drawn = 0;
}

static void
handle_signals(struct watch *w)
{
	struct signalfd_siginfo info;

	while (read(w->signals, &info, sizeof(info)) == sizeof(info))
		switch (info.ssi_signo) {
		case SIGTSTP:
			screen_close();
			raise(SIGSTOP);
			screen_open();
			draw_again(w);
			break;
		case SIGWINCH:
		case SIGCONT:
			draw_again(w);
			break;
		default:
			w->ended_by = (int)info.ssi_signo;
			w->quit = true;
			break;
		}
}

/* --- the loop --- */

/* Whether the program must end. */
static bool
is_over(struct watch *w, int64_t deadline)
{
	if (w->quit || (w->follower.names->n && w->follower.n == 0))
		return true;
	if (!w->set->wait)
		return false;
	if (follower_is_done(&w->follower))
		return true;
	if (clock_ms() < deadline)
		return false;
	w->code = EX_TEMPFAIL;
	return true;
}

static void
run_watch(struct watch *w, int64_t deadline)
{
	struct pollfd fds[FOLLOWER_FDS] = {
		[SIGNALS_FD] = {.fd = w->signals, .events = POLLIN}, [KEYS_FD] = {.fd = -1, .events = POLLIN}};

	for (;;) {
		int64_t next = follower_look(&w->follower), draw = w->drawn ? w->drawn + w->follower.every : 0;

		if (is_over(w, deadline))
			return;
		w->changed = w->changed || (w->screen && clock_ms() >= w->drawn + CLOCK_MS);
		if (w->changed && clock_ms() >= draw)
			show_table(w);
		if (w->changed && draw < next)
			next = draw;
		if (w->screen && next > w->drawn + CLOCK_MS)
			next = w->drawn + CLOCK_MS;
		fds[KEYS_FD].fd = screen_keys();
		follower_wait(&w->follower, next < deadline ? next : deadline, fds);
		if (fds[SIGNALS_FD].revents)
			handle_signals(w);
		if (fds[KEYS_FD].revents) {
			char key = screen_key();

			if (key == 'q' || key == 'Q' || key == 'c' - 'a' + 1 || key == 'd' - 'a' + 1)
				w->quit = true;
			else if (key == 'l' - 'a' + 1)
				draw_again(w);
		}
	}
}

/* The last table stays on the terminal. */
static void
end_watch(struct watch *w)
{
	struct buf table = {0};

	screen_close();
	if (w->screen) {
		print_table(w, false, &table);
		fputs(table.data, stdout);
		rec_flush();
		buf_free(&table);
	} else if (w->changed) {
		show_table(w);
	}
	if (w->code == EX_NOINPUT)
		msg_warn("a batch was removed while it was watched");
	else if (w->code == EX_TEMPFAIL)
		msg_warn("the time is over and not all batches are done; watch on with bi-status --watch --wait");
}

int
batches_watch(const struct root *root, const struct batch_args *names, const struct settings *set)
{
	struct watch w = {.set = set, .screen = screen_is_there(), .signals = -1, .changed = true};
	int code;

	w.follower = (struct follower){.root = root,
				       .names = names,
				       .every = w.screen ? DRAW_MS : APPEND_MS,
				       .look = on_batch_change,
				       .left = on_batch_left,
				       .arg = &w};
	code = follower_open(&w.follower);
	if (code == 0) {
		catch_signals(&w);
		if (w.screen)
			screen_open();
		run_watch(&w, set->timeout < 0 ? follower_never : clock_ms() + set->timeout);
		end_watch(&w);
		if (w.ended_by) {
			/* Ends as the signal would have ended this process. */
			sigset_t mask;

			signal(w.ended_by, SIG_DFL);
			sigemptyset(&mask);
			sigaddset(&mask, w.ended_by);
			raise(w.ended_by);
			sigprocmask(SIG_UNBLOCK, &mask, NULL);
		}
		code = w.code ? w.code : follower_exit_code(&w.follower, set);
	}
	follower_close(&w.follower);
	buf_free(&w.last);
	return code;
}
