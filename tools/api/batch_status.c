#include "batch_status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/trouble.h"
#include "batch/batch_stats.h"
#include "batch/job_status.h"
#include "files/file.h"
#include "review/picks.h"
#include "review_thumbs.h"

enum {
	PART = 1 << 20,     /* bytes of results that one look reads */
	LONG = 1 << 18,     /* statistics of more bytes of results are kept */
	UNSURE_SECONDS = 2, /* after a change, in which its stamp is not believed */
	REVIEWERS_MAX = 20, /* whose decisions are counted */
};

struct batch_status_read {
	struct batch_stats stats;
	struct picks *picks;             /* NULL: not read */
	struct picks_subjects *subjects; /* NULL: not read */
	bool is_partial;                 /* more results are to be read */
	bool moves;                      /* the rate is not 0, so that it will change by itself */
};

struct batch_status *
batch_status_new(const char *name)
{
	struct batch_status *v = buf_alloc(sizeof(*v));

	*v = (struct batch_status){.name = buf_strdup(name)};
	return v;
}

void
batch_status_close(struct batch_status *v)
{
	if (!v->own)
		return;
	picks_free(v->own->picks);
	picks_subjects_free(v->own->subjects);
	v->own->picks = NULL;
	v->own->subjects = NULL;
}

static void
forget(struct batch_status *v)
{
	batch_status_close(v);
	if (v->own)
		batch_stats_free(&v->own->stats);
	free(v->own);
	v->own = NULL;
}

void
batch_status_rest(struct batch_status *v)
{
	batch_status_close(v);
	if (v->own && v->own->stats.read_to < LONG)
		forget(v);
}

void
batch_status_free(struct batch_status *v)
{
	forget(v);
	buf_free(&v->text.all);
	free(v->name);
	free(v);
}

bool
batch_status_is_active(const struct batch_status *v)
{
	return v->stamp.held || !v->is_sure || (v->own && v->own->moves);
}

/* --- reading --- */

/* Subjects are read only if there are pages to review: a list of ten million URLs has as many subjects, and no pages.
 * 0 or -1. */
static int
read_review(struct batch_status_read *r, const struct batch *b, bool has_picks)
{
	if (r->picks && picks_refresh(r->picks) < 0)
		return -1;
	if (has_picks && !r->picks && !(r->picks = picks_read(b)))
		return -1;
	if (r->subjects)
		return picks_subjects_refresh(r->subjects);
	r->subjects = picks_subjects_read(b);
	return r->subjects ? 0 : -1;
}

/* Appends how many subjects each reviewer decided on. */
static void
print_reviewers(const struct picks *p, struct buf *out)
{
	const char *names[REVIEWERS_MAX];
	size_t decided[REVIEWERS_MAX], n = 0, k;

	for (size_t i = 0; i < picks_count(p); i++) {
		const char *name = picks_get(p, i)->reviewer;

		for (k = 0; k < n && strcmp(names[k], name) != 0; k++)
			;
		if (k == REVIEWERS_MAX)
			continue;
		if (k == n) {
			names[n] = name;
			decided[n++] = 0;
		}
		decided[k]++;
	}
	buf_str(out, ",\"reviewers\":{");
	for (k = 0; k < n; k++) {
		buf_str(out, k ? "," : "");
		buf_json(out, names[k]);
		buf_printf(out, ":%zu", decided[k]);
	}
	buf_str(out, "}");
}

/* Appends the progress of the review. 0 or -1. */
static int
print_review(const struct batch_status_read *r, const struct batch *b, struct buf *out)
{
	struct picks_subject p = {0};
	size_t decided = 0, differ = 0;
	long subjects = picks_subjects_count(r->subjects, b, r->picks);

	if (subjects < 0)
		return -1;
	while (r->picks && picks_subject(r->picks, p.first + p.count, &p)) {
		decided++;
		differ += !p.agreed;
	}
	buf_printf(out, ",\"review\":{\"subjects\":%ld,\"decided\":%zu,\"disagreements\":%zu", subjects, decided,
		   differ);
	if (decided)
		print_reviewers(r->picks, out);
	buf_str(out, "}");
	return 0;
}

static void
to_buf(const char *bytes, size_t n, void *arg)
{
	buf_add(arg, bytes, n);
}

/* Appends what comes from the results. */
static void
print_results(struct batch_status_read *r, int64_t now, struct batch_text *text)
{
	static const char key[] = ",\"bytes\":[";
	struct buf *out = &text->all;
	double items = 0, bytes = 0;
	size_t from = out->len;
	const char *at;

	batch_stats_print(&r->stats, now, out);
	/* Codes are JSON strings, so that they contain no quote. */
	at = memmem(out->data + from, out->len - from, key, strlen(key));
	if (at) {
		text->cut_at = (size_t)(at - out->data);
		text->cut_len = out->len - text->cut_at - strlen("}");
	}
	batch_stats_rate(&r->stats, now + 1, &items, &bytes); /* the current second counts soon */
	r->moves = items > 0;
}

/* Prints what the batch is as of the stamp S; REVIEW is the folder of the pages. 0, or -1 with errno. */
static int
print_batch(struct batch_status_read *r, struct batch *b, const struct batch_stamp *s, int review, int64_t now,
	    struct batch_text *text)
{
	int more = batch_stats_refresh(&r->stats, batch_dirfd(b), PART);
	struct buf *out = &text->all;
	struct job_status p;

	batch_stats_close_file(&r->stats);
	if (more < 0 || job_status_read_known(b, s->queued, s->updated, &p) < 0 ||
	    job_status_print(b, &p, 0, 0, to_buf, out) < 0)
		return -1;
	out->len--; /* without the closing brace: more members follow */
	r->is_partial = more;
	if (!r->is_partial)
		print_results(r, now, text);
	if (s->has_page) {
		if (read_review(r, b, s->has_picks) < 0 || print_review(r, b, out) < 0)
			return -1;
		buf_str(out, ",\"thumbs\":");
		review_thumbs_print(review, batch_name(b), out);
	}
	buf_printf(out, ",\"pages\":%s}", s->has_page ? "true" : "false");
	return 0;
}

/* Makes TEXT say why the batch NAME could not be read. */
static void
print_error(const char *name, int error, struct batch_text *text)
{
	struct buf *out = &text->all;

	buf_clear(out);
	text->cut_at = text->cut_len = 0;
	buf_printf(out, "{\"batch_job\":{\"name\":\"%s\",\"status\":\"unreadable\"},\"error_message\":", name);
	buf_json(out, trouble_reason(error));
	buf_str(out, "}");
}

/* Reads the batch, whose stamp S was taken before. Returns 0, or -1 with errno. */
static int
read_batch(struct batch_status *v, const struct root *root, const struct batch_stamp *s, int review, int64_t now,
	   struct batch_text *text)
{
	struct batch *b = batch_open(root, v->name, BATCH_READ, NULL);
	int rc;

	if (!b)
		return -1;
	if (!v->own) {
		v->own = buf_alloc(sizeof(*v->own));
		*v->own = (struct batch_status_read){.stats = {.fd = -1}};
	}
	rc = print_batch(v->own, b, s, review, now, text);
	/* The batch is there, whatever was not found in it. */
	if (rc < 0 && errno == ENOENT)
		errno = EIO;
	batch_close(b);
	return rc;
}

/* Makes TEXT the text of V. Returns whether it differs from the one before. */
static bool
set_text(struct batch_status *v, struct batch_text *text)
{
	struct buf *old = &v->text.all, *new = &text->all;

	if (old->len == new->len && (old->len == 0 || memcmp(old->data, new->data, old->len) == 0)) {
		buf_free(new);
		return false;
	}
	buf_free(old);
	v->text = *text;
	v->text.all.data = buf_realloc(new->data, new->len + 1);
	v->text.all.room = new->len + 1;
	return true;
}

enum batch_status_found
batch_status_look(struct batch_status *v, const struct root *root, const struct batch_folders *folders, int64_t now)
{
	struct batch_stamp stamp;
	struct batch_text text = {0};
	int rc = batch_stamp_take(folders, v->name, &stamp);
	bool was_wrong = v->is_wrong, is_other = false;

	if (rc == 0) {
		is_other = stamp.directory != v->stamp.directory;
		if (is_other)
			forget(v);
		if (v->is_sure && stamp.print == v->stamp.print && !(v->own && v->own->moves))
			return BATCH_STATUS_SAME;
		rc = read_batch(v, root, &stamp, folders->review, now, &text);
		v->stamp = stamp;
	}
	if (rc < 0 && errno == ENOENT) {
		buf_free(&text.all);
		return BATCH_STATUS_GONE;
	}
	v->is_wrong = rc < 0;
	v->is_sure =
		rc == 0 && !v->own->is_partial && (stamp.changed < now - UNSURE_SECONDS || stamp.changed > now + 1);
	if (rc < 0) {
		print_error(v->name, errno, &text);
		forget(v);
	} else if (v->own->is_partial) {
		/* What was known of the results is not taken back while more of them are read. */
		if (!v->text.all.len || was_wrong || is_other)
			return set_text(v, &text) ? BATCH_STATUS_BEGUN : BATCH_STATUS_MORE;
		buf_free(&text.all);
		return BATCH_STATUS_MORE;
	}
	return set_text(v, &text) ? BATCH_STATUS_CHANGED : BATCH_STATUS_SAME;
}
