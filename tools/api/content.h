/*
 * content: the content of a file: its text, its bytes and its images.
 */
#ifndef BI_CONTENT_H
#define BI_CONTENT_H

#include "route.h"

handler content_get, content_raw, content_image;

#endif
