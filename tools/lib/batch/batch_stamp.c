#include "batch/batch_stamp.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/lock.h"
#include "batch/batch_internal.h"
#include "files/file.h"

/* The hash of Fowler, Noll and Vo, 1a, of 64 bits. */
static uint64_t
add_number(uint64_t hash, uint64_t number)
{
	for (int i = 0; i < 8; i++)
		hash = (hash ^ (number >> (8 * i) & 0xff)) * 0x100000001b3;
	return hash;
}

static const uint64_t fnv_begin = 0xcbf29ce484222325;

/* Opens the folder NAME of the root. 0, also if it is not there; -1 with errno. */
static int
open_folder(const struct root *root, const char *name, int *fd)
{
	*fd = root_open_dir(root->fd, name, false);
	return *fd < 0 && errno != ENOENT ? -1 : 0;
}

int
batch_folders_open(const struct root *root, struct batch_folders *f)
{
	*f = (struct batch_folders){-1, -1, -1};
	if (open_folder(root, "batches", &f->batches) == 0 && open_folder(root, "queue", &f->queue) == 0 &&
	    open_folder(root, "review", &f->review) == 0)
		return 0;
	batch_folders_close(f);
	return -1;
}

void
batch_folders_close(struct batch_folders *f)
{
	file_close(f->batches, 0);
	file_close(f->queue, 0);
	file_close(f->review, 0);
	*f = (struct batch_folders){-1, -1, -1};
}

/* Adds what is said of a file. */
static void
add_status(struct batch_stamp *s, uint64_t inode, int64_t size, int64_t seconds, uint32_t nanoseconds)
{
	s->print = add_number(s->print, inode);
	s->print = add_number(s->print, (uint64_t)size);
	s->print = add_number(s->print, (uint64_t)seconds);
	s->print = add_number(s->print, nanoseconds);
	if (seconds > s->changed)
		s->changed = seconds;
}

/* Adds the file NAME of DIR, which may be missing. 1 if it is there, 0 if not, -1 with errno. */
static int
add_file(struct batch_stamp *s, int dir, const char *name, struct stat *st)
{
	int is = file_stat(dir, name, st);

	if (is > 0)
		add_status(s, st->st_ino, st->st_size, st->st_ctim.tv_sec, (uint32_t)st->st_ctim.tv_nsec);
	s->print = add_number(s->print, (uint64_t)is);
	return is;
}

/* 0, or -1 with errno. */
static int
add_directory(struct batch_stamp *s, int dir)
{
	struct statx sx;

	if (statx(dir, "", AT_EMPTY_PATH, STATX_INO | STATX_CTIME | STATX_BTIME, &sx) < 0)
		return -1;
	/* Its size says nothing: what is in it may change without it. */
	add_status(s, sx.stx_ino, 0, sx.stx_ctime.tv_sec, sx.stx_ctime.tv_nsec);
	s->directory = add_number(fnv_begin, (uint64_t)sx.stx_dev_major << 32 | sx.stx_dev_minor);
	s->directory = add_number(s->directory, sx.stx_ino);
	/* A new directory may have the inode number of one that was removed, but not its time of birth. */
	if (sx.stx_mask & STATX_BTIME) {
		s->directory = add_number(s->directory, (uint64_t)sx.stx_btime.tv_sec);
		s->directory = add_number(s->directory, sx.stx_btime.tv_nsec);
	}
	s->print = add_number(s->print, s->directory);
	return 0;
}

/* 0, or -1 with errno. */
static int
add_files(struct batch_stamp *s, int dir)
{
	static const struct {
		const char *name;
		bool updates;
	} files[] = {{"state", true}, {"results.ndjson", true}, {"items.ndjson", false}, {"picks.ndjson", false}};
	struct stat st;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		int is = add_file(s, dir, files[i].name, &st);

		if (is < 0)
			return -1;
		s->has_picks = is > 0; /* of the last one */
		if (is > 0 && files[i].updates && st.st_mtim.tv_sec > s->updated)
			s->updated = st.st_mtim.tv_sec;
	}
	return 0;
}

/* Whether a process holds the batch. 0, or -1 with errno. */
static int
add_holder(struct batch_stamp *s, int dir)
{
	int fd = openat(dir, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int held = fd >= 0 ? lock_bytes_held(fd, LOCK_WORKING, 1, NULL) : errno == ENOENT ? 0 : -1;

	s->held = held > 0;
	return file_close(fd, held < 0 ? -1 : 0);
}

/* Whether the batch is queued. 0, or -1 with errno. */
static int
add_queued(struct batch_stamp *s, int queue, const char *name)
{
	int is = queue < 0 ? 0 : file_stat(queue, name, NULL);

	s->queued = is > 0;
	return is < 0 ? -1 : 0;
}

/* Whether the batch has review pages. 0, or -1 with errno. */
static int
add_page(struct batch_stamp *s, int review, const char *name)
{
	char index[BATCH_NAME_MAX + sizeof("/index.html")];
	struct stat st;
	int is = review < 0 ? 0 : file_stat(review, name, &st);

	if (is <= 0 || !S_ISDIR(st.st_mode))
		return is < 0 ? -1 : 0;
	snprintf(index, sizeof(index), "%s/index.html", name);
	is = add_file(s, review, index, &st);
	s->has_page = is > 0 && S_ISREG(st.st_mode);
	return is < 0 ? -1 : 0;
}

int
batch_stamp_take(const struct batch_folders *f, const char *name, struct batch_stamp *out)
{
	int dir = f->batches < 0 ? file_fail(ENOENT) : root_open_dir(f->batches, name, false), rc;

	*out = (struct batch_stamp){.print = fnv_begin};
	if (dir < 0)
		return -1;
	rc = add_directory(out, dir) < 0 || add_files(out, dir) < 0 || add_holder(out, dir) < 0 ||
			     add_queued(out, f->queue, name) < 0 || add_page(out, f->review, name) < 0
		     ? -1
		     : 0;
	out->print = add_number(out->print, (uint64_t)(out->held | out->queued << 1 | out->has_page << 2));
	/* The batch is there, whatever was not found in it. */
	if (rc < 0 && errno == ENOENT)
		errno = EIO;
	return file_close(dir, rc);
}
