#include "archive_batch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/opt.h"
#include "base/utf8.h"
#include "batch/item_files.h"
#include "files/atomic_file.h"
#include "files/file.h"
#include "review/pack.h"

/* --- every file of a batch --- */

/* Called for a file with its path below the batch. FD is -1 if it is neither a regular file nor a directory. */
typedef int visit(const char *name, int fd, const struct stat *st, void *arg);

static int each_file(int dir, const char *path, visit *see, void *arg);

/* The same for the entry NAME of the directory DIR. */
static int
see_entry(int dir, const char *path, const char *name, visit *see, void *arg)
{
	struct buf below = {0};
	struct stat st;
	int fd = -1, rc = file_stat(dir, name, &st);

	if (rc <= 0)
		return rc;
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) {
		fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) < 0)
			return file_close(fd, errno == ENOENT ? 0 : -1);
	}
	buf_printf(&below, "%s%s%s", path, *path ? "/" : "", name);
	rc = S_ISDIR(st.st_mode) ? each_file(fd, below.data, see, arg) : file_close(fd, see(below.data, fd, &st, arg));
	buf_free(&below);
	return rc;
}

/* Calls SEE with each file below the directory DIR, which is closed here, by its path below the batch, PATH
 * being that of DIR, in the order of their names. 0, or -1 with errno. */
static int
each_file(int dir, const char *path, visit *see, void *arg)
{
	struct file_names names = {0};
	int rc = dir < 0 ? -1 : file_list(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), NULL, &names);

	for (size_t i = 0; i < names.n && rc == 0; i++)
		rc = see_entry(dir, path, names.v[i], see, arg);
	file_names_free(&names);
	return file_close(dir, rc);
}

static int
open_again(const struct batch *b)
{
	return openat(batch_dirfd(b), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int
add_size(const char *name, int fd, const struct stat *st, void *arg)
{
	struct batch_sizes *s = arg;

	if (fd < 0 || (s->archived && !batch_archives_file(name)))
		return 0;
	s->files++;
	s->bytes += (uint64_t)st->st_size;
	return 0;
}

int
batch_sizes_read(const struct batch *b, struct batch_sizes *sizes)
{
	return each_file(open_again(b), "", add_size, sizes);
}

/* --- the archive --- */

static const char manifest_name[] = "__bi__/SHA256SUMS";

/* An archive that is being written. */
struct writing {
	const struct archive_job *job;
	struct pack *pack;
	struct buf refused; /* a message about a file that the archive cannot hold */
};

/* Whether NAME is valid on a line of the manifest, and in every kind of archive. */
static bool
is_text(const char *name)
{
	size_t n = strlen(name), k;
	uint32_t c;

	for (; n > 0; name += k, n -= k) {
		k = utf8_decode(name, n, &c);
		if (k == 0 || utf8_class_of(c) != UTF8_TEXT)
			return false;
	}
	return true;
}

static int
archive_file(const char *name, int fd, const struct stat *st, void *arg)
{
	struct writing *w = arg;
	struct buf member = {0};
	int rc;

	if (!batch_archives_file(name))
		return 0;
	if (fd < 0 || !is_text(name)) {
		buf_clear(&w->refused);
		buf_printf(&w->refused,
			   fd < 0 ? "%s is a %s: put the file itself in its place, or remove it"
				  : "the name %s is not plain text: rename the file%s",
			   name,
			   fd >= 0                ? ""
			   : S_ISLNK(st->st_mode) ? "symbolic link"
						  : "special file");
		return file_fail(EINVAL);
	}
	buf_printf(&member, "%s/%s", batch_name(w->job->batch), name);
	rc = pack_file(w->pack, member.data, fd, NULL);
	buf_free(&member);
	return rc;
}

/* Writes the batch as an archive of the kind of its name to FD, and its SHA-256 to HEX. 0, or -1 with errno. */
static int
pack_batch(struct writing *w, int fd, char hex[HASH_HEX + 1])
{
	uint64_t bytes;

	w->pack = pack_begin(pack_kind_of(w->job->file), fd, manifest_name);
	if (w->pack && each_file(open_again(w->job->batch), "", archive_file, w) == 0)
		return pack_end(w->pack, hex, &bytes);
	pack_drop(w->pack);
	return -1;
}

/* The SHA-256 of the archive that the batch would give now. 0, or -1 with errno. */
static int
digest_of_batch(const struct archive_job *job, char hex[HASH_HEX + 1])
{
	struct writing w = {.job = job};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int rc = null < 0 ? -1 : pack_batch(&w, null, hex);

	buf_free(&w.refused);
	return file_close(null, rc);
}

/* The SHA-256 of the file PATH. 0, or -1 with errno. */
static int
digest_of_file(const char *path, char hex[HASH_HEX + 1])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	return file_close(fd, fd < 0 || file_digest(fd, hex) < 0 ? -1 : 0);
}

/* Syncs the file PATH and its name. 0, or -1 with errno. */
static int
sync_file(const char *path)
{
	char *copy = buf_strdup(path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY), dir = -1, rc = -1;

	if (fd >= 0 && fsync(fd) == 0)
		dir = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0)
		rc = fsync(dir);
	free(copy);
	return file_close(fd, file_close(dir, rc));
}

/* Whether the file exists and holds the present batch, as an interrupted command left it: it may not be synced. */
static bool
is_archived(struct archive_job *job)
{
	char now[HASH_HEX + 1];

	return digest_of_file(job->file, job->sha256) == 0 && digest_of_batch(job, now) == 0 &&
	       strcmp(job->sha256, now) == 0 && sync_file(job->file) == 0;
}

/* Reports that the archive was not written, with errno. */
static void
say_not_written(const struct writing *w)
{
	const struct archive_job *job = w->job;
	const char *name = batch_name(job->batch);

	if (errno == EEXIST)
		msg_warn("%s already exists, and it does not hold the batch '%s' as it is now: %s; give another name",
			 job->file, name, job->spared);
	else if (w->refused.len > 0)
		msg_warn("cannot keep the batch '%s' in %s: %s; %s", name, job->file, job->spared, w->refused.data);
	else if (errno == EBADMSG)
		msg_warn("cannot keep the batch '%s' in %s: %s; a file of it was changed meanwhile: run the same "
			 "command again",
			 name, job->file, job->spared);
	else
		msg_warn_errno("cannot keep the batch '%s' in %s: %s", name, job->file, job->spared);
}

/* Writes the batch to a new file NAME in DIR. 0, or -1 with errno. */
static int
write_file(struct writing *w, int dir, const char *name, char hex[HASH_HEX + 1])
{
	struct atomic_file part = {.fd = -1};
	int is = dir < 0 ? -1 : file_stat(dir, name, NULL), rc = -1;

	if (is > 0)
		errno = EEXIST;
	if (is != 0 || atomic_file_open(&part, dir) < 0)
		return -1;
	if (pack_batch(w, part.fd, hex) == 0 && fsync(part.fd) == 0 && atomic_file_publish(&part, dir, name) == 0)
		rc = fsync(dir);
	atomic_file_drop(&part);
	return rc;
}

int
batch_archive_write(struct archive_job *job)
{
	struct writing w = {.job = job};
	const char *slash = strrchr(job->file, '/');
	char *copy;
	int dir, rc;

	if (is_archived(job))
		return 0;
	copy = buf_strdup(job->file);
	dir = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = write_file(&w, dir, slash ? slash + 1 : job->file, job->sha256);
	if (rc < 0)
		say_not_written(&w);
	buf_free(&w.refused);
	free(copy);
	return file_close(dir, rc);
}

/* Reports that WHAT of the batch cannot be read, with errno. Returns the exit code. */
static int
cannot_archive(const struct archive_job *job, const char *what)
{
	int error = errno;

	msg_warn("cannot read %s of the batch '%s': %s: %s", what, batch_name(job->batch), job->spared,
		 file_reason(error));
	return msg_exit_code(error);
}

/* A file of a removed item ends the listing. */
static int
see_left(int dir, const struct dirent *e, void *arg)
{
	uint32_t k;

	(void)dir;
	return item_stems_find(arg, e->d_name, &k) < 0 ? -1 : k != 0;
}

/* Checks whether a removed item still has a file because its removal was interrupted: an archive must not have it. 0 or
 * the exit code after a message. */
static int
look_for_left(const struct archive_job *job)
{
	const struct batch *b = job->batch;
	struct item_stems stems = {.batch = b};
	int rc = item_stems_add_removed(&stems, false), code = 0;

	if (rc == 0 && batch_find_state(b, 1, 'x') > 0)
		rc = file_each(root_open_dir(batch_dirfd(b), "files", false), see_left, &stems);
	if (rc < 0 && errno != ENOENT)
		code = cannot_archive(job, "the removed items");
	if (rc > 0) {
		msg_warn("a removed item of the batch '%s' still has a file: %s; `bi-clean --repair check %s` "
			 "removes the file; then run the same command again",
			 batch_name(b), job->spared, batch_name(b));
		code = EX_SOME_FAILED;
	}
	item_stems_free(&stems);
	return code;
}

int
batch_archive_check(const struct archive_job *job)
{
	const struct batch *b = job->batch;
	struct buf where = {0};
	int64_t first = batch_find_lost(b, 1, &where), k = first;
	int code = first > 0 ? EX_SOME_FAILED : 0;
	uint64_t n = 0;

	for (; k > 0; k = batch_find_lost(b, (uint32_t)k + 1, &where))
		n++;
	if (k < 0 && (errno == ELOOP || errno == ENXIO || errno == ENOTDIR))
		code = 0; /* an archive cannot hold this, which batch_archive_write() reports */
	else if (k < 0)
		code = cannot_archive(job, where.data);
	else if (n > 0)
		msg_warn("%" PRIu64 " completed item%s of the batch '%s' ha%s; the first is item %" PRId64
			 ": %s; `bi-status --rebuild %s` records the loss, then `bi-fetch -b %s --resume` fetches the "
			 "files that are still available, and the same command then keeps the batch in %s",
			 n, n == 1 ? "" : "s", batch_name(b), n == 1 ? "s lost its file" : "ve lost their files", first,
			 job->spared, batch_name(b), batch_name(b), job->file);
	buf_free(&where);
	return code ? code : look_for_left(job);
}

void
batch_archive_check_name(const struct root *root, const char *file)
{
	char *copy, *below;

	if (!pack_kind_of(file))
		opt_die("--archive takes the name of a .tar, .tar.gz, .tar.zst or .zip file, not '%s'", file);
	copy = buf_strdup(file);
	below = root_path_below(root, dirname(copy));
	if (below)
		msg_die(EX_WRONG_USE,
			"%s is in the directory %s of the root, where files are removed: give --archive a name "
			"outside of it",
			file, below);
	free(copy);
}
