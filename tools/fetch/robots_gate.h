/*
 * robots_gate: what robots.txt says about the media that pages show (items with "found_on"). The first such job of an
 * origin (scheme, host and port) asks for robots.txt in its own turn and slot. Other jobs of the host wait meanwhile.
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

/* Creates the stage, which robots_gate_end() frees. Jobs that have asked are added to FINISHED: as REDIRECTED, to start
 * again, if the origin's rules are known now, else with the verdict on the failure. */
struct robots_gate *robots_gate_new(struct run *run, struct transfers *all, struct job_list *finished);

/* Decides whether a job that has its slot may ask for its URL. If it may and the origin has a Crawl-delay, the host is
 * held back afterwards. */
enum gate robots_gate_check(struct robots_gate *g, struct job *j);

/* Asks for robots.txt in J's turn. Returns the time until which the caller pauses the host, if J does not finish before
 * that. */
int64_t robots_gate_ask(struct robots_gate *g, struct job *j);

/* Frees G and its jobs. */
void robots_gate_end(struct robots_gate *g);

#endif
