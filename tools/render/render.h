/*
 * render: the review pages of a batch, review/NAME/.
 *
 * plan.c groups the items by subject, files.c copies candidates, shots.c has thumbnails made, doc.c says in JSON what
 * a page shows, pages.c has jq make the pages of it. render.c calls them in that order, under the lock of the batch's
 * review directory; index.html comes last, so what it links to is there.
 */
#ifndef BI_RENDER_H
#define BI_RENDER_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch.h"
#include "buf.h"
#include "root.h"
#include "thumb.h"

/* --- plan.c: the items of each subject; a few bytes an item --- */

struct plan_subject {
	uint32_t id;    /* where its id is in the plan's ids */
	uint32_t first; /* where its items begin in the plan's items */
	uint32_t count;
};

struct plan {
	struct plan_subject *subjects; /* in the order of their first items */
	uint32_t count;
	uint32_t *items; /* item numbers, subject by subject, each in the order asked */
	uint32_t length; /* how many items */
	struct buf ids;  /* the ids, each with its NUL */
	uint32_t *slots; /* from an id to 1 + its number, 0 is free; at most half full */
	uint32_t size;
};

/* 0, or -1 with errno. */
int plan_make(struct plan *p, struct batch *b);
void plan_free(struct plan *p);
const char *plan_id(const struct plan *p, uint32_t subject);

/* How many items the subject ID has; 0 for one that is not in the batch. */
uint32_t plan_items_of(const struct plan *p, const char *id);

/* --- render.c --- */

/* What there is of an item in the review directory. */
struct item_files {
	const char *ext; /* its copy's extension, a constant; NULL: there is no copy */
	bool thumb;      /* it has a thumbnail */
	bool lost;       /* it was completed and its file is gone: it counts as failed */
};

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
	struct item_files *items; /* of each item */
	uint32_t lost_count;      /* how many are lost */
	struct shots *making;     /* thumbnails under way */
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

/* --- shots.c: the thumbnails --- */

/* What is known of an item's thumbnail, kept in review/NAME/.thumbs at the item's number so that unchanged pictures
 * are not decoded again. */
struct shot {
	char sha256[64];          /* of the picture */
	uint32_t version;         /* SHOT_VERSION; else there is nothing here */
	uint32_t end;             /* enum thumb_end */
	uint32_t width, height;   /* of the thumbnail */
	uint32_t owidth, oheight; /* of the picture */
	uint32_t kind;            /* of enum thumb_kind */
	struct likeness likeness;
	char why[THUMB_WHY];
};

enum { SHOT_VERSION = 2 };

/* What is known of item K's thumbnail of the picture with this hash. False when nothing is. */
bool shot_read(const struct render *r, uint32_t k, const char *sha256, struct shot *out);

/* Has the thumbnail THUMB of item K's picture IN, which it takes over, made unless it is there. Returns an exit
 * code. */
int shots_see(struct render *r, uint32_t k, int in, const char *sha256, const char *thumb);

/* Waits for the thumbnails under way. Returns an exit code. */
int shots_end(struct render *r);

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
