#include "confined/confine.h"
#include "confined/confine_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "files/file.h"

#if defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER 1
#endif
#endif
#ifndef ADDRESS_SANITIZER
#define ADDRESS_SANITIZER 0
#endif

/* Allowed with any arguments: they reach nothing that is not already open. Also for other people's programs
 * (run_program.h). */
static const int allowed[] = {
	/* open descriptors; a socket takes descriptors from its peer only */
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(preadv),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(pwrite64),
	SCMP_SYS(pwritev),
	SCMP_SYS(lseek),
	SCMP_SYS(_llseek),
	SCMP_SYS(fstat),
	SCMP_SYS(fstat64),
	SCMP_SYS(ftruncate),
	SCMP_SYS(ftruncate64),
	SCMP_SYS(fadvise64),
	SCMP_SYS(close),
	SCMP_SYS(dup),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),
	SCMP_SYS(recv),
	SCMP_SYS(send),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(ppoll_time64),
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(mincore),
	/* threads, and signals within the process */
	SCMP_SYS(futex),
	SCMP_SYS(futex_time64),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(set_tid_address),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(alarm),
	SCMP_SYS(setitimer),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	/* the identity of the process, and the time */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64),
	SCMP_SYS(clock_getres),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_nanosleep_time64),
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(getrusage),
	SCMP_SYS(getrlimit),
	SCMP_SYS(ugetrlimit),
	SCMP_SYS(sysinfo),
	SCMP_SYS(getcpu),
	SCMP_SYS(uname),
};

static const struct confine_call when[] = {
	{SCMP_SYS(mmap), 2, PROT_EXEC, 0},           {SCMP_SYS(mmap2), 2, PROT_EXEC, 0},
	{SCMP_SYS(mprotect), 2, PROT_EXEC, 0},       {SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD},
	{SCMP_SYS(fcntl), 1, ~0UL, F_GETFD},         {SCMP_SYS(fcntl), 1, ~0UL, F_SETFD},
	{SCMP_SYS(fcntl), 1, ~0UL, F_GETFL},         {SCMP_SYS(fcntl), 1, ~0UL, F_SETFL},
	{SCMP_SYS(fcntl), 1, ~0UL, F_DUPFD_CLOEXEC}, {SCMP_SYS(prctl), 0, ~0UL, PR_SET_NAME},
};

int
confine_limit(enum __rlimit_resource resource, size_t value)
{
	struct rlimit now, new = {value, value};

	if (getrlimit(resource, &now) < 0)
		return -1;
	if (new.rlim_max > now.rlim_max)
		new.rlim_max = new.rlim_cur = now.rlim_max;
	return setrlimit(resource, &new);
}

/* AddressSanitizer reserves terabytes of address space, so it gets no limit on that. */
static int
limit_all(const struct confine_limits *l)
{
	if (confine_limit(RLIMIT_CORE, 0) < 0 ||
	    (l->memory && !ADDRESS_SANITIZER && confine_limit(RLIMIT_AS, l->memory) < 0) ||
	    (l->seconds && confine_limit(RLIMIT_CPU, l->seconds) < 0) ||
	    (l->file_size && confine_limit(RLIMIT_FSIZE, l->file_size) < 0) ||
	    (l->files && confine_limit(RLIMIT_NOFILE, l->files) < 0))
		return -1;
	return 0;
}

/* --- fstat --- */

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1 /* the si_code of a call that a filter trapped; not every C library defines it */
#endif

/* Where the context of a signal has the arguments of a system call and its result. */
#if defined(__x86_64__)
#define CALL_ARG1(u) ((u)->uc_mcontext.gregs[REG_RDI])
#define CALL_ARG2(u) ((u)->uc_mcontext.gregs[REG_RSI])
#define CALL_ARG3(u) ((u)->uc_mcontext.gregs[REG_RDX])
#define CALL_RESULT(u) ((u)->uc_mcontext.gregs[REG_RAX])
#elif defined(__aarch64__)
#define CALL_ARG1(u) ((u)->uc_mcontext.regs[0])
#define CALL_ARG2(u) ((u)->uc_mcontext.regs[1])
#define CALL_ARG3(u) ((u)->uc_mcontext.regs[2])
#define CALL_RESULT(u) ((u)->uc_mcontext.regs[0])
#else
#error "confine.c: say in which registers this processor has a system call's arguments and result"
#endif

/* Answers a newfstatat(2) that the filter trapped. The path is only compared here and passed to no system call, so
 * another thread gains nothing by changing it in the meantime. */
static void
answer_call(int signal, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	const char *path = (const char *)(uintptr_t)CALL_ARG2(u);
	int error = errno;
	long rc;

	(void)signal;
	if (info->si_code != SYS_SECCOMP)
		return; /* sent with kill(2) */
	if (info->si_syscall != SYS_newfstatat || (path && *path))
		rc = -EPERM;
	else if ((rc = syscall(SYS_fstat, (int)CALL_ARG1(u), CALL_ARG3(u))) < 0)
		rc = -errno;
	CALL_RESULT(u) = (__typeof__(CALL_RESULT(u)))rc;
	errno = error;
}

static int
handle_trap(void)
{
	struct sigaction action = {.sa_sigaction = answer_call, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	if (sigaction(SIGSYS, &action, NULL) < 0 || sigprocmask(SIG_UNBLOCK, &set, NULL) < 0)
		return -errno;
	return 0;
}

/* --- the filter --- */

int
confine_allow_common(scmp_filter_ctx filter)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	/* abort(3) may signal this process, and prlimit(2) may query it. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				      SCMP_A0_64(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, SCMP_A0_64(SCMP_CMP_EQ, 0, 0),
				      SCMP_A2_64(SCMP_CMP_EQ, 0, 0));
	return rc;
}

int
confine_allow_when(scmp_filter_ctx filter, const struct confine_call *calls, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i].call, 1,
				      SCMP_CMP(calls[i].arg, SCMP_CMP_MASKED_EQ, calls[i].mask, calls[i].value));
	return rc;
}

static int
allow_some(scmp_filter_ctx filter)
{
	int rc = confine_allow_common(filter);

	if (rc == 0)
		rc = confine_allow_when(filter, when, sizeof(when) / sizeof(when[0]));
	/* The handler of SIGSYS must stay. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(rt_sigaction), 1,
				      SCMP_A0_64(SCMP_CMP_NE, SIGSYS, 0));
	return rc;
}

/* Calls that are neither allowed nor simply refused. */
static int
answer_some(scmp_filter_ctx filter, const struct confine_limits *limits)
{
	/* With an empty path, this is the fstat(3) of the C library; a filter cannot see the path. */
	int rc = seccomp_rule_add(filter, SCMP_ACT_TRAP, SCMP_SYS(newfstatat), 1,
				  SCMP_A3_64(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));

	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(statx), 0);
	/* A filter cannot see the flags of clone3, which are in memory; the C library falls back to clone. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (rc == 0 && limits->access)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(0), SCMP_SYS(access), 0);
	if (rc == 0 && limits->access)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(0), SCMP_SYS(faccessat), 0);
	return rc;
}

/* 0, or an errno below 0. */
static int
load_filter(const struct confine_limits *limits)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc;

	if (!filter)
		return -ENOMEM;
	rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (rc == 0)
		rc = allow_some(filter);
	if (rc == 0)
		rc = answer_some(filter, limits);
	if (rc == 0)
		rc = handle_trap();
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}

/* --- Landlock --- */

/* As in linux/landlock.h, which may be older than the kernel. */
struct ruleset {
	uint64_t fs, net, scoped; /* what is denied unless a rule allows it */
};

/* What each ABI of Landlock added, as bits of a ruleset, and how many bytes of the ruleset it reads. */
static const struct {
	long abi;
	struct ruleset adds;
	size_t size;
} abis[] = {
	{1, {.fs = (1 << 13) - 1}, offsetof(struct ruleset, net)}, /* execute, write, read, remove, make */
	{2, {.fs = 1 << 13}, offsetof(struct ruleset, net)},       /* rename and link from one folder to another */
	{3, {.fs = 1 << 14}, offsetof(struct ruleset, net)},       /* truncate */
	{4, {.net = 3}, offsetof(struct ruleset, scoped)},         /* bind and connect TCP */
	{5, {.fs = 1 << 15}, offsetof(struct ruleset, scoped)},    /* ioctl of devices */
	{6, {.scoped = 3}, offsetof(struct ruleset, scoped) + sizeof(uint64_t)}, /* abstract sockets, signals */
};

/* Allows to read and execute what is below the directory PATH, or the file PATH, or FD if PATH is NULL; to write as
 * well to a device. A path that does not exist needs no rule. */
static int
allow_path(int ruleset, const char *path, int fd)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE,
		.parent_fd = path ? open(path, O_PATH | O_CLOEXEC) : fd,
	};
	struct stat st;
	long rc = 0;

	if (rule.parent_fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstat(rule.parent_fd, &st) < 0)
		return file_close(path ? rule.parent_fd : -1, -1);
	if (S_ISDIR(st.st_mode))
		rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
	if (S_ISCHR(st.st_mode))
		rule.allowed_access |= LANDLOCK_ACCESS_FS_WRITE_FILE;
	rc = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	return file_close(path ? rule.parent_fd : -1, rc < 0 ? -1 : 0);
}

int
confine_landlock(void)
{
	return confine_landlock_except(NULL, NULL, 0);
}

int
confine_landlock_except(const char *const *paths, const int *fds, size_t fd_count)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION), fd, rc;
	struct ruleset denied = {0};
	size_t size = 0;

	if (abi < 1)
		return 1;
	for (size_t i = 0; i < sizeof(abis) / sizeof(abis[0]) && abis[i].abi <= abi; i++) {
		denied.fs |= abis[i].adds.fs;
		denied.net |= abis[i].adds.net;
		denied.scoped |= abis[i].adds.scoped;
		size = abis[i].size;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	fd = syscall(SYS_landlock_create_ruleset, &denied, size, 0);
	if (fd < 0)
		return -1;
	for (; paths && *paths; paths++)
		if (allow_path((int)fd, *paths, -1) < 0)
			return file_close((int)fd, -1);
	for (size_t i = 0; i < fd_count; i++)
		if (allow_path((int)fd, NULL, fds[i]) < 0)
			return file_close((int)fd, -1);
	rc = syscall(SYS_landlock_restrict_self, (int)fd, 0);
	return file_close((int)fd, rc < 0 ? -1 : 0);
}

int
confine_process(const struct confine_limits *limits, const char **what)
{
	int landlock, rc;

	/* The descriptor for Landlock is made before the limit on descriptors is set. */
	landlock = confine_landlock();
	if (landlock < 0 || limit_all(limits) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	rc = load_filter(limits);
	if (rc < 0) {
		errno = -rc;
		return -1;
	}
	if (what)
		*what = landlock == 0 ? "seccomp, Landlock, limits" : "seccomp, limits";
	return 0;
}
