/*
 * crowd: many clients of a server that want nothing from it but its time, for tests.
 *
 *     crowd PORT COUNT TOKEN KIND...    connects COUNT clients of each kind to PORT of this machine, prints "there"
 *                                       once each has said its first words or was refused, and how many clients are
 *                                       still connected; then lets each say a byte a second, until its stdin ends
 *
 * The kinds: header (a request whose headers never end), idle (says nothing), tls (begins a handshake and stops),
 * stream (watches events and takes them), body (hands in a file that never ends), stranger (the same without a token),
 * pick (a pick that never ends).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/msg.h"
#include "base/paths.h"

enum { ARRIVE_MS = 60000, EVERY_MS = 1000, AT_ONCE = 256 };

/* What a client says first, with the token in the place of %s; then PACE again and again, where it is not NUL. */
static const struct kind {
	const char *name, *first;
	char pace;
} kinds[] = {
	{"header", "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", 'a'},
	{"idle", "", 0},
	{"tls", "\x16\x03\x01\x02", 0},
	{"stream", "GET /api/v1/status/stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n", 0},
	{"body",
	 "POST /api/v1/notebooks/crowd/files/upload HTTP/1.1\r\nHost: localhost\r\nX-CSRFToken: %s\r\n"
	 "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n--b\r\n"
	 "Content-Disposition: form-data; name=\"files\"; filename=\"slow.txt\"\r\n\r\n",
	 'a'},
	{"stranger",
	 "POST /api/v1/notebooks/crowd/files/upload HTTP/1.1\r\nHost: localhost\r\n"
	 "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n--b\r\n",
	 'a'},
	{"pick",
	 "PUT /api/v1/batches/A/selections HTTP/1.1\r\nHost: localhost\r\nX-CSRFToken: %s\r\n"
	 "Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{",
	 ' '},
};

struct visitor {
	const struct kind *kind;
	bool spoke;
};

static struct visitor *visitors;
static struct pollfd *polls; /* the same ones; fd -1: it has left */
static size_t count;
static const char *token;

static void
leave(size_t i)
{
	close(polls[i].fd);
	polls[i].fd = -1;
}

static void
arrive(const struct kind *kind, uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || (connect(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 && errno != EINPROGRESS))
		msg_die_errno(EX_OSERR, "client %zu cannot connect", count + 1);
	visitors[count] = (struct visitor){.kind = kind};
	polls[count++] = (struct pollfd){.fd = fd, .events = POLLIN | POLLOUT};
}

static void
send_bytes(size_t i, const char *bytes, size_t n)
{
	if (send(polls[i].fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n && errno != EAGAIN)
		leave(i);
}

static void
speak(size_t i)
{
	struct buf words = {0};
	const char *first = visitors[i].kind->first, *place = strstr(first, "%s");

	visitors[i].spoke = true;
	polls[i].events = POLLIN;
	buf_add(&words, first, place ? (size_t)(place - first) : strlen(first));
	if (place)
		buf_printf(&words, "%s%s", token, place + 2);
	if (words.len)
		send_bytes(i, words.data, words.len);
	buf_free(&words);
}

static void
listen_to(size_t i)
{
	char bytes[65536];

	if (recv(polls[i].fd, bytes, sizeof(bytes), 0) <= 0 && errno != EAGAIN)
		leave(i);
}

/* One turn; how many have not spoken yet. */
static size_t
turn(int ms)
{
	size_t silent = 0;

	if (poll(polls, (nfds_t)count, ms) < 0 && errno != EINTR)
		msg_die_errno(EX_OSERR, "cannot poll");
	for (size_t i = 0; i < count; i++) {
		if (polls[i].fd >= 0 && polls[i].revents & (POLLERR | POLLHUP))
			leave(i);
		if (polls[i].fd >= 0 && polls[i].revents & POLLOUT && !visitors[i].spoke)
			speak(i);
		if (polls[i].fd >= 0 && polls[i].revents & POLLIN)
			listen_to(i);
		silent += polls[i].fd >= 0 && !visitors[i].spoke;
	}
	return silent;
}

static void
pace(void)
{
	for (size_t i = 0; i < count; i++)
		if (polls[i].fd >= 0 && visitors[i].spoke && visitors[i].kind->pace)
			send_bytes(i, &visitors[i].kind->pace, 1);
}

static const struct kind *
kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	msg_die(EX_WRONG_USE, "there is no kind of client '%s'", name);
}

static size_t
connected(void)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += polls[i].fd >= 0;
	return n;
}

/* Keeps the crowd talking until standard input ends. */
static void
stay(void)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char byte;

	for (int64_t due = clock_ms();;) {
		turn(100);
		if (poll(&in, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0)
			return;
		if (clock_ms() >= due) {
			pace();
			due = clock_ms() + EVERY_MS;
		}
	}
}

int
main(int argc, char **argv)
{
	int64_t until = clock_ms() + ARRIVE_MS;
	size_t each;

	msg_program("crowd");
	if (argc < 5)
		msg_die(EX_WRONG_USE, "usage: crowd PORT COUNT TOKEN KIND...");
	raise_file_limit();
	each = (size_t)strtoul(argv[2], NULL, 10);
	token = argv[3];
	visitors = buf_alloc(each * (size_t)(argc - 4) * sizeof(*visitors));
	polls = buf_alloc(each * (size_t)(argc - 4) * sizeof(*polls));
	for (size_t n = 0; n < each; n++)
		for (int kind = 4; kind < argc; kind++) {
			arrive(kind_of(argv[kind]), (uint16_t)strtoul(argv[1], NULL, 10));
			if (count % AT_ONCE == 0)
				turn(10); /* the server's queue of those who connect is finite */
		}
	while (turn(100) > 0 && clock_ms() < until)
		;
	printf("there %zu\n", connected());
	fflush(stdout);
	stay();
	free(visitors);
	free(polls);
	msg_finish(EX_ALL_WELL);
}
