/*
 * render: the review pages of a batch, review/NAME/.
 *
 * The plan (subject_index.h) groups the items by subject, candidate_files.c copies candidates, thumbnails.c has
 * thumbnails made, page_json.c says in JSON what a page shows, pages.c has jq (jq.c) make the pages that changed since
 * the manifest (manifest.c) was written. render.c calls them in that order, under the lock of the batch's review
 * directory. index.html comes last, so the files that it links to are there.
 */
#ifndef BI_RENDER_H
#define BI_RENDER_H

#include "confined/thumb.h"
#include "files/root.h"
#include "review/review_settings.h"

enum render_how {
	RENDER_RECORD,    /* the review record on stdout */
	RENDER_SENTENCE,  /* or a sentence */
	RENDER_MEANWHILE, /* nothing: more is to come */
};

/* Renders the batch NAME, after applying CHANGE to its settings. Returns an exit code, having said what is wrong unless
 * it is EX_ALL_WELL. */
int render_batch(const struct root *root, const char *name, struct thumber **thumber,
		 const struct review_change *change, enum render_how how);

#endif
