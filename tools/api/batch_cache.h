/*
 * batch_cache: the batches and notebooks that were asked for lately, with what was read of them.
 */
#ifndef BI_BATCH_CACHE_H
#define BI_BATCH_CACHE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "batch/batch.h"
#include "notebook/notebook.h"
#include "review/picks.h"

/* A batch that was asked for, with what was read of it. */
struct cached_batch {
	char name[BATCH_NAME_MAX + 1];
	int dir;                     /* batches/NAME as it was; -1: this place is free */
	unsigned long long dev, ino; /* of that */
	struct batch *batch;
	struct json_object *about;       /* batch.json; NULL where it cannot be read */
	struct picks *picks;             /* NULL: not read yet; for cached_batch_picks() */
	struct picks_subjects *subjects; /* the same; for cached_batch_subjects() */
	uint64_t used;                   /* when it was asked for last */
	struct buf document;             /* of the version below */
	bool decisions;                  /* it has only the decisions of each reviewer */
	char version[80];
};

struct batch_cache *batch_cache_new(void);

/* The batch NAME; good until the next call. NULL with errno: ENOENT where there is no such batch. */
struct cached_batch *batch_cache_get(struct batch_cache *k, const struct root *root, const char *name);

/* What reviewers chose of it up to now, its picks. 0, or -1 with errno. */
int cached_batch_picks(struct cached_batch *b);

/* Its subjects up to now, which only those who pick need. NULL with errno. */
const struct picks_subjects *cached_batch_subjects(struct cached_batch *b);

/* The notebook NAME, read up to now; good until the next call. NULL with errno: ENOENT where there is none. */
struct notebook *batch_cache_notebook(struct batch_cache *k, const struct root *root, const char *name);

/* The names of all notebooks. */
struct notebooks *batch_cache_notebooks(struct batch_cache *k, const struct root *root);

#endif
