#include "hosts/host_limits_internal.h"

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

/* Transfers start every 1.1 intervals, and a late one may catch up by LATE_US. So in a second, plus EXTRA for varying
 * network delay, at most (1 + LATE + EXTRA) / (1.1 / N) + 1 transfers start, which rounds down to N. */
enum { SPREAD_PERCENT = 110, LATE_US = 10000 };

/* Other processes lock hosts/KEY for microseconds, unless they are stopped while they hold the lock. */
enum { BUSY_MS = 1 };

struct host_limits {
	int dir, slots;
	int files[FILES]; /* of slots/, opened when a host first needs it; -1 before */
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

int64_t
host_limits_count_start(struct host_limit *h)
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

int64_t
host_limits_ask_pace(struct host_limit *h)
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
		return host_limits_count_start(h); /* it corrects that */
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
