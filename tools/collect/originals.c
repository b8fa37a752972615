/* Fetches the originals of chosen candidates, since the candidates of a source are thumbnails. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/msg.h"
#include "base/paths.h"
#include "base/utf8.h"
#include "batch/subject_index.h"
#include "files/atomic_file.h"
#include "originals.h"
#include "records/rec.h"

struct originals {
	struct batch *batch;
	struct subject_index plan;
};

/* False: the name would be too long. */
static bool
originals_name(const char *batch, char name[BATCH_NAME_MAX + 1])
{
	int n = snprintf(name, BATCH_NAME_MAX + 1, "%s.originals", batch);

	return n > 0 && n <= BATCH_NAME_MAX;
}

bool
originals_has(struct json_object *item)
{
	const char *original = rec_string(item, "original_url"), *url = rec_string(item, "url");

	return original && *original && !(url && strcmp(original, url) == 0);
}

/* --- fetching --- */

static void
rename_member(struct json_object *to, const char *key, struct json_object *from, const char *original)
{
	struct json_object *v;

	if (json_object_object_get_ex(from, original, &v) && v)
		json_object_object_add(to, key, json_object_get(v));
}

void
originals_list(struct buf *lines, const char *batch, long idx, struct json_object *item)
{
	struct json_object *o = json_object_new_object(), *of = json_object_new_object();

	/* Members of an item that do not apply to its original, or have another name there. */
	rec_copy_without(o, item, "batch", "bi", "bytes", "category", "found_by", "label", "mime", "original_bytes",
			 "original_sha1", "original_url", "rank", "score", "score_why", "sha1", "sha256", "source",
			 "url");
	rename_member(o, "url", item, "original_url");
	rename_member(o, "sha1", item, "original_sha1");
	rename_member(o, "bytes", item, "original_bytes");
	rec_add_string(of, "batch", batch);
	json_object_object_add(of, "idx", json_object_new_int64(idx));
	json_object_object_add(o, "original_of", of);
	buf_str(lines, rec_print(o));
	buf_str(lines, "\n");
	json_object_put(o);
}

/* Runs bi-fetch with the file LINES as its input. Returns its exit code, or -1 with errno. */
static int
run_fetch(const struct collect *c, const char *name, int lines)
{
	struct buf program = {0}, label = {0};
	char *argv[16] = {(char[]){"bi-fetch"}, (char[]){"-q"}, (char[]){"-r"},     c->root->path,
			  (char[]){"-b"},       (char *)name,   (char[]){"--label"}};
	size_t n = 7;
	pid_t pid = -1;

	buf_printf(&label, "Originals of %.*s", (int)(strrchr(name, '.') - name), name);
	argv[n++] = label.data;
	if (c->set->contact) {
		argv[n++] = (char[]){"--contact"};
		argv[n++] = (char *)c->set->contact;
	}
	if (path_of_program(&program, "bi-fetch") == 0)
		pid = child_start(&(struct child){
			.program = program.data,
			.argv = argv,
			.fds = (struct child_fd[]){{lines, STDIN_FILENO}, {STDERR_FILENO, STDERR_FILENO}},
			.fd_count = 2,
		});
	buf_free(&program);
	buf_free(&label);
	return pid < 0 ? -1 : child_wait(pid);
}

int
originals_fetch(const struct collect *c, const char *batch, const struct buf *lines)
{
	char name[BATCH_NAME_MAX + 1];
	struct atomic_file list;
	int code = -1;

	if (lines->len == 0)
		return EX_ALL_WELL;
	if (!originals_name(batch, name)) {
		msg_warn("batch %s: the name is too long for a batch of originals, %s.originals; they are not "
			 "fetched",
			 batch, batch);
		return EX_SOME_FAILED;
	}
	if (atomic_file_open(&list, c->temp) < 0)
		return msg_report_errno("cannot list the originals of batch %s", batch);
	if (atomic_file_write(&list, lines->data, lines->len) == 0 && lseek(list.fd, 0, SEEK_SET) == 0)
		code = run_fetch(c, name, list.fd);
	if (code < 0)
		code = msg_report_errno("cannot fetch the originals of batch %s", batch);
	else if (code == EX_SOME_FAILED)
		code = EX_ALL_WELL; /* each missing original is reported when its subject is collected */
	else if (code != EX_ALL_WELL)
		msg_warn("batch %s: bi-fetch, which fetches the originals, ended with %d; run the same command again",
			 batch, code);
	atomic_file_drop(&list);
	return code;
}

/* --- those that are there --- */

int
originals_open(const struct collect *c, const char *batch, struct originals **out)
{
	char name[BATCH_NAME_MAX + 1];
	struct originals *o;
	struct batch *b;

	*out = NULL;
	if (!originals_name(batch, name))
		return 0;
	b = batch_open(c->root, name, BATCH_READ, NULL);
	if (!b)
		return errno == ENOENT ? 0 : -1;
	o = buf_alloc(sizeof(*o));
	o->batch = b;
	if (subject_index_build(&o->plan, b) == 0) {
		*out = o;
		return 0;
	}
	originals_close(o);
	return -1;
}

void
originals_close(struct originals *o)
{
	if (!o)
		return;
	subject_index_free(&o->plan);
	batch_close(o->batch);
	free(o);
}

struct batch *
originals_batch(struct originals *o)
{
	return o->batch;
}

/* Parses line K of the items or results into OUT; NULL if there is none. 0, or -1 with errno. */
static int
read_line(struct batch *b, uint32_t k, struct json_object *(*get)(const struct batch *, uint32_t),
	  struct json_object **out)
{
	*out = get(b, k);
	return *out || errno == ENOENT ? 0 : -1;
}

/* Whether item K was completed; otherwise WHY not. 1, 0, or -1 with errno. */
static int
is_completed(struct originals *o, uint32_t k, char *why, size_t room)
{
	struct json_object *result, *error;
	const char *status, *words = NULL;
	int completed;

	if (read_line(o->batch, k, batch_result_object, &result) < 0)
		return -1;
	status = result ? rec_string(result, "status") : NULL;
	completed = status && strcmp(status, "completed") == 0;
	if (!completed && result && json_object_object_get_ex(result, "error", &error))
		words = rec_string(error, "message");
	snprintf(why, room, "%s",
		 words                                      ? words
		 : status && strcmp(status, "removed") == 0 ? "it was removed"
							    : "it was not fetched yet");
	utf8_replace_invalid(why);
	json_object_put(result);
	return completed;
}

int
originals_find(struct originals *o, const char *id, struct json_object *item, uint32_t *k, char *why, size_t room)
{
	const char *url = rec_string(item, "original_url");
	const struct indexed_subject *s;
	uint32_t subject, found = 0;
	int rc;

	*k = 0;
	snprintf(why, room, "it was not fetched yet");
	if (!subject_index_find(&o->plan, id, &subject))
		return 0;
	s = &o->plan.subjects[subject];
	for (uint32_t i = 0; i < s->count && !found; i++) {
		struct json_object *other;
		const char *is;

		if (read_line(o->batch, o->plan.items[s->first + i], batch_item_object, &other) < 0)
			return -1;
		is = other ? rec_string(other, "url") : NULL;
		if (is && strcmp(is, url) == 0)
			found = o->plan.items[s->first + i];
		json_object_put(other);
	}
	rc = found ? is_completed(o, found, why, room) : 0;
	if (rc > 0)
		*k = found;
	return rc < 0 ? -1 : 0;
}
