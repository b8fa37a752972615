#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "files/file.h"
#include "lighttpd.h"
#include "probe.h"
#include "supervisor_wait.h"

enum {
	ANSWER_MS = 30000, /* for lighttpd to answer the first request */
	END_MS = 1000,     /* for it to end if it does not answer */
};

/* A connection to the server. */
struct line {
	struct supervisor *k;
	int fd;
	SSL_CTX *context; /* NULL: without TLS */
	SSL *ssl;
	int64_t until;
	int happened; /* the last result of supervisor_wait() */
};

static int
connect_to(const struct supervisor *k)
{
	int fd = socket(k->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&k->at, k->at_len) == 0 || errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

static bool
await_line(struct line *l, short events)
{
	l->happened = supervisor_wait(l->k, l->fd, events, l->until - clock_ms());
	return l->happened == WAIT_FD;
}

/* Whether a TLS call that returned RC must be repeated, once the socket can be read or written. */
static bool
await_tls(struct line *l, int rc)
{
	switch (SSL_get_error(l->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return await_line(l, POLLIN);
	case SSL_ERROR_WANT_WRITE:
		return await_line(l, POLLOUT);
	default:
		return false;
	}
}

static bool
open_line(struct line *l)
{
	int rc;

	l->fd = connect_to(l->k);
	if (l->fd < 0 || !await_line(l, POLLOUT))
		return false;
	if (l->k->s->access != SERVE_SHARE)
		return true;
	/* The certificate is not verified, since this is our own server on our own socket. */
	l->context = SSL_CTX_new(TLS_client_method());
	l->ssl = l->context ? SSL_new(l->context) : NULL;
	if (!l->ssl || SSL_set_fd(l->ssl, l->fd) != 1)
		return false;
	while ((rc = SSL_connect(l->ssl)) != 1)
		if (!await_tls(l, rc))
			return false;
	return true;
}

/* A new connection has room for the whole request. */
static bool
write_line(struct line *l, const char *bytes, int n)
{
	int rc;

	if (!l->ssl)
		return send(l->fd, bytes, (size_t)n, MSG_NOSIGNAL) == n;
	while ((rc = SSL_write(l->ssl, bytes, n)) != n)
		if (!await_tls(l, rc))
			return false;
	return true;
}

/* Reads some bytes; 0 at the end. */
static size_t
read_line(struct line *l, char *out, size_t room)
{
	ssize_t n = -1;

	while (l->ssl && (n = SSL_read(l->ssl, out, (int)room)) <= 0)
		if (!await_tls(l, (int)n))
			return 0;
	if (!l->ssl && await_line(l, POLLIN))
		n = recv(l->fd, out, room, 0);
	return n > 0 ? (size_t)n : 0;
}

/* Reports why lighttpd does not serve PATH. Returns the exit code. */
static int
report_no_answer(struct supervisor *k, int happened, const char *path, const char *status)
{
	int code = happened & WAIT_ENDED ? supervisor_reap_lighttpd(k) : 0;
	char version[64];

	for (size_t i = 0; i < k->said.len; i++)
		if ((unsigned char)k->said.data[i] < ' ')
			k->said.data[i] = i + 1 < k->said.len ? ' ' : '\0';
	if (happened & WAIT_ENDED && lighttpd_is_old(version, sizeof(version)))
		msg_warn("%s is too old to serve batch %s, and ended (%d): use the lighttpd of Debian 12 "
			 "(BI_LIGHTTPD=/usr/sbin/lighttpd) or a later one; it said: %s",
			 version, k->batch, code, k->said.len ? k->said.data : "nothing");
	else if (happened & WAIT_ENDED)
		msg_warn("lighttpd ended (%d) before it served batch %s; it said: %s", code, k->batch,
			 k->said.len ? k->said.data : "nothing");
	else if (happened & WAIT_ASKED)
		msg_warn("the server of batch %s was asked to end before it was ready", k->batch);
	else if (*status)
		msg_warn("lighttpd answers '%s' for %s of %s", status, path, getenv("BI_REVIEW"));
	else
		msg_warn("lighttpd does not answer on port %d; it said: %s", k->lease.port,
			 k->said.len ? k->said.data : "nothing");
	return EX_UNAVAILABLE;
}

/* Requests PATH. 0 if the answer has the status WANT, otherwise an exit code after a message. */
static int
request_page(struct supervisor *k, const char *path, const char *want)
{
	struct line l = {.k = k, .fd = -1, .until = clock_ms() + ANSWER_MS};
	char answer[sizeof("HTTP/1.0 200")] = "", request[BATCH_NAME_MAX + 64];
	int n = snprintf(request, sizeof(request), "HEAD %s HTTP/1.0\r\nHost: localhost\r\n\r\n", path);
	size_t have = 0, some;

	if (open_line(&l) && write_line(&l, request, n))
		while (have < sizeof(answer) - 1 &&
		       (some = read_line(&l, answer + have, sizeof(answer) - 1 - have)) > 0)
			have += some;
	SSL_free(l.ssl);
	SSL_CTX_free(l.context);
	file_close(l.fd, 0);
	if (strncmp(answer, "HTTP/1.", 7) == 0 && answer[8] == ' ' && strcmp(answer + 9, want) == 0)
		return 0;
	if ((l.happened == WAIT_FD || l.happened == 0) && !*answer) /* no connection, or a broken one: it is ending */
		l.happened = supervisor_wait(k, -1, 0, END_MS);
	return report_no_answer(k, l.happened, path, answer);
}

int
server_probe(struct supervisor *k)
{
	const char *want = k->s->access == SERVE_OPEN ? "200" : "401";
	char page[BATCH_NAME_MAX + 16];
	int rc;

	snprintf(page, sizeof(page), serve_is_home(k->batch) ? "/" : "/%s/index.html", k->batch);
	rc = request_page(k, page, want);
	return rc == 0 ? request_page(k, "/api/v1/health/", want) : rc;
}
