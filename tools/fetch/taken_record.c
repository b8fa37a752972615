#include "taken_record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "from_parts.h"
#include "records/rec.h"
#include "result_record.h"

/* --- the file --- */

/* Whether a link is as good as a copy: nobody else may write to the file. */
static bool
is_safe_to_link(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* Whether an errno says that the file system, or the pair of them, cannot do so. */
static bool
is_not_possible(int error)
{
	return error == EOPNOTSUPP || error == EXDEV || error == EINVAL || error == ENOTTY || error == ENOSYS ||
	       error == EPERM;
}

int
taken_publish(struct job *j, int dir, bool sync)
{
	struct part *p = j->taken->part;
	int fd = j->body.part.fd, how = ATOMIC_FILE_DATED | (sync ? ATOMIC_FILE_SYNCED : 0), rc = -1;

	if (!p->cannot_clone) {
		rc = atomic_file_put_copy(j->run->temp, dir, j->name, fd, how | ATOMIC_FILE_CLONED);
		if (rc < 0 && !is_not_possible(errno))
			return -1;
		p->cannot_clone = rc < 0;
	}
	if (rc < 0 && !p->apart && is_safe_to_link(fd)) {
		if ((!sync || fsync(fd) == 0) && atomic_file_publish(&j->body.part, dir, j->name) == 0)
			return 0;
		if (errno != EMLINK && !is_not_possible(errno))
			return -1;
		p->apart = errno == EXDEV;
	}
	if (rc < 0)
		rc = atomic_file_put_copy(j->run->temp, dir, j->name, fd, how);
	if (rc == 0)
		atomic_file_drop(&j->body.part);
	return rc;
}

/* --- the record --- */

/* Replaces the member KEY of O, in its place; a missing one is added at the end, and no VALUE removes it. */
static void
set_member(struct json_object *o, const char *key, struct json_object *value)
{
	if (value)
		json_object_object_add(o, key, value);
	else
		json_object_object_del(o, key);
}

static struct json_object *
text_or_null(const char *text)
{
	return text && *text ? json_object_new_string(text) : NULL;
}

static void
set_completed(struct json_object *o, const struct job *j)
{
	char path[sizeof(j->name) + 8];

	snprintf(path, sizeof(path), "files/%s", j->name);
	set_member(o, "path", json_object_new_string(path));
	result_add_file_id(o, j);
	set_member(o, "same_as", j->same_as ? json_object_new_uint64(j->same_as) : NULL);
	set_member(o, "found_items", json_object_get(j->taken->found));
	if (j->members >= 0)
		set_member(o, "members", json_object_new_int64(j->members));
	if (json_object_object_get_ex(o, "content", NULL)) {
		set_member(o, "content", text_or_null(j->taken->content));
		set_member(o, "knowledge_item_id",
			   j->taken->content_id ? json_object_new_uint64(j->taken->content_id) : NULL);
	}
}

char *
taken_line(const struct job *j)
{
	struct json_object *o = json_object_new_object();
	char *line;

	rec_copy_without(o, j->taken->result, "replaced_file");
	set_member(o, "item", json_object_new_uint64(j->item));
	if (j->verdict.kind == GOT)
		set_completed(o, j);
	if (j->archive)
		set_member(o, "archive", json_object_new_uint64(j->archive));
	line = buf_strdup(rec_print(o));
	json_object_put(o);
	return line;
}
