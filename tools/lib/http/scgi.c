#include "http/scgi.h"

#include <string.h>
#include <sys/socket.h>

enum { ONCE = 1 << 16, DIGITS_MAX = 18 };

/* A whole number of at most DIGITS_MAX digits and nothing else, up to END. */
static bool
take_number(const char *at, const char *end, size_t *out)
{
	size_t n = 0;

	if (at == end || end - at > DIGITS_MAX)
		return false;
	for (; at < end; at++) {
		if (*at < '0' || *at > '9')
			return false;
		n = n * 10 + (size_t)(*at - '0');
	}
	*out = n;
	return true;
}

/* Whether the headers are pairs of strings with CONTENT_LENGTH first, as the protocol demands. */
static bool
check_headers(struct scgi *r)
{
	static const char first[] = "CONTENT_LENGTH";
	const char *at = r->in.data + r->headers, *end = r->in.data + r->headers_end;
	size_t strings = 0;

	if ((size_t)(end - at) < sizeof(first) || end[-1] != '\0' || memcmp(at, first, sizeof(first)) != 0)
		return false;
	for (const char *p = at; p < end; p += strlen(p) + 1)
		strings++;
	at += sizeof(first);
	return strings % 2 == 0 && take_number(at, at + strlen(at), &r->body_len);
}

/* Finds the headers. */
static enum scgi_state
find_headers(struct scgi *r)
{
	const char *colon = memchr(r->in.data, ':', r->in.len < DIGITS_MAX ? r->in.len : DIGITS_MAX);
	size_t n, from;

	if (!colon)
		return r->in.len < DIGITS_MAX ? SCGI_MORE : SCGI_BAD;
	from = (size_t)(colon - r->in.data) + 1;
	if (!take_number(r->in.data, colon, &n) || n > SCGI_HEADERS_MAX)
		return SCGI_BAD;
	if (r->in.len < from + n + 1)
		return SCGI_MORE;
	r->headers_end = from + n;
	r->body = from + n + 1;
	if (r->in.data[r->headers_end] != ',')
		return SCGI_BAD;
	r->headers = from;
	if (check_headers(r))
		return SCGI_WHOLE;
	r->headers = 0;
	return SCGI_BAD;
}

enum scgi_state
scgi_parse(struct scgi *r, size_t body_max)
{
	enum scgi_state s = SCGI_WHOLE;

	if (r->in.len == 0)
		return SCGI_MORE;
	if (!r->headers)
		s = find_headers(r);
	if (s != SCGI_WHOLE)
		return s;
	if (r->body_len > body_max)
		return SCGI_LONG;
	return r->in.len - r->body < r->body_len ? SCGI_MORE : SCGI_WHOLE;
}

const char *
scgi_get(const struct scgi *r, const char *name)
{
	const char *at = r->in.data + r->headers, *end = r->in.data + r->headers_end;

	if (!r->headers)
		return NULL;
	while (at < end) {
		const char *value = at + strlen(at) + 1;

		if (strcmp(at, name) == 0)
			return value;
		at = value + strlen(value) + 1;
	}
	return NULL;
}

const char *
scgi_body(const struct scgi *r)
{
	return r->in.data + r->body;
}

long
scgi_read(struct scgi *r, int fd)
{
	ssize_t n = recv(fd, buf_room(&r->in, ONCE), ONCE, MSG_DONTWAIT);

	if (n > 0)
		r->in.len += (size_t)n;
	return n;
}

void
scgi_free(struct scgi *r)
{
	buf_free(&r->in);
	*r = (struct scgi){0};
}
