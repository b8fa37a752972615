/*
 * review_thumbs: some thumbnails of the review pages of a batch, for a page that shows all batches.
 */
#ifndef BI_REVIEW_THUMBS_H
#define BI_REVIEW_THUMBS_H

#include "base/buf.h"

enum { REVIEW_THUMBS = 4 };

/*
 * Appends a JSON array with the names of at most REVIEW_THUMBS files in NAME/thumbs/ of the folder REVIEW: the first
 * candidates of the first subjects, among the first thousands of files that the folder lists. It is empty if there are
 * none or the folder cannot be read, since the pictures only decorate.
 */
void review_thumbs_print(int review, const char *name, struct buf *out);

#endif
