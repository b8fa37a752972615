#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/paths.h"
#include "files/atomic_file.h"
#include "files/file.h"
#include "thumbnails.h"

enum { SLOTS = 64 }; /* thumbnails under way at once: two descriptors each */

/* One thumbnail under way. */
struct slot {
	struct thumb_job job; /* the first member, because thumb_next() returns the slot */
	struct atomic_file part;
	struct thumbnail thumbnail;
	uint32_t item; /* 0: free */
	bool document; /* its pages are drawn, too */
	unsigned page; /* of it that is drawn; 0: its thumbnail is made */
	char name[SUBJECT_MAX + 32];
};

struct thumbnails {
	struct slot slots[SLOTS];
	size_t busy;
	int code; /* what went wrong */
};

int
thumbnail_read(const struct render *r, uint32_t k, const char *sha256, struct thumbnail *out)
{
	ssize_t n;

	if (!sha256 || strlen(sha256) != sizeof(out->sha256))
		return 0;
	n = file_read_at(r->thumbnails_file, out, sizeof(*out), (off_t)(k - 1) * (off_t)sizeof(*out));
	if (n < 0)
		return -1;
	return n == (ssize_t)sizeof(*out) && out->version == THUMBNAIL_VERSION &&
	       memcmp(out->sha256, sha256, sizeof(out->sha256)) == 0 &&
	       memchr(out->why, '\0', sizeof(out->why)) != NULL;
}

enum { PAGE_PICTURE = SUBJECT_MAX + 40 };

/* The name of the picture of page PAGE of the document whose thumbnail is THUMB, in pages/. */
static void
page_picture_name(char out[PAGE_PICTURE], const char *thumb, unsigned page)
{
	snprintf(out, PAGE_PICTURE, "%.*s_%u.webp", (int)(strrchr(thumb, '.') - thumb), thumb, page);
}

/* Stores what is known of the thumbnail in .thumbs. 0, or -1 with errno. */
static int
write_known(const struct render *r, uint32_t k, const struct thumbnail *s)
{
	return file_write_at(r->thumbnails_file, s, sizeof(*s), (off_t)(k - 1) * (off_t)sizeof(*s));
}

/* Records the result of one thumbnail in thumbs/ and .thumbs. 0, or -1 with errno. */
static int
store_thumbnail(const struct render *r, struct slot *slot)
{
	const struct thumb_job *j = &slot->job;
	struct thumbnail *s = &slot->thumbnail;

	if (j->end == THUMB_UNWRITTEN)
		return file_fail(j->error);
	if (j->end == THUMB_OK && atomic_file_publish(&slot->part, r->thumbs, slot->name) < 0)
		return -1;
	s->version = THUMBNAIL_VERSION;
	s->end = (uint32_t)j->end;
	s->width = (uint32_t)j->width;
	s->height = (uint32_t)j->height;
	s->owidth = (uint32_t)j->owidth;
	s->oheight = (uint32_t)j->oheight;
	s->kind = j->kind & UINT8_MAX;
	s->pages = (j->pages < UINT16_MAX ? j->pages : UINT16_MAX) & UINT16_MAX;
	s->likeness = j->likeness;
	memcpy(s->why, j->why, sizeof(s->why));
	r->items[slot->item - 1].thumb = j->end == THUMB_OK;
	return write_known(r, slot->item, s);
}

/* --- the pages of a document, one after the other --- */

/* Whether more pages of the document are to be drawn. */
static bool
has_more_pages(const struct slot *slot)
{
	return slot->document && slot->thumbnail.end == THUMB_OK && slot->page < THUMB_PAGES &&
	       slot->page < slot->thumbnail.pages;
}

/* Begins to draw the next page. 0, or -1 with errno. */
static int
start_page(struct render *r, struct slot *slot)
{
	int in = slot->job.in;

	atomic_file_drop(&slot->part);
	if (atomic_file_open(&slot->part, r->temp) < 0)
		return -1;
	slot->page++;
	slot->job = (struct thumb_job){.in = in, .out = slot->part.fd, .size = PAGE_SIZE, .page = (int)slot->page};
	thumb_start(*r->thumber, &slot->job);
	return 0;
}

/* Stores the picture of a page. 1 if the next one can be drawn, 0 if this one cannot be or was the last, -1 with
 * errno. */
static int
store_page(const struct render *r, struct slot *slot)
{
	char name[PAGE_PICTURE];

	if (slot->job.end == THUMB_UNWRITTEN)
		return file_fail(slot->job.error);
	if (slot->job.end == THUMB_OK) {
		page_picture_name(name, slot->name, slot->page);
		if (atomic_file_publish(&slot->part, r->pages, name) < 0)
			return -1;
		r->items[slot->item - 1].pages = (uint8_t)slot->page;
		if (has_more_pages(slot))
			return 1;
	}
	slot->thumbnail.drawn = (r->items[slot->item - 1].pages + 1u) & UINT8_MAX;
	return write_known(r, slot->item, &slot->thumbnail);
}

/* Stores what was made. 1 if a page of the same document is drawn now, 0, or -1 with errno. */
static int
store_finished(struct render *r, struct slot *slot)
{
	int more = slot->page ? store_page(r, slot) : store_thumbnail(r, slot) < 0 ? -1 : has_more_pages(slot);

	return more > 0 && start_page(r, slot) < 0 ? -1 : more;
}

/* --- all of them --- */

/* Receives finished thumbnails; with WAIT, at least one. */
static void
take_finished(struct render *r, bool wait)
{
	struct thumbnails *v = r->thumbnails;
	struct slot *slot;

	while (v->busy > 0 && (slot = (struct slot *)thumb_next(*r->thumber, wait))) {
		if (slot->job.end == THUMB_UNSTARTED) {
			errno = slot->job.error;
			v->code = msg_report_errno("batch %s: cannot start bi-thumb", batch_name(r->batch));
		} else if (slot->job.end == THUMB_UNREAD) {
			errno = slot->job.error;
			v->code = msg_report_errno("batch %s: cannot pass a picture to bi-thumb", batch_name(r->batch));
		} else if (v->code == EX_ALL_WELL) {
			int more = store_finished(r, slot);

			if (more > 0)
				continue;
			if (more < 0)
				v->code = msg_report_errno("batch %s: cannot write thumbnails", batch_name(r->batch));
		}
		atomic_file_drop(&slot->part);
		close(slot->job.in);
		slot->item = 0;
		v->busy--;
		wait = false;
	}
}

static bool
has_file(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* Whether all pages of the document that can be drawn have their pictures. */
static bool
has_pages(const struct render *r, const struct thumbnail *s, const char *thumb)
{
	char name[PAGE_PICTURE];

	for (unsigned page = 1; page < s->drawn; page++) {
		page_picture_name(name, thumb, page);
		if (!has_file(r->pages, name))
			return false;
	}
	return s->drawn > 0;
}

/* Whether item K has a thumbnail of this picture, and of a DOCUMENT its pages; after a crash or a hang it is made
 * again. */
static bool
is_known(const struct render *r, uint32_t k, const char *sha256, const char *thumb, bool document)
{
	struct item_files *f = &r->items[k - 1];
	struct thumbnail s;

	if (thumbnail_read(r, k, sha256, &s) <= 0)
		return false;
	if (s.end != THUMB_OK)
		return s.end == THUMB_FAILED;
	f->thumb = has_file(r->thumbs, thumb);
	if (!document || !f->thumb)
		return f->thumb;
	f->thumb = has_pages(r, &s, thumb);
	f->pages = f->thumb ? (uint8_t)(s.drawn - 1) : 0;
	return f->thumb;
}

static struct slot *
free_slot(struct render *r)
{
	struct thumbnails *v = r->thumbnails;

	take_finished(r, v->busy == SLOTS);
	for (size_t i = 0; i < SLOTS; i++)
		if (v->slots[i].item == 0)
			return &v->slots[i];
	return NULL;
}

int
thumbnails_add(struct render *r, uint32_t k, int in, const char *sha256, const char *thumb, bool document)
{
	struct slot *slot;

	if (is_known(r, k, sha256, thumb, document)) {
		close(in);
		return EX_ALL_WELL;
	}
	if (!r->thumbnails)
		r->thumbnails = buf_alloc(sizeof(*r->thumbnails));
	if (!*r->thumber)
		*r->thumber = thumb_open(count_processors());
	if (document && r->pages < 0 && (r->pages = root_open_dir(r->dir, "pages", true)) < 0)
		r->thumbnails->code =
			msg_report_errno("batch %s: cannot make its directory of pages", batch_name(r->batch));
	slot = free_slot(r);
	if (r->thumbnails->code != EX_ALL_WELL || !slot || atomic_file_open(&slot->part, r->temp) < 0) {
		int code = r->thumbnails->code;

		code = code != EX_ALL_WELL
			       ? code
			       : msg_report_errno("batch %s: cannot write thumbnails", batch_name(r->batch));
		close(in);
		return code;
	}
	r->thumbnails->busy++;
	slot->item = k;
	slot->document = document;
	slot->page = 0;
	slot->job = (struct thumb_job){.in = in, .out = slot->part.fd, .size = THUMB_SIZE};
	slot->thumbnail = (struct thumbnail){0};
	if (sha256 && strlen(sha256) == sizeof(slot->thumbnail.sha256))
		memcpy(slot->thumbnail.sha256, sha256, sizeof(slot->thumbnail.sha256));
	snprintf(slot->name, sizeof(slot->name), "%s", thumb);
	thumb_start(*r->thumber, &slot->job);
	return EX_ALL_WELL;
}

int
thumbnails_finish(struct render *r)
{
	int code = EX_ALL_WELL;

	if (r->thumbnails) {
		while (r->thumbnails->busy > 0)
			take_finished(r, true);
		code = r->thumbnails->code;
	}
	free(r->thumbnails);
	r->thumbnails = NULL;
	return code;
}
