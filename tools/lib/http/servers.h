/*
 * servers: the root's active servers, as people and programs read them.
 */
#ifndef BI_SERVERS_H
#define BI_SERVERS_H

#include <stdbool.h>
#include <stdint.h>

#include "http/lease.h"

/*
 * What is known of a server, as a server record (bi-records(5)) for the caller to json_object_put(): the record in its
 * lease, with the port and the keeper's process id as the kernel tells them. One that is still starting,
 * or whose record cannot be read, has these two and "starting".
 */
struct json_object *servers_record(const struct lease_seen *seen);

/* The active servers, in ascending order of their ports. */
struct server {
	int port;
	struct json_object *record; /* servers_record() */
	const char *batch, *url;    /* of the record; NULL where it does not say */
};

struct servers {
	struct server *v;
	size_t n;
};

/* Fills ALL, for servers_free(). 0, or -1 with errno. Not for a process that holds a lease: lease.h. */
int servers_find(const struct root *root, struct servers *all);
void servers_free(struct servers *all);

/*
 * Prints the active servers on stdout in ascending order of their ports: with JSON as server records, else as
 *
 *	Active HTTP Servers
 *	================================================================================
 *	Port 8000:
 *	  Category: M
 *	  Batch: Batch 1 (chars 1-5)
 *	  URL: http://localhost:8000/M_batch1/index.html
 *
 * and an empty line between two; on a terminal with how to have a URL by which pages save behind it; "No active
 *servers" when there are none. How many, or -1 with errno.
 */
int64_t servers_print(const struct root *root, bool json);

#endif
