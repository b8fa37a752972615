/*
 * confine: a process that from here on can do nothing but read and write what it already
 * has open: for parsing bytes that strangers made.
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
	bool access;      /* it may ask whether files are there (access(2)), as Cairo does of fonts that it has open */
};

/*
 * Confines this process and its threads for good: no new privileges, the limits, and a
 * system call filter (seccomp(2)) that lets it compute, allocate, start threads, read and write
 * open descriptors and exit; opening files, sockets, programs and signals to others fail
 * with EPERM. Libraries that load parts of themselves must have done so before.
 * 0, or -1 with errno where the kernel cannot do it; WHAT, if given, is set to words that say
 * what is in force ("seccomp, limits").
 */
int confine(const struct confine_limits *limits, const char **what);

#endif
