/* Retires a batch: with its exclusive lock, it is written to an archive on request, moved to trash/ with its pages, and
 * deleted there. The files that reviewers chose stay in collected/. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "archive_batch.h"
#include "base/human.h"
#include "base/lock.h"
#include "base/msg.h"
#include "base/opt.h"
#include "batch/batch.h"
#include "batch/job_status.h"
#include "clean.h"
#include "files/file.h"
#include "files/trash.h"
#include "http/servers.h"
#include "records/rec.h"

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
say(const struct clean *c, const char *name, const struct batch_counts *counts, const struct batch_sizes *sizes)
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
	struct batch_sizes sizes = {0};
	struct archive_job archive = {.batch = b, .file = c->archive, .spared = "nothing is removed"};
	struct job_status p;
	int code;

	if (job_status_read(&c->root, b, &p) < 0 || batch_sizes_read(b, &sizes) < 0)
		return msg_report_errno("cannot read the batch '%s'", name);
	if (p.queued) {
		msg_warn("the batch '%s' waits for a worker: bi-clean cancel %s takes it out of the queue", name, name);
		return EX_TEMPFAIL;
	}
	if (is_served(c, name))
		return EX_TEMPFAIL;
	if (c->archive && (code = batch_archive_check(&archive)) != 0)
		return code;
	if (!clean_agreed(c, "Remove the batch '%s' with its %" PRIu64 " files (%" PRIu64 " items are not done)?", name,
			  sizes.files, p.counts.pending + p.counts.processing))
		return EX_SOME_FAILED;
	if (!c->only_say) {
		int dir, fd;
		struct buf file = {0};

		if (c->archive && batch_archive_write(&archive) < 0)
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
	if (c->archive)
		batch_archive_check_name(&c->root, c->archive);
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
