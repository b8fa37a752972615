/* The format of a batch is "format" in batch.json: 1 if it is missing, 2 once an item was removed. A version that knows
 * only format 1 would take a removed item for one that has its file. */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/words.h"
#include "batch/batch_internal.h"
#include "files/append.h"
#include "files/atomic_file.h"
#include "files/file.h"
#include "records/rec.h"

enum { FORMAT_FIRST = 1, FORMAT_REMOVED = 2 };

/* The text of batch.json in DIR. 0, or -1 with errno. */
static int
read_text(int dir, struct buf *out)
{
	int fd = file_open(dir, "batch.json");

	return fd < 0 ? -1 : file_close(fd, append_line(fd, 0, out));
}

/* The format in a batch.json; 0: it is not a number. */
static long long
format_of(struct json_object *about)
{
	struct json_object *format;

	if (!json_object_object_get_ex(about, "format", &format))
		return FORMAT_FIRST;
	return json_object_is_type(format, json_type_int) ? json_object_get_int64(format) : 0;
}

int
batch_check_format(int dir)
{
	struct json_object *about = NULL;
	struct buf text = {0};
	long long format;
	int rc = read_text(dir, &text);

	if (rc < 0 && errno != ENOENT) {
		buf_free(&text);
		return -1; /* it may be one that is too new */
	}
	if (rc == 0 && memmem(text.data, text.len, "\"format\"", 8))
		about = rec_parse(text.data, text.len, NULL, 0);
	format = json_object_is_type(about, json_type_object) ? format_of(about) : FORMAT_FIRST;
	json_object_put(about);
	buf_free(&text);
	if (format == FORMAT_FIRST || format == FORMAT_REMOVED)
		return 0;
	errno = BATCH_NEWER;
	return -1;
}

/* Replaces batch.json by ABOUT with another format. 0 or -1. */
static int
write_format(const struct batch *b, struct json_object *about)
{
	struct buf text = {0};
	int rc;

	json_object_object_add(about, "format", json_object_new_int(FORMAT_REMOVED));
	buf_printf(&text, "%s\n", rec_print(about));
	rc = atomic_file_replace(b->temp, b->dir, "batch.json", text.data, text.len, true);
	buf_free(&text);
	return rc;
}

/* With the lock. 0, or -1 with errno: a batch.json that cannot be read is not replaced. */
static int
raise_locked(const struct batch *b)
{
	struct json_object *about = NULL;
	struct buf text = {0};
	int rc = read_text(b->dir, &text);

	if (rc == 0) {
		about = rec_parse(text.data, text.len, NULL, 0);
		errno = EBADMSG;
		rc = json_object_is_type(about, json_type_object) ? 0 : -1;
	}
	if (rc == 0 && format_of(about) == FORMAT_FIRST)
		rc = write_format(b, about);
	json_object_put(about);
	buf_free(&text);
	return rc;
}

int
batch_raise_format(struct batch *b)
{
	int rc;

	if (lock_bytes_wait(b->lock, LOCK_ALONE, LOCK_MAKING, 1) < 0)
		return -1;
	rc = raise_locked(b);
	lock_bytes_drop(b->lock, LOCK_MAKING, 1);
	return rc;
}

/* The names are those in the batch's own directory; below it, in orphans/, a file may have any name. */
bool
batch_archives_file(const char *name)
{
	return strchr(name, '/') || (!word_is_one_of(name, "lock", "secrets") && !word_ends_in(name, ".index"));
}
