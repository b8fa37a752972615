/*
 * batch_priority: how urgent a batch is, in the file `priority` of its directory (bi-batch(5)).
 */
#ifndef BI_BATCH_PRIORITY_H
#define BI_BATCH_PRIORITY_H

#include "files/root.h"

/* A batch without the file has the normal priority. A batch with a higher number comes first. */
enum { PRIORITY_LOW = 1, PRIORITY_NORMAL = 4, PRIORITY_HIGH = 7, PRIORITY_MAX = 9 };

/* What priority_parse() accepts, in words for a message. */
extern const char priority_words[];

/* Returns the priority that TEXT names: a digit, "low", "normal" or "high"; -1 if it names none. */
int priority_parse(const char *text);

/* Returns the priority of the batch whose directory is NAME in DIR, or -1 with errno: EBADMSG if the file has none. */
int batch_priority_read(int dir, const char *name);

/* Replaces the priority of the batch whose directory is DIRFD. Returns 0, or -1 with errno. */
int batch_priority_write(const struct root *root, int dirfd, int priority, bool sync);

#endif
