/*
 * split: what the files of bi-split share.
 */
#ifndef BI_SPLIT_H
#define BI_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* --- parts.c: the files of the parts --- */

/* The parts are written to a new directory beside the final one, and take its place together. */
struct parts;

/* Begins N parts for the directory DIR, which has no slash at its end; their lines end in END. Ends the program if DIR
 * has anything but parts, or if a directory beside it cannot be made. parts_publish() or parts_drop() frees it. */
struct parts *parts_begin(const char *dir, unsigned n, char end);

/* Appends the N bytes TEXT and an end of line to the part K. Ends the program on failure. */
void parts_add(struct parts *p, unsigned k, const char *text, size_t n);

/* The same with a line that is not counted: an end record. */
void parts_end(struct parts *p, unsigned k, const char *text, size_t n);

/* Returns the number of lines that parts_add() added to the part K. */
uint64_t parts_count(const struct parts *p, unsigned k);

/* Writes and syncs all parts and makes them the directory DIR. Ends the program on failure. The counts stay. */
void parts_publish(struct parts *p);

/* Removes an unpublished directory, and frees P. */
void parts_drop(struct parts *p);

/* --- large_hosts.c: the hosts with the most lines, in memory that does not grow --- */

/* The hosts are hashed into 65,536 buckets, each of which keeps the host that wins the vote of Boyer and Moore
 * ("MJRTY", 1991). A host with more lines than all others of its bucket is always kept. */
struct large_hosts;

struct large_hosts *large_hosts_open(void);

/* Counts a line of the host KEY, whose hash is HASH. */
void large_hosts_count(struct large_hosts *h, const char *key, uint64_t hash);

/* Calls SEE with each host that has at least LEAST lines, the largest first. ITEMS is at most the number of its lines,
 * and less by at most the number of lines of other hosts in its bucket. */
void large_hosts_each(const struct large_hosts *h, uint64_t least,
		      void (*see)(const char *key, uint64_t items, void *arg), void *arg);
void large_hosts_close(struct large_hosts *h);

#endif
