#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/msg.h"
#include "confined/confine_internal.h"
#include "confined/run_program.h"

/* Allowed for programs beyond what our own helpers may do: opening and looking at files, of which Landlock decides, and
 * waiting in the ways that language runtimes do. */
static const int allowed[] = {
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(stat),
	SCMP_SYS(stat64),
	SCMP_SYS(lstat),
	SCMP_SYS(lstat64),
	SCMP_SYS(newfstatat),
	SCMP_SYS(fstatat64),
	SCMP_SYS(statx),
	SCMP_SYS(statfs),
	SCMP_SYS(fstatfs),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getdents),
	SCMP_SYS(getdents64),
	SCMP_SYS(getcwd),
	SCMP_SYS(mprotect),
	SCMP_SYS(arch_prctl),
	SCMP_SYS(select),
	SCMP_SYS(_newselect),
	SCMP_SYS(pselect6),
	SCMP_SYS(epoll_create),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(eventfd2),
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(pipe),
	SCMP_SYS(pipe2),
	SCMP_SYS(dup2),
	SCMP_SYS(dup3),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(get_robust_list),
	SCMP_SYS(getppid),
};

/* Memory that RLIMIT_DATA does not count, shared without a file or growing down, cannot be mapped: it is allowed with a
 * file, or if it is private. */
static const struct confine_call when[] = {
	{SCMP_SYS(mmap), 3, MAP_ANONYMOUS | MAP_GROWSDOWN, 0},
	{SCMP_SYS(mmap), 3, MAP_TYPE | MAP_GROWSDOWN, MAP_PRIVATE},
	{SCMP_SYS(mmap2), 3, MAP_ANONYMOUS | MAP_GROWSDOWN, 0},
	{SCMP_SYS(mmap2), 3, MAP_TYPE | MAP_GROWSDOWN, MAP_PRIVATE},
	{SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD},
	{SCMP_SYS(fcntl), 1, ~0UL, F_GETFD},
	{SCMP_SYS(fcntl), 1, ~0UL, F_SETFD},
	{SCMP_SYS(fcntl), 1, ~0UL, F_GETFL},
	{SCMP_SYS(fcntl), 1, ~0UL, F_SETFL},
	{SCMP_SYS(fcntl), 1, ~0UL, F_DUPFD},
	{SCMP_SYS(fcntl), 1, ~0UL, F_DUPFD_CLOEXEC},
	{SCMP_SYS(prctl), 0, ~0UL, PR_SET_NAME},
};

/* 0, or an errno below 0. EXECUTED is the descriptor of the program. */
static int
load_filter(int executed)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc = filter ? confine_allow_common(filter) : -ENOMEM;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	if (rc == 0)
		rc = confine_allow_when(filter, when, sizeof(when) / sizeof(when[0]));
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(execveat), 2,
				      SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)executed, 0),
				      SCMP_A4(SCMP_CMP_EQ, AT_EMPTY_PATH, 0));
	/* A filter cannot see the flags of clone3; the C library falls back to clone. A pipe is no terminal. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOTTY), SCMP_SYS(ioctl), 0);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}

/* SIGXCPU at the end of the time, and SIGKILL a second later. */
static int
limit_time(void)
{
	struct rlimit l;

	if (confine_limit(RLIMIT_CPU, RUN_CPU + 1) < 0 || getrlimit(RLIMIT_CPU, &l) < 0)
		return -1;
	l.rlim_cur = l.rlim_max > 1 ? l.rlim_max - 1 : l.rlim_max;
	return setrlimit(RLIMIT_CPU, &l);
}

static int
limit_all(void)
{
	if (confine_limit(RLIMIT_CORE, 0) < 0 || confine_limit(RLIMIT_FSIZE, 0) < 0 || limit_time() < 0 ||
	    confine_limit(RLIMIT_NOFILE, 64) < 0 || confine_limit(RLIMIT_STACK, 8 << 20) < 0)
		return -1;
	return confine_limit(RLIMIT_DATA, (size_t)RUN_MEMORY << 20);
}

int
run_confine_files(const int *programs, size_t n)
{
	static const char *const readable[] = {"/usr",      "/lib", "/lib64", "/lib32", "/etc/ld.so.cache",
					       "/dev/null", NULL};

	return confine_landlock_except(readable, programs, n);
}

_Noreturn void
run_launch(char *const *argv)
{
	static char *environment[] = {"PATH=/usr/bin:/bin",
				      "HOME=/nonexistent",
				      "LANG=C.UTF-8",
				      "LC_ALL=C.UTF-8",
				      "TZ=UTC0",
				      "OMP_THREAD_LIMIT=1",
				      NULL};
	int fd = argv[0] ? open(argv[0], O_PATH | O_CLOEXEC) : -1, rc;

	if (fd < 0)
		msg_die_errno(EX_UNAVAILABLE, "cannot open %s", argv[0] ? argv[0] : "a program");
	if (chdir("/") < 0)
		msg_die_errno(EX_OSERR, "cannot change to /");
	rc = run_confine_files(&fd, 1);
	if (rc != 0)
		msg_die(EX_OSERR, "this kernel does not let the process confine itself (Landlock): %s",
			rc < 0 ? strerror(errno) : "it has none");
	if (limit_all() < 0)
		msg_die_errno(EX_OSERR, "cannot set the limits");
	rc = load_filter(fd);
	if (rc < 0)
		msg_die(EX_OSERR, "this kernel does not let the process confine itself (seccomp): %s", strerror(-rc));
	syscall(SYS_execveat, fd, "", argv, environment, AT_EMPTY_PATH);
	msg_die_errno(EX_UNAVAILABLE, "cannot execute %s", argv[0]);
}
