/*
 * loop: an event loop by epoll, for one thread. Descriptors are watched and timers are set, each with the function to
 * call.
 *
 * The caller owns the watchers and timers; a zeroed one is idle. A called function may watch, unwatch, set and stop any
 * of them, also its own. One that it stops is not called any more, even if its event came in the same turn.
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

/* Frees the loop. The watchers and timers remain the caller's, and so do the descriptors. NULL is allowed. */
void loop_free(struct loop *l);

/*
 * Watches FD for EVENTS (EPOLLIN, EPOLLOUT; errors and hang-ups are reported in any case). W has its function already.
 * If W watches FD already, EVENTS replace those of before; with the same EVENTS nothing is asked of the kernel, and
 * with 0 W becomes idle. Returns
 * 0, or -1 with errno: EPERM for a regular file, which is always ready.
 */
int loop_watch(struct loop *l, struct loop_watcher *w, int fd, uint32_t events);

/* Makes W idle. Call this before its descriptor is closed. */
void loop_unwatch(struct loop *l, struct loop_watcher *w);

/* Sets T: its function is called once at the moment DUE of clock_ms(), or at once if that has passed, but not before
 * the next turn when a timer's function sets it. A timer that is set already is moved. */
void loop_set_timer(struct loop *l, struct loop_timer *t, int64_t due);

/* Makes T idle. */
void loop_stop_timer(struct loop *l, struct loop_timer *t);

/*
 * Runs one turn: waits until a descriptor is ready or a timer is due (for ever if there is neither), then calls the
 * functions of all that are, first those of descriptors. A signal that is caught ends the wait. Returns 0, or -1 with
 * errno when the wait failed.
 */
int loop_run_once(struct loop *l);

#endif
