/*
 * recorded: what is recorded of the item of a job that is completed and is asked for again (update.h).
 */
#ifndef BI_RECORDED_H
#define BI_RECORDED_H

#include "job.h"

/* What is recorded of the item of a job, and what became of it. */
struct update {
	struct json_object *result;  /* its last result */
	char *line;                  /* the same as text */
	const char *sha256;          /* in RESULT; "": none */
	char name[SUBJECT_MAX + 48]; /* of its file in files/; "": none */
	bool lost;                   /* that is not there */
	unsigned version;            /* of the file that takes its place, from 2 */
	bool conditional;            /* the attempt under way sends its validators */
	bool unchanged;              /* the verdict is FAILED, or GOT for the same bytes: there is nothing to publish */
	bool refreshed;              /* the same bytes, and the server says other things of them, which are recorded */
	bool recheck;                /* it fails for good: it does not fit the options */
};

/* Returns whether J is an item that can be asked for again: neither an upload, nor a member of an archive, nor bad. J
 * then is an update, for job_claim(). */
bool update_begin(struct job *j);

/* Makes J, a job of a completed item, one that is to fail: --recheck. */
void update_begin_recheck(struct job *j);

/* Claims the item of J, an update, and reads what is recorded of it. Returns CLAIM_DONE if it is not completed any
 * more. */
enum batch_claim update_claim(struct job *j);

/* Frees what J has of it. J need not be an update. */
void update_free(struct job *j);

/* Removes the file NAME in the files/ of T, which no result that counts has. Says so if that fails. */
void recorded_remove_file(const struct target *t, const char *name);

/* Removes the file that the result LINE of item K has replaced, if whoever replaced it was killed before that. The item
 * is claimed for it: nothing is done if somebody has it. */
void recorded_remove_left(const struct target *t, uint32_t k, const struct buf *line);

#endif
