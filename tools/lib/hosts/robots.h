/*
 * robots: robots.txt by RFC 9309.
 *
 * A robots.txt applies to an origin (scheme, host and port). The caller requests it, stores it, and exempts paths if
 * needed (such as an API that has other rules).
 */
#ifndef BI_ROBOTS_H
#define BI_ROBOTS_H

#include <stddef.h>

enum {
	ROBOTS_SIZE = 500 << 10,         /* bytes that are read; a line that is cut there does not count */
	ROBOTS_DELAY_MAX = 60,           /* seconds */
	ROBOTS_LIFETIME_MAX = 24 * 3600, /* the most seconds that an answer is valid */
	ROBOTS_LIFETIME_DOWN = 10 * 60   /* the seconds for an answer of 429, 500 and above, or none */
};

struct robots;

/* Parses N bytes of a robots.txt for AGENT ("bi-fetch"; a version behind it does not count). All groups that name the
 * agent count as one; if there are none, those of "*" count. Any bytes are a robots.txt. Never returns NULL.
 * robots_free() frees it. */
struct robots *robots_parse(const char *text, size_t n, const char *agent);

/* Interprets the answer to the request for robots.txt, after its redirects. With STATUS 200 to 299, TEXT counts. With
 * 300 to 499 everything is allowed, except for 429. With 429, 500 and above, or 0 (no answer), everything is forbidden
 * until it is requested again. Never returns NULL. robots_free() frees it. */
struct robots *robots_answer(int status, const char *text, size_t n, const char *agent);

/* Returns for how many seconds such an answer is valid. MAX_AGE is that of its Cache-Control, -1 if it has none. */
long robots_lifetime(int status, long max_age);

/* Returns the rule of robots.txt that forbids the path of a URL with its query ("/a/b?c=d"; "" is "/"), normalised
 * ("/private/"), or NULL if none does, as for /robots.txt. R owns it. If the host failed, the rule is "/". */
const char *robots_rule(const struct robots *r, const char *path_and_query);

/* Returns the Crawl-delay in seconds, 0 if there is none. */
double robots_delay(const struct robots *r);

/* NULL is allowed. */
void robots_free(struct robots *r);

#endif
