/*
 * doctor: what may be wrong with a root and its machine, bi-status --doctor. What the files of it share.
 *
 * Each check looks at one subject, and tells what it finds with doctor_find() and doctor_mend(), one after the other.
 * It changes nothing, leaves nothing behind, and waits for nobody. A check that needs what another one found missing
 * finds nothing.
 */
#ifndef BI_DOCTOR_H
#define BI_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "files/root.h"

enum doctor_level {
	DOCTOR_PROBLEM, /* something does not work, or will not soon */
	DOCTOR_NOTE,    /* all works, worse than it could */
};

struct doctor {
	const struct root *root;
	bool json;
	bool read_only; /* nothing can be written, which is said */
	size_t problems, notes;
	struct buf looked;       /* what was looked at, for when all is well */
	const char *check;       /* the one under way */
	size_t found;            /* how many things it found */
	enum doctor_level level; /* of the finding that waits for what mends it */
	char *batch;             /* which batch that is about, or NULL */
	struct buf what;
};

/* A finding: what is wrong, with what. BATCH: the one that it is about, or NULL. doctor_mend() is to follow. */
void doctor_find(struct doctor *d, enum doctor_level level, const char *batch, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Says the last finding, with what mends it. */
void doctor_mend(struct doctor *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What was looked at, as the next part of a list. */
void doctor_looked(struct doctor *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A time span in words: "12 minutes"; ROOM is where they are written, DOCTOR_SPAN bytes. */
enum { DOCTOR_SPAN = 32 };
const char *doctor_span(char *room, double seconds);

/* An amount of bytes in words: "12.3 GB"; the same room. */
const char *doctor_bytes(char *room, double bytes);

/* The checks: doctor_machine.c */
void doctor_programs(struct doctor *d);
void doctor_kernel(struct doctor *d);
void doctor_limits(struct doctor *d);
void doctor_hosts(struct doctor *d);

/* doctor_root.c: the root and its folders, and who may read its secrets */
void doctor_root(struct doctor *d);
void doctor_secrets(struct doctor *d);

/* Looks at a folder NAME in the directory DIRFD, which is SHOWN below the root; one that is not there is well. False
 * where it is no folder that can be used, which was said. */
bool doctor_folder(struct doctor *d, int dirfd, const char *name, const char *batch, const char *shown);

/* doctor_disk.c */
void doctor_space(struct doctor *d);
void doctor_storage(struct doctor *d);
void doctor_clock(struct doctor *d);

/* doctor_work.c */
void doctor_batches(struct doctor *d);
void doctor_queue(struct doctor *d);
void doctor_servers(struct doctor *d);
void doctor_ports(struct doctor *d);

#endif
