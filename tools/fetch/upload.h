/*
 * upload: items whose bytes were handed in with them, as batches/NAME/uploads/K.
 *
 * Such a file is the batch's alone, and nobody writes to it any more: it is read for its hash, and gets a further name
 * (a hard link) in files/ instead of being copied. The name in uploads/ goes once the result is recorded; where that
 * was not to be, before the batch leaves the queue. What failed and may pass keeps its upload.
 */
#ifndef BI_UPLOAD_H
#define BI_UPLOAD_H

#include "job.h"

/* Makes J's upload its part, which is still to be read. Returns its size, or -1 with errno. */
int64_t upload_open(struct job *j);

/* Gives the part its name in DIR. 0, or -1 with errno. */
int upload_publish(struct job *j, int dir, bool sync);

/* J is recorded: removes its upload unless another run may need it. */
void upload_remove(const struct job *j);

/* Removes the uploads of items that are done. 0, or -1 with errno. */
int upload_sweep(const struct target *t);

#endif
