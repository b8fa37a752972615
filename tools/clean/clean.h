/*
 * bi-clean: ends servers, retires batches and clears away what is left over, nothing that lives.
 */
#ifndef BI_CLEAN_H
#define BI_CLEAN_H

#include <stdbool.h>
#include <stdint.h>

#include "files/root.h"
#include "records/batch_args.h"

struct clean {
	struct root root;
	bool only_say;       /* do nothing, say what would be done */
	bool json;           /* records */
	bool yes;            /* ask nobody */
	bool repair;         /* check: mend what can be */
	bool delete;         /* legacy: remove what is there */
	const char *archive; /* batch, pack: the file to keep it in; NULL: none, or the usual */
	const char *move_to; /* legacy: the batch to make of it; NULL: none */
	const char *batch;   /* items: the one they are of; NULL: not said */
	const char *status;  /* items: codes of failures that select them; NULL: none */
	bool failed;         /* items: all failures do */
	bool keep_files;     /* items: what they have stays */
	int64_t older_than;  /* old: seconds; -1: not said */
};

/* Each does a verb and prints what it did, with the end record for JSON. ARGS are its operands. The exit code. */
int clean_list(const struct clean *c, char **args);
int clean_stop(const struct clean *c, char **args);
int clean_stop_all(const struct clean *c, char **args);
int clean_temp(const struct clean *c, char **args);
int clean_batch(const struct clean *c, char **args);
int clean_old(const struct clean *c, char **args);
int clean_pack(const struct clean *c, char **args);
int clean_cancel(const struct clean *c, char **args);
int clean_items(const struct clean *c, char **args);
int clean_check(const struct clean *c, char **args);
int clean_release(const struct clean *c, char **args);
int clean_legacy(const struct clean *c, char **args);

/* --- say.c --- */

/* Asks on the terminal whether to go on, QUESTION being a sentence that ends in a question mark; --yes answers it.
 * False also where there is no terminal to ask on, after saying that --yes is what it takes. */
bool clean_agreed(const struct clean *c, const char *question, ...) __attribute__((format(printf, 2, 3)));

/* Names of batches, checked: the program ends where one is none, or there is none at all. */
void clean_names(char **args, const char *verb, struct batch_args *names);

/* The same, or every batch of the root where none is named. */
void clean_names_or_all(const struct clean *c, char **args, const char *verb, struct batch_args *names);

/* Why a batch could not be had (errno), and what to do. The exit code. */
int clean_not_had(const struct clean *c, const char *name);

/* --- temp.c --- */

/* Removes the parts of the batch NAME in temp/ that nobody holds. 0, or -1 with errno. */
int clean_parts(const struct clean *c, const char *name);

#endif
