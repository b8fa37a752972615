/*
 * snapshot: a batch, and how far it is.
 */
#ifndef BI_SNAPSHOT_H
#define BI_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/batch_stats.h"
#include "batch/job_status.h"
#include "files/root.h"
#include "status.h"

enum { SNAPSHOT_KINDS = 8 };

struct snapshot {
	char *name;
	char *shown; /* the name for people, "NAME in ROOT" if there are several roots */
	char *at;    /* what a command about it needs before its name: "", or "-r 'ROOT' " */
	int wrong;   /* an errno: it cannot be read */
	struct job_status p;
	unsigned workers;   /* processes that hold it, as far as that can be told; 0 where it is held: some */
	bool worker_runs;   /* one of the queue's */
	double rate, bytes; /* items and bytes a second; of one that is worked on */
	/* The kinds of failures, the most frequent first. */
	struct {
		char *code;
		uint64_t count;
	} kinds[SNAPSHOT_KINDS];
	size_t kinds_n;
	bool more_kinds;
};

/* Returns what a command needs before names in this root, for free(): "-r 'ROOT' ", or "" for NULL. */
char *snapshot_root_option(const struct root *root);

/* Sets the names of a zeroed snapshot. ROOT is given if batches of several roots are shown, else NULL. */
void snapshot_set_name(struct snapshot *s, const char *name, const struct root *root);

/*
 * Looks at the batch B of ROOT. With H also at what is to be shown beside its states; H keeps what was read of its
 * results until the next look. 0, or -1 with errno, which S has as WRONG too.
 */
int snapshot_take(const struct root *root, struct snapshot *s, struct batch *b, struct batch_stats *h);

void snapshot_free(struct snapshot *s);

/* Says why the batch that is shown as NAME could not be opened, by errno. The exit code. */
int snapshot_report_not_open(const char *name);

/* What the items of N batches come to: the exit code of --strict and --wait. */
int snapshot_exit_code(const struct snapshot *const *v, size_t n, const struct settings *set);

/* Items that are not finished. */
uint64_t snapshot_items_left(const struct snapshot *s);

/* Whether items are left and nobody is at them, nor will be. */
bool snapshot_is_stalled(const struct snapshot *s);

#endif
