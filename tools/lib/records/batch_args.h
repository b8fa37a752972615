/*
 * batch_args: the batches that a program is asked for, each once, in the order in which they were named.
 */
#ifndef BI_BATCH_ARGS_H
#define BI_BATCH_ARGS_H

#include <stdbool.h>
#include <stddef.h>

struct batch_args {
	char **v;
	size_t n;
	void *tree;      /* of those in V */
	size_t bad;      /* names that are no batch's, each said */
	size_t nameless; /* lines that name no batch, each said */
	bool cut;        /* the records stopped too early; said */
	int upstream;    /* what the programs before us came to: rec_upstream_exit() */
};

/* Adds a name that is not there yet; one that is no batch's is said and counted. */
void batch_args_add(struct batch_args *names, const char *name);

/* Who wants to do something while more names may come. */
struct batch_args_watch {
	/* Called with each good name that is read, also with one that was named before. */
	void (*named)(const char *name, void *arg);
	/* Called before waiting for more. Returns after how many milliseconds to call it again at the latest; -1: not
	 * before there is more. */
	int (*idle)(void *arg);
	void *arg;
};

/*
 * Reads names to their end: the operands ARGS (NULL-terminated) where there are any, else the lines of stdin, plain or
 * records with "batch". Wrong use where that is a terminal. 0 where at least one was read or something else was said,
 * else EX_SOME_FAILED, after saying that no batch was named. WATCH may be NULL.
 */
int batch_args_read(struct batch_args *names, char **args, const struct batch_args_watch *watch);

void batch_args_free(struct batch_args *names);

#endif
