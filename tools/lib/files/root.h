/*
 * root: BI_ROOT, the directory that holds everything, and the names that are valid in it.
 *
 * Files are reached through directory descriptors from the root on, one name at a time, without following symbolic
 * links. So no input can make a path that leaves the root.
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
 * Opens the root: DIR if given, else $BI_ROOT, else /var/lib/bi if it is writable, else $XDG_STATE_HOME/bi or
 * ~/.local/state/bi. With CREATE a missing root is made, with its spare directory. A failure ends the program with one
 * message (EX_NOINPUT, EX_NOPERM, EX_CANTCREAT). A process of the superuser becomes the owner of the root directory,
 * with that user's groups and HOME.
 */
void root_open(struct root *root, const char *dir, bool create);

/* Opens the root as root_open() without CREATE, if it exists. Returns false, and opens nothing, if it does not. */
bool root_open_existing(struct root *root, const char *dir);

/* Closes the root and frees its path. */
void root_close(struct root *root);

/* An empty directory of the root. On a full disk trash.h renames another directory over it, which needs no space for an
 * entry or an inode. */
#define ROOT_SPARE ".trash"

/* Makes the spare directory if there is space for it. */
void root_make_spare(const struct root *root);

/*
 * Opens the directory NAME ("batches", "review", "temp", "leases", "seq"...) in the directory DIRFD, which is a root's
 * or from this call. NAME is one component. With CREATE a missing directory is made. Returns a close-on-exec
 * descriptor, which the caller closes, or -1 with errno (ELOOP or ENOTDIR if something else has that name).
 */
int root_open_dir(int dirfd, const char *name, bool create);

/* Where the directory PATH is in the root, symbolic links resolved: "batches/birds", for free(). NULL if it is the root
 * itself, is elsewhere, or cannot be resolved. Programs write no file of the user into directories of the root. */
char *root_path_below(const struct root *root, const char *path);

/* Returns NULL for a valid batch name, else the reason, which continues "the batch name 'X' ". */
const char *root_name_check(const char *name);

/* Returns NULL for a valid subject id, else the reason. */
const char *root_subject_check(const char *id);

/* Returns the next number of the counter NAME in seq/ ("jobs"): 1, 2, 3... No two calls of any process get the same
 * number. Returns 0 with errno on failure. */
unsigned long long root_next_number(const struct root *root, const char *name);

#endif
