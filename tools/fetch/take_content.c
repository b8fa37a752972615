#include "take_content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "files/file.h"
#include "from_parts.h"
#include "records/rec.h"

enum { STEM = SUBJECT_MAX + 16, HEAD = 160 };

static const size_t content_max = (size_t)1 << 30;

/* The directories of one item's content, in the part and in the batch. */
struct copying {
	struct job *job;
	int from, to; /* content/, then content/STEM/ */
	int how;      /* of enum atomic_file_copying */
};

/* Stores the number of the content in the file NAME in ID, and where the text behind it begins in REST: 0 if it is no
 * content of a file with this SHA256. 0, or -1 with errno. */
static int
read_head(int dir, const char *name, const char *sha256, unsigned long long *id, int *rest)
{
	int fd = file_open(dir, name);
	char head[HEAD + 1], sha[HASH_HEX + 1] = "";
	ssize_t n;

	*id = 0;
	*rest = 0;
	if (fd < 0)
		return errno == ENOENT || errno == ELOOP || errno == EISDIR || errno == ENXIO ? 0 : -1;
	n = file_read_at(fd, head, HEAD, 0);
	head[n > 0 ? n : 0] = '\0';
	if (sscanf(head, "{\"knowledge_item_id\":%19llu%n,\"sha256\":\"%64[0-9a-f]\"", id, rest, sha) != 2 ||
	    strcmp(sha, sha256) != 0)
		*id = 0;
	return file_close(fd, n < 0 ? -1 : 0);
}

static int
copy_picture(int dir, const struct dirent *e, void *arg)
{
	const struct copying *c = arg;
	int fd = file_open(dir, e->d_name), rc;

	if (fd < 0)
		return errno == ELOOP || errno == EISDIR || errno == ENXIO ? 0 : -1;
	rc = atomic_file_put_copy(c->job->run->temp, c->to, e->d_name, fd, c->how);
	return file_close(fd, rc);
}

/* The pictures of the content, if there are any. 0 or -1. */
static int
copy_pictures(const struct copying *content, const char *from, const char *to)
{
	struct copying c = *content;
	int rc;

	c.from = root_open_dir(content->from, from, false);
	if (c.from < 0)
		return errno == ENOENT ? 0 : -1;
	c.to = root_open_dir(content->to, to, true);
	rc = c.to < 0 ? file_close(c.from, -1) : file_each(c.from, copy_picture, &c);
	if (rc == 0 && c.how & ATOMIC_FILE_SYNCED)
		rc = fsync(c.to);
	return file_close(c.to, rc);
}

/* Writes the content file NAME as FROM, whose number ends before REST. 0 or -1. */
static int
copy_json(const struct copying *c, const char *from, int rest, const char *name, unsigned long long id)
{
	struct buf text = {0}, json = {0};
	int fd = file_open(c->from, from), rc = fd < 0 ? -1 : file_read_all(fd, content_max, &text);

	file_close(fd, 0);
	buf_printf(&json, "{\"knowledge_item_id\":%llu", id);
	if (rc == 0 && text.len > (size_t)rest)
		buf_add(&json, text.data + rest, text.len - (size_t)rest);
	if (rc == 0)
		rc = atomic_file_replace(c->job->run->temp, c->to, name, json.data, json.len,
					 (c->how & ATOMIC_FILE_SYNCED) != 0);
	buf_free(&text);
	buf_free(&json);
	return rc;
}

/* With both directories open, and that of the batch locked. 0 or -1. */
static int
copy_locked(const struct copying *c, const char *from, const char *to)
{
	struct taken *taken = c->job->taken;
	const char *sha256 = rec_string(taken->result, "sha256");
	char from_json[STEM + 8], to_json[STEM + 8];
	unsigned long long id, old;
	int rest, ignored;

	snprintf(from_json, sizeof(from_json), "%s.json", from);
	snprintf(to_json, sizeof(to_json), "%s.json", to);
	if (read_head(c->from, from_json, sha256, &old, &rest) < 0 ||
	    read_head(c->to, to_json, sha256, &id, &ignored) < 0)
		return -1;
	if (!old)
		return 0;
	if (!id && !(id = root_next_number(&c->job->run->root, "knowledge")))
		return -1;
	if (copy_pictures(c, from, to) < 0 || copy_json(c, from_json, rest, to_json, id) < 0)
		return -1;
	taken->content_id = id;
	snprintf(taken->content, sizeof(taken->content), "content/%s", to_json);
	return 0;
}

int
take_part_content(struct job *j)
{
	struct copying c = {.job = j,
			    .from = root_open_dir(batch_dirfd(j->taken->part->batch), "content", false),
			    .to = -1,
			    .how = ATOMIC_FILE_DATED | (j->run->set->no_sync ? 0 : ATOMIC_FILE_SYNCED)};
	char from[STEM], to[STEM];
	struct batch_place place;
	struct buf line = {0};
	int rc = 0;

	if (c.from < 0)
		return errno == ENOENT ? 0 : -1;
	rc = batch_item(j->taken->part->batch, j->taken->item, &line);
	if (rc >= 0 && batch_place(line.data, line.len, &place) < 0)
		rc = file_fail(EBADMSG);
	buf_free(&line);
	if (rc >= 0)
		rc = c.to = root_open_dir(batch_dirfd(j->target->batch), "content", true);
	if (rc >= 0) {
		snprintf(from, sizeof(from), "%s_%u", place.subject, place.idx);
		snprintf(to, sizeof(to), "%s_%u", j->place.subject, j->place.idx);
		rc = lock_wait(c.to, LOCK_ALONE) < 0 ? -1 : copy_locked(&c, from, to);
	}
	file_close(c.to, 0);
	return file_close(c.from, rc < 0 ? -1 : 0);
}
