#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/human.h"
#include "base/lock.h"
#include "base/msg.h"
#include "clean.h"
#include "files/file.h"
#include "files/scratch.h"
#include "files/trash.h"
#include "records/rec.h"

struct sweep {
	const struct clean *c;
	const char *batch; /* whose parts are removed; NULL: all are */
	int dir;           /* temp/ */
	int64_t files, bytes, held, failed;
	bool quiet; /* the caller reports the removed files */
};

static void
say_file(const struct sweep *w, const char *name, int64_t bytes)
{
	struct json_object *record;

	if (w->quiet)
		return;
	if (!w->c->json) {
		if (w->c->only_say)
			human_print("would remove %s (%lld bytes)", name, (long long)bytes);
		return;
	}
	record = json_object_new_object();
	rec_add_string(record, w->c->only_say ? "would_remove" : "removed", name);
	json_object_object_add(record, "bytes", json_object_new_int64(bytes));
	rec_write_json(record);
}

/* NAME is still the file FD, and no living process writes it, since this process has its lock. */
static int
remove_file(struct sweep *w, const char *name, int fd)
{
	struct stat open, named;

	if (fstat(fd, &open) < 0)
		return -1;
	if (fstatat(w->dir, name, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (open.st_dev != named.st_dev || open.st_ino != named.st_ino)
		return 0; /* a living process replaced it in the meantime */
	if (!w->c->only_say && unlinkat(w->dir, name, 0) < 0)
		return errno == ENOENT ? 0 : -1;
	w->files++;
	w->bytes += open.st_nlink > 1 ? 0 : open.st_size;
	say_file(w, name, open.st_size);
	return 0;
}

static int
sweep_file(struct sweep *w, const char *name)
{
	int fd = openat(w->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), rc;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	rc = lock_try(fd, LOCK_ALONE);
	if (rc == 0)
		rc = remove_file(w, name, fd);
	else if (rc == 1) {
		w->held++;
		rc = 0;
	}
	return file_close(fd, rc);
}

/* Removes the directory of a process that was killed. */
static int
sweep_scratch(struct sweep *w, const char *name)
{
	int rc = scratch_remove_left(&w->c->root, w->dir, name, w->c->only_say);

	if (rc > 0) {
		w->files++;
		say_file(w, name, 0);
	}
	w->held += rc == 0;
	return rc < 0 ? -1 : 0;
}

/* Handles a name in temp/: a regular file, or the directory of a process. */
static void
sweep_name(struct sweep *w, const char *name)
{
	struct stat st;
	int rc = file_stat(w->dir, name, &st);
	bool scratch = rc > 0 && S_ISDIR(st.st_mode) && scratch_is_name(name);

	if (rc == 0)
		return;
	if (rc > 0 && !S_ISREG(st.st_mode) && !scratch) {
		msg_warn("%s/temp/%s is %s, and bi makes no such files there: left alone", w->c->root.path, name,
			 S_ISDIR(st.st_mode)   ? "a directory"
			 : S_ISLNK(st.st_mode) ? "a symbolic link"
					       : "not a regular file");
		return;
	}
	if (rc > 0)
		rc = scratch ? sweep_scratch(w, name) : sweep_file(w, name);
	if (rc < 0) {
		msg_warn_errno("cannot remove %s/temp/%s", w->c->root.path, name);
		w->failed++;
	}
}

static int
finish(const struct sweep *w)
{
	int code = w->failed ? EX_SOME_FAILED : EX_ALL_WELL;

	if (w->c->json) {
		rec_write_counts(code, {"files", (uint64_t)w->files}, {"bytes", (uint64_t)w->bytes},
				 {"held", (uint64_t)w->held}, {"failed", (uint64_t)w->failed});
		return code;
	}
	printf("%lld %s%s removed, %lld bytes%s freed", (long long)w->files, w->files == 1 ? "file" : "files",
	       w->c->only_say ? " would be" : "", (long long)w->bytes, w->c->only_say ? " would be" : "");
	if (w->held)
		printf("; %lld in use", (long long)w->held);
	putchar('\n');
	return code;
}

/* Whether NAME is an unfinished download of the batch BATCH: BATCH.ITEM.part. */
static bool
is_part_of(const char *name, const char *batch)
{
	size_t n = strlen(batch), digits;

	if (strncmp(name, batch, n) != 0 || name[n] != '.')
		return false;
	digits = strspn(name + n + 1, "0123456789");
	return digits > 0 && strcmp(name + n + 1 + digits, ".part") == 0;
}

static int
sweep_entry(int dir, const struct dirent *e, void *arg)
{
	struct sweep *w = arg;

	(void)dir;
	if (!w->batch || is_part_of(e->d_name, w->batch))
		sweep_name(w, e->d_name);
	return 0;
}

/* Sweeps temp/: the files of the batch BATCH, or all. 0, or -1 with errno if it cannot be read. */
static int
sweep(struct sweep *w, const char *batch)
{
	w->batch = batch;
	w->dir = root_open_dir(w->c->root.fd, "temp", false);
	if (w->dir < 0)
		return errno == ENOENT ? 0 : -1;
	return file_close(w->dir, file_each(openat(w->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), sweep_entry, w));
}

int
clean_temp(const struct clean *c, char **args)
{
	struct sweep w = {.c = c};

	(void)args;
	if (sweep(&w, NULL) < 0) {
		msg_warn_errno("cannot read all of %s/temp", c->root.path);
		w.failed++;
	}
	if (!c->only_say && trash_empty(&c->root) < 0) {
		msg_warn_errno("cannot empty %s/trash", c->root.path);
		w.failed++;
	}
	return finish(&w);
}

int
clean_parts(const struct clean *c, const char *name)
{
	struct sweep w = {.c = c, .quiet = true};

	return sweep(&w, name) < 0 || w.failed > 0 ? -1 : 0;
}
