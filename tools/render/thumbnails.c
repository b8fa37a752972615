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
	s->kind = j->kind;
	s->likeness = j->likeness;
	memcpy(s->why, j->why, sizeof(s->why));
	r->items[slot->item - 1].thumb = j->end == THUMB_OK;
	return file_write_at(r->thumbnails_file, s, sizeof(*s), (off_t)(slot->item - 1) * (off_t)sizeof(*s));
}

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
		} else if (v->code == EX_ALL_WELL && store_thumbnail(r, slot) < 0) {
			v->code = msg_report_errno("batch %s: cannot write thumbnails", batch_name(r->batch));
		}
		atomic_file_drop(&slot->part);
		close(slot->job.in);
		slot->item = 0;
		v->busy--;
		wait = false;
	}
}

/* Whether item K has a thumbnail of this picture; after a crash or a hang it is made again. */
static bool
is_known(const struct render *r, uint32_t k, const char *sha256, const char *thumb)
{
	struct stat st;
	struct thumbnail s;

	if (thumbnail_read(r, k, sha256, &s) <= 0)
		return false;
	if (s.end == THUMB_OK)
		return r->items[k - 1].thumb =
			       fstatat(r->thumbs, thumb, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
	return s.end == THUMB_FAILED;
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
thumbnails_add(struct render *r, uint32_t k, int in, const char *sha256, const char *thumb)
{
	struct slot *slot;

	if (is_known(r, k, sha256, thumb)) {
		close(in);
		return EX_ALL_WELL;
	}
	if (!r->thumbnails)
		r->thumbnails = buf_alloc(sizeof(*r->thumbnails));
	if (!*r->thumber)
		*r->thumber = thumb_open(count_processors());
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
