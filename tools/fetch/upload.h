/*
 * upload: items whose bytes were handed in with them, as batches/NAME/uploads/K.
 *
 * Such a file belongs to the batch, and nothing writes to it any more. It is read for its hash, unless that was
 * reckoned while it arrived (batch/upload_digests.h), and gets a second name (a hard link) in files/ instead of a copy.
 * The name in uploads/ is removed when the result is recorded, or at the latest before the batch leaves the queue. An
 * item that failed and may be tried again keeps its upload.
 */
#ifndef BI_UPLOAD_H
#define BI_UPLOAD_H

#include "job.h"

/* Opens J's upload as the part of its body. Stores its digest in SHA256 if it is known, for body_adopt(), else "", for
 * body_read(). Returns its size, or -1 with errno. */
int64_t upload_open(struct job *j, char sha256[HASH_HEX + 1]);

/* Gives the part its name in DIR. 0, or -1 with errno. */
int upload_publish(struct job *j, int dir, bool sync);

/* Removes the upload of J, which is recorded, unless another run may need it. */
void upload_remove(const struct job *j);

/* Removes the uploads of items that are done. 0, or -1 with errno. */
int upload_sweep(const struct target *t);

#endif
