/*
 * linked_data: finds the media that JSON-LD names by the terms of schema.org: contentUrl, image and thumbnailUrl.
 */
#ifndef BI_LINKED_DATA_H
#define BI_LINKED_DATA_H

#include <stddef.h>

enum { LINKED_DATA_MAX = 1 << 20, LINKED_DATA_DEPTH = 64 };

/* What was found: "image", "video" or "audio" (NULL: its URL tells), N bytes of a URL, which may be relative, and a
 * title or NULL. ARG is that of linked_data_find(). */
typedef void linked_data_found(void *arg, const char *kind, const char *url, size_t n, const char *title);

/* Calls FOUND for all media in N bytes of TEXT, the content of a script element. Text of more than LINKED_DATA_MAX
 * bytes, nested more deeply than LINKED_DATA_DEPTH, or that is not JSON has none. */
void linked_data_find(const char *text, size_t n, linked_data_found *found, void *arg);

#endif
