/*
 * optout: which rule of a site forbids that a file of its is taken: X-Robots-Tag, meta robots, and the TDM reservation
 * protocol, in response headers and in pages. robots.txt is robots.h's.
 */
#ifndef BI_OPTOUT_H
#define BI_OPTOUT_H

/* What the toolkit is called in such rules and in robots.txt. */
#define OPTOUT_AGENT "bi-fetch"

enum { OPTOUT_RULE = 48 }; /* room for a rule's name and its NUL */

/*
 * The rule of the response header NAME: VALUE that forbids it to AGENT: "x-robots-tag: noimageai",
 * "tdm-reservation: 1". NULL where none does. Call it for each header, of each kind and also where one comes several
 * times. These words of X-Robots-Tag forbid: noai, noimageai, noml, noindex, noimageindex, none; with an agent in front
 * ("gptbot: noai") they are for that agent alone, up to the next agent of the same header. What returns is static.
 */
const char *optout_header(const char *name, const char *value, const char *agent);

/* The same of a page's <meta name=NAME content=CONTENT>, NAME being robots, AGENT itself, or tdm-reservation:
 * "meta robots: noimageai". */
const char *optout_meta(const char *name, const char *content, const char *agent);

#endif
