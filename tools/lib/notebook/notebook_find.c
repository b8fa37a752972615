#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/lock.h"
#include "base/scan.h"
#include "base/userinfo.h"
#include "batch/job_status.h"
#include "batch/queue.h"
#include "files/append.h"
#include "notebook/notebook_internal.h"
#include "records/rec.h"

/* --- jobs --- */

static void
show_job(const struct notebook_known_job *j, struct notebook_seen_job *out)
{
	*out = (struct notebook_seen_job){.id = j->id, .items = j->items};
	if (j->batch)
		strcpy(out->batch, j->batch);
	else
		snprintf(out->batch, sizeof(out->batch), "job-%llu", (unsigned long long)j->id);
}

size_t
notebook_jobs(const struct notebook *nb)
{
	return nb->jobs_n;
}

bool
notebook_job(const struct notebook *nb, size_t i, struct notebook_seen_job *out)
{
	if (i >= nb->jobs_n)
		return false;
	show_job(&nb->jobs[nb->jobs_n - 1 - i], out);
	return true;
}

bool
notebook_find_job(const struct notebook *nb, uint64_t id, struct notebook_seen_job *out)
{
	uint32_t n = notebook_known_job(nb, id);

	if (n)
		show_job(&nb->jobs[n - 1], out);
	return n != 0;
}

/* --- files --- */

static bool
show_entry(const struct notebook *nb, uint32_t number, struct notebook_file *out)
{
	const struct notebook_entry *e = number ? &nb->entries[number - 1] : NULL;
	struct notebook_seen_job job;
	char digits[2 * NOTEBOOK_DIGEST + 1];

	if (!e || !(e->flags & NOTEBOOK_LIVE))
		return false;
	show_job(&nb->jobs[e->job], &job);
	*out = (struct notebook_file){.entry = number,
				      .knowledge = e->knowledge,
				      .job = job.id,
				      .item = e->item,
				      .linked = e->flags & NOTEBOOK_LINKED};
	strcpy(out->batch, job.batch);
	hash_hex(e->digest, NOTEBOOK_DIGEST, digits);
	snprintf(out->id, sizeof(out->id), "f_%s%s", nb->digits, digits);
	return true;
}

static uint32_t
first_live(const struct notebook *nb, uint32_t number)
{
	while (number && !(nb->entries[number - 1].flags & NOTEBOOK_LIVE))
		number = nb->entries[number - 1].before;
	return number;
}

bool
notebook_find_file(const struct notebook *nb, const char *id, struct notebook_file *out)
{
	unsigned char digest[NOTEBOOK_DIGEST];

	if (!notebook_has_file_id(nb->name, id))
		return false;
	return show_entry(nb, first_live(nb, notebook_entry_of_digest(nb, notebook_read_digest(id, digest), NULL)),
			  out);
}

bool
notebook_find_same(const struct notebook *nb, const struct notebook_file *f, struct notebook_file *out)
{
	return show_entry(nb, first_live(nb, nb->entries[f->entry - 1].before), out);
}

/* An id that the client did not choose. */
static bool
find_derived(const struct notebook *nb, const char *id, struct notebook_seen_job *job, uint32_t *item)
{
	unsigned long long number, k;
	char half[17] = "", again[33];

	if (strlen(id) != 32 || strspn(id, "0123456789abcdef") != 32)
		return false;
	memcpy(half, id, 16);
	number = strtoull(half, NULL, 16);
	k = strtoull(id + 16, NULL, 16);
	if (k == 0 || k > UINT32_MAX || !notebook_find_job(nb, number, job))
		return false;
	*item = (uint32_t)k;
	job_upload_id(number, *item, again);
	return strcmp(id, again) == 0;
}

bool
notebook_find_upload(const struct notebook *nb, const char *id, struct notebook_seen_job *job, uint32_t *item)
{
	uint64_t print = notebook_print_upload_id(id);
	const struct notebook_given *found = NULL;
	const struct table_slot *s;
	uint32_t cursor = 0;

	/* An id that was given twice belongs to the later item. */
	while ((s = table_next(&nb->by_given, notebook_mix(print), &cursor)))
		if (nb->given[s->item - 1].print == print && (!found || &nb->given[s->item - 1] > found))
			found = &nb->given[s->item - 1];
	if (!found)
		return find_derived(nb, id, job, item);
	show_job(&nb->jobs[found->job], job);
	*item = found->item;
	return true;
}

bool
notebook_find_item(const struct notebook *nb, uint64_t job, uint32_t item, struct notebook_file *out)
{
	uint32_t n = notebook_known_job(nb, job);
	const struct notebook_known_job *j = n ? &nb->jobs[n - 1] : NULL;

	return j && item > 0 && item <= j->room && show_entry(nb, j->places[item - 1], out);
}

bool
notebook_find_knowledge(const struct notebook *nb, uint64_t knowledge, struct notebook_file *out)
{
	return knowledge && show_entry(nb, notebook_entry_of_knowledge(nb, knowledge, NULL), out);
}

/* --- lists --- */

static bool
mime_matches(const char *name, const char *mime)
{
	size_t n = strlen(mime);

	if (n > 0 && !strchr(mime, '/'))
		return strncmp(name, mime, n) == 0 && name[n] == '/';
	n -= n > 0 && mime[n - 1] == '*';
	return n > 0 && mime[n - 1] == '/' ? strncmp(name, mime, n) == 0 : strcmp(name, mime) == 0;
}

size_t
notebook_files(const struct notebook *nb, const char *mime)
{
	size_t n = 0;

	if (!mime)
		return nb->files;
	for (uint32_t i = 0; i < nb->mimes_n; i++)
		if (mime_matches(nb->mimes[i].name, mime))
			n += nb->mimes[i].count;
	return n;
}

static bool
passes_over(struct notebook_cursor *c)
{
	bool passes = c->skip > 0;

	c->skip -= passes;
	return passes;
}

bool
notebook_next_file(const struct notebook *nb, const char *mime, struct notebook_cursor *c, struct notebook_file *out)
{
	while (c->at < nb->entries_n) {
		uint32_t number = nb->entries_n - c->at++;
		const struct notebook_entry *e = &nb->entries[number - 1];

		if (e->flags & NOTEBOOK_NEWEST && (!mime || mime_matches(nb->mimes[e->mime].name, mime)) &&
		    !passes_over(c))
			return show_entry(nb, number, out);
	}
	return false;
}

/* The entry with which the file of E is in the list; 0: the file is not in it. */
static uint32_t
entry_to_list(const struct notebook *nb, const struct notebook_entry *e, bool all)
{
	uint32_t newest = 0;

	for (uint32_t i = notebook_entry_of_digest(nb, e->digest, NULL); i; i = e->before) {
		e = &nb->entries[i - 1];
		if (!(e->flags & NOTEBOOK_LIVE) || !e->knowledge)
			continue;
		if (e->flags & NOTEBOOK_LINKED)
			return i;
		if (!newest)
			newest = i;
	}
	return all ? newest : 0;
}

/* The next entry to list behind *AT others, from the newest; 0: there is none. */
static uint32_t
next_to_list(const struct notebook *nb, bool all, const char *mime, uint32_t *at)
{
	while (*at < nb->entries_n) {
		uint32_t number = nb->entries_n - (*at)++;
		const struct notebook_entry *e = &nb->entries[number - 1];

		if (e->flags & NOTEBOOK_LIVE && e->knowledge && (all || e->flags & NOTEBOOK_LINKED) &&
		    (!mime || mime_matches(nb->mimes[e->mime].name, mime)) && entry_to_list(nb, e, all) == number)
			return number;
	}
	return 0;
}

size_t
notebook_knowledge(const struct notebook *nb, bool all, const char *mime)
{
	uint32_t at = 0;
	size_t n = 0;

	while (next_to_list(nb, all, mime, &at))
		n++;
	return n;
}

bool
notebook_next_knowledge(const struct notebook *nb, bool all, const char *mime, struct notebook_cursor *c,
			struct notebook_file *out)
{
	uint32_t number;

	while ((number = next_to_list(nb, all, mime, &c->at)))
		if (!passes_over(c))
			return show_entry(nb, number, out);
	return false;
}

/* NULL with errno: EBADMSG if the line is damaged. */
static struct json_object *
parse_line(const struct notebook *nb, off_t at)
{
	struct json_object *o = NULL;
	struct buf line = {0};
	int error = EBADMSG;

	if (append_line(nb->log, at, &line) < 0)
		error = errno;
	else /* a line that an earlier version wrote may have userinfo */
		o = rec_parse(line.data, userinfo_strip(line.data, line.len), NULL, 0);
	buf_free(&line);
	errno = error;
	return o;
}

struct json_object *
notebook_line(const struct notebook *nb, const struct notebook_file *f)
{
	return parse_line(nb, nb->entries[f->entry - 1].at);
}

struct json_object *
notebook_notes(const struct notebook *nb, const struct notebook_file *f)
{
	uint32_t note = nb->entries[f->entry - 1].note;

	return note ? parse_line(nb, nb->notes[note - 1]) : NULL;
}

/* --- changes --- */

/* With the log's lock: appends the line, and reads it. 0, or -1 with errno. */
static int
append_and_read(struct notebook *nb, struct buf *line)
{
	off_t end = append_end(nb->log);

	notebook_add_now(line);
	buf_str(line, "}\n");
	if (end < 0 || append_lines(nb->log, end, line->data, line->len) < 0 || fdatasync(nb->log) < 0)
		return -1;
	return notebook_refresh(nb);
}

static int
let_go(const struct notebook *nb, struct buf *line, int rc)
{
	lock_drop(nb->log);
	buf_free(line);
	return rc;
}

static int
append_locked(struct notebook *nb, struct buf *line)
{
	int rc = lock_wait(nb->log, LOCK_ALONE) < 0 ? -1 : append_and_read(nb, line);

	return let_go(nb, line, rc);
}

int
notebook_delete(struct notebook *nb, const struct notebook_file *f)
{
	struct buf line = {0};
	struct notebook_file newest;
	int rc = -1;

	if (lock_wait(nb->log, LOCK_ALONE) < 0)
		return -1;
	buf_printf(&line, "{\"delete\":\"%s\"", f->id);
	/* While the lock is held, no results are imported. */
	if (notebook_refresh(nb) == 0)
		rc = notebook_find_file(nb, f->id, &newest) && newest.entry > f->entry ? 1 : append_and_read(nb, &line);
	return let_go(nb, &line, rc);
}

int
notebook_link(struct notebook *nb, uint64_t knowledge, const char *notes)
{
	struct buf line = {0};

	buf_printf(&line, "{\"link\":%llu", (unsigned long long)knowledge);
	if (notes) {
		buf_str(&line, ",\"notes\":");
		buf_json(&line, notes);
	}
	return append_locked(nb, &line);
}

int
notebook_unlink(struct notebook *nb, uint64_t knowledge)
{
	struct buf line = {0};

	buf_printf(&line, "{\"unlink\":%llu", (unsigned long long)knowledge);
	return append_locked(nb, &line);
}

/* --- unfinished items --- */

static int
settle_job(const struct root *root, struct notebook_known_job *j)
{
	struct notebook_seen_job seen;
	struct batch *b;
	int rc;

	show_job(j, &seen);
	if (j->looked && !notebook_may_have_more(root, seen.batch))
		return 0;
	b = batch_open(root, seen.batch, BATCH_READ, NULL);
	if (!b)
		return errno == ENOENT ? 0 : -1;
	rc = notebook_import_results(root, b);
	batch_close(b);
	j->looked = rc == 0;
	return rc;
}

static bool
note_queued(const char *batch, void *arg)
{
	static const char job[] = "job-";
	struct notebook *nb = arg;
	const char *at = batch + strlen(job);
	uint64_t id;
	uint32_t n = 0;

	if (strncmp(batch, job, strlen(job)) == 0 && scan_number(&at, batch + strlen(batch), &id))
		n = notebook_known_job(nb, id);
	if (n)
		nb->jobs[n - 1].queued = true;
	for (uint32_t i = 0; !n && i < nb->jobs_n; i++)
		if (nb->jobs[i].batch && strcmp(nb->jobs[i].batch, batch) == 0)
			nb->jobs[i].queued = true;
	return true;
}

int
notebook_catch_up(const struct root *root, struct notebook *nb)
{
	if (notebook_refresh(nb) < 0 || queue_each(root, note_queued, nb) < 0)
		return -1;
	for (uint32_t i = 0; i < nb->jobs_n; i++) {
		struct notebook_known_job *j = &nb->jobs[i];
		bool queued = j->queued;

		j->queued = false;
		if (j->closed && !queued)
			continue;
		if (settle_job(root, j) < 0)
			return -1;
		/* It left the queue before its results were read. */
		j->closed = !queued;
	}
	return notebook_refresh(nb);
}
