#include "doc.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/utf8.h"
#include "files/file.h"
#include "records/rec.h"

void
doc_begin(struct doc *d, int out)
{
	*d = (struct doc){
		.kind = "file",
		.metadata = json_object_new_object(),
		.links = json_object_new_array(),
		.media = json_object_new_array(),
		.images = json_object_new_array(),
		.missing = json_object_new_array(),
		.out = out,
	};
	md_begin(&d->md, DOC_TEXT);
}

void
doc_free(struct doc *d)
{
	char *lines[] = {d->title, d->language, d->description, d->author, d->date, d->canonical};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		free(lines[i]);
	json_object_put(d->metadata);
	json_object_put(d->links);
	json_object_put(d->media);
	json_object_put(d->images);
	json_object_put(d->missing);
	md_free(&d->md);
}

/* NULL: nothing is left. */
static char *
make_line(const char *text, size_t n, size_t most)
{
	char *line = utf8_copy_line(text, n, most);

	if (*line)
		return line;
	free(line);
	return NULL;
}

void
doc_set(char **member, const char *text, size_t n)
{
	if (!*member && text)
		*member = make_line(text, n, DOC_LINE);
}

void
doc_set_string(char **member, const char *text)
{
	if (text)
		doc_set(member, text, strlen(text));
}

static bool
has_room(struct doc *d, const char *key)
{
	return *key && !json_object_object_get_ex(d->metadata, key, NULL) &&
	       json_object_object_length(d->metadata) < DOC_KEYS;
}

void
doc_meta(struct doc *d, const char *key, const char *text)
{
	char *line = text ? make_line(text, strlen(text), DOC_LINE) : NULL;
	char *name = line ? make_line(key, strlen(key), 100) : NULL;

	if (name && has_room(d, name))
		rec_add_string(d->metadata, name, line);
	free(name);
	free(line);
}

void
doc_meta_number(struct doc *d, const char *key, double value)
{
	if (!has_room(d, key) || !isfinite(value))
		return;
	if (value == floor(value) && fabs(value) < 9e15) {
		json_object_object_add(d->metadata, key, json_object_new_int64((int64_t)value));
	} else {
		char digits[40];

		snprintf(digits, sizeof(digits), "%.3f", value);
		json_object_object_add(d->metadata, key, json_object_new_double_s(value, digits));
	}
}

void
doc_missing(struct doc *d, const char *what)
{
	size_t n = json_object_array_length(d->missing);

	for (size_t i = 0; i < n; i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(d->missing, i)), what) == 0)
			return;
	if (n < DOC_MISSING)
		json_object_array_add(d->missing, json_object_new_string(what));
}

void
doc_link(struct doc *d, const char *url, const char *text)
{
	size_t n = json_object_array_length(d->links);
	struct json_object *link;
	char *line;

	if (n >= DOC_LINKS)
		return;
	for (size_t i = 0; i < n; i++)
		if (strcmp(rec_string(json_object_array_get_idx(d->links, i), "url"), url) == 0)
			return;
	link = json_object_new_object();
	rec_add_string(link, "url", url);
	line = text ? make_line(text, strlen(text), 300) : NULL;
	rec_add_string(link, "text", line);
	free(line);
	json_object_array_add(d->links, link);
}

static const struct magic {
	const char *bytes;
	size_t n;
	const char *mime, *ext;
} magics[] = {
	{"\xff\xd8\xff", 3, "image/jpeg", "jpg"}, {"\x89PNG\r\n\x1a\n", 8, "image/png", "png"},
	{"GIF87a", 6, "image/gif", "gif"},        {"GIF89a", 6, "image/gif", "gif"},
	{"RIFF", 4, "image/webp", "webp"},        {"BM", 2, "image/bmp", "bmp"},
	{"II*\0", 4, "image/tiff", "tif"},        {"MM\0*", 4, "image/tiff", "tif"},
};

static const struct magic *
magic_of(const char *bytes, size_t n)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		const struct magic *m = &magics[i];

		if (n > 64 && memcmp(bytes, m->bytes, m->n) == 0 &&
		    (m->bytes[0] != 'R' || memcmp(bytes + 8, "WEBP", 4) == 0))
			return m;
	}
	return NULL;
}

const char *
doc_image(struct doc *d, const void *bytes, size_t n, const char *alt)
{
	const struct magic *m = magic_of(bytes, n);
	size_t count = json_object_array_length(d->images);
	struct json_object *image;
	char name[32], *line;

	if (!m)
		return NULL;
	if (count >= DOC_IMAGE_COUNT || n > DOC_IMAGES - d->out_bytes) {
		d->truncated = true;
		return NULL;
	}
	if (file_write(d->out, bytes, n) < 0)
		_exit(EX_OSERR);
	d->out_bytes += n;
	snprintf(name, sizeof(name), "image%zu.%s", count + 1, m->ext);
	image = json_object_new_object();
	rec_add_string(image, "name", name);
	rec_add_string(image, "mime", m->mime);
	json_object_object_add(image, "bytes", json_object_new_int64((int64_t)n));
	line = alt ? make_line(alt, strlen(alt), 300) : NULL;
	rec_add_string(image, "alt", line);
	free(line);
	json_object_array_add(d->images, image);
	return rec_string(image, "name");
}

bool
doc_fail(struct doc *d, const char *failed, const char *fmt, ...)
{
	va_list ap;

	d->failed = failed;
	va_start(ap, fmt);
	vsnprintf(d->why, sizeof(d->why), fmt, ap);
	va_end(ap);
	utf8_make_line(d->why);
	return false;
}

bool
doc_unread(struct doc *d, int error)
{
	if (error == ENOMEM)
		return doc_fail(d, "memory", "parsing it needs too much memory");
	return doc_fail(d, "unread", "it cannot be read: %s", strerror(error));
}

size_t
doc_clean(char *text, size_t n)
{
	size_t k = 0;
	uint32_t c;

	for (size_t i = 0; i < n;) {
		size_t len = utf8_decode(text + i, n - i, &c);

		if (len == 0) {
			text[k++] = '?';
			i++;
		} else if (len > 1) {
			memmove(text + k, text + i, len);
			k += len;
			i += len;
		} else {
			if (((unsigned char)text[i] >= ' ' && text[i] != 0x7f) ||
			    strchr("\t\n\f", text[i] ? text[i] : 1))
				text[k++] = text[i];
			i++;
		}
	}
	text[k] = '\0';
	return k;
}
