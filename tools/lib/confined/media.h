/*
 * media: finds the pictures, videos and sounds that an HTML page shows, by bi-media, a confined process.
 *
 * The protocol is that of helper.h: each packet to `bi-media --serve` is three lines, how many media are wanted at
 * most, the page's URL and its Content-Type (both may be empty), with one descriptor (SCM_RIGHTS): the page, read from
 * its beginning. It answers by several packets: "media", four lines (the kind, where it was found, its URL, its title)
 * for each, then "rule", a line, where the page forbids its use, "stream" and "refresh" with a URL each where it has
 * such, and last "done" or "done cut", or "failed WHY".
 */
#ifndef BI_MEDIA_H
#define BI_MEDIA_H

#include <stdbool.h>
#include <stddef.h>

#include "hosts/optout.h"

enum {
	MEDIA_PAGE = 10 << 20, /* bytes of a page that are read */
	MEDIA_MAX = 10000,     /* the most media of one page */
	MEDIA_URL = 8192,      /* bytes of the longest URL, with its NUL; longer ones are skipped */
	MEDIA_TITLE = 512,
	MEDIA_WHY = 120,
};

struct media_one {
	char *url;        /* http or https, printable ASCII, no fragment */
	char *title;      /* the alternative text, UTF-8, on one line; "" if there is none */
	const char *kind; /* "image", "video", "audio" */
	const char *from; /* "og:image", "img", "srcset"...: where in the page, as bi-media(1) lists it */
};

struct media_found {
	struct media_one
		*media; /* og:image and the like first, then JSON-LD, then in the page's order, no duplicates */
	size_t count;
	char *stream;           /* the first HLS or DASH stream, which is no file and not in MEDIA; NULL: none */
	char *refresh;          /* the URL of another page that is to be loaded instead of this one; NULL: none */
	bool cut;               /* the page was not read to its end: it is too long or nested too deeply */
	char rule[OPTOUT_RULE]; /* the page's own rule that forbids its use, "meta robots: noai"; "" where none does */
	char why[MEDIA_WHY];    /* media_find() returned 1: why, in words for people */
	bool trouble;           /* the same: this machine stopped bi-media (helper.h); the caller may ask again */
};

struct media;

/* Starts bi-media, found beside this executable. Returns NULL with errno on failure. media_close() frees it. */
struct media *media_open(void);

/*
 * Finds at most MOST media of the page in PAGE_FD, a regular file or memfd of HTML, whose offset is not moved. URL is
 * the page's after redirects (NULL or "": relative URLs count only below a <base>). CONTENT_TYPE is its header (NULL or
 * "": none). OUT need not be initialised; media_free() frees it in every case.
 *
 * Returns 0; 1 if bi-media crashed, did not answer within 30 s, or the page could not be read; -1 with errno if
 * bi-media cannot be started. If this machine is at fault, bi-media is asked again, HELPER_TRIES times in all.
 */
int media_find(struct media *m, int page_fd, const char *url, const char *content_type, size_t most,
	       struct media_found *out);

/* Frees what is in OUT. */
void media_free(struct media_found *out);

/* Ends bi-media and frees M. NULL is allowed. */
void media_close(struct media *m);

/* Whether S is a URL of http or https of printable ASCII, shorter than MEDIA_URL. */
bool media_is_url(const char *s);

#endif
