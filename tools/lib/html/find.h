/*
 * find: finds the media that a parsed page shows.
 */
#ifndef BI_FIND_H
#define BI_FIND_H

#include <gumbo.h>
#include <stddef.h>

struct find_one {
	char *url, *title;       /* title: "" if there is none */
	const char *kind, *from; /* as in media.h */
};

struct find {
	struct find_one *media;
	size_t count;
	const char *rule; /* the page's rule that forbids its use; NULL: none */
	char *stream;     /* the first stream in pieces, HLS or DASH, which is not in MEDIA; NULL: none */
	char *refresh;    /* the URL of another page that is to be loaded instead; NULL: none */
};

/* Fills OUT with at most MOST media of the document whose URL is URL ("": not known). find_free() frees OUT. */
void find_media(const GumboNode *document, const char *url, size_t most, struct find *out);

void find_free(struct find *f);

#endif
