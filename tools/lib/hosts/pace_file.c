#include "hosts/pace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/lock.h"
#include "files/file.h"

/* A longer key is not written, since no name in DNS has so many bytes. */
enum { KEY_MAX = 300 };

#define HOLD_MAX_US (INT64_C(1000) * PACE_HOLD_MAX_MS)

int64_t
pace_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
pace_ms_until(int64_t moment, int64_t now)
{
	return moment > now ? (moment - now + 999) / 1000 : 0;
}

int
pace_open(int dir, const char *file, bool make, int patience)
{
	int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (make ? O_CREAT : 0);
	int fd = openat(dir, file, flags, 0666);
	int busy, error;

	if (fd < 0)
		return -1;
	while ((busy = lock_try(fd, LOCK_ALONE)) == 1 && patience-- > 0)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	if (busy == 0)
		return fd;
	error = busy == 1 ? EAGAIN : errno;
	close(fd);
	errno = error;
	return -1;
}

/* A plausible moment; 0 if it is further ahead than MOST. */
static int64_t
sane_moment(int64_t moment, int64_t now, int64_t most)
{
	return moment < 0 || moment > now + most ? 0 : moment;
}

/* Appends the text from AT to the end of the line. */
static void
take_key(const char *at, struct buf *key)
{
	at += strspn(at, " ");
	buf_add(key, at, strcspn(at, "\n"));
}

int
pace_read(int fd, int64_t now, struct pace *p, struct buf *key)
{
	char text[128 + KEY_MAX] = {0}, *at = text;
	int64_t moments[3] = {0};

	*p = (struct pace){0};
	if (file_read_at(fd, text, key ? sizeof(text) - 1 : 127, 0) < 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		char *end;

		moments[i] = strtoll(at, &end, 10);
		if (end == at)
			return 0;
		at = end;
	}
	*p = (struct pace){
		.not_before = sane_moment(moments[0], now, HOLD_MAX_US),
		.next_start = moments[1] > 0 ? moments[1] : 0,
		.spent = sane_moment(moments[2], now, PACE_SPENT_MAX_US),
	};
	if (key)
		take_key(at, key);
	return 0;
}

int
pace_write(int fd, const struct pace *p, const char *key)
{
	char text[128 + KEY_MAX];
	int n = snprintf(text, sizeof(text), "%-20" PRId64 " %-20" PRId64 " %-20" PRId64 "%s%s\n", p->not_before,
			 p->next_start, p->spent, strlen(key) <= KEY_MAX ? " " : "", strlen(key) <= KEY_MAX ? key : "");

	return file_write_at(fd, text, (size_t)n, 0);
}
