/*
 * find: the media that a parsed page shows.
 */
#ifndef BI_FIND_H
#define BI_FIND_H

#include <gumbo.h>
#include <stddef.h>

struct find_one {
	char *url, *title;       /* title: "" where there is none */
	const char *kind, *from; /* as in media.h */
};

struct find {
	struct find_one *media;
	size_t count;
	const char *rule; /* what in the page forbids its use; NULL: nothing */
};

/* Fills OUT with MOST media at most of the document whose URL is URL ("": unknown). For find_free(). */
void find_media(const GumboNode *document, const char *url, size_t most, struct find *out);

void find_free(struct find *f);

#endif
