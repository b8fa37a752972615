#ifndef BI_THUMB_SERVE_H
#define BI_THUMB_SERVE_H

/* Confines this process and makes thumbnails of what comes over descriptor 0 until its end-of-file (thumb.h). */
_Noreturn void serve(void);

#endif
