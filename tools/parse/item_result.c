#include "item_result.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/msg.h"
#include "base/trouble.h"
#include "base/utf8.h"
#include "files/file.h"
#include "records/rec.h"
#include "shortfall.h"

enum {
	LEAN = 256 << 10, /* bytes of links and media in a record, in addition to its text */
	SLACK = 8 << 10,  /* of a record, for added members */
};

static void
add_string(struct item *i, const char *key, const char *value)
{
	rec_add_string(i->record, key, value);
}

void
item_fail(struct parser *s, struct item *i, const char *code, bool retryable, const char *why)
{
	add_string(i, "status", "failed");
	rec_add_error(i->record, code, why, retryable);
	if (i->spoken)
		msg_warn("%s: %s", i->path ? i->path : "a line", why);
	i->settled = i->failed = true;
	s->failed++;
}

void
item_fail_errno(struct parser *s, struct item *i, const char *code, bool retryable, const char *what)
{
	char why[200];

	snprintf(why, sizeof(why), "%s: %s", what, file_reason(errno));
	item_fail(s, i, code, retryable, why);
}

/* Reports that a file cannot be opened or read; the cause may be the file or this machine. */
void
item_fail_source(struct parser *s, struct item *i, const char *what)
{
	if (trouble_is_local(errno))
		item_fail_errno(s, i, TROUBLE_CODE, true, what);
	else
		item_fail_errno(s, i, errno == ENOENT ? "no_such_file" : "unreadable_file", false, what);
}

/* A record is a line, whose length is limited: links, media and the end of the text are dropped first. */
static void
put_text(struct item *i, const struct answer *a)
{
	size_t used = strlen(rec_print(i->record)), room, n = 0, cost = 0;

	if (used > LEAN) {
		json_object_object_del(i->record, "links");
		json_object_object_del(i->record, "media");
		used = strlen(rec_print(i->record));
	}
	room = used + SLACK < REC_MAX ? REC_MAX - used - SLACK : 0;
	while (n < a->text.len) {
		unsigned char c = (unsigned char)a->text.data[n];

		cost += c == '"' || c == '\\' || c == '/' || c == '\n' || c == '\t' ? 2 : c < ' ' || c == 0x7f ? 6 : 1;
		if (cost > room)
			break;
		n++;
	}
	if (n < a->text.len) {
		n = utf8_whole_length(a->text.data, n);
		json_object_object_add(i->record, "truncated", json_object_new_boolean(1));
	}
	json_object_object_add(i->record, "text", json_object_new_string_len(a->text.data, (int)n));
}

/* For a file outside of batches: the complete content. */
static void
put_all(struct parser *s, struct item *i, struct answer *a)
{
	add_string(i, "mime", i->mime);
	add_string(i, "sha256", i->sha256);
	json_object_object_add(i->record, "bytes", json_object_new_int64(i->bytes));
	add_string(i, "status", "completed");
	rec_copy_without(i->record, a->about, "images");
	if (s->as_text)
		buf_add(&i->text, a->text.data, a->text.len);
	else
		put_text(i, a);
}

/* For a file of a batch: the path of the content, and a short part of it. */
static bool
put_kept(struct parser *s, struct item *i, struct answer *a)
{
	static const char *const keys[] = {"kind",    "title",     "language",     "truncated",
					   "missing", "needs_ocr", "needs_package"};
	struct content it = {.file = i->path,
			     .batch = i->batch,
			     .item = i->number,
			     .sha256 = i->sha256,
			     .mime = i->mime,
			     .out = i->work.out,
			     .answer = a};
	struct json_object *value;

	if (content_store_write(s->store, &it) < 0) {
		free(it.path);
		return false;
	}
	json_object_object_add(i->record, "knowledge_item_id", json_object_new_int64((int64_t)it.id));
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
		if (json_object_object_get_ex(a->about, keys[k], &value))
			json_object_object_add(i->record, keys[k], json_object_get(value));
	add_string(i, "content", it.path);
	free(it.path);
	return true;
}

void
item_settle(struct parser *s, struct item *i, struct answer *a)
{
	if (!i->batch)
		put_all(s, i, a);
	else if (!put_kept(s, i, a)) {
		int code = msg_exit_code(errno);

		/* The item does not fail because of a full disk, but it does because of a limit on file sizes. */
		if (code == EX_IOERR && errno != EFBIG)
			msg_die_errno(code, "cannot store the content of item %u of the batch '%s'", i->number,
				      i->batch);
		if (trouble_is_local(errno))
			item_fail_source(s, i, "its content cannot be stored now");
		else
			item_fail_errno(s, i, "parse_not_kept", false, "its content cannot be stored");
		return;
	}
	if (s->as_text)
		shortfall_describe(&i->notice, a, s->ocr != NULL);
	i->settled = true;
	s->parsed++;
}

/* There is no parser for such files. That is not a failure, but the record says that their text is missing. */
void
item_settle_file(struct parser *s, struct item *i)
{
	struct answer a = {.about = json_object_new_object()};
	static const char *const lists[] = {"links", "media", "images"};
	struct json_object *missing = json_object_new_array();

	rec_add_string(a.about, "kind", "file");
	json_object_array_add(missing, json_object_new_string("text"));
	json_object_object_add(a.about, "missing", missing);
	json_object_object_add(a.about, "metadata", json_object_new_object());
	for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++)
		json_object_object_add(a.about, lists[k], json_object_new_array());
	buf_str(&a.text, "");
	item_settle(s, i, &a);
	answer_free(&a);
}
