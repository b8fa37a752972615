#include "run_state.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/lock.h"

void
run_fail(struct run *run, const char *doing)
{
	if (run->fatal)
		return;
	run->fatal = errno ? errno : EIO;
	run->fatal_at = doing;
}

void
run_fail_as(struct run *run, int error, int code, const char *doing)
{
	errno = error;
	run_fail(run, doing);
	run->fatal_code = code;
}

bool
run_is_ending(const struct run *run)
{
	return run->fatal || run->stop_signal;
}

bool
run_keeps_parts(const struct run *run)
{
	return run->stop_signal || run->stops.reason;
}

void
run_note_signal(struct run *run)
{
	struct signalfd_siginfo info;

	if (read(run->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		run->stop_signal = (int)info.ssi_signo;
}

static void
on_signal(void *arg, uint32_t events)
{
	(void)events;
	run_note_signal(arg);
}

/* Called while this process waits for a lock. */
static bool
is_signal_there(void *arg)
{
	struct run *run = arg;
	struct pollfd p = {.fd = run->signals, .events = POLLIN};

	return run->stop_signal || poll(&p, 1, 0) > 0;
}

int
run_catch_signals(struct run *run)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction as;
	sigset_t set;

	signal(SIGPIPE, SIG_IGN); /* TLS may write to closed connections; output.c handles stdout */
	sigemptyset(&set);
	/* Signals that nohup(1) or a shell made this process ignore would still arrive at a signalfd if they were
	 * blocked. */
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (sigaction(ends[i], NULL, &as) == 0 && as.sa_handler != SIG_IGN)
			sigaddset(&set, ends[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	run->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	lock_interruptible(is_signal_there, run);
	run->signals_watcher = (struct loop_watcher){.call = on_signal, .arg = run};
	return run->signals < 0 ? -1 : loop_watch(run->loop, &run->signals_watcher, run->signals, EPOLLIN);
}
