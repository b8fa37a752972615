/*
 * servers: lists the root's active servers for people and programs.
 */
#ifndef BI_SERVERS_H
#define BI_SERVERS_H

#include <stdbool.h>
#include <stdint.h>

#include "http/lease.h"

/* Returns the server record (bi-records(5)) of a lease: the record in the lease, with the port and the holder's process
 * id from the kernel. A server that is starting, or whose record cannot be read, has these two and "starting". The
 * caller frees it with json_object_put(). */
struct json_object *servers_record(const struct lease_seen *seen);

/* The active servers, in ascending order of their ports. */
struct server {
	int port;
	struct json_object *record; /* servers_record() */
	const char *batch, *url;    /* from the record; NULL if it has none */
};

struct servers {
	struct server *v;
	size_t n;
};

/* Fills ALL with the active servers. Returns 0, or -1 with errno. servers_free() frees ALL. A process that holds a
 * lease must not call this (lease.h). */
int servers_find(const struct root *root, struct servers *all);
void servers_free(struct servers *all);

/*
 * Prints the active servers on stdout in ascending order of their ports. With JSON it prints server records, else
 *
 *	Active HTTP Servers
 *	================================================================================
 *	Port 8000:
 *	  Category: M
 *	  Batch: Batch 1 (chars 1-5)
 *	  URL: http://localhost:8000/M_batch1/index.html
 *
 * with an empty line between two. On a terminal it adds how to get a URL with which pages can save. Without servers it
 * prints "No active servers". Returns how many there are, or -1 with errno.
 */
int64_t servers_print(const struct root *root, bool json);

#endif
