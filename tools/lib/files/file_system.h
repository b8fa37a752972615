/*
 * file_system: whether locks on a file system exclude the processes of other machines that have it mounted.
 */
#ifndef BI_FILE_SYSTEM_H
#define BI_FILE_SYSTEM_H

#include <stddef.h>

enum file_system_locks {
	LOCKS_LOCAL,   /* one machine has the file system, or its locks exclude all that have it */
	LOCKS_UNSURE,  /* the type does not tell: FUSE in general, 9p */
	LOCKS_FAIL,    /* a network file system: locks may not exclude, or reads under a lock may be stale */
	LOCKS_UNKNOWN, /* the type could not be read, errno says why */
};

/* The longest name of a type, with its NUL: "fuse.glusterfs". */
enum { FILE_SYSTEM_NAME = 64 };

/* Returns what is known of the file system of the open file FD, and stores its type in NAME as /proc/self/mountinfo has
 * it (proc_pid_mountinfo(5)). */
enum file_system_locks file_system_locks(int fd, char name[FILE_SYSTEM_NAME]);

/* Returns the same of a type, as /proc/self/mountinfo names it. */
enum file_system_locks file_system_type_locks(const char *type);

#endif
