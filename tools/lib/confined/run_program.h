/*
 * run_program: runs a program that somebody else wrote over the bytes of strangers, with standard input and output and
 * nothing else.
 *
 * The program is native (a script cannot be started) and is executed by a launcher, a process of ours that confines
 * itself first. The program then has, from its first instruction:
 *
 * - three descriptors: a copy of the document in memory that cannot be changed (which it may open as /dev/stdin too),
 *   and two pipes. Its environment is fixed, and nothing of ours.
 * - Landlock: it can read and execute itself and what is below /usr and /lib*, and read the cache of the dynamic
 * linker. It can open nothing else but /dev/null, and make, change or remove nothing.
 * - a system call filter: no sockets, no processes, no execve, no signals to others, no ptrace, no terminals. Threads
 *   are allowed. execveat is allowed with the one descriptor that the launcher has, which the execution closes. Unlike
 *   for our own helpers (confine.h), stat, access and readlink of any path are allowed, since a dynamic linker needs
 *   them: it can find out which files there are. It can tell that only to its output.
 * - limits: processor time, private memory (RLIMIT_DATA; programs that reserve much address space are not hindered,
 *   and memory that this limit does not count, shared without a file or growing down, cannot be mapped), descriptors,
 *   and files that cannot grow.
 *
 * A kernel without Landlock is refused: without it the program could read any file.
 */
#ifndef BI_RUN_PROGRAM_H
#define BI_RUN_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
	RUN_CPU = 30,      /* seconds of processor time */
	RUN_MEMORY = 1024, /* MiB */
	RUN_ARGS = 32,     /* arguments, and the program */
	RUN_SAID = 160,    /* bytes of its first message, with its NUL */
	RUN_IN = 256,      /* MiB of a document */
};

struct run {
	const char *launcher; /* our program that calls run_launch() for the option --run, found beside this one */
	char *const *argv;    /* the path of the program and its arguments, NULL-terminated, RUN_ARGS at most */
	int in;               /* the document, a file that is read from its beginning. Its offset stays */
	size_t most;          /* bytes of output */
	int ms;               /* how long it may take */
};

enum run_end {
	RUN_DONE,    /* it exited with 0 */
	RUN_FULL,    /* there was more output than MOST: the rest is cut off, and the program was killed */
	RUN_FAILED,  /* it exited otherwise, or died */
	RUN_NO_CPU,  /* it took RUN_CPU seconds, or all of its time and most of a processor */
	RUN_NO_ROOM, /* it took too much memory */
	RUN_WAITED,  /* its time is over, and it had less than a quarter of a processor: this machine may be slow */
	RUN_TOO_BIG, /* the document has more than RUN_IN MiB */
	RUN_NOT,     /* it was not started, or the document cannot be read: errno */
};

/* Sets OUT to the path of the program NAME: the path NAME itself, or the first of that name in the folders below /usr
 * for programs. False if there is none that can be executed. */
bool run_find(const char *name, struct buf *out);

/* Runs it. OUT is set to what it wrote, as it is: neither text nor UTF-8 for certain. SAID is set to the first line of
 * its messages, one line of UTF-8, "" if there is none. */
enum run_end run_confined(const struct run *r, struct buf *out, char said[RUN_SAID]);

/* Confines this process to files as a program is, except that it can read and execute the files PROGRAMS; for a process
 * that calls run_confined(). 0; 1 if this kernel has no Landlock; -1 with errno. */
int run_confine_files(const int *programs, size_t n);

/* In the launcher: confines this process and executes ARGV[0], a path. Ends the process with a message if that cannot
 * be done. */
_Noreturn void run_launch(char *const *argv);

#endif
