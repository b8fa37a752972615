/*
 * remove_stale: removes files that the pages do not need any more.
 */
#ifndef BI_REMOVE_STALE_H
#define BI_REMOVE_STALE_H

#include "render_state.h"

/* Removes pages, candidates and thumbnails of subjects and items that the batch does not have, or has no more: of an
 * earlier batch of that name, of items whose file is gone or of another kind now. Assets that the
 * pages do not need any more go an hour after they were made again. Other files are left alone. 0, or -1 with errno. */
int remove_stale_files(const struct render *r);

#endif
