/*
 * page: a page asked for as "media", from which an item is made of each picture, video and sound that it shows.
 *
 * The writer's thread looks at the page's bytes, the loop adds the items; only then is the page recorded, so that a
 * page that is recorded has all its items.
 */
#ifndef BI_FETCH_PAGE_H
#define BI_FETCH_PAGE_H

#include <stdatomic.h>

#include "confined/media.h"
#include "job.h"
#include "run_queue.h"

/* What the writer's thread looks at pages with. Zeroed: nothing yet. */
struct pages {
	struct media *media; /* bi-media */
	bool no_yt_dlp;      /* it is not installed */
	bool stream_said;    /* a message said that a page shows a stream only */
	atomic_bool hurry;   /* the run is to end: nothing is waited for */
};

/* Looks for the media of a job that was GOT, if it is a page: they are in its MEDIA then, and it is not to be recorded
 * before page_add_items(). A page without media whose meta refresh names another page is REDIRECTED there, with a MEDIA
 * for page_was_refreshed(), or FAILED after too many redirects. A page that cannot be read FAILED. 0, or -1 with errno
 * when bi-media does not start. */
int page_look(struct pages *p, struct job *j);

/* Returns whether page_look() REDIRECTED the job, which then is ready to be queued again. */
bool page_was_refreshed(struct job *j);

void pages_close(struct pages *p);

/* Adds the items of the page J to its batch and to WANTS. J can be recorded then. Returns false after run_fail(). */
bool page_add_items(struct job *j, struct run_queue *wants);

/* Adds the items of a page whose result LINE is stored to WANTS. */
void page_want_stored(struct run *run, struct run_queue *wants, struct target *t, const char *line, size_t n);

/* ytdlp.c: what yt-dlp finds at URL, MOST at most. Returns 0; 1 when it found nothing or was stopped, by *HURRY or its
 * deadline; -1 with errno when it does not start. OUT is for media_free() whatever returns. */
int ytdlp_find(const char *url, size_t most, const atomic_bool *hurry, struct media_found *out);

#endif
