/*
 * pages: the pages of a batch.
 */
#ifndef BI_PAGES_H
#define BI_PAGES_H

#include "render_state.h"

/* Makes the pages that changed and publishes them, and what they need besides. Returns an exit code. */
int pages_make(struct render *r);

#endif
