/*
 * host_limits: limits for each host on transfers at once, starts and bytes a second, which all processes of a root
 * share.
 *
 * The key of a host is HOST:PORT in lower case, or the name of a group of hosts that count as one.
 *
 * Slots are byte locks in the 64 empty files of hosts/slots/. The hash of a key gives a range of bytes. Byte i of the
 * range is slot i: a transfer holds one, and the kernel releases it when the process dies. Shared locks on further
 * bytes of the range say which limits the living processes were given, and that a process waits for a slot. If
 * processes were given different limits, the strictest applies.
 *
 * Pace, bytes and hold-backs outlive processes, so they are in the file hosts/KEY, which is made when it is first
 * needed.
 *
 * Only one thread at a time may use a struct host_limits. The locks belong to an open file, which a child shares until
 * it execs, so do not fork a child that does not exec. Each host that was entered has one or two locks, in one of 64
 * lists that the kernel searches at each call, so leave hosts that have no work.
 */
#ifndef BI_HOST_LIMITS_H
#define BI_HOST_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "files/root.h"

enum { HOST_LIMITS_SLOTS_MAX = 1024 };

struct host_limits;
struct host_limit; /* a host, in this process */

/* Opens hosts/ of the root, and makes it if it is missing. Returns NULL with errno on failure. */
struct host_limits *host_limits_open(const struct root *root);
void host_limits_close(struct host_limits *g); /* after host_limits_leave() of all hosts; NULL is allowed */

/*
 * Begins to use the host KEY with at most SLOTS transfers at once (1 to HOST_LIMITS_SLOTS_MAX) and STARTS starts a
 * second (0.01 to 10000; 0: any number). A process must not enter a key twice at a time. Returns NULL with errno on
 * failure. host_limits_leave() frees it.
 */
struct host_limit *host_limits_enter(struct host_limits *g, const char *key, unsigned slots, double starts);
void host_limits_leave(struct host_limit *h); /* no slot may be held; NULL is allowed */

/*
 * Asks to start one transfer. Returns a slot, 0 or above, for slot_release(); -1 if it may not start now, with the
 * milliseconds after which to ask again, at least 1, in WAIT_MS; or -2 with errno. The reason to wait is a hold-back,
 * the pace, or that others hold all slots; a slot that becomes free is not announced.
 *
 * At most STARTS transfers start in any one second, measured here, and at the server too if the network delay varies by
 * less than 90 ms. A process that has just released a slot lets a waiting process go first.
 */
int slot_acquire(struct host_limit *h, int64_t *wait_ms);
void slot_release(struct host_limit *h, int slot);

/* Tells the other processes that this one, which may have been told to wait, has nothing to start any more. */
void slot_stop_waiting(struct host_limit *h);

/*
 * The two halves of slot_acquire(), for a caller that may find in between that it has nothing to start: a start that is
 * counted is lost for all processes. slot_take() returns a slot if a transfer may start now. slot_count_start() counts
 * the start, and returns SLOT; or, if another process was faster, -1 or -2 as slot_acquire(), with SLOT released.
 *
 * slot_retake() is slot_take() for the next transfer in SLOT, which the caller holds: this needs fewer calls. If it
 * does not return SLOT, SLOT was released. While no process has STARTS for the host, it may notice up to 50 ms late
 * that another process waits for a slot, has begun with STARTS or fewer SLOTS, or holds the host back.
 */
int slot_take(struct host_limit *h, int64_t *wait_ms);
int slot_retake(struct host_limit *h, int slot, int64_t *wait_ms);
int slot_count_start(struct host_limit *h, int slot, int64_t *wait_ms);

/* Returns whether another process waits for a slot of the host, or may wait: it returns true if that cannot be known,
 * since giving way does no harm. */
bool slot_contended(const struct host_limit *h);

/* Counts BYTES received from the host, from which all processes together may receive PER_SECOND bytes a second. Returns
 * the milliseconds for which this process must not receive more, 0 to go on, or -1 with errno. */
int64_t host_limits_spend(struct host_limit *h, uint64_t bytes, uint64_t per_second);

/* Holds the host back: no process may start a transfer before MS milliseconds have passed, at most a day. An earlier
 * hold-back that lasts longer stays. Returns 0 or -1. */
int host_limits_hold(struct host_limit *h, int64_t ms);

/* Returns for how many milliseconds from now the host is held back, 0 if it is not, or -1 with errno. */
int64_t host_limits_held(const struct host_limit *h);

#endif
