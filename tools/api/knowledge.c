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

	/* The existing front end calls it "id", and the type "content_type". */
	buf_printf(out, "{\"knowledge_base_item_id\":%llu,\"id\":%llu,\"file_id\":\"%s\"",
		   (unsigned long long)f->knowledge, (unsigned long long)f->knowledge, f->id);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		reply_copy_member(out, o, known[i], known[i]);
	reply_copy_member(out, o, "mime", "content_type");
	reply_copy_member(out, o, "at", "created_at");
	json_object_put(o);
	o = notebook_notes(nb, f);
	reply_copy_member(out, o, "notes", "notes");
	json_object_put(o);
	buf_printf(out, ",\"linked\":%s,\"linked_to_notebook\":%s}", f->linked ? "true" : "false",
		   f->linked ? "true" : "false");
}

/* NB: NULL if the notebook has nothing yet. */
static void
print_list(const struct notebook *nb, const struct request *q, bool all, uint64_t limit, uint64_t offset,
	   struct reply *r)
{
	struct buf type = {0}, entries = {0}, close = {0};
	const char *mime = query_text(q, "content_type", &type) ? type.data : NULL;
	struct notebook_cursor cursor = {.skip = offset};
	size_t count = nb ? notebook_knowledge(nb, all, mime) : 0;
	struct notebook_file f;

	buf_printf(&close, "],\"notebook_id\":\"%s\",\"pagination\":{\"count\":%zu,\"limit\":%llu,\"offset\":%llu}}",
		   q->words[1], count, (unsigned long long)limit, (unsigned long long)offset);
	for (; offset < count && limit > 0 && notebook_next_knowledge(nb, all, mime, &cursor, &f); limit--) {
		buf_str(&entries, entries.len ? "," : "");
		print_item(nb, &f, &entries);
	}
	reply_list(r, q->scgi, count, &entries, "{\"items\":[", close.data);
	buf_free(&type);
	buf_free(&entries);
	buf_free(&close);
}

void
knowledge_list(struct api *api, const struct request *q, struct reply *r)
{
	uint64_t limit, offset, all;
	struct notebook *nb;

	if (query_page(q, QUERY_LIMIT, &limit, &offset, r) && query_number(q, "all", 0, 1, &all, r) &&
	    resolve_listed(api, q->words[1], &nb, r))
		print_list(nb, q, all, limit, offset, r);
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
	if (!query_number(q, "knowledge_base_item_id", 0, INT64_MAX, &id, r) ||
	    (!id && !query_number(q, "knowledge_item_id", 0, INT64_MAX, &id, r)))
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

	if ((json_object_object_get_ex(o, "knowledge_base_item_id", &value) ||
	     json_object_object_get_ex(o, "knowledge_item_id", &value)) &&
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
