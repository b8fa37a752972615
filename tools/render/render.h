/*
 * render: the review pages of a batch, review/NAME/.
 *
 * The plan (plan.h) groups the items by subject, files.c copies candidates and makes thumbnails, doc.c says in JSON
 * what a page shows, pages.c has jq make the pages of it. render.c calls them in that order, under the lock of the
 * batch's review directory; index.html comes last, so what it links to is there.
 */
#ifndef BI_RENDER_H
#define BI_RENDER_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch.h"
#include "buf.h"
#include "plan.h"
#include "root.h"
#include "thumb.h"

/* --- render.c --- */

struct render {
	const struct root *root;
	struct batch *batch;
	int temp;                 /* the root's temp/ */
	int dir;                  /* review/NAME, locked */
	int thumbs;               /* review/NAME/thumbs */
	int shots;                /* review/NAME/.thumbs: a struct shot an item */
	struct thumber **thumber; /* started when the first picture needs it, and shared by all batches */
	struct plan plan;
	uint32_t candidates, failed, waiting;
	bool *lost;          /* of each item, whether it was completed and its file is gone: it counts as failed */
	uint32_t lost_count; /* how many are */
	bool terminal;       /* stderr is one, which shows progress */
	int64_t next_progress;
	struct json_object *about; /* the batch, for its pages: doc_about() */
};

/* Renders the batch NAME. Returns an exit code, having said what is wrong unless it is EX_ALL_WELL. */
int render_batch(const struct root *root, const char *name, struct thumber **thumber, bool json);

/* Says that what NAME needs cannot be done, with errno, and returns the exit code of it. */
int render_trouble(const char *name, const char *what);

/* Shows on a terminal, now and then, how far the batch is: DONE of OF pages or items. */
void render_progress(struct render *r, const char *what, uint32_t done, uint32_t of);

/* --- files.c --- */

/* What is known of an item's thumbnail, kept in review/NAME/.thumbs at the item's number so that unchanged pictures
 * are not decoded again. */
struct shot {
	char sha256[64];          /* of the picture */
	uint32_t version;         /* SHOT_VERSION; else there is nothing here */
	uint32_t end;             /* enum thumb_end */
	uint32_t width, height;   /* of the thumbnail */
	uint32_t owidth, oheight; /* of the picture */
	char why[THUMB_WHY];
};

enum { SHOT_VERSION = 1 };

/* The result of an item as it counts for review. */
struct candidate {
	char name[SUBJECT_LONGEST + 32];  /* ID_IDX.EXT in review/NAME */
	char thumb[SUBJECT_LONGEST + 32]; /* ID_IDX.webp in thumbs/ */
	const char *mime;
	const char *hidden; /* why it is not copied to where pages are served from, or NULL */
	bool picture;       /* a thumbnail can be tried */
};

/* What a completed item's result says; strings point into RESULT. */
void candidate_of(struct candidate *c, const struct batch_place *place, struct json_object *result);

/* Copies what changed, makes the thumbnails that are missing, and counts the items into R. Returns an exit code. */
int files_make(struct render *r);

/* What is known of item K's thumbnail of the picture with this hash. False when nothing is. */
bool shot_read(const struct render *r, uint32_t k, const char *sha256, struct shot *out);

/* --- doc.c: what jq gets to read, a line each --- */

/* What the pages say of the whole batch; once the items are counted. For json_object_put(). */
struct json_object *doc_about(const struct render *r);

/* {"head":...}: the batch. */
void doc_head(const struct render *r, struct buf *out);
/* {"batch":...,"subject":...}: subject number I of the plan. 0, or -1 with errno. */
int doc_subject(struct render *r, uint32_t i, struct buf *out);
/* {"tail":...} */
void doc_tail(struct buf *out);

/* --- pages.c --- */

/* Makes all pages and publishes them, and what they need besides. Returns an exit code. */
int pages_make(struct render *r);

/* --- sweep.c --- */

/* Removes pages, candidates and thumbnails of subjects and items that the batch does not have: those of an earlier
 * batch of that name. Other files are left alone. */
void sweep(const struct render *r);

#endif
