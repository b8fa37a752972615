#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

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

/* Allowed whatever their arguments are: they reach nothing that is not open already. */
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
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(alarm),
	SCMP_SYS(setitimer),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	/* what it is and what time it is */
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

/* Allowed with this argument, masked, of this value. */
struct allowed_when {
	int call;
	unsigned arg;
	unsigned long mask, value;
};

static const struct allowed_when when[] = {
	{SCMP_SYS(mmap), 2, PROT_EXEC, 0},
	{SCMP_SYS(mmap2), 2, PROT_EXEC, 0},
	{SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
	{SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD},
	/* how glibc does fstat(3) */
	{SCMP_SYS(newfstatat), 3, AT_EMPTY_PATH, AT_EMPTY_PATH},
	{SCMP_SYS(statx), 2, AT_EMPTY_PATH, AT_EMPTY_PATH},
	{SCMP_SYS(fcntl), 1, ~0UL, F_GETFD},
	{SCMP_SYS(fcntl), 1, ~0UL, F_SETFD},
	{SCMP_SYS(fcntl), 1, ~0UL, F_GETFL},
	{SCMP_SYS(fcntl), 1, ~0UL, F_SETFL},
	{SCMP_SYS(fcntl), 1, ~0UL, F_DUPFD_CLOEXEC},
	{SCMP_SYS(prctl), 0, ~0UL, PR_SET_NAME},
};

static int
limit(enum __rlimit_resource resource, size_t value)
{
	struct rlimit now, new = {value, value};

	if (getrlimit(resource, &now) < 0)
		return -1;
	if (new.rlim_max > now.rlim_max)
		new.rlim_max = new.rlim_cur = now.rlim_max;
	return setrlimit(resource, &new);
}

/* AddressSanitizer reserves terabytes of address space: it gets no limit on that. */
static int
limit_all(const struct confine_limits *l)
{
	if (limit(RLIMIT_CORE, 0) < 0 || (l->memory && !ADDRESS_SANITIZER && limit(RLIMIT_AS, l->memory) < 0) ||
	    (l->seconds && limit(RLIMIT_CPU, l->seconds) < 0) ||
	    (l->file_size && limit(RLIMIT_FSIZE, l->file_size) < 0) || (l->files && limit(RLIMIT_NOFILE, l->files) < 0))
		return -1;
	return 0;
}

static int
allow(scmp_filter_ctx filter, const struct confine_limits *limits)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; i < sizeof(when) / sizeof(when[0]) && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, when[i].call, 1,
				      SCMP_CMP(when[i].arg, SCMP_CMP_MASKED_EQ, when[i].mask, when[i].value));
	if (rc == 0 && limits->access)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(access), 0);
	if (rc == 0 && limits->access)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(faccessat), 0);
	/* abort(3) signals itself, prlimit(2) may ask about itself. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				      SCMP_A0_64(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, SCMP_A0_64(SCMP_CMP_EQ, 0, 0),
				      SCMP_A2_64(SCMP_CMP_EQ, 0, 0));
	/* clone3's flags are in memory, where no filter sees them; the C library then uses clone. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return rc;
}

int
confine(const struct confine_limits *limits, const char **what)
{
	scmp_filter_ctx filter;
	int rc;

	if (limit_all(limits) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!filter) {
		errno = ENOMEM;
		return -1;
	}
	rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (rc == 0)
		rc = allow(filter, limits);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	if (rc < 0) {
		errno = -rc;
		return -1;
	}
	if (what)
		*what = "seccomp, limits";
	return 0;
}
