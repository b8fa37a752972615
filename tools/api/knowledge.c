#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "handlers.h"
#include "query.h"
#include "records/rec.h"
#include "resolve.h"

static void
print_item(const struct notebook *nb, const struct notebook_file *f, struct buf *out)
{
	static const char *const known[] = {"title", "kind", "language", "mime", "url", "filename"};
	struct json_object *o = notebook_line(nb, f);

	buf_printf(out, "{\"knowledge_base_item_id\":%llu,\"file_id\":\"%s\"", (unsigned long long)f->knowledge, f->id);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		reply_copy_member(out, o, known[i], known[i]);
	json_object_put(o);
	o = notebook_notes(nb, f);
	reply_copy_member(out, o, "notes", "notes");
	json_object_put(o);
	buf_printf(out, ",\"linked\":%s}", f->linked ? "true" : "false");
}

void
knowledge_list(struct api *api, const struct request *q, struct reply *r)
{
	uint64_t limit, offset, all;
	struct notebook_file f;
	struct notebook *nb;
	const char *before = "";
	struct notebook_cursor cursor = {0};
	size_t count;

	if (!query_page(q, QUERY_LIMIT, &limit, &offset, r) || !query_number(q, "all", 0, 1, &all, r) ||
	    !(nb = resolve_notebook(api, q->words[1], r)))
		return;
	count = notebook_knowledge(nb, all);
	buf_printf(&r->body, "{\"count\":%zu,\"results\":[", count);
	cursor.skip = offset;
	for (; offset < count && limit > 0 && notebook_next_knowledge(nb, all, &cursor, &f); limit--) {
		buf_str(&r->body, before);
		print_item(nb, &f, &r->body);
		before = ",";
	}
	buf_str(&r->body, "]}\n");
	reply_tag(r, q->scgi);
}

/* The body of a request, or an object made from the path if there is no body: some clients send none with DELETE. NULL
 * after making R the error. */
static struct json_object *
take_body(const struct request *q, struct reply *r)
{
	struct json_object *o;
	uint64_t id;

	if (q->scgi->body_len > 0 || strcmp(q->method, "DELETE") != 0)
		return reply_take_json(q->scgi, r);
	if (!query_number(q, "knowledge_base_item_id", 0, INT64_MAX, &id, r))
		return NULL;
	o = json_object_new_object();
	json_object_object_add(o, "knowledge_base_item_id", json_object_new_uint64(id));
	return o;
}

/* Finds the item that O names. False after making R the error. */
static bool
take_id(struct json_object *o, uint64_t *id, struct reply *r)
{
	struct json_object *value;

	if (json_object_object_get_ex(o, "knowledge_base_item_id", &value) &&
	    json_object_is_type(value, json_type_int) && json_object_get_int64(value) > 0) {
		*id = (uint64_t)json_object_get_int64(value);
		return true;
	}
	return reply_error(r, 422, "bad_item",
			   "knowledge_base_item_id must be the number of a knowledge item of the notebook");
}

static void
change_link(struct api *api, const struct request *q, bool link, struct reply *r)
{
	struct json_object *o = NULL, *notes = NULL;
	struct notebook_file f;
	struct notebook *nb;
	uint64_t id = 0;
	int rc;

	if (!(o = take_body(q, r)) || !take_id(o, &id, r) || !(nb = resolve_notebook(api, q->words[1], r))) {
		json_object_put(o);
		return;
	}
	json_object_object_get_ex(o, "notes", &notes);
	if (!notebook_find_knowledge(nb, id, &f)) {
		reply_error(r, 404, "no_such_item", "the notebook %s has no knowledge item %llu", q->words[1],
			    (unsigned long long)id);
	} else if (link && notes && !json_object_is_type(notes, json_type_string)) {
		reply_error(r, 422, "bad_notes", "notes must be a string");
	} else {
		rc = link ? notebook_link(nb, id, notes ? json_object_get_string(notes) : NULL)
			  : notebook_unlink(nb, id);
		if (rc < 0 && errno == EINTR)
			reply_error(r, 503, "busy", "another process holds the notebook %s", q->words[1]);
		else if (rc < 0)
			reply_error(r, 500, "cannot_write", "the notebook %s cannot be written: %s", q->words[1],
				    strerror(errno));
		else
			r->status = link ? 201 : 204;
	}
	if (r->status == 201)
		buf_printf(&r->body, "{\"success\":true,\"knowledge_base_item_id\":%llu,\"file_id\":\"%s\"}\n",
			   (unsigned long long)id, f.id);
	json_object_put(o);
}

void
knowledge_link(struct api *api, const struct request *q, struct reply *r)
{
	change_link(api, q, true, r);
}

void
knowledge_unlink(struct api *api, const struct request *q, struct reply *r)
{
	change_link(api, q, false, r);
}
