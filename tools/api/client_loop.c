#include "client_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api.h"
#include "base/clock.h"
#include "base/msg.h"
#include "base/paths.h"

void
client_set_deadline(struct client *c, int64_t due)
{
	loop_set_timer(c->clients->loop, &c->timer, due);
}

void
client_send_soon(struct client *c)
{
	if (!c->paused)
		loop_watch(c->clients->loop, &c->watcher, c->watcher.fd,
			   EPOLLIN | (c->out.len > c->sent || (c->answered && !c->lingers) ? EPOLLOUT : 0));
}

void
client_pause(struct client *c)
{
	c->paused = true;
	loop_stop_timer(c->clients->loop, &c->timer);
	loop_unwatch(c->clients->loop, &c->watcher);
}

void
client_resume(struct client *c)
{
	c->paused = false;
	client_send_soon(c);
}

void
client_answer(struct client *c, const struct reply *r, bool head)
{
	reply_print(r, head, &c->out);
	c->answered = true;
	c->paused = false;
	client_set_deadline(c, clock_ms() + API_REQUEST_MS);
	scgi_free(&c->scgi);
	client_send_soon(c);
}

/* Sends the pending output. False if the client is gone. */
static bool
send_client(struct client *c)
{
	while (c->out.len > c->sent) {
		ssize_t n =
			send(c->watcher.fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->sent += (size_t)n;
		if (c->sent == c->out.len && !c->answered && c->clients->calls->on_sent)
			c->clients->calls->on_sent(c);
	}
	if (!c->answered || c->lingers)
		return true;
	/* If the connection were closed at once, a server that is still sending the body would lose the answer. */
	c->lingers = true;
	client_set_deadline(c, clock_ms() + CLIENT_LINGER_MS);
	return shutdown(c->watcher.fd, SHUT_WR) == 0;
}

/* Reads input from the client. False if the client is finished or gone. */
static bool
read_client(struct client *c)
{
	long n = scgi_read(&c->scgi, c->watcher.fd);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (c->answered) {
		scgi_free(&c->scgi);
		return n > 0 || c->out.len > c->sent;
	}
	return n > 0 && c->clients->calls->on_request(c);
}

/* Accepts new clients while there is room. */
static void
listen_for_clients(struct client_loop *l)
{
	if (l->n == CLIENTS_MAX || l->rest.at)
		loop_unwatch(l->loop, &l->listener);
	else if (loop_watch(l->loop, &l->listener, STDIN_FILENO, EPOLLIN) < 0)
		msg_die_errno(EX_OSERR, "cannot take requests from descriptor 0");
}

void
client_drop(struct client *c)
{
	struct client_loop *l = c->clients;

	l->calls->on_drop(c);
	loop_stop_timer(l->loop, &c->timer);
	loop_unwatch(l->loop, &c->watcher);
	close(c->watcher.fd);
	scgi_free(&c->scgi);
	buf_free(&c->out);
	l->v[c->at] = l->v[--l->n];
	l->v[c->at]->at = c->at;
	free(c);
	listen_for_clients(l);
}

static void
on_client(void *arg, uint32_t events)
{
	struct client *c = arg;

	if (events & EPOLLERR || (events & (EPOLLIN | EPOLLHUP) && !read_client(c)) || !send_client(c))
		client_drop(c);
	else
		client_send_soon(c);
}

static void
on_client_late(void *arg)
{
	struct client *c = arg;

	if (c->answered || !c->clients->calls->on_deadline(c))
		client_drop(c);
	else
		client_send_soon(c);
}

static void
on_rested(void *arg)
{
	listen_for_clients(arg);
}

static void
accept_client(void *arg, uint32_t events)
{
	struct client_loop *l = arg;
	int fd = accept4(STDIN_FILENO, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c;

	(void)events;
	if (fd >= 0) {
		c = buf_alloc(sizeof(*c));
		*c = (struct client){.clients = l, .at = l->n, .watcher = {.call = on_client, .arg = c}};
		c->timer = (struct loop_timer){.call = on_client_late, .arg = c};
		if (loop_watch(l->loop, &c->watcher, fd, EPOLLIN) == 0) {
			l->v[l->n++] = c;
			client_set_deadline(c, clock_ms() + API_REQUEST_MS);
			listen_for_clients(l);
			return;
		}
		close(fd);
		free(c);
	}
	/* New clients wait until others release descriptors or memory. */
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM || errno == ENOSPC) {
		loop_set_timer(l->loop, &l->rest, clock_ms() + CLIENT_REST_MS);
		listen_for_clients(l);
	} else if (errno != EINTR && errno != ECONNABORTED && errno != EAGAIN) {
		msg_die_errno(EX_OSERR, "cannot take requests from descriptor 0");
	}
}

void
clients_open(struct client_loop *l, const struct client_calls *calls, void *arg)
{
	int flags = fcntl(STDIN_FILENO, F_GETFL);

	*l = (struct client_loop){.loop = loop_new(), .calls = calls, .arg = arg};
	/* Only this process has the socket. */
	if (flags < 0 || fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK) < 0 || !l->loop)
		msg_die_errno(EX_OSERR, "cannot take requests from descriptor 0");
	raise_file_limit();
	l->listener = (struct loop_watcher){.call = accept_client, .arg = l};
	l->rest = (struct loop_timer){.call = on_rested, .arg = l};
	listen_for_clients(l);
}

void
clients_run_once(struct client_loop *l)
{
	if (loop_run_once(l->loop) < 0)
		msg_die_errno(EX_OSERR, "cannot wait for clients");
}
