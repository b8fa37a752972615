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
#include "render.h"

enum { SLOTS = 64 }; /* thumbnails under way at once: two descriptors each */

/* One thumbnail under way. */
struct slot {
	struct thumb_job job; /* first: what thumb_next() gives back is the slot */
	struct atomic_file part;
	struct shot shot;
	uint32_t item; /* 0: free */
	char name[SUBJECT_MAX + 32];
};

struct shots {
	struct slot slots[SLOTS];
	size_t busy;
	int code; /* what went wrong */
};

int
shot_read(const struct render *r, uint32_t k, const char *sha256, struct shot *out)
{
	ssize_t n;

	if (!sha256 || strlen(sha256) != sizeof(out->sha256))
		return 0;
	n = file_read_at(r->shots, out, sizeof(*out), (off_t)(k - 1) * (off_t)sizeof(*out));
	if (n < 0)
		return -1;
	return n == (ssize_t)sizeof(*out) && out->version == SHOT_VERSION &&
	       memcmp(out->sha256, sha256, sizeof(out->sha256)) == 0 &&
	       memchr(out->why, '\0', sizeof(out->why)) != NULL;
}

/* What became of one thumbnail, into thumbs/ and .thumbs. 0, or -1 with errno. */
static int
keep(const struct render *r, struct slot *slot)
{
	const struct thumb_job *j = &slot->job;
	struct shot *s = &slot->shot;

	if (j->end == THUMB_UNWRITTEN) {
		errno = j->error;
		return -1;
	}
	if (j->end == THUMB_OK && atomic_file_publish(&slot->part, r->thumbs, slot->name) < 0)
		return -1;
	s->version = SHOT_VERSION;
	s->end = (uint32_t)j->end;
	s->width = (uint32_t)j->width;
	s->height = (uint32_t)j->height;
	s->owidth = (uint32_t)j->owidth;
	s->oheight = (uint32_t)j->oheight;
	s->kind = j->kind;
	s->likeness = j->likeness;
	memcpy(s->why, j->why, sizeof(s->why));
	r->items[slot->item - 1].thumb = j->end == THUMB_OK;
	return file_write_at(r->shots, s, sizeof(*s), (off_t)(slot->item - 1) * (off_t)sizeof(*s));
}

/* Takes thumbnails that are made, at least one of those under way where WAIT. */
static void
take(struct render *r, bool wait)
{
	struct shots *v = r->making;
	struct slot *slot;

	while (v->busy > 0 && (slot = (struct slot *)thumb_next(*r->thumber, wait))) {
		if (slot->job.end == THUMB_UNSTARTED) {
			errno = slot->job.error;
			v->code = render_trouble(batch_name(r->batch), "start bi-thumb");
		} else if (slot->job.end == THUMB_UNREAD) {
			errno = slot->job.error;
			v->code = render_trouble(batch_name(r->batch), "have bi-thumb read a picture");
		} else if (v->code == EX_ALL_WELL && keep(r, slot) < 0) {
			v->code = render_trouble(batch_name(r->batch), "write thumbnails");
		}
		atomic_file_drop(&slot->part);
		close(slot->job.in);
		slot->item = 0;
		v->busy--;
		wait = false;
	}
}

/* Whether the thumbnail of item K is there and of this picture; a crash or a hang is tried again. */
static bool
is_known(const struct render *r, uint32_t k, const char *sha256, const char *thumb)
{
	struct stat st;
	struct shot s;

	if (shot_read(r, k, sha256, &s) <= 0)
		return false;
	if (s.end == THUMB_OK)
		return r->items[k - 1].thumb =
			       fstatat(r->thumbs, thumb, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
	return s.end == THUMB_FAILED;
}

static struct slot *
free_slot(struct render *r)
{
	struct shots *v = r->making;

	take(r, v->busy == SLOTS);
	for (size_t i = 0; i < SLOTS; i++)
		if (v->slots[i].item == 0)
			return &v->slots[i];
	return NULL;
}

int
shots_see(struct render *r, uint32_t k, int in, const char *sha256, const char *thumb)
{
	struct slot *slot;

	if (is_known(r, k, sha256, thumb)) {
		close(in);
		return EX_ALL_WELL;
	}
	if (!r->making)
		r->making = buf_alloc(sizeof(*r->making));
	if (!*r->thumber)
		*r->thumber = thumb_open(count_processors());
	slot = free_slot(r);
	if (r->making->code != EX_ALL_WELL || !slot || atomic_file_open(&slot->part, r->temp) < 0) {
		int code = r->making->code;

		code = code != EX_ALL_WELL ? code : render_trouble(batch_name(r->batch), "write thumbnails");
		close(in);
		return code;
	}
	r->making->busy++;
	slot->item = k;
	slot->job = (struct thumb_job){.in = in, .out = slot->part.fd, .size = THUMB_SIZE};
	slot->shot = (struct shot){0};
	if (sha256 && strlen(sha256) == sizeof(slot->shot.sha256))
		memcpy(slot->shot.sha256, sha256, sizeof(slot->shot.sha256));
	snprintf(slot->name, sizeof(slot->name), "%s", thumb);
	thumb_start(*r->thumber, &slot->job);
	return EX_ALL_WELL;
}

int
shots_end(struct render *r)
{
	int code = EX_ALL_WELL;

	if (r->making) {
		while (r->making->busy > 0)
			take(r, true);
		code = r->making->code;
	}
	free(r->making);
	r->making = NULL;
	return code;
}
