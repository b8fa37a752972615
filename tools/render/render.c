#include "render.h"
#include "candidate_files.h"
#include "page_json.h"
#include "pages.h"
#include "remove_stale.h"
#include "same_marks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/human.h"
#include "base/lock.h"
#include "base/msg.h"
#include "files/file.h"
#include "files/trash.h"
#include "records/rec.h"
#include "review/same_picture.h"

enum { TRIES = 100 };

/* Opens .thumbs, which is made again if something else has its name. -1 with errno. */
static int
open_thumbnails_file(const struct render *r)
{
	static const char name[] = ".thumbs";
	struct stat st;

	if (fstatat(r->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode) &&
	    unlinkat(r->dir, name, 0) < 0)
		return -1;
	return openat(r->dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
}

/* Opens and locks the directory that has the name review/NAME after locking, since it may be removed in the meantime.
 * -1 with errno. */
static int
open_locked(int review, const char *name)
{
	for (int i = 0; i < TRIES; i++) {
		int dir = root_open_dir(review, name, true), is;

		if (dir < 0 && errno == ENOENT)
			continue;
		is = dir < 0 || lock_wait(dir, LOCK_ALONE) < 0 ? -1 : file_is_named(review, name, dir);
		if (is == 1)
			return dir;
		file_close(dir, 0);
		if (is < 0)
			return -1;
	}
	return file_fail(EBUSY);
}

/* Removes the pages again if the batch was retired in the meantime. Returns an exit code. */
static int
check_there(const struct render *r, const char *name)
{
	int batches = root_open_dir(r->root->fd, "batches", false), review;
	int is = batches < 0 ? -1 : file_close(batches, file_is_named(batches, name, batch_dirfd(r->batch)));

	if (is < 0)
		return msg_report_errno("batch %s: cannot tell whether the batch still exists", name);
	if (is)
		return EX_ALL_WELL;
	review = root_open_dir(r->root->fd, "review", false);
	if (review < 0 || file_close(review, trash_dir(r->root, review, name)) < 0)
		return msg_report_errno("batch %s: cannot remove its pages after the batch was removed", name);
	msg_warn("batch %s was removed while its pages were made: they were removed too", name);
	return EX_NOINPUT;
}

/* Opens the directories and files for the pages. 0, or -1 with errno. */
static int
open_places(struct render *r, const char *name)
{
	int review = root_open_dir(r->root->fd, "review", true);

	if (review < 0)
		return -1;
	r->dir = open_locked(review, name);
	if (file_close(review, r->dir) < 0 || (r->temp = root_open_dir(r->root->fd, "temp", true)) < 0 ||
	    (r->thumbs = root_open_dir(r->dir, "thumbs", true)) < 0 ||
	    ((r->pages = root_open_dir(r->dir, "pages", false)) < 0 && errno != ENOENT))
		return -1;
	r->thumbnails_file = open_thumbnails_file(r);
	return r->thumbnails_file < 0 ? -1 : 0;
}

static void
close_places(struct render *r)
{
	const int fds[] = {r->temp, r->thumbs, r->pages, r->thumbnails_file, r->dir};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		file_close(fds[i], 0);
}

static void
print_result(const struct render *r, const char *name, bool json)
{
	struct buf line = {0}, page = {0};

	buf_printf(&page, "%s/review/%s/index.html", r->root->path, name);
	if (json) {
		buf_str(&line, "{\"batch\":");
		buf_json(&line, name);
		buf_str(&line, ",\"review\":");
		buf_json(&line, page.data);
		buf_printf(&line, ",\"subjects\":%u,\"candidates\":%u}", r->plan.count, r->candidates);
		rec_write(line.data, line.len);
	} else {
		buf_printf(&line, "%s: %u subject%s with %u candidate%s", name, r->plan.count,
			   r->plan.count == 1 ? "" : "s", r->candidates, r->candidates == 1 ? "" : "s");
		if (r->failed)
			buf_printf(&line, ", %u failed", r->failed);
		if (r->waiting)
			buf_printf(&line, ", %u not fetched yet", r->waiting);
		human_print("%s: %s", line.data, page.data);
	}
	rec_flush();
	buf_free(&line);
	buf_free(&page);
}

/* Whether each item is a subject by itself, with the id that it then has. */
static bool
is_sheet(const struct subject_index *plan)
{
	char id[SUBJECT_MAX + 1];

	for (uint32_t i = 0; i < plan->count; i++) {
		snprintf(id, sizeof(id), "i%u", plan->items[plan->subjects[i].first]);
		if (plan->subjects[i].count != 1 || strcmp(id, subject_index_id(plan, i)) != 0)
			return false;
	}
	return plan->count > 0;
}

static int
render_pages(struct render *r, const char *name, const struct review_change *change)
{
	int code;

	if (open_places(r, name) < 0)
		return msg_report_errno("batch %s: cannot write its review directory", name);
	if (subject_index_build(&r->plan, r->batch) < 0 || subject_index_leave_out_removed(&r->plan, r->batch) < 0)
		return msg_report_errno("batch %s: cannot read its items", name);
	if (review_settings_change(batch_dirfd(r->batch), r->temp, change) < 0)
		return msg_report_errno(
			"batch %s: cannot read or write its settings in review.json; remove the file if it "
			"is damaged",
			name);
	if (same_marks_read(r) < 0)
		return msg_report_errno("batch %s: cannot read its results", name);
	r->sheet = is_sheet(&r->plan);
	code = candidates_copy(r);
	if (code == EX_ALL_WELL) {
		r->about = page_json_about(r, false);
		r->brief = r->about ? page_json_about(r, true) : NULL;
		code = r->brief ? pages_make(r) : msg_report_errno("batch %s: cannot read its batch.json", name);
	}
	if (code == EX_ALL_WELL && remove_stale_files(r) < 0)
		code = msg_report_errno("batch %s: cannot look for pages that are no longer needed", name);
	return code == EX_ALL_WELL ? check_there(r, name) : code;
}

int
render_batch(const struct root *root, const char *name, struct thumber **thumber, const struct review_change *change,
	     enum render_how how)
{
	struct render r = {.root = root,
			   .temp = -1,
			   .dir = -1,
			   .thumbs = -1,
			   .pages = -1,
			   .thumbnails_file = -1,
			   .thumber = thumber};
	int code;

	r.terminal = isatty(STDERR_FILENO);
	r.meanwhile = how == RENDER_MEANWHILE;
	r.batch = batch_open(root, name, BATCH_READ, NULL);
	if (!r.batch && r.meanwhile)
		return EX_NOINPUT; /* said at the end */
	if (!r.batch && errno == ENOENT) {
		msg_warn("there is no batch %s in %s; bi-status lists the batches", name, root->path);
		return EX_NOINPUT;
	}
	if (!r.batch)
		return msg_report_errno("batch %s: cannot open it", name);
	code = render_pages(&r, name, change);
	if (r.terminal)
		msg_progress(NULL);
	if (code == EX_ALL_WELL && !r.meanwhile)
		print_result(&r, name, how == RENDER_RECORD);
	json_object_put(r.about);
	json_object_put(r.brief);
	json_object_put(r.assets);
	same_pictures_free(r.same);
	subject_index_free(&r.plan);
	free(r.items);
	free(r.onward);
	close_places(&r);
	batch_close(r.batch);
	return code;
}
