#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/msg.h"
#include "candidate_files.h"
#include "confined/type.h"
#include "files/atomic_file.h"
#include "files/file.h"
#include "records/rec.h"
#include "thumbnails.h"

/* The kinds of files that may lie beside the pages: none that a browser could run as a page of this server. Other kinds
 * are not copied. SVG runs scripts only if it is opened by itself: the pages show it as a picture, which runs none, and
 * link to it as a download, and the server makes browsers open it in a sandbox. */
static const char inert[] = " 3gp 7z aac aiff asf avi avif bin bmp bz2 cpio cr2 crw csv djvu doc docx "
			    "epub flac flv gif gz heic heif icns ico jar jp2 jpg json jxl m4a mid mkv "
			    "mov mp3 mp4 mpg mxf ndjson odp ods odt oga ogv ogx orf pbm pcx pdf pgm png "
			    "ppm ppt pptx psd raf rar rtf svg tar tga tif ts ttf txt wav webm webp woff "
			    "woff2 x3f xcf xls xlsx xz zip zst ";

void
candidate_read(struct candidate *c, const struct batch_place *place, struct json_object *result)
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
	else
		c->document = strcmp(c->mime, "application/pdf") == 0;
	c->picture = c->document || (!c->hidden && strncmp(c->mime, "image/", 6) == 0);
}

/* Makes a copy, unless one with the size and time of the original exists. 0, or -1 with errno. */
static int
copy_file(const struct render *r, int in, const char *name)
{
	struct stat from, to;

	if (fstat(in, &from) < 0)
		return -1;
	if (fstatat(r->dir, name, &to, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(to.st_mode) && to.st_size == from.st_size &&
	    to.st_mtim.tv_sec == from.st_mtim.tv_sec && to.st_mtim.tv_nsec == from.st_mtim.tv_nsec)
		return 0;
	return atomic_file_put_copy(r->temp, r->dir, name, in, ATOMIC_FILE_DATED);
}

/* Another number for other bytes, for another time of a change, and for thumbnails that are made in another way. */
static uint32_t
version_of(struct json_object *result)
{
	const char *sha256 = rec_string(result, "sha256"), *changed = rec_string(result, "file_changed_at");
	unsigned char digest[HASH_BYTES];
	struct buf text = {0};
	uint32_t version;

	buf_printf(&text, "%d %s %s", THUMBNAIL_VERSION, sha256 ? sha256 : "", changed ? changed : "");
	hash_bytes(text.data, text.len, digest);
	memcpy(&version, digest, sizeof(version));
	buf_free(&text);
	return version;
}

/* Handles the file of a completed item, or records that it is missing. Returns an exit code. */
static int
copy_candidate(struct render *r, const struct batch_place *place, struct json_object *result)
{
	struct candidate c;
	int in = batch_open_file(r->batch, result);
	int code = EX_ALL_WELL;

	candidate_read(&c, place, result);
	if (in < 0 && errno != ENOENT) {
		int error = errno;

		msg_warn("batch %s: cannot open %s: %s", batch_name(r->batch), rec_string(result, "path"),
			 file_reason(error));
		return msg_exit_code(error);
	}
	if (in < 0) {
		r->items[place->item - 1].lost = true;
		r->lost_count++;
		r->failed++;
		return EX_ALL_WELL;
	}
	r->candidates++;
	r->items[place->item - 1].version = version_of(result);
	r->items[place->item - 1].candidate = true;
	r->items[place->item - 1].ext = c.hidden ? NULL : type_extension(c.mime);
	/* Copies the file IN, which it owns from now on, and requests its thumbnail. Returns an exit code. */
	if (c.hidden)
		code = EX_ALL_WELL;
	else if (copy_file(r, in, c.name) < 0)
		code = msg_report_errno("batch %s: cannot copy a candidate", batch_name(r->batch));
	else if (c.picture)
		return thumbnails_add(r, place->item, in, rec_string(result, "sha256"), c.thumb, c.document);
	close(in);
	return code;
}

/* Counts item K, and handles its file if it is completed. Returns an exit code. */
static int
read_item(struct render *r, uint32_t k, struct buf *item, struct buf *line)
{
	struct batch_place place;
	struct json_object *result;
	const char *status;
	int code = EX_ALL_WELL;

	buf_clear(item);
	buf_clear(line);
	if (batch_result(r->batch, k, line) < 0) {
		r->waiting++;
		return errno == ENOENT ? EX_ALL_WELL
				       : msg_report_errno("batch %s: cannot read its results", batch_name(r->batch));
	}
	if (batch_item(r->batch, k, item) < 0 || batch_place(item->data, item->len, &place) < 0)
		return msg_report_errno("batch %s: cannot read its items", batch_name(r->batch));
	place.item = k;
	result = rec_parse(line->data, line->len, NULL, 0);
	status = result ? rec_string(result, "status") : NULL;
	if (rec_string(result, "license") || memmem(item->data, item->len, "\"license\":\"", 11))
		r->licensed = true;
	if (status && strcmp(status, "completed") == 0)
		code = copy_candidate(r, &place, result);
	else if (status && strcmp(status, "failed") == 0)
		r->failed++;
	else if (!status || strcmp(status, "removed") != 0) /* such an item is shown nowhere */
		r->waiting++;
	json_object_put(result);
	return code;
}

/* Finds the next subject with a candidate behind each. */
static void
find_onward(struct render *r)
{
	uint32_t next = r->plan.count;

	r->onward = buf_alloc(((size_t)r->plan.count + 1) * sizeof(*r->onward));
	for (uint32_t i = r->plan.count; i-- > 0;) {
		const struct indexed_subject *s = &r->plan.subjects[i];
		bool any = false;

		r->onward[i] = next;
		for (uint32_t j = 0; j < s->count && !any; j++)
			any = r->items[r->plan.items[s->first + j] - 1].candidate;
		if (any)
			next = i;
	}
}

int
candidates_copy(struct render *r)
{
	struct buf item = {0}, line = {0};
	int code = EX_ALL_WELL, last;
	const char *name;

	r->items = buf_alloc(((size_t)r->plan.length + 1) * sizeof(*r->items));
	for (uint32_t k = 1; k <= r->plan.length && code == EX_ALL_WELL; k++) {
		code = read_item(r, k, &item, &line);
		render_show_progress(r, "items", k, r->plan.length);
	}
	last = thumbnails_finish(r);
	find_onward(r);
	name = batch_name(r->batch);
	if (r->lost_count && !r->meanwhile)
		msg_warn("batch %s: %u completed item%s; `bi-status --rebuild %s` and then `bi-fetch -b "
			 "%s --resume` fetch %s again",
			 name, r->lost_count, r->lost_count == 1 ? " has lost its file" : "s have lost their files",
			 name, name, r->lost_count == 1 ? "it" : "them");
	buf_free(&item);
	buf_free(&line);
	return code == EX_ALL_WELL ? last : code;
}
