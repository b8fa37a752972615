/*
 * robots: robots.txt by RFC 9309.
 *
 * What it says is for whole hosts (scheme, name and port); who asks for it, keeps it and exempts some paths (an API
 * that has rules of its own) is the caller's.
 */
#ifndef BI_ROBOTS_H
#define BI_ROBOTS_H

#include <stdbool.h>
#include <stddef.h>

enum {
	ROBOTS_SIZE = 500 << 10,         /* bytes that are looked at; a line that is cut there does not count */
	ROBOTS_DELAY_MAX = 60,           /* seconds */
	ROBOTS_LIFETIME_MAX = 24 * 3600, /* the most seconds that an answer holds */
	ROBOTS_LIFETIME_DOWN = 10 * 60   /* ...and those that one of a host in trouble does */
};

struct robots;

/* What N bytes of a robots.txt say to AGENT: the groups that name it ("bi-fetch", a version behind it does not
 * count), all as one, else those of "*". Anything is a robots.txt. Never NULL; for robots_free(). */
struct robots *robots_parse(const char *text, size_t n, const char *agent);

/*
 * What the answer to the request for robots.txt, its redirects followed, means. STATUS 200 to 299: TEXT counts. 300 to
 * 499: there is none, all is allowed, but for 429, which like 500 and above and 0 (no answer) forbids all until it is
 * asked for again. Never NULL; for robots_free().
 */
struct robots *robots_answer(int status, const char *text, size_t n, const char *agent);

/* For how many seconds such an answer holds, MAX_AGE being its Cache-Control's (-1: none). */
long robots_lifetime(int status, long max_age);

/* Whether the path of a URL with its query ("/a/b?c=d"; "" is "/") may be asked for. /robots.txt always may. */
bool robots_allows(const struct robots *r, const char *path_and_query);

/* The rule of robots.txt that forbids the path, as it stands there normalised ("/private/"); NULL where none does.
 * R's. Where the host is in trouble it is "/". */
const char *robots_rule(const struct robots *r, const char *path_and_query);

/* Its Crawl-delay in seconds, 0 without one. */
double robots_delay(const struct robots *r);

/* NULL does nothing. */
void robots_free(struct robots *r);

#endif
