#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msg.h"
#include "part.h"
#include "rec.h"
#include "render.h"
#include "type.h"

enum { GROUP = 64 }; /* thumbnails under way at once: two descriptors each */

/*
 * What may stand where the pages are served from: nothing that a browser could run as a page of ours. A kind that
 * is not here is not copied.
 */
static const char inert[] = " 3gp 7z aac aiff asf avi avif bin bmp bz2 cpio csv djvu doc docx epub flac flv gif gz "
			    "heic heif ico jar jp2 jpg "
			    "json jxl m4a mid mkv mov mp3 mp4 mpg mxf ndjson odp ods odt oga ogv ogx pbm pdf pgm png "
			    "ppm ppt pptx psd rar rtf "
			    "tar tif ts ttf txt wav webm webp woff woff2 xcf xls xlsx xz zip zst ";

void
candidate_of(struct candidate *c, const struct batch_place *place, struct json_object *result)
{
	const char *mime = rec_string(result, "mime"), *ext;
	char word[TYPE_EXT + 2];

	*c = (struct candidate){.mime = mime ? mime : "application/octet-stream"};
	ext = type_extension(c->mime);
	snprintf(word, sizeof(word), " %s ", ext);
	snprintf(c->name, sizeof(c->name), "%s_%u.%s", place->subject, place->idx, ext);
	snprintf(c->thumb, sizeof(c->thumb), "%s_%u.webp", place->subject, place->idx);
	if (!strstr(inert, word))
		c->hidden = "A file of this kind can hold scripts, so it is not shown here. It is kept with the batch.";
	else if (strncmp(c->mime, "text/", 5) != 0 && strcmp(ext, "json") != 0)
		c->picture = strncmp(c->mime, "image/", 6) == 0;
}

/* A copy has its original's size and time; one that has is left alone. 0, or -1 with errno. */
static int
copy_file(const struct render *r, int in, const char *name)
{
	struct stat from, to;
	struct part part;
	int error;

	if (fstat(in, &from) < 0)
		return -1;
	if (fstatat(r->dir, name, &to, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(to.st_mode) && to.st_size == from.st_size &&
	    to.st_mtim.tv_sec == from.st_mtim.tv_sec && to.st_mtim.tv_nsec == from.st_mtim.tv_nsec)
		return 0;
	if (part_open(&part, r->temp) < 0)
		return -1;
	if (part_copy(&part, in, from.st_size) == 0 &&
	    futimens(part.fd, (struct timespec[]){{.tv_nsec = UTIME_OMIT}, from.st_mtim}) == 0 &&
	    part_publish(&part, r->dir, name) == 0)
		return 0;
	error = errno;
	part_drop(&part);
	errno = error;
	return -1;
}

bool
shot_read(const struct render *r, uint32_t k, const char *sha256, struct shot *out)
{
	return sha256 && strlen(sha256) == sizeof(out->sha256) &&
	       pread(r->shots, out, sizeof(*out), (off_t)(k - 1) * (off_t)sizeof(*out)) == sizeof(*out) &&
	       out->version == SHOT_VERSION && memcmp(out->sha256, sha256, sizeof(out->sha256)) == 0 &&
	       memchr(out->why, '\0', sizeof(out->why)) != NULL;
}

/* Thumbnails to make, up to GROUP at once. */
struct group {
	struct thumb_job jobs[GROUP];
	struct part parts[GROUP];
	struct shot shots[GROUP];
	uint32_t items[GROUP];
	char names[GROUP][SUBJECT_LONGEST + 32];
	size_t n;
};

static unsigned
processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}

/* What became of one thumbnail, into thumbs/ and .thumbs. 0, or -1 with errno. */
static int
keep(const struct render *r, struct group *g, size_t i)
{
	const struct thumb_job *j = &g->jobs[i];
	struct shot *s = &g->shots[i];

	if (j->end == THUMB_UNWRITTEN) {
		errno = j->error;
		return -1;
	}
	if (j->end == THUMB_OK && part_publish(&g->parts[i], r->thumbs, g->names[i]) < 0)
		return -1;
	s->version = SHOT_VERSION;
	s->end = (uint32_t)j->end;
	s->width = (uint32_t)j->width;
	s->height = (uint32_t)j->height;
	s->owidth = (uint32_t)j->owidth;
	s->oheight = (uint32_t)j->oheight;
	memcpy(s->why, j->why, sizeof(s->why));
	if (pwrite(r->shots, s, sizeof(*s), (off_t)(g->items[i] - 1) * (off_t)sizeof(*s)) != sizeof(*s)) {
		errno = ENOSPC;
		return -1;
	}
	return 0;
}

/* Makes the thumbnails of the group and empties it. Returns an exit code. */
static int
make_group(const struct render *r, struct group *g)
{
	int code = EX_ALL_WELL;

	if (g->n == 0)
		return EX_ALL_WELL;
	if (!*r->thumber && !(*r->thumber = thumb_open(processors())))
		code = render_trouble(batch_name(r->batch), "start bi-thumb");
	if (code == EX_ALL_WELL && thumb_make(*r->thumber, g->jobs, g->n, THUMB_SIZE) < 0)
		code = render_trouble(batch_name(r->batch), "start bi-thumb again");
	for (size_t i = 0; i < g->n; i++) {
		if (code == EX_ALL_WELL && keep(r, g, i) < 0)
			code = render_trouble(batch_name(r->batch), "write thumbnails");
		part_drop(&g->parts[i]);
		close(g->jobs[i].in);
	}
	g->n = 0;
	return code;
}

/* Whether the thumbnail of item K is there and of this picture; a crash or a hang is tried again. */
static bool
is_known(const struct render *r, uint32_t k, const char *sha256, const char *thumb)
{
	struct shot s;

	if (!shot_read(r, k, sha256, &s))
		return false;
	if (s.end == THUMB_OK)
		return faccessat(r->thumbs, thumb, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	return s.end == THUMB_FAILED;
}

/* Takes IN over. Returns an exit code. */
static int
ask_thumb(const struct render *r, struct group *g, uint32_t k, int in, const char *sha256, const char *thumb)
{
	size_t i = g->n;

	if (part_open(&g->parts[i], r->temp) < 0) {
		int code = render_trouble(batch_name(r->batch), "write thumbnails");

		close(in);
		return code;
	}
	g->n++;
	g->jobs[i] = (struct thumb_job){.in = in, .out = g->parts[i].fd};
	g->items[i] = k;
	g->shots[i] = (struct shot){0};
	if (sha256 && strlen(sha256) == sizeof(g->shots[i].sha256))
		memcpy(g->shots[i].sha256, sha256, sizeof(g->shots[i].sha256));
	snprintf(g->names[i], sizeof(g->names[i]), "%s", thumb);
	return g->n == GROUP ? make_group(r, g) : EX_ALL_WELL;
}

/* Copies the file IN, which it takes over, and asks for its thumbnail. Returns an exit code. */
static int
make_item(const struct render *r, struct group *g, const struct candidate *c, uint32_t k, int in, const char *sha256)
{
	int code = EX_ALL_WELL;

	if (c->hidden)
		code = EX_ALL_WELL;
	else if (copy_file(r, in, c->name) < 0)
		code = render_trouble(batch_name(r->batch), "copy a candidate");
	else if (c->picture && !is_known(r, k, sha256, c->thumb))
		return ask_thumb(r, g, k, in, sha256, c->thumb);
	close(in);
	return code;
}

/* Sees to the file of a completed item, or notes that it is gone. Returns an exit code. */
static int
look_at_file(struct render *r, struct group *g, const struct batch_place *place, struct json_object *result)
{
	struct candidate c;
	int in = batch_open_file(r->batch, result);

	candidate_of(&c, place, result);
	if (in < 0 && errno != ENOENT)
		return render_trouble(batch_name(r->batch), "open the batch's files");
	if (in < 0) {
		r->lost[place->item - 1] = true;
		r->lost_count++;
		r->failed++;
		return EX_ALL_WELL;
	}
	r->candidates++;
	return make_item(r, g, &c, place->item, in, rec_string(result, "sha256"));
}

/* Counts item K, and sees to its file when it is completed. Returns an exit code. */
static int
look_at(struct render *r, struct group *g, uint32_t k, struct buf *item, struct buf *line)
{
	struct batch_place place;
	struct json_object *result;
	const char *status;
	int code = EX_ALL_WELL;

	buf_clear(item);
	buf_clear(line);
	if (batch_result(r->batch, k, line) < 0) {
		r->waiting++;
		return EX_ALL_WELL;
	}
	if (batch_item(r->batch, k, item) < 0 || batch_place(item->data, item->len, &place) < 0)
		return render_trouble(batch_name(r->batch), "read its items");
	place.item = k;
	result = rec_parse(line->data, line->len, NULL, 0);
	status = result ? rec_string(result, "status") : NULL;
	if (status && strcmp(status, "completed") == 0)
		code = look_at_file(r, g, &place, result);
	else if (status && strcmp(status, "failed") == 0)
		r->failed++;
	else
		r->waiting++;
	json_object_put(result);
	return code;
}

static void
say_lost(const struct render *r)
{
	const char *name = batch_name(r->batch);

	if (r->lost_count)
		msg_warn("batch %s: %u completed item%s no file any more; `bi-status --rebuild %s` and then "
			 "`bi-fetch -b %s --resume` get %s again",
			 name, r->lost_count, r->lost_count == 1 ? " has" : "s have", name, name,
			 r->lost_count == 1 ? "it" : "them");
}

int
files_make(struct render *r)
{
	struct group *g = buf_alloc(sizeof(*g));
	struct buf item = {0}, line = {0};
	int code = EX_ALL_WELL;

	r->lost = buf_alloc((size_t)r->plan.length + 1);
	for (uint32_t k = 1; k <= r->plan.length && code == EX_ALL_WELL; k++) {
		code = look_at(r, g, k, &item, &line);
		render_progress(r, "items", k, r->plan.length);
	}
	say_lost(r);
	if (code == EX_ALL_WELL)
		code = make_group(r, g);
	for (size_t i = 0; i < g->n; i++) {
		part_drop(&g->parts[i]);
		close(g->jobs[i].in);
	}
	free(g);
	buf_free(&item);
	buf_free(&line);
	return code;
}
