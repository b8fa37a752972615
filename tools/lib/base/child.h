/*
 * child: starting other programs.
 *
 * A child is always exec'd, never a forked copy: a copy would keep this process's locks.
 * It gets the descriptors of its map and no others, default signal handling, and dies with
 * its parent (PR_SET_PDEATHSIG; prctl(2) says when that is cleared: to the kernel the parent is the
 * thread that called child_start(), so that thread must live as long as the child should).
 */
#ifndef BI_CHILD_H
#define BI_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CHILD_FDS = 16 }; /* the most descriptors that a map may have */

struct child_fd {
	int ours;   /* a descriptor of this process */
	int theirs; /* the number that it has in the child */
};

struct child {
	const char *program;        /* a path, or a name looked up in PATH */
	char *const *argv;          /* NULL-terminated, argv[0] included */
	const struct child_fd *fds; /* the map; a standard descriptor not in it is /dev/null */
	size_t fd_count;
	bool outlives; /* it goes on without us: no death signal, a session of its own */
	bool group;    /* it leads a process group of its own, to be ended with what it starts: kill(-pid, ...) */
};

/* Starts it. Returns its process id, or -1 with errno: also when the exec itself failed, so a
 * program that is not there is an error here and not an exit code later. */
pid_t child_start(const struct child *c);

/* Waits for the child PID to end: its exit code, 128 plus the signal that ended it, or -1 with errno. */
int child_wait(pid_t pid);

/*
 * Readiness: the parent makes a pipe (close-on-exec both ends), maps the write end into the
 * child, closes its own copy and waits; the child writes one byte once it is ready.
 */

/* Waits up to MS milliseconds for the byte on FD: 0 when it came, 1 at end-of-file (it never
 * will), 2 when the time is over, -1 with errno. */
int child_await_ready(int fd, int ms);

/* In the child: says that it is ready, and closes FD. 0 or -1 with errno (EPIPE where nobody waits any
 * longer and SIGPIPE is ignored). */
int child_report_ready(int fd);

#endif
