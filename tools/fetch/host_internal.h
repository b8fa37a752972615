/*
 * host_internal: what host_table.c and host.c share. host_table.c has the hosts, host.c decides about one of them.
 */
#ifndef BI_HOST_INTERNAL_H
#define BI_HOST_INTERNAL_H

struct host;
struct run;

/* Returns the run that the host's table belongs to. */
struct run *host_run(const struct host *h);

/* Gives the host up: it gets no more requests in this run. WHY of the first call counts. */
void host_give_up(struct host *h, const char *why);

/* Gives a slot of the host that host_keep_slot() kept to the caller. Returns the slot, or -1 if none was kept. */
int host_take_kept(const struct host *h);

#endif
