/* fuzz: tools/lib/hosts/robots.c */
#include "fuzz.h"

#include "hosts/robots.h"

/* The first line is a path, the rest robots.txt. */
FUZZ(robots, NULL)
{
	const char *line = memchr(bytes, '\n', n);
	size_t len = line ? (size_t)(line - bytes) : 0;
	char *path = fuzz_string(bytes, len);
	struct robots *r = robots_parse(bytes + len, n - len, "bi-fetch");

	FUZZ_WANT(!robots_rule(r, "/robots.txt"));
	FUZZ_WANT(robots_delay(r) >= 0 && robots_delay(r) <= ROBOTS_DELAY_MAX);
	robots_rule(r, path);
	robots_free(r);
	free(path);
}
