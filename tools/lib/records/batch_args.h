/*
 * batch_args: the batches that the operands or records of a program name, each once, in the order of their first names.
 */
#ifndef BI_BATCH_ARGS_H
#define BI_BATCH_ARGS_H

#include <stdbool.h>
#include <stddef.h>

struct batch_args {
	char **v;
	size_t n;
	void *tree;      /* an index of the names in V */
	size_t bad;      /* invalid names, each reported */
	size_t nameless; /* lines without a batch name, each reported */
	bool cut;        /* the records stopped too early, which was reported */
	int upstream;    /* the exit code of the programs before this one: rec_upstream_exit() */
};

/* Adds a name that is not there yet. An invalid name is reported and counted. */
void batch_args_add(struct batch_args *names, const char *name);

/* Functions to call while more names may come. */
struct batch_args_watch {
	/* Called with each valid name that is read, also with one that was named before. */
	void (*named)(const char *name, void *arg);
	/* Called before a wait for more names. It returns after how many milliseconds to call it again at the latest;
	 * -1: not before more names have come. */
	int (*idle)(void *arg);
	void *arg;
};

/*
 * Reads all names: the operands ARGS (NULL-terminated) if there are any, else the lines of stdin, plain or records with
 * "batch". Ends the program with EX_WRONG_USE if stdin is a terminal. Returns 0 if a name was read or another trouble
 * was reported, else EX_SOME_FAILED after reporting that no batch was named. WATCH may be NULL.
 */
int batch_args_read(struct batch_args *names, char **args, const struct batch_args_watch *watch);

void batch_args_free(struct batch_args *names);

#endif
