/* The slots of a host, which all processes of a root share. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/lock.h"
#include "hosts/host_limits_internal.h"

/* How long a process believes that no other one wants its slots and nothing holds the host back. */
enum { BELIEVED_MS = 50 };

/* How long to wait before trying again for a slot that others hold. Only the first in line does that often: a process
 * without a slot, or else one that wants a further one. If it dies the next is the first, and if it is stopped the
 * others still try. */
enum { FIRST_LOOKS_MS = 10, OTHERS_LOOK_MS = 100 };

/* So many slots, at a random place, are looked at by those that wait and are not the first; all of them each ALL times,
 * since the first may be stopped. */
enum { GLANCE = 4, ALL = 8 };

/* How long a process that released a slot leaves it to others. */
enum { STAND_BACK_MS = 25 };

/* The lowest cap of all living processes, including this one. -1 with errno. */
static int
lowest_cap(const struct host_limit *h)
{
	unsigned cap = h->cap;
	off_t held;
	int is = 0;

	while (cap > 1 && (is = lock_bytes_held(h->locks, h->stretch + CAPS, cap - 1, &held)) > 0)
		cap = (unsigned)(held - h->stretch - CAPS) + 1;
	return is < 0 ? -1 : (int)cap;
}

static off_t
slot_byte(const struct host_limit *h, unsigned slot)
{
	return h->stretch + slot;
}

static bool
is_ours(const struct host_limit *h, unsigned slot)
{
	return h->ours[slot / 8] >> (slot % 8) & 1;
}

static void
give_back(struct host_limit *h, unsigned slot)
{
	h->held -= is_ours(h, slot);
	h->ours[slot / 8] &= (unsigned char)~(1u << (slot % 8));
	lock_bytes_drop(h->locks, slot_byte(h, slot), 1);
}

/* Whether a slot at CAP or above is held, by a process that took it while the cap was higher. 1, 0, or -1 with errno.
 */
static int
any_above(const struct host_limit *h, unsigned cap)
{
	for (unsigned i = cap; i < h->cap; i++)
		if (is_ours(h, i))
			return 1;
	return cap < HOST_LIMITS_SLOTS_MAX
		       ? lock_bytes_held(h->locks, slot_byte(h, cap), HOST_LIMITS_SLOTS_MAX - cap, NULL)
		       : 0;
}

/* Whether processes hold at least CAP slots, at any places. 1, 0, or -1 with errno. */
static int
all_held(const struct host_limit *h, unsigned cap)
{
	unsigned held = 0;

	for (unsigned i = 0; i < HOST_LIMITS_SLOTS_MAX && held < cap; i++) {
		int is = is_ours(h, i) ? 1 : lock_bytes_held(h->locks, slot_byte(h, i), 1, NULL);

		if (is < 0)
			return -1;
		held += (unsigned)is;
	}
	return held >= cap;
}

/* Finds a slot from FROM on, below END, that others do not hold: END if there is none, -1 with errno. The lock that a
 * call finds need not be the first, so what is before it is searched, and then what is behind it: as many calls as
 * there are locks. */
static int
search_free(const struct host_limit *h, unsigned from, unsigned end)
{
	off_t begin, behind;
	unsigned first;
	int is, at;

	while (from < end) {
		is = lock_bytes_find(h->locks, slot_byte(h, from), (off_t)(end - from), &begin, &behind);
		if (is <= 0)
			return is < 0 ? -1 : (int)from;
		first = begin > slot_byte(h, from) ? (unsigned)(begin - h->stretch) : from;
		at = search_free(h, from, first);
		if (at < 0 || (unsigned)at < first)
			return at;
		if (behind >= slot_byte(h, end))
			break;
		from = (unsigned)(behind - h->stretch);
	}
	return (int)end;
}

/* A free slot below the cap, locked; -1 for none; -2 with errno. GLANCES: looks at few of them. */
static int
lock_free(struct host_limit *h, unsigned cap, bool glances)
{
	unsigned from = glances && cap > GLANCE ? (unsigned)random() % (cap - GLANCE + 1) : 0;

	if (glances && cap > GLANCE)
		cap = from + GLANCE;
	for (unsigned i = from; i < cap; i++) {
		int at = is_ours(h, i) ? (int)i : search_free(h, i, cap), rc;

		if (at < 0)
			return -2;
		i = (unsigned)at;
		if (i >= cap || is_ours(h, i))
			continue;
		rc = lock_bytes_try(h->locks, LOCK_ALONE, slot_byte(h, i), 1);
		if (rc < 0)
			return -2;
		if (rc == 0) {
			h->ours[i / 8] |= (unsigned char)(1u << (i % 8));
			h->held++;
			return (int)i;
		}
	}
	return -1;
}

/* Releases SLOT if it is not negative. Returns RC, and keeps errno. */
static int
give_up(struct host_limit *h, int slot, int rc)
{
	int error = errno;

	if (slot >= 0)
		give_back(h, (unsigned)slot);
	errno = error;
	return rc;
}

static void
leave_line(struct host_limit *h)
{
	if (h->first)
		lock_bytes_drop(h->locks, h->stretch + h->first, 1);
	h->first = 0;
}

/* Whether this process is the first in line for a slot. */
static bool
is_first(struct host_limit *h)
{
	int byte = h->held > 0 ? FIRST_WITH : FIRST_WITHOUT;

	if (h->first && h->first != byte)
		leave_line(h);
	if (!h->first && lock_bytes_try(h->locks, LOCK_ALONE, h->stretch + byte, 1) == 0)
		h->first = byte;
	return h->first &&
	       (byte == FIRST_WITHOUT || lock_bytes_held(h->locks, h->stretch + FIRST_WITHOUT, 1, NULL) == 0);
}

/* Takes a slot below CAP while slots above it are held; only one process at a time does this. Returns as take_slot().
 */
static int
take_slot_below(struct host_limit *h, unsigned cap, bool count, bool glances)
{
	int all = count ? all_held(h, cap) : 0, slot, now;

	if (all)
		return all < 0 ? -2 : -1;
	slot = lock_free(h, cap, glances);
	if (slot < 0)
		return slot;
	now = lowest_cap(h);
	if (now < 0)
		return give_up(h, slot, -2);
	return (unsigned)now < cap ? give_up(h, slot, -1) : slot;
}

/* Takes a slot below the lowest cap; -1 for none; -2 with errno. A process that did not notice a lower cap may take one
 * slot too many, so it checks the cap again after taking the slot. While slots above the cap are held, one process at a
 * time counts all of them. */
static int
take_slot(struct host_limit *h)
{
	int cap = lowest_cap(h), count = cap < 0 ? -1 : any_above(h, (unsigned)cap), busy = 0, slot;

	if (count > 0)
		busy = lock_bytes_try(h->locks, LOCK_ALONE, h->stretch + LOOKING, 1);
	if (count < 0 || busy != 0)
		return count < 0 || busy < 0 ? -2 : -1;
	slot = take_slot_below(h, (unsigned)cap, count, h->wants && !is_first(h) && random() % ALL);
	if (count)
		lock_bytes_drop(h->locks, h->stretch + LOOKING, 1);
	return slot;
}

/* Shows that this process waits for a slot, or no longer does. */
static void
mark_waiting(struct host_limit *h, bool wants)
{
	if (!wants)
		leave_line(h);
	if (h->wants == wants)
		return;
	if (!wants)
		lock_bytes_drop(h->locks, h->stretch + WANTED, 1);
	h->wants = wants && lock_bytes_try(h->locks, LOCK_SHARED, h->stretch + WANTED, 1) == 0;
}

void
slot_stop_waiting(struct host_limit *h)
{
	mark_waiting(h, false);
}

bool
slot_contended(const struct host_limit *h)
{
	return lock_bytes_held(h->locks, h->stretch + WANTED, 1, NULL) != 0;
}

int
slot_take(struct host_limit *h, int64_t *wait_ms)
{
	int slot;

	if (clock_left(h->stand_back) > 0) {
		*wait_ms = clock_left(h->stand_back);
		*wait_ms += *wait_ms == 0;
		return -1;
	}
	slot = take_slot(h);
	if (slot == -2)
		return slot;
	mark_waiting(h, slot < 0);
	if (slot < 0) {
		*wait_ms = is_first(h) ? FIRST_LOOKS_MS : OTHERS_LOOK_MS;
		return -1;
	}
	*wait_ms = host_limits_ask_pace(h);
	if (*wait_ms == 0)
		return slot;
	return give_up(h, slot, *wait_ms < 0 ? -2 : -1);
}

int
slot_count_start(struct host_limit *h, int slot, int64_t *wait_ms)
{
	*wait_ms = h->pace > 0 ? host_limits_count_start(h) : 0;
	if (*wait_ms == 0)
		return slot;
	return give_up(h, slot, *wait_ms < 0 ? -2 : -1);
}

int
slot_acquire(struct host_limit *h, int64_t *wait_ms)
{
	int slot = slot_take(h, wait_ms);

	return slot < 0 ? slot : slot_count_start(h, slot, wait_ms);
}

/* Whether no other process has a lower cap or a slot above the cap of this one; the bytes of these are adjacent. False
 * if that cannot be known; slot_take() then reports the reason. */
static bool
cap_is_ours(const struct host_limit *h)
{
	return lock_bytes_held(h->locks, slot_byte(h, h->cap), CAPS - 1, NULL) == 0;
}

int
slot_retake(struct host_limit *h, int slot, int64_t *wait_ms)
{
	int64_t now = clock_ms();

	*wait_ms = 0;
	if (now < h->believed_until)
		return slot;
	if (slot_contended(h) || !cap_is_ours(h)) {
		slot_release(h, slot);
		return slot_take(h, wait_ms);
	}
	*wait_ms = host_limits_ask_pace(h);
	if (*wait_ms == 0) {
		h->believed_until = h->pace == 0 ? now + BELIEVED_MS : 0;
		return slot;
	}
	return give_up(h, slot, *wait_ms < 0 ? -2 : -1);
}

void
slot_release(struct host_limit *h, int slot)
{
	if (slot < 0 || slot >= HOST_LIMITS_SLOTS_MAX)
		return;
	give_back(h, (unsigned)slot);
	if (slot_contended(h))
		h->stand_back = clock_ms() + STAND_BACK_MS;
}
