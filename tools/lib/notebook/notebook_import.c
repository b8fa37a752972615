/*
 * What is completed, from a batch's results to its notebook's log.
 *
 * Each line of a file says up to where the results were read then ("to"); the last such line of a batch counts, so that
 * the log alone says what it has. Where that line is, is noted in the batch's directory (notebook_noted.c); the
 * note is believed only if that line says so too.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/stat.h>

#include "base/lock.h"
#include "base/scan.h"
#include "base/userinfo.h"
#include "base/utf8.h"
#include "batch/job_status.h"
#include "files/append.h"
#include "files/file.h"
#include "notebook/notebook_internal.h"
#include "records/rec.h"

enum {
	LINES_MAX = 1 << 20,  /* bytes of lines that are added at once */
	SILENT_MAX = 1 << 16, /* bytes of results without a file after which the log has a line that says so */
	TITLE_MAX = 512,
};

struct taking {
	const struct batch *b;
	char nb[BATCH_NAME_MAX + 1];
	uint64_t job;
	int log, results;
	off_t to;          /* results.ndjson is imported up to here */
	struct buf lines;  /* to be added */
	off_t last;        /* where the last of these lines begins */
	off_t said;        /* the last "to" in the log and LINES */
	bool full, caught; /* LINES is; a line's item is not settled */
	int error;         /* why a line could not be read; 0: all were read */
};

/* --- the notebook of a batch, and how far it has the results --- */

/* 1 with the notebook and job of the batch, 0 if it has no notebook, -1 with errno. */
static int
take_about(struct taking *t)
{
	struct json_object *o = batch_metadata_object(t->b);
	const char *nb = rec_string(o, "notebook");
	int rc = o || errno == ENOENT || errno == EBADMSG ? 0 : -1;

	if (nb && !root_name_check(nb)) {
		strcpy(t->nb, nb);
		t->job = (uint64_t)rec_number(o, "job_id", 0);
		rc = 1;
	}
	json_object_put(o);
	return rc;
}

/* Whether the log's line belongs to the batch and has a "to", which is stored in TO; the line of a job has 0. */
static bool
says_to(const struct taking *t, const char *line, size_t n, off_t *to)
{
	const char *end = line + n, *at = scan_after(line, n, "\"batch\":\"");
	char name[BATCH_NAME_MAX + 1];
	uint64_t value = 0;

	if (!at || !scan_word(&at, end, name, BATCH_NAME_MAX) || strcmp(name, batch_name(t->b)) != 0)
		return false;
	if (!scan_text(&line, end, "{\"job\":")) {
		at = scan_after(at, (size_t)(end - at), "\"to\":");
		if (!at || !scan_number(&at, end, &value))
			return false;
	}
	*to = (off_t)value;
	return true;
}

/* Whether `noted` is valid. */
static bool
take_noted(struct taking *t)
{
	struct buf line = {0};
	off_t noted, at, to = -1;
	bool good = notebook_load_note(batch_dirfd(t->b), &noted, &at) && append_line(t->log, at, &line) == 0 &&
		    says_to(t, line.data, line.len, &to) && to == noted;

	buf_free(&line);
	if (good)
		t->to = to;
	return good;
}

static bool
find_to(off_t at, const char *line, size_t n, void *arg)
{
	struct taking *t = arg;

	(void)at;
	says_to(t, line, n, &t->to);
	return true;
}

/* --- from results to lines --- */

static void
add_title(struct buf *out, const char *title)
{
	char cut[TITLE_MAX + 1];
	size_t n;

	if (!title)
		return;
	n = utf8_whole_length(title, strnlen(title, TITLE_MAX));
	memcpy(cut, title, n);
	cut[n] = '\0';
	buf_str(out, ",\"title\":");
	buf_json(out, cut);
}

static void
add_file(struct taking *t, struct json_object *o, uint32_t item, off_t to)
{
	static const char *const members[] = {"kind",  "language", "url",  "filename",
					      "bytes", "sha256",   "path", "content"};
	const char *upload = rec_string(o, "upload_id"), *mime = rec_string(o, "mime"), *sha = rec_string(o, "sha256");
	const char *at = rec_string(o, "finished_at"), *media = rec_string(o, "media");
	long long knowledge = rec_number(o, "knowledge_item_id", 0);
	char id[NOTEBOOK_FILE_ID + 1], derived[33];
	struct buf *out = &t->lines;

	if (!sha || !rec_string(o, "path")) /* completed without a file */
		return;
	t->last = (off_t)out->len;
	t->said = to;
	notebook_file_id(t->nb, sha, id);
	job_upload_id(t->job, item, derived);
	buf_printf(out, "{\"file\":\"%s\",\"knowledge_item_id\":", id);
	if (knowledge > 0)
		buf_printf(out, "%lld", knowledge);
	else
		buf_str(out, "null");
	buf_printf(out, ",\"job\":%llu,\"batch\":\"%s\",\"item\":%lu,\"to\":%lld,\"mime\":", (unsigned long long)t->job,
		   batch_name(t->b), (unsigned long)item, (long long)to);
	buf_json(out, mime ? mime : "application/octet-stream");
	buf_str(out, ",\"upload_id\":");
	buf_json(out, upload ? upload : derived);
	if (at) {
		buf_str(out, ",\"at\":");
		buf_json(out, at);
	} else {
		notebook_add_now(out);
	}
	add_title(out, rec_string(o, "title"));
	if (media && !rec_string(o, "url")) {
		buf_str(out, ",\"url\":");
		buf_json(out, media);
	}
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		struct json_object *value;

		if (json_object_object_get_ex(o, members[i], &value))
			buf_printf(out, ",\"%s\":%s", members[i], rec_print(value));
	}
	buf_str(out, "}\n");
}

/* The item ITEM no longer has a file. */
static void
add_removal(struct taking *t, uint32_t item, off_t to)
{
	t->last = (off_t)t->lines.len;
	t->said = to;
	buf_printf(&t->lines, "{\"removed\":%lu,\"job\":%llu,\"batch\":\"%s\",\"to\":%lld}\n", (unsigned long)item,
		   (unsigned long long)t->job, batch_name(t->b), (long long)to);
}

static bool
take_result(off_t at, const char *line, size_t n, void *arg)
{
	struct taking *t = arg;
	char says = '\0';
	uint32_t k = batch_result_state(line, n, &says);
	int counts = k ? batch_result_counts(t->b, k, at) : 0, state = counts > 0 ? batch_state(t->b, k) : 0;
	struct json_object *o;

	if (counts < 0 || state < 0) {
		t->error = errno;
		return false;
	}
	if (counts) {
		if (state != 'c' && state != 'f' && says != 'p' && state != says) {
			t->caught = true; /* it is being recorded, or its owner died while recording it */
			return false;
		}
		size_t from = t->lines.len;

		if (says == 'x')
			add_removal(t, k, at + (off_t)n + 1);
		o = says == 'c' ? rec_parse(line, n, NULL, 0) : NULL;
		if (o)
			add_file(t, o, k, at + (off_t)n + 1);
		if (t->lines.len > from) /* a line of an earlier version may have userinfo in it */
			t->lines.len = from + userinfo_strip(t->lines.data + from, t->lines.len - from);
		json_object_put(o);
	}
	t->to = at + (off_t)n + 1;
	t->full = t->lines.len >= LINES_MAX;
	return !t->full;
}

/* Appends LINES to the log. 0, or -1 with errno. */
static int
add_lines(struct taking *t)
{
	off_t end = append_end(t->log);

	if (end < 0)
		return -1;
	if (!t->lines.len && t->to - t->said >= SILENT_MAX) {
		t->said = t->to;
		t->last = 0;
		buf_printf(&t->lines, "{\"batch\":\"%s\",\"to\":%lld}\n", batch_name(t->b), (long long)t->to);
	}
	if (!t->lines.len)
		return 0;
	if (append_lines(t->log, end, t->lines.data, t->lines.len) < 0)
		return -1;
	t->last += end;
	notebook_store_note(batch_dirfd(t->b), t->said, t->last);
	buf_clear(&t->lines);
	return 0;
}

static int
take_all(struct taking *t)
{
	struct stat st;

	if (!take_noted(t)) {
		t->to = 0;
		if (append_each(t->log, 0, find_to, t) < 0)
			return -1;
	}
	if (fstat(t->results, &st) < 0)
		return -1;
	if (t->to > st.st_size) /* the file was rewritten: importing a line twice changes nothing */
		t->to = 0;
	t->said = t->to;
	do {
		t->full = false;
		if (append_each(t->results, t->to, take_result, t) < 0 || add_lines(t) < 0)
			return -1;
	} while (t->full && !t->caught && !t->error);
	errno = t->error;
	return t->error ? -1 : 0;
}

/* Whether there is anything to import. */
static bool
is_behind(struct taking *t)
{
	struct stat st;

	return !take_noted(t) || fstat(t->results, &st) < 0 || st.st_size != t->to;
}

int
notebook_import_results(const struct root *root, const struct batch *b)
{
	struct taking t = {.b = b, .log = -1};
	int rc;

	t.results = openat(batch_dirfd(b), "results.ndjson", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (t.results < 0)
		return errno == ENOENT ? 0 : -1;
	rc = take_about(&t);
	if (rc > 0) {
		rc = 0;
		t.log = notebook_open_log(root, t.nb, true);
		if (t.log < 0 || (is_behind(&t) && (lock_wait(t.log, LOCK_ALONE) < 0 || take_all(&t) < 0)))
			rc = -1;
	}
	file_close(t.log, 0);
	file_close(t.results, 0);
	buf_free(&t.lines);
	return rc;
}
