/*
 * media_helper: the confined part of bi-media.
 */
#ifndef BI_MEDIA_HELPER_H
#define BI_MEDIA_HELPER_H

/* Answers requests on standard input, a socket, until end-of-file (media.h says how). */
_Noreturn void media_serve(void);

#endif
