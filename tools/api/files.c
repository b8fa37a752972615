#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "batch/job_status.h"
#include "files.h"
#include "files/file.h"
#include "handlers.h"
#include "query.h"
#include "records/rec.h"
#include "reply.h"
#include "resolve.h"

/* Whether the batch of a file exists. 1, 0, or -1 with errno. */
static int
is_there(const struct root *root, const struct notebook_file *f)
{
	char path[sizeof("batches/") + BATCH_NAME_MAX];

	snprintf(path, sizeof(path), "batches/%s", f->batch);
	return file_stat(root->fd, path, NULL);
}

/* A file as it is listed, from its line in the log. */
static void
print_file(const struct root *root, const struct notebook *nb, const struct notebook_file *f, struct buf *out)
{
	static const char *const known[][2] = {
		{"upload_id", "upload_id"},
		{"title", "title"},
		{"mime", "mime"},
		{"kind", "kind"},
		{"language", "language"},
		{"bytes", "bytes"},
		{"url", "url"},
		{"filename", "filename"},
		{"at", "created_at"},
		/* The existing front end calls them so. */
		{"upload_id", "upload_file_id"},
		{"filename", "original_filename"},
		{"bytes", "file_size"},
		{"url", "source_url"},
		{"at", "upload_timestamp"},
	};
	struct json_object *o = notebook_line(nb, f);
	int there = is_there(root, f);
	const char *name, *status;

	buf_printf(out, "{\"file_id\":\"%s\",\"knowledge_item_id\":", f->id);
	if (f->knowledge)
		buf_printf(out, "%llu", (unsigned long long)f->knowledge);
	else
		buf_str(out, "null");
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		reply_copy_member(out, o, known[i][0], known[i][1]);
	name = rec_string(o, "filename");
	name = name ? strrchr(name, '.') : NULL;
	if (name && name[1]) {
		buf_str(out, ",\"file_extension\":");
		buf_json(out, name);
	}
	status = there > 0 ? "completed" : there == 0 ? "removed" : "unreadable";
	buf_printf(out, ",\"status\":\"%s\",\"parsing_status\":\"%s\",\"batch_job_id\":%llu}", status, status,
		   (unsigned long long)f->job);
	json_object_put(o);
}

void
files_list(struct api *api, const struct request *q, struct reply *r)
{
	struct buf type = {0};
	const char *mime = query_text(q, "content_type", &type) ? type.data : NULL;
	struct notebook_file f;
	uint64_t limit, offset;
	struct notebook *nb;
	struct notebook_cursor cursor = {0};
	struct buf entries = {0};

	if (query_page(q, QUERY_LIMIT, &limit, &offset, r) && resolve_listed(api, q->words[1], &nb, r)) {
		size_t count = nb ? notebook_files(nb, mime) : 0;

		cursor.skip = offset;
		for (; offset < count && limit > 0 && notebook_next_file(nb, mime, &cursor, &f); limit--) {
			buf_str(&entries, entries.len ? "," : "");
			print_file(&api->root, nb, &f, &entries);
		}
		reply_list(r, q->scgi, count, &entries, "[", "]");
	}
	buf_free(&entries);
	buf_free(&type);
}

/* The document of an item: as in the status of a job, with the batch and job of the item. */
static int
print_item(const struct resolved_item *i, int state, bool held, struct buf *out)
{
	struct buf line = {0};
	int rc = job_status_print_item(i->batch->batch, i->batch->about, i->item, state, held, out, &line),
	    error = errno;

	out->len--; /* without the closing brace: more members follow */
	buf_printf(out, ",\"batch_job_id\":%llu", (unsigned long long)i->job);
	if (i->is_file) {
		buf_printf(out, ",\"file_id\":\"%s\",\"knowledge_item_id\":", i->file.id);
		if (i->file.knowledge)
			buf_printf(out, "%llu", (unsigned long long)i->file.knowledge);
		else
			buf_str(out, "null");
	}
	/* The existing front end looks there. */
	buf_str(out, ",\"success\":true,\"data\":{\"status\":");
	buf_json(out, job_status_word(state, held));
	if (i->is_file)
		buf_printf(out, ",\"file_id\":\"%s\"", i->file.id);
	buf_str(out, "}}");
	buf_free(&line);
	errno = error;
	return rc;
}

const char *
files_print_status(struct api *api, const char *notebook, const char *id, struct buf *out, bool *done, struct reply *r)
{
	struct resolved_item i;
	struct batch_counts counts;
	int state;

	if (!resolve_item(api, notebook, id, &i, r))
		return NULL;
	if (!i.batch && i.error == ENOENT) {
		reply_error(r, 404, "removed", "the batch of this file was removed");
		return NULL;
	}
	if (!i.batch) {
		reply_error(r, 500, "cannot_read", "the batch of this file cannot be read: %s",
			    trouble_reason(i.error));
		return NULL;
	}
	state = batch_state(i.batch->batch, i.item);
	if (state < 0 || batch_count(i.batch->batch, &counts) < 0 || print_item(&i, state, counts.held, out) < 0) {
		reply_error(r, 500, "cannot_read", "the batch %s cannot be read: %s", i.batch->name,
			    trouble_reason(errno));
		return NULL;
	}
	*done = state == 'c' || state == 'f' || state == 'x';
	return i.batch->name;
}

void
files_status(struct api *api, const struct request *q, struct reply *r)
{
	bool done;

	if (!files_print_status(api, q->words[1], q->words[3], &r->body, &done, r))
		return;
	buf_str(&r->body, "\n");
	reply_tag(r, q->scgi);
}
