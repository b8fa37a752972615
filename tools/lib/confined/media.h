/*
 * media: the pictures, videos and sounds that an HTML page shows, found by bi-media, which parses it confined.
 *
 * The protocol is that of helper.h: each packet to `bi-media --serve` is three lines, how many media are wanted at
 * most, the page's URL and its Content-Type (both may be empty), with one descriptor (SCM_RIGHTS): the page, read from
 * its beginning. It answers by several packets: "media", four lines (the kind, where it was found, its URL, its title)
 * for each, then "rule", a line, where the page forbids its use, and last "done" or "done cut", or "failed WHY".
 */
#ifndef BI_MEDIA_H
#define BI_MEDIA_H

#include <stdbool.h>
#include <stddef.h>

#include "hosts/optout.h"

enum {
	MEDIA_PAGE = 10 << 20, /* bytes of a page that are looked at */
	MEDIA_MAX = 10000,     /* media that one page may be asked for */
	MEDIA_URL = 8192,      /* bytes of the longest URL, with its NUL: those that are longer are passed over */
	MEDIA_TITLE = 512,
	MEDIA_WHY = 120,
};

struct media_one {
	char *url;        /* http or https, printable ASCII, no fragment */
	char *title;      /* the alternative text, UTF-8, on one line; "" where there is none */
	const char *kind; /* "image", "video", "audio" */
	const char *from; /* "og:image", "img", "srcset"...: where in the page, as bi-media(1) lists it */
};

struct media_found {
	struct media_one *media; /* og:image and its like first, else in the page's order; none twice */
	size_t count;
	bool cut;               /* not all of the page was looked at: it is too long or nested too deeply */
	char rule[OPTOUT_RULE]; /* the page's own rule that forbids its use, "meta robots: noai"; "" where none does */
	char why[MEDIA_WHY];    /* media_find() returned 1: why, in words for people */
	bool trouble;           /* the same: this machine kept bi-media from it (helper.h); it may be asked again */
};

struct media;

/* Starts bi-media, found beside this executable. NULL with errno. For media_close(). */
struct media *media_open(void);

/*
 * Finds the media of the page that is in PAGE_FD, a regular file or a memfd of HTML whose own offset stays as it is.
 * URL is the page's after redirects (NULL or "": relative URLs count only below a <base>), CONTENT_TYPE its header
 * (NULL or "": none); MOST of them at most. OUT need not be initialised, and is for media_free() whatever returns: 0;
 * 1 when bi-media died of the page, or did not say all within 30 s (it is started again when it is next needed), or the
 * page could not be read; it is asked again, HELPER_TRIES times in all, where that was this machine's trouble. -1 with
 * errno when bi-media cannot be started at all.
 */
int media_find(struct media *m, int page_fd, const char *url, const char *content_type, size_t most,
	       struct media_found *out);

/* Frees what is in OUT. */
void media_free(struct media_found *out);

/* Ends bi-media and frees M; NULL does nothing. */
void media_close(struct media *m);

#endif
