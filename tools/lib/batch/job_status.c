#include "batch/job_status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/when.h"
#include "batch/batch_priority.h"
#include "files/file.h"
#include "records/rec.h"

void
job_status_derive(struct job_status *p)
{
	const struct batch_counts *c = &p->counts;
	uint64_t finished = c->completed + c->failed;
	bool left = c->pending + c->processing > 0;
	bool coming = c->held || p->queued;

	p->done = !left && !coming;
	p->stale = left && !coming;
	p->tenths = c->total ? (unsigned)((finished * 2000 + c->total) / (2 * c->total)) : 0;
	if (left && p->tenths == 1000)
		p->tenths = 999;

	if (c->total == 0 && c->removed > 0) {
		/* Whether no work is left. */
		p->status = p->done ? "completed" : "processing";
		p->tenths = 1000;
		return;
	}
	if (finished + c->processing == 0)
		p->status = "pending";
	else if (!p->done)
		p->status = "processing";
	else if (c->failed == 0)
		p->status = "completed";
	else
		p->status = c->completed == 0 ? "failed" : "partially_completed";
}

/* 1 when the batch is in queue/, 0 when not, -1 with errno. */
static int
is_queued(const struct root *root, const char *name)
{
	int fd = root_open_dir(root->fd, "queue", false);

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	return file_close(fd, file_stat(fd, name, NULL));
}

/* Stores the time in LAST. 0, or -1 with errno. */
static int
last_change(int dirfd, time_t *last)
{
	static const char *const files[] = {"state", "results.ndjson"};
	struct stat st;

	*last = 0;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int rc = file_stat(dirfd, files[i], &st);

		if (rc < 0)
			return -1;
		if (rc > 0 && st.st_mtime > *last)
			*last = st.st_mtime;
	}
	return 0;
}

int
job_status_read(const struct root *root, const struct batch *b, struct job_status *p)
{
	int queued = is_queued(root, batch_name(b));
	time_t updated;

	*p = (struct job_status){0};
	if (queued < 0 || last_change(batch_dirfd(b), &updated) < 0)
		return -1;
	return job_status_read_known(b, queued, updated, p);
}

int
job_status_read_known(const struct batch *b, bool queued, time_t updated, struct job_status *p)
{
	*p = (struct job_status){
		.queued = queued, .priority = batch_priority_read(batch_dirfd(b), "."), .updated = updated};
	/* A file without a priority is shown as such; one that cannot be read is a failure, as that of the states is.
	 */
	if ((p->priority < 0 && errno != EBADMSG) || batch_count(b, &p->counts) < 0)
		return -1;
	job_status_derive(p);
	return 0;
}

/* --- the document --- */

/* Appends "KEY":VALUE. A value of NULL is null. */
static void
add_value(struct buf *out, const char *key, struct json_object *value)
{
	buf_printf(out, "\"%s\":", key);
	buf_str(out, value ? rec_print(value) : "null");
}

static void
add_string(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, "\"%s\":", key);
	if (value)
		buf_json(out, value);
	else
		buf_str(out, "null");
}

/* Appends ,"KEY":VALUE if O has that member. */
static void
add_known(struct buf *out, const char *key, struct json_object *o)
{
	struct json_object *value;

	if (!json_object_object_get_ex(o, key, &value))
		return;
	buf_add(out, ",", 1);
	add_value(out, key, value);
}

void
job_status_print_job(const struct batch *b, struct json_object *about, const struct job_status *p, struct buf *out)
{
	const struct batch_counts *c = &p->counts;
	const char *created = rec_string(about, "created_at");
	const char *type = rec_string(about, "job_type");
	char updated[WHEN_SIZE];

	buf_str(out, "{");
	add_value(out, "id", json_object_object_get(about, "job_id"));
	buf_add(out, ",", 1);
	add_string(out, "job_type", type ? type : "url_parse");
	buf_printf(out,
		   ",\"status\":\"%s\",\"total_items\":%llu,\"completed_items\":%llu,\"failed_items\":%llu,"
		   "\"processing_items\":%llu,\"pending_items\":%llu,\"progress_percentage\":%u.%u,",
		   p->status, (unsigned long long)c->total, (unsigned long long)c->completed,
		   (unsigned long long)c->failed, (unsigned long long)c->processing, (unsigned long long)c->pending,
		   p->tenths / 10, p->tenths % 10);
	add_string(out, "created_at", created);
	buf_add(out, ",", 1);
	add_string(out, "updated_at", p->updated && *when_print(updated, p->updated) ? updated : created);
	buf_add(out, ",", 1);
	add_string(out, "name", batch_name(b));
	if (p->priority < 0)
		buf_str(out, ",\"priority\":null");
	else
		buf_printf(out, ",\"priority\":%d", p->priority);
	add_known(out, "label", about);
	add_known(out, "category", about);
	add_known(out, "notebook", about);
	if (type && strcmp(type, "url_parse_media") == 0) /* its pages may have more items */
		buf_printf(out, ",\"total_is_final\":%s", p->done ? "true" : "false");
	if (c->removed)
		buf_printf(out, ",\"removed_items\":%llu", (unsigned long long)c->removed);
	if (p->stale)
		buf_str(out, ",\"stale\":true");
	buf_add(out, "}", 1);
}

/* The request, in the terms of the API: the URL of a media item is its page. */
static void
add_item_data(struct buf *out, struct json_object *item)
{
	static const char *const members[][2] = {
		{"url", "url"}, {"media", "url"}, {"file", "file"}, {"filename", "filename"}, {"size", "size"},
	};
	const char *before = "";
	bool has_url = false;
	struct json_object *value;

	buf_str(out, "\"item_data\":{");
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		bool is_url = strcmp(members[i][1], "url") == 0;

		if (!json_object_object_get_ex(item, members[i][0], &value) || (is_url && has_url))
			continue;
		has_url |= is_url;
		buf_str(out, before);
		add_value(out, members[i][1], value);
		before = ",";
	}
	buf_add(out, "}", 1);
}

/* A line as an object, or NULL if it is not one: the functions of json-c and rec find nothing in NULL. */
static struct json_object *
parse_object(const struct buf *line)
{
	struct json_object *o = line->len ? rec_parse(line->data, line->len, NULL, 0) : NULL;

	if (!o || json_object_is_type(o, json_type_object))
		return o;
	json_object_put(o);
	return NULL;
}

/* Stores in ERROR why something could not be read, unless it does not exist. Returns whether it was read. */
static bool
was_read(int rc, int *error)
{
	if (rc < 0 && errno != ENOENT && !*error)
		*error = errno;
	return rc == 0;
}

/* What came of a completed item, by its result. */
static void
add_result(struct buf *out, struct json_object *result)
{
	static const char *const more[] = {"path", "bytes", "mime", "sha256"};

	buf_str(out, ",\"result\":{");
	add_value(out, "file_id", json_object_object_get(result, "file_id"));
	buf_add(out, ",", 1);
	add_value(out, "knowledge_item_id", json_object_object_get(result, "knowledge_item_id"));
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		add_known(out, more[i], result);
	buf_add(out, "}", 1);
}

/* Why an item failed, by its result. */
static void
add_failure(struct buf *out, struct json_object *result)
{
	struct json_object *why = json_object_object_get(result, "error");
	const char *message = rec_string(why, "message"), *code = rec_string(why, "code");

	if (!message)
		message = code;
	buf_add(out, ",", 1);
	if (code) {
		add_string(out, "error_code", code);
		buf_add(out, ",", 1);
	}
	add_string(out, "error_message",
		   message ? message : "failed without a result record; bi-status --rebuild repairs the state");
}

/* The name of the subject that an item is a candidate for. */
static void
add_subject(struct buf *out, struct json_object *item)
{
	const char *name = rec_string(json_object_object_get(item, "subject"), "name");

	if (!name)
		return;
	add_string(out, "subject_name", name);
	buf_add(out, ",", 1);
}

const char *
job_status_word(int state, bool held)
{
	return state == 'c'           ? "completed"
	       : state == 'f'         ? "failed"
	       : state == 'x'         ? "removed"
	       : state == 'r' && held ? "processing"
				      : "pending";
}

void
job_upload_id(uint64_t job, uint32_t item, char out[33])
{
	snprintf(out, 33, "%016llx%016lx", (unsigned long long)job, (unsigned long)item);
}

int
job_status_print_item(const struct batch *b, struct json_object *about, uint32_t k, int state, bool held,
		      struct buf *out, struct buf *line)
{
	struct batch_place place = {0};
	struct json_object *o;
	char derived[33];
	int error = 0;
	static const char *const given[] = {"upload_id", "upload_url_id", "upload_file_id"};
	const char *id = NULL;

	buf_printf(out, "{\"id\":%lu,\"status\":\"%s\",", (unsigned long)k, job_status_word(state, held));

	buf_clear(line);
	if (was_read(batch_item(b, k, line), &error))
		batch_place(line->data, line->len, &place);
	o = parse_object(line);
	add_item_data(out, o);
	buf_add(out, ",", 1);
	add_subject(out, o);
	for (size_t i = 0; !id && i < sizeof(given) / sizeof(given[0]); i++)
		id = rec_string(o, given[i]);
	/* What was found on a page of a job is known to its notebook by this id. */
	if (!id && rec_string(about, "notebook") && rec_number(about, "job_id", 0) > 0) {
		job_upload_id((uint64_t)rec_number(about, "job_id", 0), k, derived);
		id = derived;
	}
	add_string(out, "upload_id", id ? id : place.key);
	json_object_put(o);

	if (state == 'c' || state == 'f') {
		buf_clear(line);
		o = was_read(batch_result(b, k, line), &error) ? parse_object(line) : NULL;
		if (state == 'c')
			add_result(out, o);
		else
			add_failure(out, o);
		json_object_put(o);
	}
	buf_add(out, "}", 1);
	errno = error;
	return error ? -1 : 0;
}

int
job_status_print_known(const struct batch *b, struct json_object *about, struct job_status *p, uint64_t offset,
		       uint64_t limit, job_status_sink *sink, void *arg)
{
	struct buf out = {0}, line = {0}, states = {0};
	const char *before = "";
	int error = 0;

	if (limit && batch_count_states(b, &p->counts, &states) < 0)
		return -1;
	job_status_derive(p);
	buf_str(&out, "{\"batch_job\":");
	job_status_print_job(b, about, p, &out);
	buf_str(&out, ",\"items\":[");
	for (size_t k = 1; limit > 0 && k <= states.len; k++) {
		if (states.data[k - 1] == 'x')
			continue;
		if (offset > 0) {
			offset--;
			continue;
		}
		limit--;
		buf_str(&out, before);
		before = ",";
		was_read(job_status_print_item(b, about, (uint32_t)k, states.data[k - 1], p->counts.held, &out, &line),
			 &error);
		sink(out.data, out.len, arg);
		buf_clear(&out);
	}
	buf_str(&out, "]}");
	sink(out.data, out.len, arg);
	buf_free(&out);
	buf_free(&line);
	buf_free(&states);
	errno = error;
	return error ? -1 : 0;
}

int
job_status_print(struct batch *b, struct job_status *p, uint64_t offset, uint64_t limit, job_status_sink *sink,
		 void *arg)
{
	struct buf line = {0};
	int error = 0;
	struct json_object *about = was_read(batch_metadata(b, &line), &error) ? parse_object(&line) : NULL;

	was_read(job_status_print_known(b, about, p, offset, limit, sink, arg), &error);
	json_object_put(about);
	buf_free(&line);
	errno = error;
	return error ? -1 : 0;
}
