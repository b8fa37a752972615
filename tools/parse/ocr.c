#include "ocr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "files/file.h"
#include "records/rec.h"

enum { LANGUAGES_MAX = 100 };

struct page {
	unsigned long number; /* counts from 1 */
	struct answer_image image;
	char *text; /* NULL: not read */
};

struct ocr {
	struct answer answer;
	int out;
	struct page *pages;
	size_t count, at;
	char *program;       /* that read pages; NULL: none was read */
	char *why, *package; /* of the first page that could not be read */
};

bool
ocr_are_languages(const char *languages)
{
	size_t n = strlen(languages);

	return n > 0 && n <= LANGUAGES_MAX && *languages != '-' && !strstr(languages, "..") && *languages != '/' &&
	       strspn(languages, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+/-") == n;
}

/* Moves the images that are pages from the answer's to PAGES. */
static void
take_pages(struct ocr *o)
{
	struct json_object *images, *left = json_object_new_array();
	size_t kept = 0;

	json_object_object_get_ex(o->answer.about, "images", &images);
	for (size_t i = 0; i < o->answer.image_count; i++) {
		struct json_object *one = json_object_array_get_idx(images, i);
		const char *alt = rec_string(one, "alt");

		if (alt && strncmp(alt, OCR_ALT, strlen(OCR_ALT)) == 0) {
			o->pages[o->count++] = (struct page){.number = strtoul(alt + strlen(OCR_ALT), NULL, 10),
							     .image = o->answer.images[i]};
		} else {
			o->answer.images[kept++] = o->answer.images[i];
			json_object_array_add(left, json_object_get(one));
		}
	}
	o->answer.image_count = kept;
	/* The names of those that stay are in objects that both arrays have. */
	json_object_object_add(o->answer.about, "images", left);
}

struct ocr *
ocr_begin(struct answer *a, int out)
{
	struct ocr *o = buf_alloc(sizeof(*o));

	errno = 0;
	*o = (struct ocr){.answer = *a, .out = out};
	o->pages = buf_alloc((a->image_count + 1) * sizeof(*o->pages));
	take_pages(o);
	*a = o->answer;
	if (o->count > 0)
		return o;
	free(o->pages);
	free(o);
	return NULL;
}

int
ocr_next(struct ocr *o)
{
	const struct answer_image *image = o->at < o->count ? &o->pages[o->at].image : NULL;
	int fd = image ? memfd_create("bi-parse", MFD_CLOEXEC) : -1;
	struct buf bytes = {0};

	errno = 0;
	if (!image)
		return -1;
	if (fd < 0 || file_read_exactly(o->out, buf_room(&bytes, image->bytes), image->bytes, (off_t)image->from) < 0 ||
	    file_write(fd, bytes.data, image->bytes) < 0)
		fd = file_close(fd, -1);
	buf_free(&bytes);
	return fd;
}

void
ocr_put_text(struct ocr *o, const char *text, const char *program)
{
	if (!o->program)
		o->program = buf_strdup(program);
	o->pages[o->at++].text = buf_strdup(text);
}

void
ocr_put_failure(struct ocr *o, const char *why, const char *package)
{
	o->at++;
	if (!o->why)
		o->why = buf_strdup(why);
	if (package && !o->package)
		o->package = buf_strdup(package);
}

/* --- the text --- */

static bool
is_blank(const char *text, size_t n)
{
	return strspn(text, " \t\r\n\f") >= n;
}

/* The text of page NUMBER; NULL if it was not read. */
static const char *
text_of(const struct ocr *o, unsigned long number)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->pages[i].number == number)
			return o->pages[i].text;
	return NULL;
}

/* A page's text without the blanks at its end, which is a form feed in tesseract's. */
static void
add_page(struct buf *out, const char *text)
{
	size_t n = strlen(text), from = out->len;

	while (n > 0 && strchr(" \t\r\n\f", text[n - 1]))
		n--;
	buf_add(out, text, n);
	for (size_t i = from; i < out->len; i++)
		if (out->data[i] == '\f')
			out->data[i] = '\n';
	if (n > 0)
		buf_str(out, "\n");
}

/* Puts the pages that were read in their places in the text, whose pages form feeds separate, behind what these have:
 * a number, or the words on a picture that covers the page. */
static void
fill_text(struct ocr *o)
{
	const char *text = o->answer.text.data;
	struct buf out = {0};

	buf_str(&out, "");
	for (unsigned long number = 1;; number++) {
		size_t n = strcspn(text, "\f");
		const char *read = text_of(o, number);

		if (!read || !is_blank(text, n))
			buf_add(&out, text, n);
		if (read && !is_blank(text, n))
			buf_str(&out, "\n");
		if (read)
			add_page(&out, read);
		if (!text[n])
			break;
		buf_str(&out, "\f");
		text += n + 1;
	}
	buf_free(&o->answer.text);
	o->answer.text = out;
}

/* Takes "text" out of what is missing, since it is there now. */
static void
miss_no_text(struct json_object *about)
{
	struct json_object *missing, *left = json_object_new_array();

	if (json_object_object_get_ex(about, "missing", &missing))
		for (size_t i = 0; i < json_object_array_length(missing); i++)
			if (strcmp(json_object_get_string(json_object_array_get_idx(missing, i)), "text") != 0)
				json_object_array_add(left, json_object_get(json_object_array_get_idx(missing, i)));
	if (json_object_array_length(left) > 0) {
		json_object_object_add(about, "missing", left);
		return;
	}
	json_object_object_del(about, "missing");
	json_object_put(left);
}

static void
describe(const struct ocr *o, const char *languages)
{
	struct json_object *about = o->answer.about, *metadata;
	size_t read = 0;

	for (size_t i = 0; i < o->count; i++)
		read += o->pages[i].text != NULL;
	if (!json_object_object_get_ex(about, "metadata", &metadata)) {
		metadata = json_object_new_object();
		json_object_object_add(about, "metadata", metadata);
	}
	if (read > 0) {
		rec_add_string(metadata, "ocr", o->program);
		rec_add_string(metadata, "ocr_languages", languages);
		json_object_object_add(metadata, "ocr_pages", json_object_new_int64((int64_t)read));
	}
	if (o->why)
		rec_add_string(metadata, "ocr_error", o->why);
	if (o->package)
		rec_add_string(about, "needs_package", o->package);
	if (read < o->count || json_object_object_get_ex(about, "truncated", NULL))
		return;
	json_object_object_del(about, "needs_ocr");
	if (!is_blank(o->answer.text.data, o->answer.text.len))
		miss_no_text(about);
}

void
ocr_end(struct ocr *o, const char *languages, struct answer *a, int *out)
{
	fill_text(o);
	describe(o, languages);
	*a = o->answer;
	*out = o->out;
	for (size_t i = 0; i < o->count; i++)
		free(o->pages[i].text);
	free(o->pages);
	free(o->program);
	free(o->why);
	free(o->package);
	free(o);
}
