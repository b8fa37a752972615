/*
 * held_hosts: the hosts of a root that are held back (host_limits.h), and how to release one.
 */
#ifndef BI_HELD_HOSTS_H
#define BI_HELD_HOSTS_H

#include <stddef.h>
#include <time.h>

#include "files/root.h"

struct held_host {
	char *key;    /* HOST:PORT, or the name of a group */
	char *file;   /* in hosts/ */
	time_t until; /* no transfer starts before this moment */
};

struct held_hosts {
	struct held_host *v; /* by key */
	size_t n;
};

/* Finds the hosts that are held back now. It takes no lock. Returns 0, or -1 with errno if hosts/ or a file in it
 * cannot be read: ALL then has the hosts of which it is known. held_hosts_free() frees them in both cases. */
int held_hosts_find(const struct root *root, struct held_hosts *all);
void held_hosts_free(struct held_hosts *all);

/* Ends the hold-back of a host: all processes may start transfers again, within about a second. Returns 1, 0 if it was
 * not held back any more, or -1 with errno. */
int held_hosts_release(const struct root *root, const struct held_host *h);

#endif
