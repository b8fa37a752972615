/*
 * refresh: reads the content of <meta http-equiv=refresh>, as the HTML standard does (4.2.5.3, "shared declarative
 * refresh steps").
 */
#ifndef BI_REFRESH_H
#define BI_REFRESH_H

#include <stdbool.h>
#include <stddef.h>

/* Returns whether CONTENT is valid, so that a browser obeys it and no later one. *URL is then what is to be loaded, N
 * bytes in CONTENT; NULL for the page itself. */
bool refresh_parse(const char *content, const char **url, size_t *n);

#endif
