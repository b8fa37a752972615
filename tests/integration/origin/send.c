/*
 * send: an answer, with all that is wrong with it, onto the connection.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "../server/server.h"
#include "origin.h"

enum { STALL_SECONDS = 60, SLICES = 10 };

void
pause_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

/* A block of a chunked body, or plain bytes. */
static int
send_block(int fd, const struct answer *a, const char *bytes, size_t n)
{
	char size[32];
	int digits;

	if (!a->chunked)
		return send_all(fd, bytes, n);
	digits = snprintf(size, sizeof(size), "%zx\r\n", n);
	if (send_all(fd, size, (size_t)digits) < 0 || send_all(fd, bytes, n) < 0)
		return -1;
	return send_all(fd, "\r\n", 2);
}

/* Waits until the other side goes away. */
static void
stall(int fd)
{
	struct timeval t = {.tv_sec = STALL_SECONDS};
	char byte;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	if (recv(fd, &byte, 1, 0) < 0)
		return;
}

/* A JFIF header, and the beginning of a scan: whatever bytes follow are its. */
static const unsigned char jpeg[] = {0xff, 0xd8, 0xff, 0xe0, 0, 16,   'J',  'F', 'I', 'F', 0, 1, 1,    0, 0,
				     1,    0,    1,    0,    0, 0xff, 0xda, 0,   8,   1,   1, 0, 0x3f, 0};

static int
send_body(int fd, const struct answer *a)
{
	long long whole = a->endless ? LLONG_MAX : a->to;
	long long end = a->cut >= 0 && a->from + a->cut < whole ? a->from + a->cut : whole;
	long long slice = a->drip ? a->bytes / SLICES + 1 : 65536;
	unsigned x = a->seed | 1;
	char block[65536];

	for (long long sent = 0; sent < end;) {
		long long n = end - sent < slice ? end - sent : slice;

		n = n < (long long)sizeof(block) ? n : (long long)sizeof(block);
		for (long long i = 0; i < n; i++) {
			x ^= x << 13, x ^= x >> 17, x ^= x << 5;
			block[i] = (char)x;
		}
		if (a->text)
			memcpy(block, a->text + sent, (size_t)n);
		if (a->jpeg && sent == 0)
			memcpy(block, jpeg, sizeof(jpeg) < (size_t)n ? sizeof(jpeg) : (size_t)n);
		if (a->jpeg && sent + n == a->bytes && n >= 2)
			memcpy(block + n - 2, "\xff\xd9", 2);
		/* The last byte may be read before we get to count: whoever has it all is not under way. */
		if (sent + n == a->to && !a->chunked && !a->nolength)
			over();
		if (a->badchunk && send_all(fd, "zz\r\n", 4) < 0)
			return -1;
		if (sent + n > a->from) {
			long long skip = a->from > sent ? a->from - sent : 0;

			if (send_block(fd, a, block + skip, (size_t)(n - skip)) < 0)
				return -1;
		}
		sent += n;
		if (a->drip && (sent >= end || sent / slice != (sent - n) / slice))
			pause_ms(a->drip / SLICES);
	}
	if (end < a->to && a->reset)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
	if (end < a->to && a->stall)
		stall(fd);
	if (end < a->to || a->nolength || a->says >= 0)
		return -1;
	return a->chunked ? send_all(fd, "0\r\n\r\n", 5) : 0;
}

static void add(char *head, size_t room, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void
add(char *head, size_t room, const char *fmt, ...)
{
	size_t used = strlen(head);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(head + used, room - used, fmt, ap);
	va_end(ap);
}

int
send_answer(int fd, const struct answer *a)
{
	char *head = calloc(1, 8192 + (size_t)a->longheader), *at;
	size_t room = 8192 + (size_t)a->longheader;
	int rc = 0;

	if (!head)
		die("memory");

	add(head, room, "HTTP/1.1 %d Test\r\nContent-Type: %s\r\n", a->status, a->type);
	if (a->nolength)
		add(head, room, "Connection: close\r\n");
	else if (a->chunked)
		add(head, room, "Transfer-Encoding: chunked\r\n");
	else if (a->status != 204 && a->status != 304)
		add(head, room, "Content-Length: %lld\r\n", a->says >= 0 ? a->says : a->to - a->from);
	if (a->ranged)
		add(head, room, "Accept-Ranges: bytes\r\n");
	if (a->etag[0] && strcmp(a->etag, "-") != 0)
		add(head, room, "ETag: %s\r\n", a->etag);
	else if (a->ranged && !a->etag[0])
		add(head, room, "ETag: \"%x\"\r\n", a->seed);
	if (a->content_range[0])
		add(head, room, "Content-Range: %s\r\n", a->content_range);
	else if (a->status == 206 && !a->misrange.status)
		add(head, room, "Content-Range: bytes %lld-%lld/%lld\r\n", a->from, a->to - 1, a->bytes);
	if (a->longheader) {
		add(head, room, "X-Long: ");
		memset(head + strlen(head), 'x', (size_t)a->longheader);
		add(head, room, "\r\n");
	}
	add(head, room, "%s", a->header);
	if (a->location[0])
		add(head, room, "Location: %s\r\n", a->location);
	if (a->retry[0])
		add(head, room, "Retry-After: %s\r\n", a->retry);
	add(head, room, "\r\n");
	for (at = head; a->slowhead && *at && rc == 0; at++) {
		rc = send_all(fd, at, 1);
		pause_ms(a->slowhead);
	}
	if (rc == 0)
		rc = send_all(fd, at, strlen(at));
	free(head);
	return rc < 0 || a->head ? rc : send_body(fd, a);
}
