/*
 * feed: the URLs in a sitemap or a feed, found by bi-parse --serve feed, a confined process.
 *
 * The protocol is that of parse/parse_helper.h. Its text is one JSON object a line: "from" is one of FEED_FROM, "url" a
 * URL as the document has it, and "title", "page", "license_url" and "author" are given if they are known; "others" is
 * true for the page of an entry that has media too.
 */
#ifndef BI_FEED_H
#define BI_FEED_H

#include <json-c/json.h>
#include <stdbool.h>

#include "base/buf.h"

enum {
	FEED_BYTES = 64 << 20, /* bytes of a document; sitemaps.org allows 50 MB */
	FEED_TEXT = 48 << 20,  /* bytes of what is made of it */
	FEED_WHY = 200,
};

/* Where URLs are: what --column of bi-fetch may name. Ended by NULL. */
extern const char *const feed_from[];

struct feed;

/* Starts to read the document FD, a regular file or memfd, from its beginning. Returns NULL with errno if bi-parse
 * cannot be started. feed_close() frees it; NULL is allowed there. */
struct feed *feed_open(int fd);
void feed_close(struct feed *f);

/* The descriptor that can be read when there is more to do. */
int feed_fd(const struct feed *f);

/*
 * Goes on without waiting. Returns 1 when the document was read, 0 if there is more to do, -1 with the reason in WHY if
 * the document is invalid, too long, or took a minute, or FEED_TROUBLE with the reason if this machine is at fault,
 * after HELPER_TRIES times. Call it at least once a second, since it has a time limit.
 */
enum { FEED_TROUBLE = -2 };
int feed_go_on(struct feed *f, char why[FEED_WHY]);

/* Returns the next entry of a document that was read, for json_object_put(); NULL behind the last. Only the members
 * above are in it, and all but "others" are strings. */
struct json_object *feed_next(struct feed *f);

#endif
