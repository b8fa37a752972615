#include "result_record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "base/when.h"
#include "notebook/notebook.h"
#include "records/rec.h"
#include "update.h"

enum { FILE_ID_DIGITS = 24 };

/* A file is known by its content within its notebook: the same bytes in another notebook are another file. */
void
result_add_file_id(struct json_object *o, const struct job *j)
{
	const struct body *b = &j->body;
	const char *notebook = j->target->notebook;
	unsigned char digest[HASH_BYTES];
	char id[FILE_ID_DIGITS + 1], text[NOTEBOOK_FILE_ID + 1];
	struct buf identity = {0};

	if (notebook) {
		notebook_file_id(notebook, b->sha256, text);
		rec_add_string(o, "file_id", text);
		return;
	}
	buf_add(&identity, "", 1); /* no notebook */
	buf_str(&identity, b->sha256);
	hash_bytes(identity.data, identity.len, digest);
	hash_hex(digest, FILE_ID_DIGITS / 2, id);
	snprintf(text, sizeof(text), "f_%s", id);
	rec_add_string(o, "file_id", text);
	buf_free(&identity);
}

/* What the server said of the file. Text that is not UTF-8 cannot be in a record. */
static void
add_fact(struct json_object *o, const char *key, const char *value)
{
	if (value && *value && utf8_valid_length(value, strlen(value)) == strlen(value))
		rec_add_string(o, key, value);
}

static void
add_completed(struct json_object *o, const struct job *j)
{
	char path[sizeof(j->name) + 8];

	rec_add_string(o, "status", "completed");
	snprintf(path, sizeof(path), "files/%s", j->name);
	rec_add_string(o, "path", path);
	result_add_file_id(o, j);
	json_object_object_add(o, "bytes", json_object_new_uint64(j->body.bytes));
	rec_add_string(o, "mime", j->type.mime);
	rec_add_string(o, "sha256", j->body.sha256);
	if (j->warning)
		rec_add_string(o, "warning", j->warning);
	if (j->same_as)
		json_object_object_add(o, "same_as", json_object_new_uint64(j->same_as));
	if (j->at)
		rec_add_string(o, "final_url", j->at);
	add_fact(o, "etag", j->answer.etag);
	add_fact(o, "last_modified", j->answer.last_modified);
	add_fact(o, "content_type", j->answer.content_type);
	if (!rec_string(j->asked, "filename"))
		add_fact(o, "filename", j->answer.filename);
	if (j->members >= 0)
		json_object_object_add(o, "members", json_object_new_int64(j->members));
}

static void
add_failed(struct json_object *o, const struct job *j)
{
	rec_add_string(o, "status", "failed");
	rec_add_error(o, j->verdict.code, j->verdict.message, j->verdict.retryable);
	if (j->url || j->file || j->upload[0] || j->archive)
		return;
	/* A bad line: the error says these now. */
	json_object_object_del(j->asked, "code");
	json_object_object_del(j->asked, "wrong");
}

char *
result_line(const struct job *j)
{
	struct json_object *o = json_object_new_object();
	char finished[WHEN_SIZE], *line;

	json_object_object_add(o, "item", json_object_new_uint64(j->item));
	if (j->verdict.kind == GOT)
		add_completed(o, j);
	else
		add_failed(o, j);
	update_add_members(j, o);
	rec_copy_without(o, j->more, NULL);
	json_object_object_add(o, "attempts", json_object_new_int((int)j->attempts));
	rec_add_string(o, "finished_at", when_now(finished));
	json_object_object_foreach(j->asked, key, value)
	{
		if (!json_object_object_get_ex(o, key, NULL))
			json_object_object_add(o, key, json_object_get(value));
	}
	line = buf_strdup(rec_print(o));
	json_object_put(o);
	return line;
}

void
result_add_members(struct buf *record, struct json_object *extra)
{
	struct json_object *o = rec_parse(record->data, record->len, NULL, 0);

	if (!json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return;
	}
	rec_copy_without(o, extra, NULL);
	buf_clear(record);
	buf_str(record, rec_print(o));
	json_object_put(o);
}

/* The state S of an item is not what its results say, and was brought up. */
static bool
was_behind(struct run *run, struct target *t, uint32_t item, int s, bool has_result, bool completed)
{
	int rc = s < 0 ? -1 : 0;

	if (s > 0 && (!has_result || completed != (s == 'c')))
		rc = batch_recover(t->batch, item);
	if (rc < 0)
		run_fail(run, "bringing states up to results");
	return rc > 0;
}

/* Reads the result alone. 1; 0: there is none; -1 after run_fail(). */
static int
read_alone(struct run *run, struct target *t, struct batch_known_result *r, struct buf *line)
{
	bool has_result = batch_result(t->batch, r->item, line) == 0;

	if (!has_result && errno != ENOENT) {
		run_fail(run, "reading results.ndjson");
		return -1;
	}
	r->says = '\0';
	if (has_result)
		batch_result_state(line->data, line->len, &r->says);
	return has_result;
}

int
result_take_stored(struct run *run, struct target *t, struct batch_known_result *r, const struct buf *text,
		   struct buf *line)
{
	int has_result, s;

	buf_clear(line);
	if (r->len > 0 && r->says == r->state && (r->says == 'c' || r->says == 'f')) {
		buf_add(line, text->data + r->at, r->len);
		return 1;
	}
	has_result = read_alone(run, t, r, line);
	if (has_result < 0)
		return -1;
	s = batch_state(t->batch, r->item);
	if (r->says == 'x') {
		/* Meanwhile, or the byte is behind after a power cut. */
		if (s != 'x' && batch_recover(t->batch, r->item) < 0)
			run_fail(run, "bringing states up to results");
		run->asked--;
		return run->fatal ? -1 : 2;
	}
	if (was_behind(run, t, r->item, s, has_result > 0, r->says == 'c'))
		return 0;
	if (run->fatal || has_result)
		return run->fatal ? -1 : 1;
	errno = ENOENT;
	run_fail(run, "reading results.ndjson");
	return -1;
}
