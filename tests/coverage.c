/* coverage: what the programs for `make coverage` do otherwise. A process writes its counts when it ends, so that those
 * of helpers would be lost, for three reasons. A confined helper may open no file: here helpers are not confined
 * (--wrap=confine_process), and the tests of confinement are skipped. It ends by _exit(2), which does not write the
 * counts: here it does (--wrap=_exit), or ends within seconds if it was called by a handler amid an allocation. Whoever
 * started it closes its socket and kills it at once: here it gets time to end by itself (helper.c, kill_after_counts).
 */
#include <gcov.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "confined/confine.h"

enum { SECONDS = 5 };

int __wrap_confine_process(const struct confine_limits *limits, const char **what);
_Noreturn void __wrap__exit(int code);
_Noreturn void __real__exit(int code);
int kill_after_counts(pid_t pid, int sig);

int
__wrap_confine_process(const struct confine_limits *limits, const char **what)
{
	(void)limits;
	(void)what;
	return 0;
}

/* A limit for files would cut the counts, which then spoil those of all later processes. They are left out where the
 * limit is for good. Without a call of ours this is done at the end of each process. */
__attribute__((destructor)) static void
lift_limit_of_files(void)
{
	struct rlimit now;

	if (getrlimit(RLIMIT_FSIZE, &now) < 0 || now.rlim_cur == RLIM_INFINITY)
		return;
	if (setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}) < 0)
		setenv("GCOV_PREFIX", "/dev/null", 1);
}

void
__wrap__exit(int code)
{
	lift_limit_of_files();
	signal(SIGALRM, SIG_DFL);
	alarm(SECONDS);
	__gcov_dump();
	__real__exit(code);
}

int
kill_after_counts(pid_t pid, int sig)
{
	siginfo_t end = {0};

	for (int i = 0; i < SECONDS * 100; i++) {
		if (waitid(P_PID, (id_t)pid, &end, WEXITED | WNOHANG | WNOWAIT) < 0 || end.si_pid)
			break;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	return kill(pid, sig);
}
