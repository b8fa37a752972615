/*
 * confine_internal: the parts of confine.c that confine other people's programs too (run_program.h).
 */
#ifndef BI_CONFINE_INTERNAL_H
#define BI_CONFINE_INTERNAL_H

#include <seccomp.h>
#include <stddef.h>
#include <sys/resource.h>

/* A system call that is allowed if this argument, masked, has this value. */
struct confine_call {
	int call;
	unsigned arg;
	unsigned long mask, value;
};

/* Allow the calls that reach nothing but what is open, and those of the table. 0, or an errno below 0. */
int confine_allow_common(scmp_filter_ctx filter);
int confine_allow_when(scmp_filter_ctx filter, const struct confine_call *calls, size_t n);

/* Lowers a limit to VALUE, or to the one that is in force if that is lower. 0, or -1 with errno. */
int confine_limit(enum __rlimit_resource resource, size_t value);

/* As confine_landlock(), except that what is below PATHS (NULL-terminated) and the files FDS can be read and executed.
 */
int confine_landlock_except(const char *const *paths, const int *fds, size_t fd_count);

#endif
