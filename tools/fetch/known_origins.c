#include "known_origins.h"

#include <string.h>

#include "base/scan.h"

/* Returns the length of "http://HOST:PORT" at the beginning of a URL; 0 if it has anything else, such as userinfo. */
static size_t
origin_length(const char *url, const char *end)
{
	const char *at = url;

	if (!scan_text(&at, end, "http://") && !scan_text(&at, end, "https://"))
		return 0;
	while (at < end &&
	       ((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '.' || *at == '-' || *at == ':'))
		at++;
	return at < end && *at == '/' && at - url <= ORIGIN_MAX ? (size_t)(at - url) : 0;
}

/* The place of an origin of N bytes in the table. */
static unsigned
origin_place(const char *url, size_t n)
{
	unsigned h = 5381;

	for (size_t i = 0; i < n; i++)
		h = h * 33 + (unsigned char)url[i];
	return h % KNOWN_ORIGINS;
}

struct host *
known_origins_find(const struct known_origins *k, const char *url, const char *end)
{
	size_t n = origin_length(url, end);
	const struct known_origin *o = &k->origins[origin_place(url, n)];

	return n && o->host && o->n == n && memcmp(o->text, url, n) == 0 ? o->host : NULL;
}

bool
known_origins_add(struct known_origins *k, const char *url, struct host *h)
{
	size_t n = origin_length(url, url + strlen(url));
	struct known_origin *o = &k->origins[origin_place(url, n)];

	if (n == 0)
		return false;
	memcpy(o->text, url, n);
	o->n = n;
	o->host = h;
	return true;
}

void
known_origins_forget(struct known_origins *k, const struct host *h)
{
	for (size_t i = 0; i < KNOWN_ORIGINS; i++)
		if (k->origins[i].host == h)
			k->origins[i].host = NULL;
}
