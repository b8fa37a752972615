/*
 * files: the status documents of files.
 */
#ifndef BI_FILES_H
#define BI_FILES_H

#include <stdbool.h>

#include "base/buf.h"
#include "route.h"

/* As jobs_print_status(), of a file. */
const char *files_print_status(struct api *api, const char *notebook, const char *id, struct buf *out, bool *done,
			       struct reply *r);

#endif
