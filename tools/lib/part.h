/*
 * part: a file being written, that nobody sees until it is whole.
 *
 * It begins without a name (O_TMPFILE) in the root's temp/, is locked, and gets its final
 * name in one step. A part that is named in temp/ (part_keep) is locked for as long as its
 * writer lives, so a cleaner can tell it from one left behind. File systems without
 * O_TMPFILE get a name in temp/ at once.
 */
#ifndef BI_PART_H
#define BI_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct part {
	int fd;         /* open for reading and writing, flocked, close-on-exec; -1: none */
	int tempfd;     /* the root's temp/; the caller's */
	char name[160]; /* its name in temp/, "" while it has none */
};

/* Begins a part in the directory TEMPFD. 0, or -1 with errno. */
int part_open(struct part *p, int tempfd);

/* Gives it the name NAME in temp/ so that it can be found again after a kill. A file left there under
 * that name is replaced; the caller sees to it that no other live process uses the name. */
int part_keep(struct part *p, const char *name);

/* Writes all N bytes. 0, or -1 with errno. */
int part_write(struct part *p, const void *bytes, size_t n);

/* Makes an empty part a copy of the first SIZE bytes of the file IN, whose offset is not used: blocks shared with it
 * where the file system can, else the kernel's copy. 0, or -1 with errno (EIO where IN is shorter). */
int part_copy(struct part *p, int in, off_t size);

/*
 * Gives it the name NAME in the directory DIRFD, in one step, over what had that name
 * before, and closes it. Nothing is synced here. 0, or -1 with errno (the part is still open then).
 */
int part_publish(struct part *p, int dirfd, const char *name);

/* Closes it and takes it away. Nothing happens to one that was published or never opened. */
void part_drop(struct part *p);

/*
 * Replaces the file NAME in the directory DIRFD by these bytes: written to a part in TEMPFD, with SYNC
 * fsynced before the rename and the directory after it. Readers see the old file or the new one.
 * 0, or -1 with errno.
 */
int part_replace(int tempfd, int dirfd, const char *name, const void *bytes, size_t n, bool sync);

#endif
