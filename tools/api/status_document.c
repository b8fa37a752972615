#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "batch/batch_stats.h"
#include "batch/job_status.h"
#include "files/file.h"
#include "review/picks.h"
#include "status_document.h"

struct batch_status {
	char *name;
	struct batch *batch; /* its directory, by which it is recognised */
	struct batch_stats history;
	struct picks *picks;             /* NULL: not read */
	struct picks_subjects *subjects; /* NULL: not read */
	long subject_count;              /* of those that are not removed */
	struct buf text;                 /* its part of the document */
	bool touched, found, moves;
};

struct status_document {
	const struct root *root;
	struct batch_status **all; /* sorted by name */
	size_t n;
	struct buf document;
};

struct status_document *
status_document_new(const struct root *root)
{
	struct status_document *s = buf_alloc(sizeof(*s));

	s->root = root;
	buf_str(&s->document, "{\"batches\":[]}");
	return s;
}

static void
close_batch(struct batch_status *v)
{
	batch_stats_free(&v->history);
	picks_free(v->picks);
	picks_subjects_free(v->subjects);
	batch_close(v->batch);
	v->batch = NULL;
	v->picks = NULL;
	v->subjects = NULL;
}

static void
free_batch_status(struct batch_status *v)
{
	close_batch(v);
	buf_free(&v->text);
	free(v->name);
	free(v);
}

static struct batch_status *
find_batch_status(const struct status_document *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->all[i]->name, name) == 0)
			return s->all[i];
	return NULL;
}

static bool
add_found(const char *name, void *arg)
{
	struct status_document *s = arg;
	struct batch_status *v = find_batch_status(s, name);

	if (!v) {
		v = buf_alloc(sizeof(*v));
		*v = (struct batch_status){.name = buf_strdup(name), .history = {.fd = -1}, .touched = true};
		s->all = buf_realloc(s->all, (s->n + 1) * sizeof(struct batch_status *));
		s->all[s->n++] = v;
	}
	v->found = true;
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(struct batch_status *const *)a)->name, (*(struct batch_status *const *)b)->name);
}

/* Updates the list from batches/. 0 or -1. */
static int
list_batches(struct status_document *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		s->all[i]->found = false;
	if (batch_each(s->root, add_found, s) < 0)
		return -1;
	for (size_t i = 0; i < s->n; i++) {
		if (s->all[i]->found)
			s->all[n++] = s->all[i];
		else
			free_batch_status(s->all[i]);
	}
	s->n = n;
	if (n > 0)
		qsort(s->all, n, sizeof(struct batch_status *), by_name);
	return 0;
}

/* --- one batch --- */

/* Opens the batch again, since it may have new files, and forgets the data of an earlier directory of that name. */
static int
open_again(const struct status_document *s, struct batch_status *v)
{
	struct batch *b = batch_open(s->root, v->name, BATCH_READ, NULL);
	struct stat old, now;

	if (!b)
		return -1;
	if (v->batch && (fstat(batch_dirfd(v->batch), &old) < 0 || fstat(batch_dirfd(b), &now) < 0 ||
			 old.st_dev != now.st_dev || old.st_ino != now.st_ino))
		close_batch(v);
	batch_close(v->batch);
	v->batch = b;
	if (!v->picks)
		v->picks = picks_read(b);
	else if (picks_refresh(v->picks) < 0)
		return -1;
	return v->picks ? batch_stats_refresh(&v->history, batch_dirfd(b)) : -1;
}

/* Subjects are read only if there are pages to review: a list of ten million URLs has as many subjects, and no pages.
 */
static int
read_subjects(struct batch_status *v)
{
	if (!v->subjects)
		v->subjects = picks_subjects_read(v->batch);
	else if (picks_subjects_refresh(v->subjects) < 0)
		return -1;
	v->subject_count = v->subjects ? picks_subjects_count(v->subjects, v->batch) : -1;
	return v->subject_count < 0 ? -1 : 0;
}

static void
to_buf(const char *bytes, size_t n, void *arg)
{
	buf_add(arg, bytes, n);
}

/* The progress of the review. */
static void
print_picks(const struct batch_status *v, struct buf *out)
{
	struct picks_subject p = {0};
	size_t decided = 0, differ = 0;

	while (picks_subject(v->picks, p.first + p.count, &p)) {
		decided++;
		differ += !p.agreed;
	}
	buf_printf(out, ",\"review\":{\"subjects\":%ld,\"decided\":%zu,\"disagreements\":%zu}", v->subject_count,
		   decided, differ);
}

/* Whether the batch has review pages. */
static bool
has_pages(const struct status_document *s, const char *name)
{
	int review = root_open_dir(s->root->fd, "review", false);
	int dir = review < 0 ? -1 : root_open_dir(review, name, false);
	bool has = dir >= 0 && faccessat(dir, "index.html", R_OK, AT_SYMLINK_NOFOLLOW) == 0;

	file_close(dir, 0);
	return file_close(review, has);
}

static void
look_at(const struct status_document *s, struct batch_status *v, int64_t now)
{
	double items = 0, bytes = 0;
	bool pages = has_pages(s, v->name);
	struct job_status p;

	v->touched = false;
	buf_clear(&v->text);
	if (open_again(s, v) < 0 || (pages && read_subjects(v) < 0) || job_status_read(s->root, v->batch, &p) < 0 ||
	    job_status_print(v->batch, &p, 0, 0, to_buf, &v->text) < 0) {
		int error = errno;

		buf_clear(&v->text);
		buf_printf(&v->text,
			   "{\"batch_job\":{\"name\":\"%s\",\"status\":\"unreadable\"},\"error_message\":", v->name);
		buf_json(&v->text, trouble_reason(error));
		buf_str(&v->text, "}");
		v->moves = false;
		return;
	}
	v->text.len--; /* without the closing brace: more members follow */
	batch_stats_print(&v->history, now, &v->text);
	if (pages)
		print_picks(v, &v->text);
	buf_printf(&v->text, ",\"pages\":%s}", pages ? "true" : "false");
	batch_stats_rate(&v->history, now + 1, &items, &bytes); /* the current second counts soon */
	v->moves = items > 0;
}

/* --- all --- */

int
status_document_update(struct status_document *s, bool all)
{
	struct timespec now;

	if (list_batches(s) < 0)
		return -1;
	clock_gettime(CLOCK_REALTIME, &now);
	buf_clear(&s->document);
	buf_str(&s->document, "{\"batches\":[");
	for (size_t i = 0; i < s->n; i++) {
		struct batch_status *v = s->all[i];

		if (all || v->touched || v->moves)
			look_at(s, v, now.tv_sec);
		buf_str(&s->document, i ? "," : "");
		buf_add(&s->document, v->text.data, v->text.len);
	}
	buf_str(&s->document, "]}");
	return 0;
}

void
status_document_touch(struct status_document *s, const char *name)
{
	struct batch_status *v = find_batch_status(s, name);

	if (v)
		v->touched = true;
}

bool
status_document_moves(const struct status_document *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i]->moves)
			return true;
	return false;
}

const struct buf *
status_document_text(const struct status_document *s)
{
	return &s->document;
}

void
status_document_each(const struct status_document *s, void (*see)(const char *name, void *arg), void *arg)
{
	for (size_t i = 0; i < s->n; i++)
		see(s->all[i]->name, arg);
}
