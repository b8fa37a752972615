/*
 * thumb_helper: bi-thumb --serve, the confined process that makes thumbnails.
 */
#ifndef BI_THUMB_HELPER_H
#define BI_THUMB_HELPER_H

#include <stdbool.h>

/* Confines this process and makes thumbnails of what comes over descriptor 0 until its end-of-file (thumb.h):
 * EXTRA: also of drawings and of the formats of ImageMagick, which take longer to load. */
_Noreturn void thumb_serve(bool extra);

#endif
