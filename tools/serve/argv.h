/*
 * argv: the arguments of a program that is started.
 */
#ifndef BI_ARGV_H
#define BI_ARGV_H

#include "serve.h"

struct argv {
	char *v[48 + 2 * SERVE_HOSTS_MAX + 2 * SERVE_ORIGINS_MAX]; /* ended by NULL, as long as it was zeroed */
	size_t n;
	char batch[24], upload[24], sync[24]; /* numbers among them */
};

/* Adds OPTION, and VALUE where it is not NULL. They must last as long. */
void argv_add(struct argv *w, const char *option, const char *value);

/* Adds what S says of the API, which bi-serve and bi-api call by the same options. */
void argv_add_api(struct argv *w, const struct serve *s);

#endif
