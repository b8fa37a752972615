/*
 * robot: what robots.txt says of the media that pages show (items with "found_on"). An origin (scheme, host and port)
 * is asked once, by the first such job, with the job's own turn and slot: the host's others wait meanwhile.
 */
#ifndef BI_FETCH_ROBOT_H
#define BI_FETCH_ROBOT_H

#include "fetch.h"

struct asking;

enum robot {
	ROBOT_ALLOWS,
	ROBOT_FORBIDS, /* the job's verdict says so */
	ROBOT_UNKNOWN, /* robot_begin() asks */
};

/* Whether a job that has its slot may ask for its URL. Where it may and the origin wishes to be asked slowly
 * (Crawl-delay), the host is held back behind it. */
enum robot robot_allows(struct fetch *f, struct job *j);

/* Asks for robots.txt; then the job is queued again. */
void robot_begin(struct job *j);

/* The transfer that robot_begin() began has ended with CODE. */
void robot_done(struct fetch *f, struct job *j, CURLcode code);

void robot_drop(struct job *j);      /* frees what a job was asking with */
void robots_forget(struct fetch *f); /* frees all that is known */

#endif
