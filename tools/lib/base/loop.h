/*
 * loop: descriptors that are watched, and timers, each with the function that is called. One thread, epoll below.
 *
 * The caller's structs hold the watchers and timers; a zeroed one is idle. A function may watch, unwatch, set and stop
 * any of them, also its own and those whose events came in the same turn: these are then not called.
 */
#ifndef BI_LOOP_H
#define BI_LOOP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop;

struct loop_watcher {
	void (*call)(void *arg, uint32_t events); /* EVENTS: what epoll reported. NULL: the loop only stops waiting */
	void *arg;
	int fd;
	uint32_t events; /* that are waited for; 0: it is idle */
};

struct loop_timer {
	void (*call)(void *arg); /* once, when the moment has come; NULL: the loop only stops waiting */
	void *arg;
	int64_t due;   /* on clock_ms() */
	size_t at;     /* its place among those that are set, from 1 on; 0: it is idle */
	uint64_t turn; /* the loop's, in which it was set */
};

/* Returns a loop, for loop_free(), or NULL with errno. */
struct loop *loop_new(void);

/* Frees the loop. The watchers and timers remain the caller's, and so do the descriptors. NULL does nothing. */
void loop_free(struct loop *l);

/*
 * Watches FD for EVENTS (EPOLLIN, EPOLLOUT; errors and hang-ups are reported in any case). W has its function already.
 * If W watches FD already, EVENTS replace those of before; with the same EVENTS nothing is asked of the kernel. 0, or
 * -1 with errno: EPERM for a regular file, which is always ready.
 */
int loop_watch(struct loop *l, struct loop_watcher *w, int fd, uint32_t events);

/* W is idle from here on. To be called before its descriptor is closed. */
void loop_unwatch(struct loop *l, struct loop_watcher *w);

/* Has T's function called once when the moment DUE of clock_ms() has come; one that has passed counts as now. From
 * within a timer's function that is the next turn at the earliest. A timer that is set already is moved. */
void loop_set_timer(struct loop *l, struct loop_timer *t, int64_t due);

/* T is idle from here on. */
void loop_stop_timer(struct loop *l, struct loop_timer *t);

/*
 * One turn: waits until a descriptor is ready or a timer is due (without either for ever), then calls the functions of
 * all that are, those of descriptors first. A signal that is caught ends the wait. 0, or -1 with errno when the wait
 * failed.
 */
int loop_run_once(struct loop *l);

#endif
