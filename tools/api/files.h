/*
 * files: the files of a notebook.
 */
#ifndef BI_FILES_H
#define BI_FILES_H

#include <stdbool.h>

#include "base/buf.h"
#include "route.h"

handler files_list, files_status;

/* As jobs_print_status(), of a file. */
const char *files_print_status(struct api *api, const char *notebook, const char *id, struct buf *out, bool *done,
			       struct reply *r);

#endif
