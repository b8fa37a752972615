/*
 * events: what the files of bi-status --events share.
 */
#ifndef BI_EVENTS_H
#define BI_EVENTS_H

#include <json-c/json.h>

#include "http/servers.h"
#include "status.h"

/* What is known of a batch. */
struct spotted {
	unsigned long long ino; /* of its directory: another one is another batch */
	bool created;           /* that it was created is told, or was before */
	bool queued;            /* that it was handed in is told, and it is in the queue still */
	bool was_done, at_rest; /* as was told */
	off_t read_to;          /* of results.ndjson */
	unsigned char *states;  /* of its items while it is held; NULL: nobody worked on it */
	size_t states_n;
};

struct happening {
	struct track track;
	const struct asked *asked;
	bool ready;
	uint64_t count; /* records */
	struct servers servers;
	int64_t servers_due; /* when to look at them */
	int server_looks;    /* how many more are due */
};

/* A record of EVENT: AT is when (NULL: now), BATCH may be NULL. */
struct json_object *event_new(const char *event, const char *at, const char *batch);

/* Copies the MEMBERS (NULL-terminated) that FROM has. */
void event_copy(struct json_object *o, struct json_object *from, const char *const *members);

/* Prints a record and frees it. */
void event_out(struct happening *h, struct json_object *o);

/* --- events_items.c --- */

/* What happened to the items of the batch up to now is not told. */
void items_skip(struct spotted *s, const struct tracked *v, const struct batch *b);

/* Tells what happened to them since. Whether there was a result. */
bool items_report(struct happening *h, const struct tracked *v, const struct batch *b);

#endif
