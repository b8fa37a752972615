/*
 * assets: what the pages need besides: style sheets and scripts.
 *
 * The name of an asset has a digest of its bytes, NAME-DIGEST.css or .js, so that browsers may keep it for ever, and a
 * page that was made before gets the scripts that it was made for. Assets that no page names any more stay for an hour
 * after the pages were made again: a browser may have read such a page just before.
 */
#ifndef BI_ASSETS_H
#define BI_ASSETS_H

#include "base/hash.h"
#include "render_state.h"

/* Copies what the pages need besides, *.css and *.js of share/review but for those of the server's own pages, where it
 * changed, and stores the names in R->assets. PROGRAMS becomes the digest of the jq programs and the assets. Returns an
 * exit code. */
int assets_copy(struct render *r, char programs[HASH_HEX + 1]);

/* Whether NAME, in the review directory, is an asset that the pages do not need: of another version of bi, also of one
 * whose assets had no digest in their names. */
bool asset_is_stale(const struct render *r, const char *name);

#endif
