#include "submission.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "batch/batch_priority.h"
#include "files/file.h"
#include "notebook/notebook.h"

void
submission_drop_files(struct submission *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->items[i].has_part)
			atomic_file_drop(&h->items[i].part);
}

void
submission_free(struct submission *h)
{
	submission_drop_files(h);
	for (size_t i = 0; i < h->n; i++) {
		struct submission_item *item = &h->items[i];

		hash_drop(item->hash);
		free(item->where);
		free(item->userinfo);
		free(item->upload_id);
		free(item->wrong);
	}
	free(h->items);
	json_object_put(h->ids);
	if (h->form.calls)
		multipart_free(&h->form);
	file_close(h->temp, 0);
	batch_close(h->watched);
	buf_free(&h->value);
	reply_free(&h->reply);
	free(h);
}

struct submission_item *
submission_add(struct submission *h, const char *where)
{
	h->items = buf_grow(h->items, h->n, sizeof(*h->items));
	h->items[h->n] = (struct submission_item){.where = buf_strdup(where), .part = {.fd = -1}};
	return &h->items[h->n++];
}

bool
submission_error(struct submission *h, int error, const char *doing)
{
	if (error == ENOSPC || error == EDQUOT)
		return reply_error(&h->reply, 507, "disk_full", "%s: the disk is full; nothing was submitted", doing);
	if (error == EMFILE || error == ENFILE || error == EAGAIN)
		return reply_error(&h->reply, 503, "busy", "%s: too many requests are in progress; try again", doing);
	return reply_error(&h->reply, 500, "cannot_write", "%s: %s; nothing was submitted", doing, strerror(error));
}

/* The id of item I: VALUE, with -I if one value is given for all. False after making the reply the error. */
static bool
name_one(struct submission *h, size_t i, struct json_object *value, bool for_all)
{
	struct buf id = {0};
	const char *wrong;

	if (!value || (json_object_is_type(value, json_type_string) && json_object_get_string_len(value) == 0))
		return true;
	if (!json_object_is_type(value, json_type_string))
		return reply_error(&h->reply, 422, "bad_upload_id", "%s must be a string%s", h->type->id_key,
				   h->is_batch ? ", or an array of strings" : "");
	buf_add(&id, json_object_get_string(value), (size_t)json_object_get_string_len(value));
	if (for_all)
		buf_printf(&id, "-%zu", i + 1);
	wrong = notebook_upload_id_check(id.data);
	if (wrong)
		reply_error(&h->reply, 422, "bad_upload_id", "%s: '%.140s' %s", h->type->id_key, id.data, wrong);
	else
		h->items[i].upload_id = buf_strdup(id.data);
	h->named = true;
	buf_free(&id);
	return !wrong;
}

bool
submission_take_priority(struct submission *h, const char *text)
{
	h->priority = priority_parse(text);
	return h->priority >= 0 ||
	       reply_error(&h->reply, 400, "bad_priority", "priority is %s, not '%.80s'", priority_words, text);
}

bool
submission_name(struct submission *h)
{
	bool is_array = json_object_is_type(h->ids, json_type_array), well = true;
	size_t n = is_array ? json_object_array_length(h->ids) : 0;

	if (is_array && (n != h->n || !h->is_batch))
		return reply_error(&h->reply, 422, "bad_upload_id", "%s has %zu ids for %zu item%s", h->type->id_key, n,
				   h->n, h->n == 1 ? "" : "s");
	for (size_t i = 0; well && i < h->n; i++)
		well = name_one(h, i, is_array ? json_object_array_get_idx(h->ids, i) : h->ids,
				!is_array && h->is_batch);
	return well;
}
