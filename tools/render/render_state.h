/*
 * render_state: a batch that is rendered, which the files of bi-render share.
 */
#ifndef BI_RENDER_STATE_H
#define BI_RENDER_STATE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "batch/batch.h"
#include "batch/subject_index.h"
#include "confined/thumb.h"
#include "files/root.h"

/* The files of an item in the review directory. */
struct item_files {
	const char *ext;  /* its copy's extension, a constant; NULL: there is no copy */
	bool thumb;       /* it has a thumbnail */
	uint8_t pages;    /* of a document, that have pictures in pages/: those from 1 to this */
	bool candidate;   /* it is completed and its file is there, so it can be chosen */
	bool lost;        /* it was completed and its file is gone: it counts as failed */
	uint32_t version; /* another one for other bytes, for the addresses of the copy and the thumbnail */
};

struct same_pictures;

struct render {
	const struct root *root;
	struct batch *batch;
	int temp;                 /* the root's temp/ */
	int dir;                  /* review/NAME, locked */
	int thumbs;               /* review/NAME/thumbs */
	int pages;                /* review/NAME/pages; -1: there is none yet */
	int thumbnails_file;      /* review/NAME/.thumbs: a struct thumbnail an item */
	struct thumber **thumber; /* started when the first picture needs it, and shared by all batches */
	struct subject_index plan;
	bool sheet; /* no item has a subject: the index is the review, and there are no pages of subjects */
	uint32_t candidates, failed, waiting;
	bool licensed;            /* a licence is known of a candidate */
	uint32_t *onward;         /* of each subject: the next one with a candidate; the number of subjects: none */
	struct item_files *items; /* of each item */
	uint32_t lost_count;      /* how many are lost */
	struct thumbnails *thumbnails; /* thumbnails under way */
	struct same_pictures *same;    /* of the items */
	bool terminal;                 /* stderr is one, which shows progress */
	int64_t next_progress;
	bool meanwhile;                    /* more is to come: what is lost is said at the end */
	struct json_object *about, *brief; /* the batch, for its pages: page_json_about() */
	struct json_object *assets;        /* the file name of each asset, by its name in share/review */
	bool assets_changed;               /* since the last time */
};

/* Shows on a terminal, now and then, how far the batch is: DONE of OF pages or items. */
void render_show_progress(struct render *r, const char *what, uint32_t done, uint32_t of);

#endif
