/*
 * atomic_file: writes a file that readers do not see until it is complete.
 *
 * The file, called a part, begins without a name (O_TMPFILE) in the root's temp/, and gets its final name in one step.
 * A part that has a name in temp/ (atomic_file_keep) is locked before it gets it, and as long as its writer lives, so
 * bi-clean can tell it from an abandoned one. On file systems without O_TMPFILE it has a name in temp/ from the
 * beginning.
 *
 * A note may be stored with a part (atomic_file_note): what it was made from. A process that takes the part up
 * (atomic_file_take) gets the note only if the machine has not been restarted since: after a power cut the last bytes
 * may be missing though the length is right.
 */
#ifndef BI_ATOMIC_FILE_H
#define BI_ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct atomic_file {
	int fd;         /* open for reading and writing, close-on-exec; -1: none */
	int tempfd;     /* the root's temp/; the caller's */
	char name[160]; /* its name in temp/, "" while it has none */
	bool noted;     /* a note is stored with it */
};

enum { ATOMIC_FILE_NOTE_MAX = 600 };

/* Begins a part in the directory TEMPFD. Returns 0, or -1 with errno. */
int atomic_file_open(struct atomic_file *p, int tempfd);

/* Gives the part the name NAME in temp/, so that it is found again if this process is killed. An abandoned file of that
 * name is replaced. Returns 0, or -1 with errno and the part unchanged: a file that atomic_file_take() would refuse
 * stays, and errno is that of the refusal. */
int atomic_file_keep(struct atomic_file *p, const char *name);

/* Stores NOTE, a text of at most ATOMIC_FILE_NOTE_MAX bytes, with the part. It replaces the previous note; NULL removes
 * it. The note is in the extended attribute user.bi.note, behind the kernel's boot_id. It is removed when the part is
 * published. Returns 0, or -1 with errno if the file system has no such attributes. */
int atomic_file_note(struct atomic_file *p, const char *note);

/*
 * Takes up the abandoned file NAME in temp/ and locks it. Stores its note in NOTE, "" if it has no valid one. Returns
 * 0, or -1 with errno: ENOENT if there is no such file, EBUSY if its writer lives, and others if it is not a part of
 * ours. A symbolic link is not followed, and a file that is not regular, has other names or another owner is left
 * alone.
 */
int atomic_file_take(struct atomic_file *p, int tempfd, const char *name, char note[ATOMIC_FILE_NOTE_MAX + 1]);

/* Closes the part and leaves it in temp/ for atomic_file_take(). A part without a name is lost. */
void atomic_file_leave(struct atomic_file *p);

/* Writes all N bytes. Returns 0, or -1 with errno. */
int atomic_file_write(struct atomic_file *p, const void *bytes, size_t n);

/* Appends the bytes of the file IN from the offset FROM to the offset TO, by the kernel's copy where that is possible.
 * The file offset of IN is not used. Returns 0, or -1 with errno: EIO where IN ends before TO. */
int part_add(struct atomic_file *p, int in, off_t from, off_t to);

/* Copies the first SIZE bytes of the file IN to an empty part. IN's offset is not used. The blocks are shared if the
 * file system can do so, else the kernel copies them. Returns 0, or -1 with errno (EIO if IN is shorter). */
int atomic_file_copy(struct atomic_file *p, int in, off_t size);

/*
 * Gives the part the name NAME in the directory DIRFD in one step, replaces what had that name, and closes the part. If
 * the part has that name already, it is only closed. Nothing is synced. Returns 0, or -1 with errno; the part is then
 * still open.
 */
int atomic_file_publish(struct atomic_file *p, int dirfd, const char *name);

/* Options of atomic_file_put_copy(). */
enum atomic_file_copying {
	ATOMIC_FILE_CLONED = 1, /* share blocks with the original, or fail */
	ATOMIC_FILE_SYNCED = 2, /* sync the bytes before the file gets its name */
	ATOMIC_FILE_DATED = 4,  /* keep the original's time of change */
};

/* Makes NAME in the directory DIRFD a copy of the whole file IN, by a part in TEMPFD. HOW combines values of enum
 * atomic_file_copying. Returns 0, or -1 with errno; what had that name is then unchanged. */
int atomic_file_put_copy(int tempfd, int dirfd, const char *name, int in, int how);

/* Closes and removes the part. Does nothing to one that was published or never opened. Keeps errno. */
void atomic_file_drop(struct atomic_file *p);

/*
 * Replaces the file NAME in the directory DIRFD by N bytes, by a part in TEMPFD. With SYNC the part is synced before
 * the rename and the directory after it. Readers see the old file or the new one. Returns 0, or -1 with errno.
 */
int atomic_file_replace(int tempfd, int dirfd, const char *name, const void *bytes, size_t n, bool sync);

#endif
