/* DELETE of a file deletes all items of the notebook that have its bytes. Each item is claimed, so that no worker has
 * it, and recorded as failed with the code "deleted" before anything is removed. Then its bytes, its parsed content,
 * its review copies and the rest of an upload are removed, and the notebook's line is written last. After an
 * interruption the client repeats the request, and steps that were done are skipped. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/when.h"
#include "batch/item_files.h"
#include "confined/thumb.h"
#include "files/file.h"
#include "handlers.h"
#include "records/rec.h"
#include "reply.h"
#include "resolve.h"

enum { HELD_TRIES = 50, HELD_MS = 10 }; /* for an item that is finished but still held, and for pages */

/* An index of the items themselves has this at its beginning. */
static const char sheet_mark[] = " data-sheet=\"yes\"";

enum { INDEX_HEAD = 1 << 16 };

/* --- taking away --- */

/* Opens a directory below another, which is closed; -1 if there is none. */
static int
open_below(int dir, const char *name)
{
	int fd = dir < 0 ? -1 : root_open_dir(dir, name, false);

	return file_close(dir, fd);
}

/* Removes the file PATH, "FOLDER/NAME", from the batch's directory FOLDER. */
static int
unlink_path(const struct batch *b, const char *folder, const char *path)
{
	size_t n = strlen(folder);

	if (!path || strncmp(path, folder, n) != 0 || path[n] != '/' || strchr(path + n + 1, '/') || path[n + 1] == '.')
		return 0;
	return item_files_unlink(root_open_dir(batch_dirfd(b), folder, false), path + n + 1);
}

/* Opens the directory of the review pages of the batch, or FOLDER in it; -1 if there is none. */
static int
open_review(const struct root *root, const struct batch *b, const char *folder)
{
	int dir = open_below(root_open_dir(root->fd, "review", false), batch_name(b));

	return folder ? open_below(dir, folder) : dir;
}

/* Stores the directory of the review pages in DIR, with the lock of bi-render, which else writes again what is removed;
 * -1 if there is none. Returns 0, or -1 with errno: EBUSY if bi-render works longer than a moment. */
static int
hold_review(const struct root *root, const struct batch *b, int *dir)
{
	int tries = 0, rc;

	*dir = open_review(root, b, NULL);
	if (*dir < 0)
		return errno == ENOENT ? 0 : -1;
	while ((rc = lock_try(*dir, LOCK_ALONE)) == 1 && tries++ < HELD_TRIES)
		poll(NULL, 0, HELD_MS);
	if (rc == 1)
		errno = EBUSY;
	return rc ? file_close(*dir, -1) : 0;
}

/* Removes STEM.html, STEM-2.html and so on, the last of them first: a request that is repeated finds the others. */
static int
unlink_pages(int dir, const char *stem)
{
	char page[SUBJECT_MAX + 48];
	unsigned last = 1;
	struct stat st;
	int rc = 0;

	do
		snprintf(page, sizeof(page), "%s-%u.html", stem, ++last);
	while (fstatat(dir, page, &st, AT_SYMLINK_NOFOLLOW) == 0);
	for (unsigned number = last; number > 0 && rc == 0; number--) {
		if (number > 1)
			snprintf(page, sizeof(page), "%s-%u.html", stem, number);
		else
			snprintf(page, sizeof(page), "%s.html", stem);
		if (unlinkat(dir, page, 0) < 0 && errno != ENOENT)
			rc = -1;
	}
	return rc;
}

/* Whether the index shows the items themselves, as that of a batch without subjects does. 1, 0 also if there is none,
 * or -1 with errno. */
static int
is_sheet(int dir)
{
	int fd = file_open(dir, "index.html");
	struct buf head = {0};
	ssize_t n;
	bool is;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	n = file_read_at(fd, buf_room(&head, INDEX_HEAD), INDEX_HEAD, 0);
	is = n > 0 && memmem(head.data, (size_t)n, sheet_mark, sizeof(sheet_mark) - 1);
	buf_free(&head);
	return file_close(fd, n < 0 ? -1 : is);
}

/* Removes the pages that show the texts of the subject of the file NAME: its own or, in a batch without subjects, the
 * index, and what the next bi-render would make these from. */
static int
unlink_texts(const struct root *root, const struct batch *b, const char *name)
{
	int dir = open_review(root, b, NULL), rc;
	char stem[SUBJECT_MAX + 16];

	if (dir < 0)
		return errno == ENOENT ? 0 : -1;
	snprintf(stem, sizeof(stem), "%.*s_review", (int)strcspn(name, "_"), name);
	rc = unlink_pages(dir, stem);
	if (rc == 0 && (rc = is_sheet(dir)) > 0)
		rc = unlinkat(dir, ".pages", 0) < 0 && errno != ENOENT ? -1 : unlink_pages(dir, "index");
	return file_close(dir, rc);
}

/* Removes what bi-render made of the file NAME: its copy, the thumbnail, the pictures of its pages and, if it has a
 * TEXT, the pages that show that. */
static int
unlink_review(const struct root *root, const struct batch *b, const char *name, bool text)
{
	int stem = strrchr(name, '.') ? (int)(strrchr(name, '.') - name) : (int)strlen(name);
	char of[SUBJECT_MAX + 48];
	int rc = item_files_unlink(open_review(root, b, NULL), name);

	snprintf(of, sizeof(of), "%.*s.webp", stem, name);
	if (rc == 0)
		rc = item_files_unlink(open_review(root, b, "thumbs"), of);
	for (int page = 1; page <= THUMB_PAGES && rc == 0; page++) {
		snprintf(of, sizeof(of), "%.*s_%d.webp", stem, name, page);
		rc = item_files_unlink(open_review(root, b, "pages"), of);
	}
	return rc == 0 && text ? unlink_texts(root, b, name) : rc;
}

/* The parsed content of item K is written before its result is recorded, so a failed item may have content too. */
static int
remove_unsaid(const struct root *root, const struct batch *b, uint32_t k)
{
	char path[SUBJECT_MAX + 32];
	struct batch_place place;
	struct buf line = {0};
	int rc = 0;

	if (batch_item(b, k, &line) < 0)
		rc = errno == ENOENT ? 0 : -1;
	else if (batch_place(line.data, line.len, &place) == 0) {
		snprintf(path, sizeof(path), "content/%s_%lu.json", place.subject, (unsigned long)place.idx);
		rc = item_files_remove_content(root, b, path);
	}
	buf_free(&line);
	return rc;
}

/* HAS, a line of the notebook or a result, says where the bytes and the content of the item are. */
static int
remove_all(const struct root *root, const struct batch *b, uint32_t k, struct json_object *asked,
	   struct json_object *has)
{
	const char *path = rec_string(has, "path"), *content = rec_string(has, "content");
	const char *mime = rec_string(has, "mime");

	if (item_files_remove_begun(root, b, k, asked) < 0 || remove_unsaid(root, b, k) < 0 ||
	    item_files_remove_content(root, b, content) < 0 || unlink_path(b, "files", path) < 0)
		return -1;
	return path && strncmp(path, "files/", 6) == 0 && path[6] && !strchr(path + 6, '/')
		       ? unlink_review(root, b, path + 6, content || !mime || strncmp(mime, "image/", 6) != 0)
		       : 0;
}

/* --- recording --- */

/* Whether there is nothing left to delete. */
static bool
is_deleted(struct json_object *result)
{
	const char *code, *status = result ? rec_string(result, "status") : NULL;
	struct json_object *error = NULL;

	if (status && strcmp(status, "removed") == 0) /* by bi-clean items */
		return true;
	if (!result || !json_object_object_get_ex(result, "error", &error))
		return false;
	code = rec_string(error, "code");
	return code && strcmp(code, "deleted") == 0;
}

/* The new result of item K: the request ASKED, and that it was deleted. */
static void
print_deleted(uint32_t k, struct json_object *asked, struct buf *out)
{
	struct json_object *o = json_object_new_object();
	char text[WHEN_SIZE];

	json_object_object_add(o, "item", json_object_new_int64(k));
	rec_add_string(o, "status", "failed");
	rec_add_error(o, "deleted", "it was deleted", false);
	rec_add_string(o, "finished_at", when_now(text));
	rec_copy_without(o, asked, "bi", "item", "status", "error", "finished_at", "batch");
	buf_str(out, rec_print(o));
	json_object_put(o);
}

/* Reads the result of item K; NULL if it does not exist or is not an object. 0, or -1 with errno. */
static int
read_lines(const struct batch *b, uint32_t k, struct json_object **asked, struct json_object **result)
{
	*asked = batch_item_object(b, k);
	if (!*asked && errno != ENOENT && errno != EBADMSG)
		return -1;
	*result = batch_result_object(b, k);
	return *result || errno == ENOENT || errno == EBADMSG ? 0 : -1;
}

/* Deletes item K of B, which is claimed: records the deletion, removes the files, and only then ends the claim, so that
 * no other process makes them anew meanwhile. HAS as above; NULL: use its result. */
static int
delete_claimed(const struct root *root, struct batch *b, uint32_t k, struct json_object *has)
{
	struct buf line = {0};
	struct json_object *asked = NULL, *result = NULL;
	struct batch_outcome v = {.item = k};
	int review, rc = hold_review(root, b, &review), error;

	if (rc < 0)
		review = -1;
	else
		rc = read_lines(b, k, &asked, &result);
	if (rc == 0 && !is_deleted(result)) {
		print_deleted(k, asked, &line);
		v.line = line.data;
		v.len = line.len;
		rc = batch_record_held(b, &v, 1, true);
	}
	if (rc == 0)
		rc = batch_forget_userinfo(b, k);
	if (rc == 0)
		rc = remove_all(root, b, k, asked, has ? has : result);
	error = errno;
	file_close(review, 0);
	batch_unclaim(b, k);
	json_object_put(asked);
	json_object_put(result);
	buf_free(&line);
	errno = error;
	return rc;
}

/* 1 if the batch belongs to the job, 0 if another batch has the name by now, or -1 with errno. */
static int
is_of(const struct batch *b, const struct resolved_item *i)
{
	struct json_object *about = batch_metadata_object(b);
	const char *notebook = rec_string(about, "notebook");
	int rc = about || errno == ENOENT || errno == EBADMSG ? 0 : -1;

	if (notebook)
		rc = strcmp(notebook, notebook_name(i->notebook)) == 0 &&
		     rec_number(about, "job_id", -1) == (long long)i->job;
	json_object_put(about);
	return rc;
}

/* Claims item K. A process that just recorded it, or also deletes it, will release it soon. */
static enum batch_claim
claim_item(struct batch *b, uint32_t k)
{
	enum batch_claim claim;
	int tries = 0, state;

	while ((claim = batch_claim_any(b, k)) == CLAIM_HELD) {
		state = batch_state(b, k);
		if (state < 0)
			return CLAIM_ERROR;
		if ((state != 'c' && state != 'f' && state != 'x') || tries++ == HELD_TRIES)
			break;
		poll(NULL, 0, HELD_MS);
	}
	return claim;
}

/* Deletes item I of the batch NAME. 0, or -1 with errno: EBUSY if a process works on it. */
static int
delete_item(const struct root *root, const struct resolved_item *i, const char *name, struct json_object *has)
{
	struct batch *b = batch_open(root, name, BATCH_JOIN, NULL);
	int rc;

	if (!b) /* the batch was removed with all its files */
		return errno == ENOENT ? 0 : -1;
	rc = is_of(b, i);
	if (rc > 0) {
		enum batch_claim claim = claim_item(b, i->item);

		rc = claim == CLAIM_OURS ? delete_claimed(root, b, i->item, has) : -1;
		if (claim == CLAIM_HELD)
			errno = EBUSY;
	}
	batch_close(b);
	return rc;
}

/* Deletes all items of the file that the notebook knows, from I on. */
static int
delete_items(const struct root *root, struct resolved_item *i)
{
	struct notebook_file *f = &i->file;
	bool more = true;
	int rc = 0;

	while (more && rc == 0) {
		struct json_object *has = notebook_line(i->notebook, f);

		i->job = f->job;
		i->item = f->item;
		rc = delete_item(root, i, f->batch, has);
		json_object_put(has);
		more = notebook_find_same(i->notebook, f, f);
	}
	return rc;
}

/* Deletes all items of the file, including those that were added in the meantime, and then the notebook's entry. */
static int
delete_file(const struct root *root, struct resolved_item *i)
{
	struct notebook_file newest;
	int rc;

	do {
		newest = i->file;
		rc = delete_items(root, i);
		if (rc == 0)
			rc = notebook_delete(i->notebook, &newest);
	} while (rc > 0 && notebook_find_file(i->notebook, newest.id, &i->file));
	return rc < 0 ? -1 : 0;
}

/* --- the request --- */

/* Whether the item of I, which has no file, was deleted earlier. */
static bool
was_deleted(const struct resolved_item *i)
{
	struct json_object *result = batch_result_object(i->batch->batch, i->item);
	int state = batch_state(i->batch->batch, i->item);
	bool was = (state == 'f' || state == 'x') && is_deleted(result);

	json_object_put(result);
	return was;
}

void
files_delete(struct api *api, const struct request *q, struct reply *r)
{
	const char *notebook = q->words[1], *id = q->words[3];
	struct resolved_item i;
	int rc;

	/* All items to delete must be known first. */
	if (!resolve_notebook(api, notebook, r) || !resolve_item(api, notebook, id, &i, r))
		return;
	if (!i.is_file && !i.batch && i.error != ENOENT) {
		reply_error(r, 500, "cannot_read", "the batch of this item cannot be read: %s",
			    trouble_reason(i.error));
		return;
	}
	if (!i.is_file && (!i.batch || was_deleted(&i))) {
		reply_error(r, 404, "no_such_file", "this item was already deleted");
		return;
	}
	rc = i.is_file ? delete_file(&api->root, &i) : delete_item(&api->root, &i, i.batch->name, NULL);
	if (rc == 0)
		r->status = 204;
	else if (errno == EBUSY)
		reply_error(r, 409, "in_progress",
			    "a worker is processing this item, or bi-render its pages; delete it when that is done");
	else if (errno == EINTR)
		reply_error(r, 503, "busy", "another process holds the batch or the notebook; try again");
	else
		reply_error(r, 500, "cannot_write", "the file cannot be deleted: %s", trouble_reason(errno));
}
