/*
 * file_name: names that others give files, made safe.
 */
#ifndef BI_FILE_NAME_H
#define BI_FILE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
	FILE_NAME_MAX = 255,          /* bytes of a name on most file systems */
	FILE_NAME_PORTABLE_MAX = 240, /* bytes of a portable name: there is room for "_1000000" and for ".sha256" */
};

/*
 * Sets OUT to the name of a file in the N bytes TEXT, which may be a path of any system: its last part, as UTF-8 (other
 * bytes are read as ISO 8859-1), without characters that steer terminals or are not seen, without dots and blanks at
 * the beginning and blanks at the end. It has at most FILE_NAME_MAX bytes; a longer one is cut before its extension.
 * Returns false, with OUT empty, if nothing is left.
 */
bool file_name_clean(struct buf *out, const char *text, size_t n);

/*
 * The same for a name that Windows takes too: what it forbids becomes "_" (the characters < > : " / \ | ? *, dots and
 * blanks at the end, and the names of devices such as CON or com1.txt). TEXT is one name, so its slashes become "_"
 * too. It has at most FILE_NAME_PORTABLE_MAX bytes. Returns false, with OUT empty, if nothing is left.
 */
bool file_name_portable(struct buf *out, const char *text);

/* Returns the offset of the extension in NAME, which begins with its dot, or the length of NAME if it has none. A dot
 * at the beginning, and what is longer than 20 bytes or has a blank, is no extension. */
size_t file_name_extension(const char *name);

#endif
