/*
 * review_settings: how a batch is reviewed, batches/NAME/review.json, bi-batch(5). A batch without the file has the
 * defaults: one pick a subject, no reasons, no stars, and all see the picks of all.
 */
#ifndef BI_REVIEW_SETTINGS_H
#define BI_REVIEW_SETTINGS_H

#include <json-c/json.h>
#include <stdbool.h>

enum { REVIEW_REASONS_MAX = 30 };

struct review_settings {
	struct json_object *all;     /* the file; NULL: it does not exist. The caller frees it with json_object_put() */
	bool many;                   /* a subject may have several picks, in an order */
	bool stars;                  /* reviewers are asked for 1 to 5 stars */
	bool blind;                  /* a reviewer sees the picks of others only where they decided themselves */
	struct json_object *reasons; /* an array of texts, which ALL owns; NULL: there are none */
};

/* Reads the settings of the batch directory DIR. Returns 0, or -1 with errno and the defaults: EBADMSG if the file is
 * not valid. */
int review_settings_read(int dir, struct review_settings *s);

/* What bi-render was asked to change. NULL stands for what stays. */
struct review_change {
	const char *picks; /* "one" or "many" */
	const bool *stars, *blind;
	struct json_object *reasons; /* an array of texts; an empty one removes the list */
};

/* Applies C to the batch directory DIR, with temporary files in TEMP. The caller has the lock of its review directory.
 * Members that this version does not know stay. Nothing is written if nothing changes. Returns 0, or -1 with errno. */
int review_settings_change(int dir, int temp, const struct review_change *c);

#endif
