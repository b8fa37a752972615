/*
 * child: starts other programs.
 *
 * A child always executes a program. It is never a forked copy, which would keep this process's locks. It gets the
 * descriptors of its map and no others, and default signal handling. It dies with its parent (PR_SET_PDEATHSIG). For
 * the kernel the parent is the thread that called child_start(), so that thread must live as long as the child should;
 * prctl(2) says when the kernel clears this.
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
	const struct child_fd *fds; /* the map; a standard descriptor that is not in it is /dev/null */
	size_t fd_count;
	char *const *environment; /* NULL-terminated; NULL: that of this process */
	bool outlives;            /* it survives this process: no death signal, a new session */
	bool group;               /* it leads a new process group, so that kill(-pid, ...) reaches what it starts too */
};

/* Starts the program. Returns its process id, or -1 with errno. A failed exec is an error here too, so a missing
 * program is not an exit code later. */
pid_t child_start(const struct child *c);

/* Waits for the child PID to end. Returns its exit code, 128 plus the signal that ended it, or -1 with errno. */
int child_wait(pid_t pid);

/*
 * Readiness: the parent makes a pipe (both ends close-on-exec), maps the write end into the child, closes its copy and
 * waits. The child writes one byte once it is ready.
 */

/* Waits up to MS milliseconds for the byte on FD. Returns 0 when it came, 1 at end-of-file (it will never come), 2 when
 * the time is over, or -1 with errno. */
int child_await_ready(int fd, int ms);

/* In the child: reports that it is ready, and closes FD. Returns 0, or -1 with errno (EPIPE if the parent no longer
 * waits and SIGPIPE is ignored). */
int child_report_ready(int fd);

#endif
