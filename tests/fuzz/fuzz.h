/*
 * fuzz: what the targets for libFuzzer share. A target is a file NAME.c, whose first line names the sources that it
 * tests, and the options of libFuzzer that it needs.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

struct fuzz_target {
	const char *name;
	void (*load)(void); /* called once before the first input; NULL: nothing is to be done */
	void (*read)(const char *bytes, size_t n);
	struct fuzz_target *next;
};

void fuzz_add(struct fuzz_target *t);

/* FUZZ(NAME, LOAD) begins the function that reads one input, N BYTES. No NUL follows them. */
#define FUZZ(target, loader)                                                            \
	static void fuzz_##target(const char *bytes, size_t n);                         \
	__attribute__((constructor)) static void fuzz_add_##target(void)                \
	{                                                                               \
		static struct fuzz_target t = {#target, (loader), fuzz_##target, NULL}; \
                                                                                        \
		fuzz_add(&t);                                                           \
	}                                                                               \
	static void fuzz_##target(const char *bytes, size_t n)

/* What must hold for each input. */
#define FUZZ_WANT(condition)                                                                   \
	do {                                                                                   \
		if (!(condition)) {                                                            \
			fprintf(stderr, "%s:%d: false: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                               \
		}                                                                              \
	} while (0)

/* Returns the target of this name, loaded, or NULL. */
const struct fuzz_target *fuzz_find(const char *name);

/* Returns the bytes as a string, for free(). It ends at the first NUL among them. */
char *fuzz_string(const char *bytes, size_t n);

/* Returns a file in memory that has the bytes, to be closed. Its offset is 0. */
int fuzz_file(const char *bytes, size_t n);

/* Calls READ, which may end the program because of its input, by exit(3): then false. What it holds is lost. */
bool fuzz_survives(void (*read)(void *arg), void *arg);

#endif
