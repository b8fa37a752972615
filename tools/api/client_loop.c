#include "client_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api.h"
#include "base/clock.h"
#include "base/msg.h"
#include "base/paths.h"

void
loop_open(struct loop *l, const struct loop_calls *calls, void *arg)
{
	int flags = fcntl(STDIN_FILENO, F_GETFL);

	/* The socket is this process's alone. */
	if (flags < 0 || fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK) < 0)
		msg_die_errno(EX_OSERR, "cannot take requests from descriptor 0");
	raise_file_limit();
	*l = (struct loop){.calls = calls, .arg = arg};
	for (size_t i = 0; i < LOOP_FDS; i++)
		l->fds[i].fd = -1;
}

void
loop_answer(struct client *c, const struct reply *r, bool head)
{
	reply_print(r, head, &c->out);
	c->answered = true;
	c->deadline = clock_ms() + API_REQUEST_MS;
	scgi_free(&c->scgi);
}

/* Its answer is sent. Closing at once would take it away from a server that still sends us the request's body. */
static bool
linger(struct client *c)
{
	if (c->lingers)
		return true;
	c->lingers = true;
	c->deadline = clock_ms() + LOOP_LINGER_MS;
	return shutdown(c->fd, SHUT_WR) == 0;
}

/* Sends what there is. False when the client is gone. */
static bool
push(struct loop *l, struct client *c)
{
	while (c->out.len > c->sent) {
		ssize_t n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->sent += (size_t)n;
		if (c->sent == c->out.len && !c->answered && l->calls->told && !l->calls->told(l, c))
			return false;
	}
	return !c->answered || linger(c);
}

/* Takes what it says. False when it is done with, or gone. */
static bool
take(struct loop *l, struct client *c)
{
	long n = scgi_read(&c->scgi, c->fd);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (c->answered) {
		scgi_free(&c->scgi);
		return n > 0 || c->out.len > c->sent;
	}
	return n > 0 && l->calls->said(l, c);
}

/* One round with a client. False when it is done with. */
static bool
attend(struct loop *l, struct client *c, short happened)
{
	if (happened & (POLLERR | POLLNVAL))
		return false;
	if (happened & (POLLIN | POLLHUP) && !take(l, c))
		return false;
	if (clock_ms() >= c->deadline && (c->answered || !l->calls->late(l, c)))
		return false;
	return push(l, c);
}

static void
drop(struct loop *l, size_t i)
{
	struct client *c = l->clients[i];

	if (l->calls->left)
		l->calls->left(l, c);
	close(c->fd);
	scgi_free(&c->scgi);
	buf_free(&c->out);
	free(c);
	l->clients[i] = l->clients[--l->n];
}

static void
take_new(struct loop *l)
{
	int fd = accept4(STDIN_FILENO, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c;

	if (fd < 0) {
		/* Those who have descriptors or memory give them back; a new client waits for that. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			l->rests_until = clock_ms() + LOOP_REST_MS;
		else if (errno != EINTR && errno != ECONNABORTED && errno != EAGAIN)
			msg_die_errno(EX_OSERR, "cannot take requests from descriptor 0");
		return;
	}
	c = buf_alloc(sizeof(*c));
	*c = (struct client){.fd = fd, .deadline = clock_ms() + API_REQUEST_MS};
	l->clients[l->n++] = c;
}

static int
wait_ms(const struct loop *l, int64_t until)
{
	for (size_t i = 0; i < l->n; i++)
		until = l->clients[i]->deadline < until ? l->clients[i]->deadline : until;
	return until == LOOP_NEVER ? -1 : clock_left(until);
}

void
loop_turn(struct loop *l, int64_t until)
{
	struct pollfd p[LOOP_CLIENTS_MAX + LOOP_FDS + 1];
	size_t n = l->n;
	bool takes = false;

	for (size_t i = 0; i < n; i++) {
		const struct client *c = l->clients[i];

		p[i] = (struct pollfd){.fd = c->fd, .events = POLLIN};
		p[i].events |= (short)(c->out.len > c->sent ? POLLOUT : 0);
	}
	for (size_t i = 0; i < LOOP_FDS; i++)
		p[n + i] = (struct pollfd){.fd = l->fds[i].fd, .events = POLLIN};
	if (clock_ms() < l->rests_until)
		until = l->rests_until < until ? l->rests_until : until;
	else
		takes = n < LOOP_CLIENTS_MAX;
	p[n + LOOP_FDS] = (struct pollfd){.fd = takes ? STDIN_FILENO : -1, .events = POLLIN};
	if (poll(p, (nfds_t)n + LOOP_FDS + 1, wait_ms(l, until)) < 0)
		return;
	for (size_t i = 0; i < LOOP_FDS; i++)
		if (p[n + i].revents)
			l->fds[i].heed(l);
	for (size_t i = n; i-- > 0;)
		if (!attend(l, l->clients[i], p[i].revents))
			drop(l, i);
	if (p[n + LOOP_FDS].revents)
		take_new(l);
}
