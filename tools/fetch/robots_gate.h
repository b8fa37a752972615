/*
 * robots_gate: what robots.txt says of the media that pages show (items with "found_on"). An origin (scheme, host and
 * port) is asked once, by the first such job, with the job's own turn and slot: the host's others wait meanwhile.
 */
#ifndef BI_ROBOTS_GATE_H
#define BI_ROBOTS_GATE_H

#include "transfer.h"

struct robots_gate;

enum gate {
	GATE_OPEN,
	GATE_CLOSED,  /* the job's verdict says why */
	GATE_UNKNOWN, /* robots_gate_ask() asks */
};

/* Jobs that have asked are added to FINISHED: REDIRECTED, to begin anew, where it is known now what the origin allows,
 * else with the verdict on a failure. For robots_gate_end(). */
struct robots_gate *robots_gate_new(struct run *run, struct transfers *all, struct job_list *finished);

/* Whether a job that has its slot may ask for its URL. Where it may and the origin wishes to be asked slowly
 * (Crawl-delay), the host is held back behind it. */
enum gate robots_gate_check(struct robots_gate *g, struct job *j);

/* Asks for robots.txt in J's turn. Returns the moment before which nothing else is to be asked of its host, unless J
 * has finished. */
int64_t robots_gate_ask(struct robots_gate *g, struct job *j);

/* Frees G and the jobs in it. NULL does nothing. */
void robots_gate_end(struct robots_gate *g);

#endif
