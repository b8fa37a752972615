/*
 * atomic_file: a file being written, that nobody sees until it is whole.
 *
 * It begins without a name (O_TMPFILE) in the root's temp/, is locked, and gets its final
 * name in one step. A part that is named in temp/ (atomic_file_keep) is locked for as long as its
 * writer lives, so a cleaner can tell it from one left behind. File systems without
 * O_TMPFILE get a name in temp/ at once.
 *
 * A note may be stored with a part (atomic_file_note): what it was made from. Whoever finds the part again
 * (atomic_file_take) gets the note only while the machine has not been started anew since: after a power cut, what was
 * written last may be missing though the file is as long as it was.
 */
#ifndef BI_ATOMIC_FILE_H
#define BI_ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct atomic_file {
	int fd;         /* open for reading and writing, flocked, close-on-exec; -1: none */
	int tempfd;     /* the root's temp/; the caller's */
	char name[160]; /* its name in temp/, "" while it has none */
	bool noted;     /* a note is stored with it */
};

enum { ATOMIC_FILE_NOTE_MAX = 600 };

/* Begins a part in the directory TEMPFD. 0, or -1 with errno. */
int atomic_file_open(struct atomic_file *p, int tempfd);

/* Gives it the name NAME in temp/ so that it can be found again after a kill. A file that was left there under that
 * name is replaced; one that atomic_file_take() would not take stays: -1 with its errno, and the part is as it was. */
int atomic_file_keep(struct atomic_file *p, const char *name);

/* Stores NOTE, a text of at most ATOMIC_FILE_NOTE_MAX bytes, with it, in place of the one before; NULL: it has none
 * from now on. It is the extended attribute user.bi.note, the kernel's boot_id before it, and goes when the part is
 * published. 0, or -1 with errno where the file system has no such attributes. */
int atomic_file_note(struct atomic_file *p, const char *note);

/* Takes up the file NAME that was left in temp/, locked. NOTE gets its note, "" where it has none that holds. 0, or -1
 * with errno: ENOENT where there is none, EBUSY where its writer lives, and others for what is no part of ours: a
 * symbolic link is not followed, and what is no regular file, has other names or another owner is left alone. */
int atomic_file_take(struct atomic_file *p, int tempfd, const char *name, char note[ATOMIC_FILE_NOTE_MAX + 1]);

/* Closes it and leaves it in temp/ for atomic_file_take(); one without a name is gone. */
void atomic_file_leave(struct atomic_file *p);

/* Writes all N bytes. 0, or -1 with errno. */
int atomic_file_write(struct atomic_file *p, const void *bytes, size_t n);

/* Appends the bytes of the file IN from the offset FROM to the offset TO, by the kernel's copy where that is possible.
 * The file offset of IN is not used. 0, or -1 with errno: EIO where IN ends before TO. */
int part_add(struct atomic_file *p, int in, off_t from, off_t to);

/* Makes an empty part a copy of the first SIZE bytes of the file IN, whose offset is not used: blocks shared with it
 * where the file system can, else the kernel's copy. 0, or -1 with errno (EIO where IN is shorter). */
int atomic_file_copy(struct atomic_file *p, int in, off_t size);

/*
 * Gives it the name NAME in the directory DIRFD, in one step, over what had that name
 * before, and closes it. Where it has that name already, nothing is to do. Nothing is synced here. 0, or -1 with errno
 * (the part is still open then).
 */
int atomic_file_publish(struct atomic_file *p, int dirfd, const char *name);

/* How atomic_file_put_copy() copies. */
enum atomic_file_copying {
	ATOMIC_FILE_CLONED = 1, /* blocks shared with the original, or not at all */
	ATOMIC_FILE_SYNCED = 2, /* its bytes are on the disk before it has its name */
	ATOMIC_FILE_DATED = 4,  /* with the original's time of change */
};

/* Makes NAME in the directory DIRFD a copy of the whole file IN, by a part in TEMPFD; HOW: members of enum
 * atomic_file_copying. 0, or -1 with errno, and what had that name is as it was. */
int atomic_file_put_copy(int tempfd, int dirfd, const char *name, int in, int how);

/* Closes it and takes it away. Nothing happens to one that was published or never opened. Keeps errno. */
void atomic_file_drop(struct atomic_file *p);

/*
 * Replaces the file NAME in the directory DIRFD by these bytes: written to a part in TEMPFD, with SYNC
 * fsynced before the rename and the directory after it. Readers see the old file or the new one.
 * 0, or -1 with errno.
 */
int atomic_file_replace(int tempfd, int dirfd, const char *name, const void *bytes, size_t n, bool sync);

#endif
