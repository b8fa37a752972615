#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assets.h"
#include "base/msg.h"
#include "files/atomic_file.h"
#include "files/file.h"
#include "index_pages.h"
#include "jq.h"
#include "manifest.h"
#include "page_file.h"
#include "page_json.h"
#include "pages.h"
#include "records/rec.h"

enum { PAGE_NAME = SUBJECT_MAX + FURTHER_NAME };

/* Input and output of jq have the same order: the head; for each page of the index its head, the subjects on it that
 * changed, and its tail; the tail. */
enum line { LINE_HEAD, LINE_INDEX_HEAD, LINE_SUBJECT, LINE_INDEX_TAIL, LINE_TAIL, LINE_NONE };

/* A line of it, or one that comes next. */
struct cursor {
	enum line line;
	uint32_t page;    /* of the index */
	uint32_t subject; /* the next, which is not on an earlier line */
};

/* The pages that are being made. */
struct making {
	struct render *r;
	struct manifest old;
	struct manifest_writer new;
	bool *changed;                        /* of each subject */
	unsigned char (*digests)[HASH_BYTES]; /* of what jq reads of each */
	struct cursor given, taken;           /* the next line for jq, and the next of jq */
	uint32_t made;                        /* subjects whose pages jq returned */
	uint32_t count;                       /* pages of the subject that is being handled */
	char programs[HASH_HEX + 1];
	unsigned char whole[HASH_BYTES];
	struct atomic_file pages[COMMON];
	struct atomic_file later;  /* a page of the index after the first */
	struct buf pieces[COMMON]; /* what one subject adds to them */
	struct buf line;
};

/* The name of the page of subject I, in NAME; NULL if it has none. */
static const char *
page_name(char name[PAGE_NAME], const struct render *r, uint32_t i)
{
	if (r->sheet)
		return NULL;
	snprintf(name, PAGE_NAME, "%s_review.html", subject_index_id(&r->plan, i));
	return name;
}

/* Finds the subjects that changed. Returns how many, or -1 with errno. */
static int64_t
find_changed(struct making *m)
{
	char name[PAGE_NAME];
	int64_t n = 0;

	for (uint32_t i = 0; i < m->r->plan.count; i++) {
		buf_clear(&m->line);
		if (page_json_subject(m->r, i, &m->line) < 0)
			return -1;
		hash_bytes(m->line.data, m->line.len, m->digests[i]);
		m->changed[i] = !manifest_page_is_unchanged(&m->old, m->r, i, m->digests[i], page_name(name, m->r, i));
		n += m->changed[i];
	}
	buf_clear(&m->line);
	page_json_head(m->r, &m->line);
	page_json_tail(&m->line);
	hash_bytes(m->line.data, m->line.len, m->whole);
	return n;
}

/* The subject behind the last one of page PAGE of the index. */
static uint32_t
end_of_page(const struct making *m, uint32_t page)
{
	uint32_t left = m->r->plan.count - page * INDEX_PAGE;

	return page * INDEX_PAGE + (left < INDEX_PAGE ? left : INDEX_PAGE);
}

/* Goes on to the next line. */
static void
advance(const struct making *m, struct cursor *c)
{
	uint32_t end = end_of_page(m, c->page);

	if (c->line == LINE_INDEX_HEAD || c->line == LINE_SUBJECT) {
		c->subject += c->line == LINE_SUBJECT;
		while (c->subject < end && !m->changed[c->subject])
			c->subject++;
		c->line = c->subject < end ? LINE_SUBJECT : LINE_INDEX_TAIL;
	} else if (c->line == LINE_INDEX_TAIL && c->subject < m->r->plan.count) {
		c->page++;
		c->line = LINE_INDEX_HEAD;
	} else {
		c->line = c->line == LINE_HEAD ? LINE_INDEX_HEAD : c->line == LINE_INDEX_TAIL ? LINE_TAIL : LINE_NONE;
	}
}

/* Stores the next line for jq in TO. */
static int
give_line(void *arg, struct buf *to, bool *ended)
{
	struct making *m = arg;
	struct cursor *c = &m->given;

	switch (c->line) {
	case LINE_HEAD:
		page_json_head(m->r, to);
		break;
	case LINE_INDEX_HEAD:
		page_json_index(m->r, "index_head", c->page, to);
		break;
	case LINE_SUBJECT:
		if (page_json_subject(m->r, c->subject, to) < 0)
			return msg_report_errno("batch %s: cannot read its items", batch_name(m->r->batch));
		break;
	case LINE_INDEX_TAIL:
		page_json_index(m->r, "index_tail", c->page, to);
		break;
	case LINE_TAIL:
	case LINE_NONE:
		page_json_tail(to);
		*ended = true;
	}
	advance(m, c);
	return EX_ALL_WELL;
}

static int
add_pieces(struct making *m)
{
	for (size_t c = 0; c < COMMON; c++) {
		struct atomic_file *to = c == COMMON_INDEX && m->taken.page > 0 ? &m->later : &m->pages[c];

		if (m->pieces[c].len && atomic_file_write(to, m->pieces[c].data, m->pieces[c].len) < 0)
			return -1;
	}
	return 0;
}

/* Goes on to the next line of jq, and adds the pieces of the unchanged subjects before it. 0 or -1. */
static int
add_unchanged(struct making *m)
{
	struct cursor was = m->taken;
	uint32_t i = was.subject + (was.line == LINE_SUBJECT);

	advance(m, &m->taken);
	for (; i < m->taken.subject; i++)
		if (manifest_copy(&m->new, &m->old, i, m->pieces) < 0 || add_pieces(m) < 0)
			return -1;
	return 0;
}

/* Handles one result of jq: the page PAGE (NULL: none is wanted), or a piece of a common page. 0, -1 with errno, 1 if
 * it is neither. */
static int
take_one(struct making *m, struct json_object *o, const char *page, bool *made)
{
	const char *name = rec_string(o, "name");
	struct json_object *text;
	size_t i = 0, n;
	uint32_t number;

	if (!name || !json_object_object_get_ex(o, "text", &text) || !json_object_is_type(text, json_type_string))
		return 1;
	n = (size_t)json_object_get_string_len(text);
	while (i < COMMON && strcmp(name, common_pages[i]) != 0)
		i++;
	if (i < COMMON) {
		buf_add(&m->pieces[i], json_object_get_string(text), n);
		return 0;
	}
	number = page ? further_page_number(name, page) : 0;
	if (number == 0)
		return 1;
	*made |= number == 1;
	m->count++;
	return page_file_write(m->r, name, json_object_get_string(text), n);
}

/* Handles the array that jq made of one line. Returns as take_one(). */
static int
take_all(struct making *m, struct json_object *made, const char *page)
{
	bool paged = !page;
	int rc = made && json_object_is_type(made, json_type_array) ? 0 : 1;

	for (size_t c = 0; c < COMMON; c++)
		buf_clear(&m->pieces[c]);
	for (size_t i = 0; rc == 0 && i < json_object_array_length(made); i++)
		rc = take_one(m, json_object_array_get_idx(made, i), page, &paged);
	return rc == 0 && !paged ? 1 : rc;
}

/* Removes the pages of a subject after its last one, which it had when it had more candidates. 0, or -1 with errno. */
static int
remove_further(struct making *m, const char *first)
{
	char name[PAGE_NAME];

	for (uint32_t number = m->count > 1 ? m->count + 1 : 2;; number++) {
		further_page_name(name, sizeof(name), first, number);
		if (unlinkat(m->r->dir, name, 0) < 0)
			return errno == ENOENT ? 0 : -1;
	}
}

/* Handles the page of the next subject that changed, and its pieces. Returns as take_one(). */
static int
take_subject(struct making *m, struct json_object *made)
{
	char page[PAGE_NAME];
	uint32_t i = m->taken.subject;
	const char *name = page_name(page, m->r, i);
	int rc;

	m->count = 0;
	rc = take_all(m, made, name);
	if (rc == 0 && name)
		rc = remove_further(m, name);
	if (rc == 0 && manifest_add(&m->new, m->r, i, m->digests[i], name, m->count, m->pieces) < 0)
		rc = -1;
	render_show_progress(m->r, "pages", ++m->made, m->r->plan.count);
	return rc;
}

/* Publishes a common file or page, unless it is unchanged. 0, or -1 with errno. */
static int
publish_common(const struct render *r, struct atomic_file *page, const char *name)
{
	off_t n = lseek(page->fd, 0, SEEK_END);
	struct buf text = {0};
	int rc = -1;

	if (n >= 0 && file_read_exactly(page->fd, buf_room(&text, (size_t)n), (size_t)n, 0) == 0)
		rc = page_file_is_written(r->dir, name, text.data, (size_t)n) ? 0
									      : atomic_file_publish(page, r->dir, name);
	buf_free(&text);
	return rc;
}

/* Begins what the line needs that jq returned. 0, or -1 with errno. */
static int
begin_line(struct making *m)
{
	if (m->taken.line == LINE_HEAD)
		return manifest_begin(&m->new, m->r);
	if (m->taken.line == LINE_INDEX_HEAD && m->taken.page > 0)
		return atomic_file_open(&m->later, m->r->temp);
	return 0;
}

/* Adds the pieces of the line, ends a later page of the index, and goes on. 0, or -1 with errno. */
static int
end_line(struct making *m)
{
	char name[INDEX_NAME];

	if (add_pieces(m) < 0)
		return -1;
	index_page_name(name, m->taken.page);
	if (m->taken.line == LINE_INDEX_TAIL && m->taken.page > 0) {
		if (publish_common(m->r, &m->later, name) < 0)
			return -1;
		atomic_file_drop(&m->later);
	}
	return add_unchanged(m);
}

static int
take_line(void *arg, const char *line, size_t n)
{
	struct making *m = arg;
	struct json_object *made = rec_parse(line, n, NULL, 0);
	int rc = m->taken.line == LINE_NONE ? 1 : begin_line(m);

	if (rc == 0)
		rc = m->taken.line == LINE_SUBJECT ? take_subject(m, made) : take_all(m, made, NULL);
	if (rc == 0)
		rc = end_line(m);
	json_object_put(made);
	if (rc < 0)
		return msg_report_errno("batch %s: cannot write its pages", batch_name(m->r->batch));
	if (rc > 0)
		msg_warn("batch %s: the jq program in share/review wrote something that is not a page",
			 batch_name(m->r->batch));
	return rc > 0 ? EX_SOFTWARE : EX_ALL_WELL;
}

/* Makes the changed pages with jq, and assembles the common pages. Returns an exit code. */
static int
make_changed(struct making *m)
{
	struct jq j = {
		.give = give_line, .take = take_line, .arg = m, .assets = json_object_to_json_string(m->r->assets)};
	const char *batch = batch_name(m->r->batch);
	int code = EX_ALL_WELL, status;

	for (size_t i = 0; i < COMMON && code == EX_ALL_WELL; i++)
		if (atomic_file_open(&m->pages[i], m->r->temp) < 0)
			code = msg_report_errno("batch %s: cannot write its pages", batch);
	if (code == EX_ALL_WELL)
		code = jq_run(&j, &status);
	if (code == EX_ALL_WELL && (status != 0 || m->taken.line != LINE_NONE)) {
		msg_warn("batch %s: jq ended with %d after %u of %u pages", batch, status, m->made, m->r->plan.count);
		code = EX_SOFTWARE;
	}
	for (size_t i = 0; i < COMMON && code == EX_ALL_WELL; i++)
		if (publish_common(m->r, &m->pages[i], common_pages[i]) < 0)
			code = msg_report_errno("batch %s: cannot write its pages", batch);
	if (code == EX_ALL_WELL && manifest_publish(&m->new, m->r, m->programs, m->whole) < 0)
		code = msg_report_errno("batch %s: cannot write its pages", batch);
	for (size_t i = 0; i < COMMON; i++)
		atomic_file_drop(&m->pages[i]);
	atomic_file_drop(&m->later);
	atomic_file_drop(&m->new.part);
	return code;
}

int
pages_make(struct render *r)
{
	struct making m = {.r = r, .new = {.part = {.fd = -1}}, .later = {.fd = -1}};
	int64_t changed;
	int code;

	for (size_t i = 0; i < COMMON; i++)
		m.pages[i].fd = -1;
	code = assets_copy(r, m.programs);
	if (code != EX_ALL_WELL)
		return code;
	m.changed = buf_alloc((size_t)r->plan.count + 1);
	m.digests = buf_alloc(((size_t)r->plan.count + 1) * sizeof(*m.digests));
	manifest_open(&m.old, r, m.programs);
	r->assets_changed = !m.old.same_programs;
	changed = find_changed(&m);
	if (changed < 0)
		code = msg_report_errno("batch %s: cannot read its items", batch_name(r->batch));
	else if (changed > 0 || !manifest_common_is_unchanged(&m.old, r, m.whole))
		code = make_changed(&m);
	manifest_close(&m.old);
	free(m.changed);
	free(m.digests);
	for (size_t i = 0; i < COMMON; i++)
		buf_free(&m.pieces[i]);
	buf_free(&m.line);
	return code;
}
