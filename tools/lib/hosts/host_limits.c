#include "hosts/host_limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/lock.h"
#include "files/file.h"
#include "hosts/pace_file.h"

/* A stretch has a byte for each slot, then one for each cap, then one for each interval between two starts, in units of
 * 100 microseconds, and at its end one for processes that wait and one for the process that searches. A stretch is 2^20
 * bytes, and offsets go up to 2^63, so the hash has 43 bits. The kernel goes through all locks of a file at each call,
 * so there are several files. */
enum {
	CAPS = HOST_LIMITS_SLOTS_MAX,
	PACES = 2 * HOST_LIMITS_SLOTS_MAX,
	UNIT_US = 100,
	INTERVAL_MAX = 1000000,
	STRETCH_BITS = 20,
	HASH_BITS = 63 - STRETCH_BITS,
	LOOKING = (1 << STRETCH_BITS) - 2,
	WANTED = (1 << STRETCH_BITS) - 1,
	FILES = 64,
};

_Static_assert(PACES + INTERVAL_MAX < LOOKING, "a stretch has room for each");

/* How long a process believes that no other one wants its slots and nothing holds the host back. */
enum { BELIEVED_MS = 50 };

/* How long to wait before trying again for a slot that others hold, and how long a process that released one leaves it
 * to others. */
enum { LOOK_AGAIN_MS = 10, STAND_BACK_MS = 25 };

/* Transfers start every 1.1 intervals, and a late one may catch up by LATE_US. So in a second, plus EXTRA for varying
 * network delay, at most (1 + LATE + EXTRA) / (1.1 / N) + 1 transfers start, which rounds down to N. */
enum { SPREAD_PERCENT = 110, LATE_US = 10000 };

/* Other processes lock hosts/KEY for microseconds, unless they are stopped while they hold the lock. */
enum { BUSY_MS = 1 };

struct host_limits {
	int dir, slots;
	int files[FILES]; /* of slots/, opened when a host first needs it; -1 before */
};

struct host_limit {
	struct host_limits *all;
	int locks; /* the file of slots/ that has the stretch; ALL owns it */
	char *key;
	char *file; /* in hosts/ */
	off_t stretch;
	unsigned cap;
	unsigned interval;                             /* between two starts, in units; 0: no limit */
	bool wants;                                    /* this process holds WANTED */
	int64_t stand_back;                            /* until this moment of clock_ms(), slots are left to others */
	int pace;                                      /* the slowest interval when ask_pace() looked; -1: not known */
	int64_t believed_until;                        /* see slot_retake() */
	int64_t unspent_us;                            /* what could not be counted in the file yet */
	unsigned char ours[HOST_LIMITS_SLOTS_MAX / 8]; /* slots that this process holds */
};

struct host_limits *
host_limits_open(const struct root *root)
{
	struct host_limits *g = buf_alloc(sizeof(*g));

	g->slots = -1;
	for (int i = 0; i < FILES; i++)
		g->files[i] = -1;
	g->dir = root_open_dir(root->fd, "hosts", true);
	if (g->dir >= 0)
		g->slots = root_open_dir(g->dir, "slots", true);
	if (g->slots >= 0)
		return g;
	host_limits_close(g);
	return NULL;
}

void
host_limits_close(struct host_limits *g)
{
	if (!g)
		return;
	for (int i = 0; i < FILES; i++)
		file_close(g->files[i], 0);
	file_close(g->slots, 0);
	file_close(g->dir, 0);
	free(g);
}

/* The file name of a key: the key if it is a valid name, otherwise its valid characters and its hash. */
static char *
file_of(const char *key, const unsigned char *digest)
{
	struct buf name = {0};
	char hex[17];
	bool same = *key != '\0';

	for (const char *p = key; *p && name.len < 64; p++) {
		bool fine = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-' || (*p == '.' && p > key);

		same = same && (fine || (*p == ':' && p > key));
		buf_add(&name, fine ? p : "_", 1);
	}
	if (!same || strlen(key) > 64 || strcmp(key, "slots") == 0) {
		hash_hex(digest, 8, hex);
		buf_printf(&name, "_%s", hex);
	}
	return name.data;
}

struct host_limit *
host_limits_enter(struct host_limits *g, const char *key, unsigned slots, double starts)
{
	struct host_limit *h = buf_alloc(sizeof(*h));
	unsigned char digest[HASH_BYTES];
	uint64_t hash;
	double units = starts > 0 ? 1e6 / UNIT_US / starts : 0;
	unsigned i;
	char name[8];

	hash_bytes(key, strlen(key), digest);
	memcpy(&hash, digest, sizeof(hash));
	h->all = g;
	h->key = buf_strdup(key);
	h->file = file_of(key, digest);
	i = hash % FILES;
	snprintf(name, sizeof(name), "%u", i);
	if (g->files[i] < 0)
		g->files[i] = openat(g->slots, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
	h->locks = g->files[i];
	h->stretch = (off_t)((hash >> (64 - HASH_BITS)) << STRETCH_BITS);
	h->cap = slots < 1 ? 1 : slots > HOST_LIMITS_SLOTS_MAX ? HOST_LIMITS_SLOTS_MAX : slots;
	h->interval = units >= INTERVAL_MAX ? INTERVAL_MAX : (unsigned)units + ((unsigned)units < units);
	if (h->locks >= 0 && lock_bytes_wait(h->locks, LOCK_SHARED, h->stretch + CAPS + h->cap - 1, 1) == 0 &&
	    (h->interval == 0 || lock_bytes_wait(h->locks, LOCK_SHARED, h->stretch + PACES + h->interval, 1) == 0))
		return h;
	host_limits_leave(h);
	return NULL;
}

void
host_limits_leave(struct host_limit *h)
{
	if (!h)
		return;
	lock_bytes_drop(h->locks, h->stretch, (off_t)1 << STRETCH_BITS);
	free(h->file);
	free(h->key);
	free(h);
}

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

/* The longest interval of all living processes, including this one, in units; 0: no limit. -1 with errno. */
static int
slowest_pace(const struct host_limit *h)
{
	unsigned interval = h->interval;
	off_t held;
	int is = 0;

	while (interval < INTERVAL_MAX &&
	       (is = lock_bytes_held(h->locks, h->stretch + PACES + interval + 1, INTERVAL_MAX - interval, &held)) > 0)
		interval = (unsigned)(held - h->stretch - PACES);
	return is < 0 ? -1 : (int)interval;
}

/* --- hosts/KEY --- */

/* Returns 0 if a transfer may start now, and counts it; otherwise the milliseconds to wait. -1 with errno. */
static int64_t
count_start(struct host_limit *h)
{
	int64_t gap = (int64_t)h->pace * UNIT_US * SPREAD_PERCENT / 100, now, wait;
	int fd = pace_open(h->all->dir, h->file, true, 0);
	bool ahead;
	struct pace p;

	if (fd < 0)
		return errno == EAGAIN ? BUSY_MS : -1;
	now = pace_now();
	if (pace_read(fd, now, &p, NULL) < 0)
		return file_close(fd, -1);
	/* At most one start ahead: a later time was stored for a slower pace, or by another clock. */
	ahead = p.next_start > now + gap;
	if (ahead)
		p.next_start = now + gap;
	wait = pace_ms_until(p.not_before, now);
	if (pace_ms_until(p.next_start, now) > wait)
		wait = pace_ms_until(p.next_start, now);
	if (wait == 0)
		p.next_start = (p.next_start > now - LATE_US ? p.next_start : now - LATE_US) + gap;
	if ((wait == 0 || ahead) && pace_write(fd, &p, h->key) < 0)
		return file_close(fd, -1);
	close(fd);
	return wait;
}

/* Returns 0 if a transfer may start now, as far as can be told without counting it; otherwise the milliseconds to wait.
 * -1 with errno. */
static int64_t
ask_pace(struct host_limit *h)
{
	int64_t gap, now, wait;
	struct pace p;
	int fd;

	h->pace = slowest_pace(h);
	if (h->pace < 0)
		return -1;
	fd = openat(h->all->dir, h->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	now = pace_now();
	if (pace_read(fd, now, &p, NULL) < 0)
		return file_close(fd, -1);
	close(fd);
	gap = (int64_t)h->pace * UNIT_US * SPREAD_PERCENT / 100;
	if (gap > 0 && p.next_start > now + gap)
		return count_start(h); /* it corrects that */
	wait = pace_ms_until(p.not_before, now);
	return gap > 0 && pace_ms_until(p.next_start, now) > wait ? pace_ms_until(p.next_start, now) : wait;
}

int64_t
host_limits_spend(struct host_limit *h, uint64_t bytes, uint64_t per_second)
{
	double us = per_second ? (double)bytes / (double)per_second * 1e6 : 0;
	int64_t now;
	struct pace p;
	int fd;

	h->unspent_us += us < (double)PACE_SPENT_MAX_US ? (int64_t)us : PACE_SPENT_MAX_US;
	if (h->unspent_us > PACE_SPENT_MAX_US)
		h->unspent_us = PACE_SPENT_MAX_US;
	if (h->unspent_us == 0)
		return 0;
	fd = pace_open(h->all->dir, h->file, true, 0);
	if (fd < 0)
		return errno == EAGAIN ? BUSY_MS : -1;
	now = pace_now();
	if (pace_read(fd, now, &p, NULL) < 0)
		return file_close(fd, -1);
	p.spent = (p.spent > now ? p.spent : now) + h->unspent_us;
	if (p.spent > now + PACE_SPENT_MAX_US)
		p.spent = now + PACE_SPENT_MAX_US;
	if (pace_write(fd, &p, h->key) < 0)
		return file_close(fd, -1);
	close(fd);
	h->unspent_us = 0;
	return pace_ms_until(p.spent, now);
}

int
host_limits_hold(struct host_limit *h, int64_t ms)
{
	int64_t now, until;
	struct pace p;
	int fd;

	if (ms <= 0)
		return 0;
	h->believed_until = 0;
	fd = pace_open(h->all->dir, h->file, true, PACE_PATIENCE_MS);
	if (fd < 0)
		return -1;
	now = pace_now();
	until = now + (ms < PACE_HOLD_MAX_MS ? ms : PACE_HOLD_MAX_MS) * INT64_C(1000);
	if (pace_read(fd, now, &p, NULL) < 0)
		return file_close(fd, -1);
	if (until <= p.not_before)
		return file_close(fd, 0);
	p.not_before = until;
	return file_close(fd, pace_write(fd, &p, h->key));
}

int64_t
host_limits_held(const struct host_limit *h)
{
	int64_t now = pace_now();
	struct pace p;
	int fd = openat(h->all->dir, h->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (pace_read(fd, now, &p, NULL) < 0)
		return file_close(fd, -1);
	close(fd);
	return pace_ms_until(p.not_before, now);
}

/* --- slots --- */

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

/* A free slot below the cap, locked; -1 for none; -2 with errno. */
static int
lock_free(struct host_limit *h, unsigned cap)
{
	for (unsigned i = 0; i < cap; i++) {
		int rc = is_ours(h, i) ? 1 : lock_bytes_try(h->locks, LOCK_ALONE, slot_byte(h, i), 1);

		if (rc < 0)
			return -2;
		if (rc == 0) {
			h->ours[i / 8] |= (unsigned char)(1u << (i % 8));
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

/* Takes a slot below CAP while slots above it are held; only one process at a time does this. Returns as take_slot().
 */
static int
take_slot_below(struct host_limit *h, unsigned cap, bool count)
{
	int all = count ? all_held(h, cap) : 0, slot, now;

	if (all)
		return all < 0 ? -2 : -1;
	slot = lock_free(h, cap);
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
	slot = take_slot_below(h, (unsigned)cap, count);
	if (count) {

		lock_bytes_drop(h->locks, h->stretch + LOOKING, 1);
	}
	return slot;
}

static void
mark_waiting(struct host_limit *h, bool wants)
{
	if (h->wants == wants)
		return;
	if (!wants)
		lock_bytes_drop(h->locks, h->stretch + WANTED, 1);
	h->wants = wants && lock_bytes_try(h->locks, LOCK_SHARED, h->stretch + WANTED, 1) == 0;
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
	*wait_ms = LOOK_AGAIN_MS;
	if (slot < 0)
		return -1;
	*wait_ms = ask_pace(h);
	if (*wait_ms == 0)
		return slot;
	return give_up(h, slot, *wait_ms < 0 ? -2 : -1);
}

int
slot_count_start(struct host_limit *h, int slot, int64_t *wait_ms)
{
	*wait_ms = h->pace > 0 ? count_start(h) : 0;
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
	*wait_ms = ask_pace(h);
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
