/*
 * known_origins: the hosts of URLs that were asked for lately, by "http://HOST:PORT" as the URLs have it.
 *
 * It spares hosts with many items the parsing of each URL. The table has a fixed size: an origin may replace another.
 */
#ifndef BI_KNOWN_ORIGINS_H
#define BI_KNOWN_ORIGINS_H

#include <stdbool.h>
#include <stddef.h>

struct host;

enum { KNOWN_ORIGINS = 256, ORIGIN_MAX = 120 };

struct known_origins {
	struct known_origin {
		char text[ORIGIN_MAX];
		size_t n;
		struct host *host; /* NULL: none */
	} origins[KNOWN_ORIGINS];
};

/* Returns the host of the URL that begins at URL and ends before END, or NULL if it is not known. */
struct host *known_origins_find(const struct known_origins *k, const char *url, const char *end);

/* Notes the host of URL. Returns false if the URL has no origin of this kind, for example one with userinfo. */
bool known_origins_add(struct known_origins *k, const char *url, struct host *h);

/* Removes the origins of H, which is freed. */
void known_origins_forget(struct known_origins *k, const struct host *h);

#endif
