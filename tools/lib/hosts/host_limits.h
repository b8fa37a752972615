/*
 * host_limits: manners towards hosts, kept across every process that shares a root.
 *
 * A host is known by a key: HOST:PORT in lower case, or the name of a group of hosts that count as one.
 *
 * Slots are byte locks in the files of hosts/slots/, a stretch of bytes for each key by its hash, so that any number
 * of hosts costs 64 empty files. Byte i of a stretch is slot i: a transfer holds one, and the kernel gives it back when
 * its process dies. Further bytes of the stretch say, by being locked shared, which cap and which pace the living
 * processes were told: the lowest cap and the slowest pace count for all; and that somebody waits for a slot.
 *
 * Pace, bytes and hold-backs outlive processes, so they are in a file: hosts/KEY, made when a host first has one.
 *
 * One thread at a time uses a governor. The locks are those of an open file, which a child has too for as long as it
 * does not exec: fork no child that stays without. Each host entered is one or two locks, in one of 64 lists that
 * the kernel goes through at each call: leave those that have nothing to do.
 */
#ifndef BI_HOST_LIMITS_H
#define BI_HOST_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "files/root.h"

enum { HOST_LIMITS_SLOTS_MAX = 1024 };

struct host_limits;
struct host_limit; /* a host, in this process */

/* Opens hosts/ of the root, made where missing. NULL with errno. */
struct host_limits *host_limits_open(const struct root *root);
void host_limits_close(struct host_limits *g); /* all hosts let go before; NULL does nothing */

/*
 * Begins to use the host KEY with at most SLOTS transfers at once (1 to HOST_LIMITS_SLOTS_MAX) and STARTS
 * of transfers a second (0: any number; from 0.01 to 10000). A process enters a key once at a time. NULL with errno.
 * For host_limits_leave().
 */
struct host_limit *host_limits_enter(struct host_limits *g, const char *key, unsigned slots, double starts);
void host_limits_leave(struct host_limit *h); /* with no slot held; NULL does nothing */

/*
 * Asks to start one transfer. Returns a slot, 0 or above, for slot_release(); or -1 with the
 * milliseconds after which to ask again in WAIT_MS, at least 1: a hold-back, the pace, or slots that others hold (these
 * are not announced when they come free). -2 with errno.
 *
 * Any second sees at most STARTS starts, as they are counted here and, for ways that differ by less than 90 ms, there.
 * Who waits for a slot is let go first by processes that gave one back just before.
 */
int slot_acquire(struct host_limit *h, int64_t *wait_ms);
void slot_release(struct host_limit *h, int slot);

/*
 * Asks the same for a slot that is held already, after the transfer that had it: for fewer looks at the locks. As
 * slot_acquire(); where it does not return SLOT, that was given back as slot_release() does.
 */
int slot_reacquire(struct host_limit *h, int slot, int64_t *wait_ms);

/* Whether another process waits for a slot of the host, or may: true too where it cannot be known, since to give way
 * does no harm. */
bool slot_contended(const struct host_limit *h);

/*
 * Counts BYTES received from the host, which all processes together may receive PER_SECOND of. Returns the
 * milliseconds for which to receive no more in this process, 0 to go on. -1 with errno.
 */
int64_t host_limits_spend(struct host_limit *h, uint64_t bytes, uint64_t per_second);

/* Nobody is to start a transfer from the host before MS milliseconds have passed, at most a day; an earlier hold-back
 * that lasts longer stands. 0 or -1. */
int host_limits_hold(struct host_limit *h, int64_t ms);

/* How long the host is held back from now, in milliseconds; 0: it is not. -1 with errno. */
int64_t host_limits_held(const struct host_limit *h);

#endif
