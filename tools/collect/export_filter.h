/*
 * export_filter: a format of exports that is a program for jq, share/export/NAME.jq; bi-exports(5).
 */
#ifndef BI_EXPORT_FILTER_H
#define BI_EXPORT_FILTER_H

#include <stdbool.h>

#include "base/buf.h"

struct export_filter {
	struct buf path;
	bool members;    /* it describes an archive; else it writes a document */
	bool pictures;   /* it takes only pictures, which are measured */
	bool decisions;  /* it reads all candidates with the decisions; else the chosen files */
	char suffix[16]; /* of its document: ".csv"; "": any */
};

/* Finds the filter WORD, a name or the path of a file that ends in .jq, and reads its first line. Returns false if
 * there is no such filter. Ends the program with a message if it cannot be read or its first line is invalid. */
bool export_filter_find(const char *word, struct export_filter *f);

/* Runs it over the file IN, from its beginning; its output goes to the file OUT. Returns an exit code, after a message
 * unless it is 0. */
int export_filter_run(const struct export_filter *f, int in, int out);

#endif
