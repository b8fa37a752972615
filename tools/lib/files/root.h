/*
 * root: BI_ROOT, the directory that everything lives in, and the names allowed in it.
 *
 * Everything is reached through directory descriptors from the root's, one name at a time
 * and without following symbolic links: no input can make a path that leaves the root.
 */
#ifndef BI_ROOT_H
#define BI_ROOT_H

#include <stdbool.h>

enum { BATCH_NAME_MAX = 128, SUBJECT_MAX = 64 };

struct root {
	int fd;     /* the directory, close-on-exec */
	char *path; /* absolute, symbolic links resolved */
};

/*
 * Opens the root: DIR when given, else $BI_ROOT, else /var/lib/bi where writable, else
 * $XDG_STATE_HOME/bi or ~/.local/state/bi. With CREATE it is made where missing, with its spare directory. Ends the
 * program with one clear line when that cannot be done (EX_NOINPUT, EX_NOPERM, EX_CANTCREAT).
 * A process of the superuser becomes the owner of the root directory, with that user's groups and HOME.
 */
void root_open(struct root *root, const char *dir, bool create);

/* Closes it and frees its path. */
void root_close(struct root *root);

/* An empty directory of the root: on a full disk, trash.h renames another one over it, which needs no room, neither for
 * an entry nor for an inode. */
#define ROOT_SPARE ".trash"

/* Makes the spare directory, if there is room for it. */
void root_make_spare(const struct root *root);

/*
 * Opens the directory NAME ("batches", "review", "temp", "leases", "seq"...) in the directory DIRFD
 * (a root's fd, or one from this call). With CREATE it is made where missing. NAME is one component.
 * Returns a close-on-exec descriptor for the caller to close, or -1 with errno (ELOOP or
 * ENOTDIR where something else has that name).
 */
int root_open_dir(int dirfd, const char *name, bool create);

/* NULL for a good batch name, else what is wrong with it, to stand behind "the batch name 'X' ". */
const char *root_name_check(const char *name);

/* NULL for a good subject id, else what is wrong with it. */
const char *root_subject_check(const char *id);

/* The next number of the counter NAME in seq/ ("jobs"): 1, 2, 3..., no two alike in any process.
 * 0 with errno on failure. */
unsigned long long root_next_number(const struct root *root, const char *name);

#endif
