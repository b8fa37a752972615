/*
 * Every client is in one poll loop. What wakes it beside clients is inotify, while anybody streams: each batch's
 * directory, batches/ and review/. A document goes to those who stream when it differs from the last, at most every
 * EVERY_MS; a client that is slow misses some and gets the newest. The close of a batch's `lock` is told just before
 * the kernel drops that lock, so after each look at what was touched there is one more; and in case that inotify misses
 * something (it does on network file systems) all is looked at every ALL_MS.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api.h"
#include "clock.h"
#include "msg.h"
#include "self.h"

enum { CLIENTS_MOST = 256, STREAMS_MOST = 200, EVERY_MS = 500, AGAIN_MS = 1000, ALL_MS = 5000, BEAT_MS = 15000 };

static const int64_t never = INT64_MAX;

struct client {
	int fd;
	struct scgi scgi;
	struct buf out;
	size_t sent;      /* of OUT */
	int64_t deadline; /* to give its request, or to take its answer; never for one that streams */
	bool streams;
	bool answered; /* OUT is its whole answer */
	bool behind;   /* a newer document waits until OUT is sent */
	int64_t beat;  /* when it is to hear something, so that one that has gone is noticed; or to have taken some of
			* what is on its way */
};

struct watch {
	int wd;
	char *name; /* of a batch */
};

struct streaming {
	struct api *api;
	struct status *status;
	struct client *clients[CLIENTS_MOST];
	size_t n;
	size_t streams; /* how many of them stream */
	int ino;        /* -1: nobody streams, or there is no inotify */
	struct watch *watches;
	size_t watches_n;
	struct buf last;   /* the document that was sent last */
	int64_t look, all; /* when to look, and at all */
	int64_t earliest;  /* not to look before that */
	bool again;        /* one more look is due after this one */
};

/* --- what happens to batches --- */

static int
add_watch(struct streaming *s, const char *dir, const char *name, uint32_t mask)
{
	struct buf path = {0};
	int wd;

	buf_printf(&path, "%s/%s%s%s", s->api->root.path, dir, name ? "/" : "", name ? name : "");
	wd = inotify_add_watch(s->ino, path.data, mask | IN_ONLYDIR | IN_DONT_FOLLOW);
	buf_free(&path);
	return wd;
}

static void
watch_batch(const char *name, void *arg)
{
	struct streaming *s = arg;
	int wd = add_watch(s, "batches", name, IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO);

	/* One that is watched already has the same number again. */
	for (size_t i = 0; i < s->watches_n; i++)
		if (s->watches[i].wd == wd)
			return;
	if (wd < 0)
		return;
	s->watches = buf_realloc(s->watches, (s->watches_n + 1) * sizeof(*s->watches));
	s->watches[s->watches_n++] = (struct watch){wd, buf_strdup(name)};
}

static void
watch_all(struct streaming *s)
{
	if (s->ino < 0)
		s->ino = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (s->ino < 0)
		return;
	add_watch(s, "batches", NULL, IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE);
	add_watch(s, "review", NULL, IN_CREATE | IN_MOVED_TO);
	status_each(s->status, watch_batch, s);
}

static void
unwatch(struct streaming *s)
{
	if (s->ino >= 0)
		close(s->ino);
	s->ino = -1;
	for (size_t i = 0; i < s->watches_n; i++)
		free(s->watches[i].name);
	s->watches_n = 0;
	s->look = s->all = never;
}

static void
look_soon(struct streaming *s)
{
	int64_t at = clock_ms();

	at = at < s->earliest ? s->earliest : at;
	if (at < s->look)
		s->look = at;
	s->again = true;
}

static void
heed(struct streaming *s, const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW)
		s->all = 0;
	for (size_t i = 0; i < s->watches_n; i++) {
		if (s->watches[i].wd != e->wd)
			continue;
		status_touch(s->status, s->watches[i].name);
		if (e->mask & IN_IGNORED) { /* the batch has gone */
			free(s->watches[i].name);
			s->watches[i] = s->watches[--s->watches_n];
		}
		break;
	}
	look_soon(s);
}

static void
heed_all(struct streaming *s)
{
	_Alignas(struct inotify_event) char events[16384];
	ssize_t got;

	while ((got = read(s->ino, events, sizeof(events))) > 0)
		for (char *at = events; at < events + got;) {
			const struct inotify_event *e = (const struct inotify_event *)(void *)at;

			heed(s, e);
			at += sizeof(*e) + e->len;
		}
}

/* --- clients --- */

static void
send_event(struct streaming *s, struct client *c)
{
	const struct buf *d = status_document(s->status);

	c->behind = c->out.len > c->sent;
	if (c->behind)
		return;
	buf_clear(&c->out);
	c->sent = 0;
	buf_str(&c->out, "data: ");
	buf_add(&c->out, d->data, d->len);
	buf_str(&c->out, "\n\n");
	c->beat = clock_ms() + BEAT_MS;
}

static void
send_all(struct streaming *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->clients[i]->streams)
			send_event(s, s->clients[i]);
}

/* Looks at what is due, and tells everybody if it is news. */
static void
look(struct streaming *s)
{
	const struct buf *d = status_document(s->status);
	int64_t now = clock_ms();
	bool all = now >= s->all;

	s->earliest = now + EVERY_MS;
	s->look = s->again ? now + AGAIN_MS : never;
	s->again = false;
	if (all)
		s->all = now + ALL_MS;
	if (status_look(s->status, all) < 0)
		msg_warn_errno("cannot list the batches of %s", s->api->root.path);
	watch_all(s);
	if (status_moves(s->status) && s->look > now + AGAIN_MS)
		s->look = now + AGAIN_MS;
	if (d->len == s->last.len && memcmp(d->data, s->last.data, d->len) == 0)
		return;
	buf_clear(&s->last);
	buf_add(&s->last, d->data, d->len);
	send_all(s);
}

/* The answer of a request for the status, or the beginning of a stream. */
static void
begin_status(struct api *api, const struct request *q, struct reply *r)
{
	(void)api;
	(void)q;
	reply_header(r, "Cache-Control", "no-store");
}

static const struct route routes[] = {
	{"GET", "status", begin_status},
	{"GET", "status/stream", begin_status},
};

static void
begin_stream(struct streaming *s, struct client *c)
{
	buf_str(&c->out, "Status: 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
			 "X-Accel-Buffering: no\r\n\r\nretry: 2000\n\n");
	c->streams = true;
	s->streams++;
	c->behind = true; /* the document comes as soon as these are sent */
	c->deadline = never;
	c->beat = clock_ms() + BEAT_MS;
	if (s->ino < 0 && s->all == never) {
		watch_all(s);
		s->all = 0;
		look(s);
		watch_all(s);
	}
}

/* The document as of now. Those who stream get what is new of it in their time. */
static void
answer_once(struct streaming *s, struct reply *r)
{
	const struct buf *d = status_document(s->status);

	if (s->ino >= 0)
		heed_all(s);
	if (status_look(s->status, s->ino < 0) < 0)
		reply_error(r, 500, "cannot_read", "the batches cannot be listed: %s", strerror(errno));
	else
		buf_add(&r->body, d->data, d->len);
	buf_str(&r->body, "\n");
}

static void
answer_client(struct streaming *s, struct client *c)
{
	struct reply r = {.status = 200};
	const struct route *found = NULL;
	const char *method;
	struct request q;
	bool head;

	if (guard_host(s->api, &c->scgi, &r))
		found = route_find(routes, sizeof(routes) / sizeof(*routes), &c->scgi, &q, &r);
	method = scgi_get(&c->scgi, "REQUEST_METHOD");
	head = method && strcmp(method, "HEAD") == 0;
	if (found)
		found->answer(s->api, &q, &r);
	if (found && q.count == 2 && !head && s->streams < STREAMS_MOST) {
		begin_stream(s, c);
	} else {
		if (found && q.count == 2 && !head)
			reply_error(&r, 503, "busy", "%d pages watch already; ask for status/ now and then",
				    STREAMS_MOST);
		else if (found)
			answer_once(s, &r);
		reply_print(&r, head, &c->out);
		c->answered = true;
		c->deadline = clock_ms() + API_REQUEST_MS;
	}
	reply_free(&r);
	scgi_free(&c->scgi);
}

/* Sends what there is. False when the client is done with, or gone. */
static bool
push(struct streaming *s, struct client *c)
{
	ssize_t n;

	while (c->out.len > c->sent) {
		n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->sent += (size_t)n;
		c->beat = c->streams ? clock_ms() + BEAT_MS : never;
		if (c->sent == c->out.len && c->behind)
			send_event(s, c);
	}
	return !c->answered;
}

/* Takes what it says. False when it is gone. */
static bool
take(struct streaming *s, struct client *c)
{
	long n = scgi_read(&c->scgi, c->fd);
	enum scgi_state state;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (c->answered) { /* the rest of a body that nobody reads */
		scgi_free(&c->scgi);
		return c->out.len > c->sent;
	}
	if (n == 0 || c->streams)
		return false;
	state = scgi_look(&c->scgi, 0);
	if (state == SCGI_WHOLE || state == SCGI_LONG)
		answer_client(s, c);
	return state != SCGI_BAD;
}

/* One round with a client. False when it is done with. */
static bool
attend(struct streaming *s, struct client *c, short happened)
{
	int64_t now = clock_ms();

	if (happened & (POLLERR | POLLNVAL))
		return false;
	if (happened & (POLLIN | POLLHUP) && !take(s, c))
		return false;
	if (c->streams && now >= c->beat) {
		if (c->sent < c->out.len)
			return false; /* it comes again if it still wants to know */
		buf_clear(&c->out);
		c->sent = 0;
		buf_str(&c->out, ": still here\n\n");
		c->beat = now + BEAT_MS;
	}
	return now < c->deadline && push(s, c);
}

static void
drop(struct streaming *s, size_t i)
{
	struct client *c = s->clients[i];

	s->streams -= c->streams;
	close(c->fd);
	scgi_free(&c->scgi);
	buf_free(&c->out);
	free(c);
	s->clients[i] = s->clients[--s->n];
}

static void
take_new(struct streaming *s)
{
	int fd = accept4(STDIN_FILENO, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c;

	if (fd < 0) {
		if (errno != EINTR && errno != ECONNABORTED && errno != EAGAIN)
			msg_die_errno(EX_OSERR, "cannot take requests from descriptor 0");
		return;
	}
	c = buf_alloc(sizeof(*c));
	*c = (struct client){.fd = fd, .deadline = clock_ms() + API_REQUEST_MS, .beat = never};
	s->clients[s->n++] = c;
}

/* --- the loop --- */

static int
until_next(const struct streaming *s)
{
	int64_t next = s->look < s->all ? s->look : s->all;

	for (size_t i = 0; i < s->n; i++) {
		next = s->clients[i]->deadline < next ? s->clients[i]->deadline : next;
		next = s->clients[i]->beat < next ? s->clients[i]->beat : next;
	}
	return next == never ? -1 : clock_left(next);
}

static void
turn(struct streaming *s)
{
	struct pollfd p[CLIENTS_MOST + 2];
	size_t n = s->n;

	p[0] = (struct pollfd){.fd = n < CLIENTS_MOST ? STDIN_FILENO : -1, .events = POLLIN};
	p[1] = (struct pollfd){.fd = s->ino, .events = POLLIN};
	for (size_t i = 0; i < n; i++) {
		const struct client *c = s->clients[i];

		p[i + 2] = (struct pollfd){.fd = c->fd, .events = POLLIN};
		p[i + 2].events |= (short)(c->out.len > c->sent ? POLLOUT : 0);
	}
	if (poll(p, (nfds_t)n + 2, until_next(s)) < 0)
		return;
	if (p[1].revents)
		heed_all(s);
	if (clock_ms() >= s->look || clock_ms() >= s->all)
		look(s);
	for (size_t i = n; i-- > 0;)
		if (!attend(s, s->clients[i], p[i + 2].revents))
			drop(s, i);
	if (p[0].revents)
		take_new(s);
	if (s->streams == 0 && s->all != never)
		unwatch(s);
}

int
stream(struct api *api)
{
	struct streaming *s = buf_alloc(sizeof(*s));
	int flags = fcntl(STDIN_FILENO, F_GETFL);

	/* The socket is this process's alone. */
	if (flags < 0 || fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK) < 0)
		msg_die_errno(EX_OSERR, "cannot take requests from descriptor 0");
	self_raise_files(); /* a batch has a dozen, and a client one */
	*s = (struct streaming){.api = api, .ino = -1, .look = never, .all = never};
	s->status = status_new(&api->root);
	for (;;)
		turn(s);
}
