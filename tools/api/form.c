/* The parts of an upload: files are hashed and written to unnamed files in temp/ as they arrive, which vanish with this
 * process. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/statvfs.h>

#include "base/utf8.h"
#include "files/file.h"
#include "form.h"
#include "records/rec.h"

/* After so many bytes of a file the kernel begins to write, so that the final sync takes little time. */
enum { EARLY = 8 << 20 };

static const char unkept[] = "the upload cannot be stored";

static bool
begin_file(struct submission *h, const struct multipart_part *p)
{
	struct submission_item *item;
	struct buf label = {0};

	if (strcmp(p->name, "file") != 0 && strcmp(p->name, "files") != 0)
		return reply_error(&h->reply, 422, "bad_part",
				   "the part '%.80s' has a file: put one file into a part named file, or a batch into "
				   "parts named files",
				   p->name);
	if (h->n == h->api->bounds.batch)
		return reply_error(&h->reply, 413, "too_many", "a request may submit at most %zu items",
				   h->api->bounds.batch);
	h->is_batch |= h->n > 0 || strcmp(p->name, "files") == 0;
	multipart_label(p->filename, &label);
	item = submission_add(h, label.data);
	buf_free(&label);
	h->in_file = true;
	h->unchosen = !*p->filename;
	item->has_part = atomic_file_open(&item->part, h->temp) == 0;
	if (!item->has_part)
		return submission_error(h, errno, unkept);
	item->hash = hash_begin();
	return true;
}

static bool
on_part(const struct multipart_part *p, void *arg)
{
	struct submission *h = arg;

	if (++h->parts > SUBMISSION_PARTS_MAX)
		return reply_error(&h->reply, 413, "too_many_parts",
				   "a form may have at most %d parts: submit the files in several requests",
				   SUBMISSION_PARTS_MAX);
	h->in_file = false;
	buf_clear(&h->value);
	h->is_id = strcmp(p->name, h->type->id_key) == 0;
	h->is_priority = strcmp(p->name, "priority") == 0;
	return p->filename ? begin_file(h, p) : true;
}

static bool
write_part(struct submission *h, struct submission_item *item, const char *bytes, size_t n)
{
	if (atomic_file_write(&item->part, bytes, n) < 0)
		return submission_error(h, errno, unkept);
	hash_add(item->hash, bytes, n);
	item->size += n;
	if ((off_t)item->size - item->sync_begun >= EARLY) {
		/* If it fails, the sync takes longer. */
		(void)sync_file_range(item->part.fd, item->sync_begun, (off_t)item->size - item->sync_begun,
				      SYNC_FILE_RANGE_WRITE);
		item->sync_begun = (off_t)item->size;
	}
	return true;
}

static bool
on_bytes(const char *bytes, size_t n, void *arg)
{
	struct submission *h = arg;

	if (h->in_file)
		return write_part(h, &h->items[h->n - 1], bytes, n);
	if (h->value.len + n > SUBMISSION_FIELD_MAX)
		return reply_error(&h->reply, 413, "too_large", "a part that is not a file may have at most %d bytes",
				   SUBMISSION_FIELD_MAX);
	buf_add(&h->value, bytes, n);
	return true;
}

static void
end_file(struct submission *h)
{
	struct submission_item *item = &h->items[h->n - 1];

	if (h->unchosen && item->size == 0) { /* a field of a form that was left empty */
		atomic_file_drop(&item->part);
		hash_drop(item->hash);
		free(item->where);
		h->n--;
	} else {
		hash_end(item->hash, item->sha256);
		item->hash = NULL;
	}
}

static bool
on_part_end(void *arg)
{
	struct submission *h = arg;

	if (h->in_file) {
		end_file(h);
		return true;
	}
	buf_add(&h->value, "", 0);
	utf8_replace_invalid(h->value.data);
	if (h->is_priority && h->value.len)
		return submission_take_priority(h, h->value.data);
	if (h->is_id) {
		if (!h->ids)
			h->ids = json_object_new_array();
		json_object_array_add(h->ids, json_object_new_string(h->value.data));
	}
	return true;
}

static int
add_size(int dir, const struct dirent *e, void *arg)
{
	uint64_t *sum = arg;
	struct stat st;

	if (file_stat(dir, e->d_name, &st) == 1)
		*sum += (uint64_t)st.st_size;
	return 0;
}

static int
add_bodies(int dir, const struct dirent *e, void *arg)
{
	const char *end = strrchr(e->d_name, '.');

	if (end && strcmp(end, ".bodies") == 0)
		(void)file_each(openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), add_size, arg);
	return 0;
}

/* Whether there is room for the N bytes of a body, which otherwise need not be read. What lighttpd has stored of bodies
 * counts as room: it removes that as it passes it on. */
static bool
has_room(const struct submission *h, uint64_t n)
{
	uint64_t stored = 0;
	struct statvfs fs;

	(void)file_each(root_open_dir(h->api->root.fd, "leases", false), add_bodies, &stored);
	/* Some file systems do not report their size. */
	return fstatvfs(h->temp, &fs) < 0 || !fs.f_blocks || !fs.f_frsize || n <= stored ||
	       (n - stored) / fs.f_frsize < fs.f_bavail;
}

bool
form_begin(struct submission *h, const char *type, uint64_t length)
{
	static const struct multipart_calls calls = {on_part, on_bytes, on_part_end};
	char boundary[MULTIPART_BOUNDARY_MAX + 1];
	const char *wrong = multipart_boundary(type, boundary);

	if (wrong) {
		bool other = !type || strncasecmp(type, "multipart/form-data", 19) != 0;

		return reply_error(&h->reply, other ? 415 : 400, other ? "not_a_form" : "bad_form", "%s", wrong);
	}
	h->temp = root_open_dir(h->api->root.fd, "temp", true);
	if (h->temp < 0 || !has_room(h, length))
		return submission_error(h, h->temp < 0 ? errno : ENOSPC, unkept);
	multipart_begin(&h->form, boundary, &calls, h);
	return true;
}

bool
form_take(struct submission *h, const char *bytes, size_t n)
{
	enum multipart_state s = multipart_feed(&h->form, bytes, n);

	if (s == MULTIPART_BAD)
		reply_error(&h->reply, 400, "bad_form", "the form is refused: %s", multipart_error(&h->form));
	return s == MULTIPART_MORE || s == MULTIPART_END;
}

/* A form has one field for all files, or one for each file. */
static void
count_ids(struct submission *h)
{
	struct json_object *first;

	if (!h->ids || json_object_array_length(h->ids) != 1 || (h->is_batch && h->n == 1))
		return;
	first = json_object_get(json_object_array_get_idx(h->ids, 0));
	json_object_put(h->ids);
	h->ids = first;
}

bool
form_end(struct submission *h)
{
	if (h->form.state != MULTIPART_END)
		return reply_error(&h->reply, 400, "bad_form", "the form is refused: %s", multipart_error(&h->form));
	if (h->n == 0)
		return reply_error(&h->reply, 422, "no_file",
				   "the form has no file: put one file into a part named file, or a batch into parts "
				   "named files, each with a filename");
	count_ids(h);
	return submission_name(h);
}
