/*
 * optout: finds the rule by which a site forbids the use of a file: X-Robots-Tag, meta robots, and the TDM reservation
 * protocol, in response headers and in pages. For robots.txt see robots.h.
 */
#ifndef BI_OPTOUT_H
#define BI_OPTOUT_H

/* The toolkit's name in such rules and in robots.txt. */
#define OPTOUT_AGENT "bi-fetch"

enum { OPTOUT_RULE = 48 }; /* room for a rule's name and its NUL */

/*
 * Returns the rule in the response header NAME: VALUE that forbids the use to AGENT, "x-robots-tag: noimageai" or
 * "tdm-reservation: 1", or NULL if it has none. Call it for each header, also if one comes several times. These words
 * of X-Robots-Tag forbid: noai, noimageai, noml, noindex, noimageindex, none. With an agent in front ("gptbot: noai")
 * they apply to that agent only, up to the next agent of the same header. The returned string is static.
 */
const char *optout_header(const char *name, const char *value, const char *agent);

/* The same for a page's <meta name=NAME content=CONTENT>, where NAME is robots, AGENT or tdm-reservation: "meta robots:
 * noimageai". */
const char *optout_meta(const char *name, const char *content, const char *agent);

#endif
