/*
 * assets: what the pages need besides: style sheets and scripts.
 */
#ifndef BI_ASSETS_H
#define BI_ASSETS_H

#include "base/hash.h"
#include "render_state.h"

/* Copies what the pages need besides, *.css and *.js of share/review but for home.*, where it changed. PROGRAMS becomes
 * the digest of the jq programs. Returns an exit code. */
int assets_copy(const struct render *r, char programs[HASH_HEX + 1]);

#endif
