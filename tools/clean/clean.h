/*
 * bi-clean: ends servers and clears away what is left over, nothing that lives.
 */
#ifndef BI_CLEAN_H
#define BI_CLEAN_H

#include <stdbool.h>

#include "root.h"

struct clean {
	struct root root;
	bool only_say; /* do nothing, say what would be done */
	bool json;     /* records */
};

/* Each does a verb and prints what it did, with the end record for JSON. The exit code. */
int clean_list(const struct clean *c);
int clean_stop(const struct clean *c, char **ports);
int clean_stop_all(const struct clean *c);
int clean_temp(const struct clean *c);

#endif
