/*
 * found: what find.h has found in a page so far.
 */
#ifndef BI_FOUND_H
#define BI_FOUND_H

#include <curl/curl.h>
#include <gumbo.h>
#include <stdbool.h>
#include <stddef.h>

#include "html/find.h"

struct found {
	struct find *out;
	size_t most;
	const char *page;       /* the URL of the page; "": not known */
	CURLU *base;            /* NULL: none is known */
	void *seen;             /* the URLs in OUT, a tree of tsearch(3) */
	size_t video;           /* where in OUT the og:video that is being described begins */
	const GumboNode *shown; /* the img of the last picture, or the last amp-img: it is in OUT already */
	bool refreshes;         /* a <meta http-equiv=refresh> was found: a later one does not count */
};

/* Adds a medium, unless it is in OUT, or MOST are. Takes over URL (NULL: there is none); that of a stream is noted
 * only. KIND and FROM are constants. TITLE may be NULL. */
void found_add_url(struct found *s, const char *kind, const char *from, char *url, const char *title);

/* The same for a relative URL (NULL: there is none). */
void found_add_text(struct found *s, const char *kind, const char *from, const char *text, const char *title);

/* Takes over the URL of a stream. */
void found_note_stream(struct found *s, char *url);

/* Removes the last medium. */
void found_drop_last(struct found *s);

/* Returns TEXT (NULL: "") as a title, for the caller to free. */
char *found_title(const char *text);

/* Frees what S has beside OUT. */
void found_end(struct found *s);

#endif
