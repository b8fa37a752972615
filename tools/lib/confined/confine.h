/*
 * confine: limits a process, for parsing bytes of strangers, to reading and writing the files that it has open.
 *
 * There are two walls. The second one needs a kernel that supports it.
 *
 * The first is a system call filter (seccomp(2)), for all threads. It allows a process to compute, to allocate, to
 * start threads, to handle signals of its own, to tell the time, to read and write its descriptors, to receive more by
 * a socket that it has, and to exit. Anything else fails with EPERM: every call that takes a path (open, stat, access,
 * readlink, statfs, getxattr, chdir, rename, unlink, exec and so on; also with O_PATH), sockets, processes, signals to
 * others, ptrace, ioctl, and code that is made at run time. The filter cannot see the path of a call. So fstat(3),
 * which the C library makes of newfstatat(2) with an empty path, goes by a handler of SIGSYS, which does fstat(2) for
 * an empty path and refuses others; statx(2) is answered with ENOSYS, and its callers then do fstat. A library cannot
 * replace that handler: sigaction(2) of SIGSYS fails. A thread that has SIGSYS blocked and calls fstat(3) is killed.
 *
 * The second is Landlock (landlock(7)), for the calling thread and those that it starts. It denies to open, execute,
 * make, rename, link, remove and truncate files anywhere, with EACCES, whatever system call asks; since ABI 4 (Linux
 * 6.7) also TCP, since ABI 6 (Linux 6.12) signals to processes outside and abstract sockets. It does not govern stat,
 * access, readlink, chdir or O_PATH: those are denied by the filter alone.
 */
#ifndef BI_CONFINE_H
#define BI_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

struct confine_limits {
	size_t memory;    /* bytes of address space; 0: no limit */
	unsigned seconds; /* of processor time; 0: no limit */
	size_t file_size; /* bytes that a file may grow to; 0: no limit */
	unsigned files;   /* descriptors; 0: as it was */
	bool access; /* access(2) succeeds for any path without a check: Cairo asks so about fonts that it has open */
};

/*
 * Confines this process and its threads permanently: no new privileges, the limits, and both walls. Libraries that load
 * parts of themselves must have done so before.
 *
 * Returns 0, or -1 with errno if the kernel cannot do it. WHAT, if given, is set to words that say what is in force
 * ("seccomp, Landlock, limits", or the same without Landlock if the kernel has none).
 */
int confine_process(const struct confine_limits *limits, const char **what);

/* Puts up the second wall alone; confine_process() does so too. Returns 0 if it is in force; 1 if this kernel has no
 * Landlock, was started without it, or does not let this process use it; -1 with errno. */
int confine_landlock(void);

#endif
