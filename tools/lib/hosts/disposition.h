/*
 * disposition: the name that a server gives a file, Content-Disposition (RFC 6266).
 */
#ifndef BI_DISPOSITION_H
#define BI_DISPOSITION_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Sets OUT to the name of a file in the VALUE of a Content-Disposition header, by file_name_clean(): "filename*" (RFC
 * 8187, in UTF-8 or ISO 8859-1), or "filename" if there is no valid "filename*". As browsers do, it takes a value
 * without a type, and a name with blanks that is not quoted. Returns false, with OUT empty, if there is no name.
 */
bool disposition_filename(struct buf *out, const char *value);

#endif
