/*
 * candidate_files: the files of candidates, copied to where the pages are.
 */
#ifndef BI_CANDIDATE_FILES_H
#define BI_CANDIDATE_FILES_H

#include <json-c/json.h>
#include <stdbool.h>

#include "batch/batch.h"
#include "render_state.h"

/* The result of an item as it counts for review. */
struct candidate {
	char name[SUBJECT_MAX + 32];  /* ID_IDX.EXT in review/NAME */
	char thumb[SUBJECT_MAX + 32]; /* ID_IDX.webp in thumbs/ */
	const char *mime;
	const char *hidden; /* why it is not copied to where pages are served from, or NULL */
	bool picture;       /* a thumbnail can be tried */
	bool document;      /* and of its pages, too */
};

/* What a completed item's result says; strings point into RESULT. */
void candidate_read(struct candidate *c, const struct batch_place *place, struct json_object *result);

/* Copies what changed, makes the thumbnails that are missing, and counts the items into R. Returns an exit code. */
int candidates_copy(struct render *r);

#endif
