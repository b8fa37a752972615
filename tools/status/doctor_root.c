/* Checks of the root, its folders, and the secrets in it, which only their owner may read. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "doctor_checks.h"
#include "files/token.h"

/* The name of a user, or the number if there is no name. The result is in ROOM. */
static const char *
user_name(uid_t uid, char *room, size_t n)
{
	const struct passwd *known = getpwuid(uid);

	if (known)
		snprintf(room, n, "%s", known->pw_name);
	else
		snprintf(room, n, "%lu", (unsigned long)uid);
	return room;
}

/* Finds a file of another user than the root directory's that no group can write. */
static void
look_at_owner(struct doctor *d, const struct stat *st, const char *batch, const char *shown)
{
	char theirs[64], ours[64];
	struct stat root;

	if (fstat(d->root->fd, &root) < 0 || root.st_uid == st->st_uid || st->st_mode & S_IWGRP)
		return;
	user_name(st->st_uid, theirs, sizeof(theirs));
	user_name(root.st_uid, ours, sizeof(ours));
	doctor_find(d, DOCTOR_PROBLEM, batch, "%s belongs to %s, the root to %s: one of them cannot write there", shown,
		    theirs, ours);
	doctor_mend(d, "chown -R %s '%s/%s', and run the programs as one user", ours, d->root->path, shown);
}

bool
doctor_folder(struct doctor *d, int dirfd, const char *name, const char *batch, const char *shown)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return true;
		doctor_find(d, DOCTOR_PROBLEM, batch, "%s cannot be examined: %s", shown, strerror(errno));
		doctor_mend(d, "check the permissions of '%s'", d->root->path);
		return false;
	}
	if (!S_ISDIR(st.st_mode)) {
		doctor_find(d, DOCTOR_PROBLEM, batch, "%s is %s", shown,
			    S_ISLNK(st.st_mode) ? "a symbolic link, which bi does not follow" : "not a directory");
		doctor_mend(d, "move '%s/%s' out of the way; to use another disk, move the whole root (BI_ROOT)",
			    d->root->path, shown);
		return false;
	}
	look_at_owner(d, &st, batch, shown);
	if (!d->read_only && faccessat(dirfd, name, R_OK | W_OK | X_OK, AT_EACCESS) < 0) {
		doctor_find(d, DOCTOR_PROBLEM, batch, "%s cannot be written by this user: %s", shown, strerror(errno));
		doctor_mend(d, "chmod u+rwx '%s/%s', or run the programs as its owner", d->root->path, shown);
		return false;
	}
	return true;
}

static void
look_at_root(struct doctor *d)
{
	struct statvfs vfs;
	struct stat st;

	if (fstatvfs(d->root->fd, &vfs) == 0 && vfs.f_flag & ST_RDONLY) {
		d->read_only = true;
		doctor_find(d, DOCTOR_PROBLEM, NULL, "%s is on a read-only file system", d->root->path);
		doctor_mend(d, "mount it for writing (dmesg may say why it is read-only), or choose another root "
			       "(--root, BI_ROOT)");
	} else if (faccessat(d->root->fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) < 0) {
		d->read_only = true;
		doctor_find(d, DOCTOR_PROBLEM, NULL, "%s cannot be written by this user: %s", d->root->path,
			    strerror(errno));
		doctor_mend(d, "run the programs as its owner, or choose another root (--root, BI_ROOT)");
	}
	if (fstat(d->root->fd, &st) == 0 && st.st_mode & S_IWOTH && !(st.st_mode & S_ISVTX)) {
		doctor_find(d, DOCTOR_PROBLEM, NULL, "everybody may write in %s", d->root->path);
		doctor_mend(d, "chmod o-w '%s'", d->root->path);
	}
}

void
doctor_root(struct doctor *d)
{
	static const char *const folders[] = {"batches", "cache",  "collected", "hosts", "leases", "notebooks",
					      "queue",   "review", "seq",       "temp",  "tls",    "trash"};

	look_at_root(d);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		doctor_folder(d, d->root->fd, folders[i], NULL, folders[i]);
	doctor_looked(d, "the root and its folders");
}

/* Checks the secret NAME in the directory DIRFD; SHOWN is its path below the root. */
static void
look_at_secret(struct doctor *d, int dirfd, const char *name, const char *shown, const char *mend)
{
	struct buf text = {0};
	struct stat st;
	char room[64];

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && token_secret_read(dirfd, name, &text) < 0) {
		doctor_find(d, DOCTOR_PROBLEM, NULL,
			    "%s is not a file that only its owner %s can read (mode %03o): servers refuse to use it",
			    shown, user_name(st.st_uid, room, sizeof(room)), (unsigned)(st.st_mode & 0777));
		doctor_mend(d, "%s", mend);
	}
	if (text.data)
		explicit_bzero(text.data, text.room);
	buf_free(&text);
}

void
doctor_secrets(struct doctor *d)
{
	char token[TOKEN_HEX + 1];
	int tls = root_open_dir(d->root->fd, "tls", false);
	size_t found = d->found;

	look_at_secret(d, d->root->fd, "token", "token",
		       "others may have read it: `bi-serve --new-token` makes another");
	if (d->found == found && token_read(d->root, token) < 0 &&
	    faccessat(d->root->fd, "token", F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		doctor_find(d, DOCTOR_PROBLEM, NULL, "token holds no token: pages cannot save anything");
		doctor_mend(d, "`bi-serve --new-token` makes another");
	}
	explicit_bzero(token, sizeof(token));
	look_at_secret(d, d->root->fd, "htpasswd", "htpasswd",
		       "others may have read it: `bi-serve --private --new-password BATCH` makes another");
	if (tls >= 0) {
		look_at_secret(
			d, tls, "server.pem", "tls/server.pem",
			"others may have read its key: remove it, and the next `bi-serve --share` makes another");
		close(tls);
	}
}
