/*
 * root_write: opens the root for programs that change files in it, which rely on locks.
 */
#ifndef BI_ROOT_WRITE_H
#define BI_ROOT_WRITE_H

#include "files/root.h"

/*
 * Opens the root as root_open() does, and notes the start of a program on this machine (machines.h). If the root is on
 * a network file system, the program ends with EX_CONFIG and a message, unless root_allow_shared() was called or the
 * environment has BI_SHARED_ROOT=1. If its type does not tell whether locks exclude other machines, a person is warned
 * once, by the first of several programs that start each other.
 */
void root_open_to_write(struct root *root, const char *dir, bool create);

/* The option --shared-root, an entry of a table of opt.h: it allows a root on a network file system to this process and
 * those that it starts, by root_allow_shared(). */
#define ROOT_SHARED_OPTION                                                                    \
	{                                                                                     \
		ROOT_OPT_SHARED, "shared-root", NULL, "allow a root on a network file system" \
	}
enum { ROOT_OPT_SHARED = 0x5000 };
void root_allow_shared(void);

#endif
