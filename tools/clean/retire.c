/* Retires a batch: with its exclusive lock, it is written to an archive on request, moved to trash/ with its pages, and
 * deleted there. The files that reviewers chose stay in collected/. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/human.h"
#include "base/lock.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/utf8.h"
#include "base/words.h"
#include "batch/batch.h"
#include "batch/item_files.h"
#include "batch/job_status.h"
#include "clean.h"
#include "files/atomic_file.h"
#include "files/file.h"
#include "files/trash.h"
#include "http/servers.h"
#include "records/rec.h"
#include "review/pack.h"

/* The size of a batch's directory. */
struct sizes {
	uint64_t files, bytes;
};

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
	struct sizes *s = arg;

	(void)name;
	s->files += fd >= 0;
	s->bytes += fd >= 0 ? (uint64_t)st->st_size : 0;
	return 0;
}

/* --- the archive --- */

static const char manifest_name[] = "__bi__/SHA256SUMS";

struct archiving {
	const char *batch;
	struct pack *pack;
	struct buf refused; /* a message about a file that the archive cannot hold */
};

/* Whether the archive leaves out the file NAME, because it can be rebuilt from the others or is secret. The names are
 * those in the batch's own directory; below it, in orphans/, a file may have any name. */
static bool
is_left_out(const char *name)
{
	return !strchr(name, '/') && (word_is_one_of(name, "lock", "secrets") || word_ends_in(name, ".index"));
}

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
	struct archiving *a = arg;
	struct buf member = {0};
	int rc;

	if (is_left_out(name))
		return 0;
	if (fd < 0 || !is_text(name)) {
		buf_clear(&a->refused);
		buf_printf(&a->refused,
			   fd < 0 ? "%s is a %s: put the file itself in its place, or remove it"
				  : "the name %s is not plain text: rename the file%s",
			   name,
			   fd >= 0                ? ""
			   : S_ISLNK(st->st_mode) ? "symbolic link"
						  : "special file");
		return file_fail(EINVAL);
	}
	buf_printf(&member, "%s/%s", a->batch, name);
	rc = pack_file(a->pack, member.data, fd, NULL);
	buf_free(&member);
	return rc;
}

/* Writes the batch as an archive of the kind of c->archive to FD, and its SHA-256 to HEX. 0, or -1 with errno. */
static int
pack_batch(const struct clean *c, const struct batch *b, struct archiving *a, int fd, char hex[HASH_HEX + 1])
{
	uint64_t bytes;

	a->pack = pack_begin(pack_kind_of(c->archive), fd, manifest_name);
	if (a->pack && each_file(open_again(b), "", archive_file, a) == 0)
		return pack_end(a->pack, hex, &bytes);
	pack_drop(a->pack);
	return -1;
}

/* The SHA-256 of the archive that the batch would give now. 0, or -1 with errno. */
static int
digest_of_batch(const struct clean *c, const struct batch *b, char hex[HASH_HEX + 1])
{
	struct archiving a = {.batch = batch_name(b)};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int rc = null < 0 ? -1 : pack_batch(c, b, &a, null, hex);

	buf_free(&a.refused);
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

/* Whether the file c->archive exists and holds the present batch: an interrupted command wrote it, and may not have
 * synced it. */
static bool
is_archived(const struct clean *c, const struct batch *b)
{
	char there[HASH_HEX + 1], now[HASH_HEX + 1];

	return digest_of_file(c->archive, there) == 0 && digest_of_batch(c, b, now) == 0 && strcmp(there, now) == 0 &&
	       sync_file(c->archive) == 0;
}

/* Writes the batch to the file c->archive, which must not exist. 0, or -1 after a message. */
static int
archive(const struct clean *c, const struct batch *b)
{
	struct archiving a = {.batch = batch_name(b)};
	const char *slash = strrchr(c->archive, '/'), *name = slash ? slash + 1 : c->archive;
	char *copy = buf_strdup(c->archive);
	int dir = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = -1;
	int is = dir < 0 ? -1 : file_stat(dir, name, NULL);
	struct atomic_file part = {.fd = -1};
	char hex[HASH_HEX + 1];

	if (is > 0)
		errno = EEXIST;
	else if (is == 0 && atomic_file_open(&part, dir) == 0) {
		rc = pack_batch(c, b, &a, part.fd, hex);
		if (rc == 0 && (fsync(part.fd) < 0 || atomic_file_publish(&part, dir, name) < 0 || fsync(dir) < 0))
			rc = -1;
	}
	if (rc < 0 && errno == EEXIST)
		msg_warn("%s already exists, and it does not hold the batch '%s' as it is now: nothing is removed; "
			 "give another name",
			 c->archive, batch_name(b));
	else if (rc < 0 && a.refused.len > 0)
		msg_warn("cannot keep the batch '%s' in %s: nothing is removed; %s", batch_name(b), c->archive,
			 a.refused.data);
	else if (rc < 0)
		msg_warn_errno("cannot keep the batch '%s' in %s: nothing is removed", batch_name(b), c->archive);
	atomic_file_drop(&part);
	buf_free(&a.refused);
	free(copy);
	return file_close(dir, rc);
}

/* Reports that WHAT of the batch cannot be read, with errno. Returns the exit code. */
static int
cannot_archive(const struct batch *b, const char *what)
{
	int error = errno;

	msg_warn("cannot read %s of the batch '%s': nothing is removed: %s", what, batch_name(b), file_reason(error));
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
look_for_left(const struct batch *b)
{
	struct item_stems stems = {.batch = b};
	int rc = item_stems_add_removed(&stems, false), code = 0;

	if (rc == 0 && batch_find_state(b, 1, 'x') > 0)
		rc = file_each(root_open_dir(batch_dirfd(b), "files", false), see_left, &stems);
	if (rc < 0 && errno != ENOENT)
		code = cannot_archive(b, "the removed items");
	if (rc > 0) {
		msg_warn("a removed item of the batch '%s' still has a file: nothing is removed; `bi-clean --repair "
			 "check %s` removes the file; then run the same command again",
			 batch_name(b), batch_name(b));
		code = EX_SOME_FAILED;
	}
	item_stems_free(&stems);
	return code;
}

/* Checks whether all files for an archive of the batch exist, since a file must not be left out silently. 0 or the exit
 * code after a message. */
static int
look_for_files(const struct clean *c, const struct batch *b)
{
	struct buf where = {0};
	int64_t first = batch_find_lost(b, 1, &where), k = first;
	int code = first > 0 ? EX_SOME_FAILED : 0;
	uint64_t n = 0;

	for (; k > 0; k = batch_find_lost(b, (uint32_t)k + 1, &where))
		n++;
	if (k < 0 && (errno == ELOOP || errno == ENXIO || errno == ENOTDIR))
		code = 0; /* an archive cannot hold this, which archive() reports */
	else if (k < 0)
		code = cannot_archive(b, where.data);
	else if (n > 0)
		msg_warn("%" PRIu64 " completed item%s of the batch '%s' ha%s; the first is item %" PRId64
			 ": nothing is removed; `bi-status --rebuild %s` records the loss, then `bi-fetch -b %s "
			 "--resume` fetches the files that are still available, and the same command then keeps the "
			 "batch in %s",
			 n, n == 1 ? "" : "s", batch_name(b), n == 1 ? "s lost its file" : "ve lost their files", first,
			 batch_name(b), batch_name(b), c->archive);
	buf_free(&where);
	return code ? code : look_for_left(b);
}

/* --- one batch --- */

/* Whether a server shows the pages of NAME, which is reported. */
static bool
is_served(const struct clean *c, const char *name)
{
	struct servers all;
	bool is = false;

	if (servers_find(&c->root, &all) < 0) {
		msg_warn_errno("cannot read the leases in %s/leases", c->root.path);
		return true;
	}
	for (size_t i = 0; i < all.n && !is; i++)
		if (all.v[i].batch && strcmp(all.v[i].batch, name) == 0) {
			msg_warn("the batch '%s' has a server: bi-clean stop %d ends it", name, all.v[i].port);
			is = true;
		}
	servers_free(&all);
	return is;
}

/* Moves the directory NAME of the root's directory PARENT to the trash and deletes it. 0, or -1 with errno. */
static int
remove_below(const struct clean *c, const char *parent, const char *name)
{
	int dir = root_open_dir(c->root.fd, parent, false);
	int rc = dir < 0 ? -1 : trash_dir(&c->root, dir, name);

	return file_close(dir, rc < 0 && errno == ENOENT ? 0 : rc);
}

static void
say(const struct clean *c, const char *name, const struct batch_counts *counts, const struct sizes *sizes)
{
	struct json_object *o;

	if (!c->json) {
		human_print("%s batch %s: %" PRIu64 " items, %" PRIu64 " files, %" PRIu64 " bytes%s%s",
			    c->only_say ? "would remove" : "removed", name, counts->total, sizes->files, sizes->bytes,
			    c->archive ? "; kept in " : "", c->archive ? c->archive : "");
		return;
	}
	o = json_object_new_object();
	rec_add_string(o, c->only_say ? "would_remove" : "removed", name);
	json_object_object_add(o, "items", json_object_new_uint64(counts->total));
	json_object_object_add(o, "files", json_object_new_uint64(sizes->files));
	json_object_object_add(o, "bytes", json_object_new_uint64(sizes->bytes));
	rec_add_string(o, "archive", c->archive);
	rec_write_json(o);
}

/* Reports that the batch NAME was not removed completely, with errno, and how to continue. Keeps errno. */
static void
say_left(const struct clean *c, const char *name)
{
	int error = errno, dir = root_open_dir(c->root.fd, "batches", false);

	if (dir >= 0 && file_stat(dir, name, NULL) == 0)
		msg_warn("the batch '%s' is removed, but not all its files could be deleted: %s; correct that, and "
			 "`bi-clean temp` deletes the rest",
			 name, strerror(error));
	else
		msg_warn("cannot remove the batch '%s': %s; it is still there: correct that and run the same command "
			 "again",
			 name, strerror(error));
	file_close(dir, 0);
	errno = error;
}

/* B holds the exclusive lock. 0 or the exit code after a message. */
static int
retire_held(const struct clean *c, struct batch *b)
{
	const char *name = batch_name(b);
	struct sizes sizes = {0};
	struct job_status p;
	int code;

	if (job_status_read(&c->root, b, &p) < 0 || each_file(open_again(b), "", add_size, &sizes) < 0)
		return msg_report_errno("cannot read the batch '%s'", name);
	if (p.queued) {
		msg_warn("the batch '%s' waits for a worker: bi-clean cancel %s takes it out of the queue", name, name);
		return EX_TEMPFAIL;
	}
	if (is_served(c, name))
		return EX_TEMPFAIL;
	if (c->archive && (code = look_for_files(c, b)) != 0)
		return code;
	if (!clean_agreed(c, "Remove the batch '%s' with its %" PRIu64 " files (%" PRIu64 " items are not done)?", name,
			  sizes.files, p.counts.pending + p.counts.processing))
		return EX_SOME_FAILED;
	if (!c->only_say) {
		int dir, fd;
		struct buf file = {0};

		if (c->archive && !is_archived(c, b) && archive(c, b) < 0)
			return EX_CANTCREAT;
		/* The pages first: without them the batch is still complete. */
		if (remove_below(c, "review", name) < 0 || clean_parts(c, name) < 0 ||
		    remove_below(c, "batches", name) < 0) {
			say_left(c, name);
			return msg_exit_code(errno);
		}
		/* Its port is free for other batches. */
		dir = root_open_dir(c->root.fd, "leases", false);
		buf_printf(&file, "%s.port", name);
		fd = dir < 0 ? -1 : openat(dir, file.data, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0 && lock_try(fd, LOCK_ALONE) == 0)
			unlinkat(dir, file.data, 0);
		file_close(fd, file_close(dir, 0));
		buf_free(&file);
	}
	say(c, name, &p.counts, &sizes);
	return 0;
}

static int
retire(const struct clean *c, const char *name)
{
	/* Opening it exclusively would create it, so its existence is checked first. */
	struct batch *b = batch_open(&c->root, name, BATCH_READ, NULL);
	int rc;

	if (b) {
		batch_close(b);
		b = batch_open(&c->root, name, BATCH_ALONE, NULL);
	}
	if (!b)
		return clean_not_had(c, name);
	rc = retire_held(c, b);
	batch_close(b);
	return rc;
}

static int
finish(const struct clean *c, size_t removed, size_t failed, int code)
{

	if (c->json) {
		rec_write_counts(code, {"removed", c->only_say ? 0 : removed}, {"failed", failed});
	} else if (removed + failed == 0) {
		puts("Nothing to remove");
	}
	return code;
}

/* CODE is not 0 if something failed earlier. */
static int
retire_all(const struct clean *c, const struct batch_args *names, int code)
{
	size_t removed = 0, failed = code != 0;

	/* Files that a killed bi-clean left there. */
	if (!c->only_say && trash_empty(&c->root) < 0)
		msg_warn_errno("cannot empty %s/trash", c->root.path);
	for (size_t i = 0; i < names->n; i++) {
		int rc = retire(c, names->v[i]);

		removed += rc == 0;
		failed += rc != 0;
		if (code == 0)
			code = rc;
	}
	return finish(c, removed, failed, code && names->n > 1 ? EX_SOME_FAILED : code);
}

int
clean_batch(const struct clean *c, char **args)
{
	struct batch_args names = {0};
	int code;

	clean_names(args, "batch", &names);
	if (c->archive && names.n > 1)
		opt_die("--archive takes one batch at a time");
	if (c->archive && !pack_kind_of(c->archive))
		opt_die("--archive takes the name of a .tar, .tar.gz, .tar.zst or .zip file, not '%s'", c->archive);
	if (c->archive) {
		char *copy = buf_strdup(c->archive), *below = root_path_below(&c->root, dirname(copy));

		if (below)
			msg_die(EX_WRONG_USE,
				"%s is in the directory %s of the root, where files are removed: give --archive a name "
				"outside of it",
				c->archive, below);
		free(copy);
	}
	code = retire_all(c, &names, 0);
	batch_args_free(&names);
	return code;
}

/* Whether NAME is done and has not changed for that time. 1, 0, or -1 with errno: an unreadable batch is not old. */
static int
is_old(const struct clean *c, const char *name, time_t now)
{
	struct batch *b = batch_open(&c->root, name, BATCH_READ, NULL);
	struct job_status p = {0};
	struct stat st;
	int is;

	if (!b)
		return errno == ENOENT ? 0 : -1;
	is = job_status_read(&c->root, b, &p);
	if (is == 0 && p.done) {
		time_t last = p.updated;

		is = file_stat(batch_dirfd(b), "picks.ndjson", &st);
		if (is > 0 && st.st_mtime > last)
			last = st.st_mtime;
		/* After the clock was set back, nothing counts as old. */
		if (is >= 0)
			is = last > 0 && now >= last && now - last >= c->older_than;
	}
	batch_close(b);
	return is;
}

int
clean_old(const struct clean *c, char **args)
{
	struct batch_args all = {0}, old = {0};
	time_t now = time(NULL);
	int code, unseen = 0;

	if (c->older_than < 0)
		opt_die("old needs --older-than, such as 30d");
	clean_names_or_all(c, args, "old", &all);
	for (size_t i = 0; i < all.n; i++) {
		int is = is_old(c, all.v[i], now);

		if (is > 0)
			batch_args_add(&old, all.v[i]);
		if (is >= 0)
			continue;
		msg_warn_errno("cannot tell how old the batch '%s' is: it is left alone", all.v[i]);
		unseen = unseen ? unseen : msg_exit_code(errno);
	}
	code = retire_all(c, &old, unseen);
	batch_args_free(&all);
	batch_args_free(&old);
	return code;
}
