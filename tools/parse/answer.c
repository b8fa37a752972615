#include "answer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/utf8.h"
#include "base/words.h"
#include "doc.h"
#include "files/file.h"
#include "records/rec.h"

static const char *const lines[] = {"title", "language", "description", "author", "date", "canonical_url", NULL};
static const char *const kinds[] = {"page",  "text",  "pdf",   "document", "book", "archive",
				    "image", "audio", "video", "mail",     "file", NULL};
static const char *const pictures[][2] = {{"image/jpeg", "jpg"},  {"image/png", "png"}, {"image/gif", "gif"},
					  {"image/webp", "webp"}, {"image/bmp", "bmp"}, {"image/tiff", "tif"}};
static const char *const link_members[] = {"url", "text", NULL};
static const char *const media_members[] = {"url", "kind", "from", "title", NULL};

void
answer_free(struct answer *a)
{
	json_object_put(a->about);
	buf_free(&a->text);
	free(a->images);
	*a = (struct answer){0};
}

static bool
read_part(int fd, off_t from, size_t n, struct buf *out)
{
	buf_clear(out);
	buf_room(out, n + 1);
	if (file_read_exactly(fd, out->data, n, from) < 0)
		return false;
	out->len = n;
	out->data[n] = '\0';
	return strlen(out->data) == n;
}

static bool
is_string(struct json_object *o, size_t most)
{
	return json_object_is_type(o, json_type_string) && (size_t)json_object_get_string_len(o) <= most;
}

static bool
is_metadata(struct json_object *o)
{
	if (!json_object_is_type(o, json_type_object) || json_object_object_length(o) > DOC_KEYS)
		return false;
	json_object_object_foreach(o, key, value)
	{
		if (strlen(key) > 100 || (!is_string(value, DOC_LINE) && !json_object_is_type(value, json_type_int) &&
					  !json_object_is_type(value, json_type_double)))
			return false;
	}
	return true;
}

/* An array of objects that have these members, all strings, and the first one always. */
static bool
is_list(struct json_object *o, const char *const *members, size_t most)
{
	if (!json_object_is_type(o, json_type_array) || json_object_array_length(o) > most)
		return false;
	for (size_t i = 0; i < json_object_array_length(o); i++) {
		struct json_object *one = json_object_array_get_idx(o, i);

		if (!json_object_is_type(one, json_type_object) || !rec_string(one, members[0]))
			return false;
		json_object_object_foreach(one, key, value)
		{
			if (!word_is_in(key, members) || !is_string(value, 8192))
				return false;
		}
	}
	return true;
}

/* A string of some of these characters, and at least one. */
static bool
is_word(struct json_object *o, const char *characters)
{
	return is_string(o, DOC_WORD) && json_object_get_string_len(o) > 0 &&
	       strspn(json_object_get_string(o), characters) == (size_t)json_object_get_string_len(o);
}

static bool
is_words(struct json_object *o)
{
	if (!json_object_is_type(o, json_type_array) || json_object_array_length(o) > DOC_MISSING)
		return false;
	for (size_t i = 0; i < json_object_array_length(o); i++)
		if (!is_word(json_object_array_get_idx(o, i), "abcdefghijklmnopqrstuvwxyz "))
			return false;
	return true;
}

/* A name such as image3.jpg, which is an image/jpeg, without characters that could form a path. */
static bool
is_image(const char *name, const char *mime)
{
	size_t digits;

	if (!name || !mime || strncmp(name, "image", 5) != 0)
		return false;
	digits = strspn(name + 5, "0123456789");
	if (digits == 0 || digits > 5 || name[5 + digits] != '.')
		return false;
	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++)
		if (strcmp(mime, pictures[i][0]) == 0)
			return strcmp(name + 6 + digits, pictures[i][1]) == 0;
	return false;
}

/* The images, stored one after the other from the beginning of the output; no two have the same name. */
static bool
take_images(struct answer *a, struct json_object *o, size_t bytes)
{
	off_t at = 0;

	if (!json_object_is_type(o, json_type_array) || json_object_array_length(o) > DOC_IMAGE_COUNT)
		return false;
	a->images = buf_alloc((json_object_array_length(o) + 1) * sizeof(*a->images));
	for (size_t i = 0; i < json_object_array_length(o); i++) {
		struct json_object *one = json_object_array_get_idx(o, i);
		const char *name = rec_string(one, "name"), *alt = rec_string(one, "alt");
		long long n = rec_number(one, "bytes", -1);

		if (!is_image(name, rec_string(one, "mime")) || n < 0 || n > (long long)bytes - at ||
		    json_object_object_length(one) != (alt ? 4 : 3) || (alt && strlen(alt) > DOC_LINE))
			return false;
		for (size_t k = 0; k < i; k++)
			if (strcmp(a->images[k].name, name) == 0)
				return false;
		a->images[a->image_count++] = (struct answer_image){name, at, (size_t)n};
		at += n;
	}
	return at == (off_t)bytes;
}

static bool
is_member(const char *key, struct json_object *value)
{
	if (word_is_in(key, lines))
		return is_string(value, strcmp(key, "canonical_url") == 0 ? 8192 : DOC_LINE);
	if (strcmp(key, "kind") == 0)
		return word_is_in(json_object_get_string(value), kinds);
	if (strcmp(key, "metadata") == 0)
		return is_metadata(value);
	if (strcmp(key, "links") == 0)
		return is_list(value, link_members, DOC_LINKS);
	if (strcmp(key, "media") == 0)
		return is_list(value, media_members, DOC_MEDIA);
	if (strcmp(key, "pages") == 0)
		return json_object_is_type(value, json_type_int);
	if (strcmp(key, "missing") == 0)
		return is_words(value);
	if (strcmp(key, "needs_package") == 0)
		return is_word(value, "abcdefghijklmnopqrstuvwxyz0123456789+-.");
	if (strcmp(key, "truncated") == 0 || strcmp(key, "needs_ocr") == 0)
		return json_object_is_type(value, json_type_boolean);
	return strcmp(key, "images") == 0;
}

static bool
check_answer(struct answer *a, size_t image_bytes)
{
	struct json_object *images;

	if (!json_object_is_type(a->about, json_type_object) || !rec_string(a->about, "kind"))
		return false;
	json_object_object_foreach(a->about, key, value)
	{
		if (!is_member(key, value))
			return false;
	}
	return json_object_object_get_ex(a->about, "images", &images) && take_images(a, images, image_bytes);
}

bool
answer_read(const struct work *w, struct answer *a)
{
	struct buf meta = {0};
	struct stat st;
	bool good;

	*a = (struct answer){0};
	if (fstat(w->out, &st) < 0 || st.st_size != (off_t)(w->images + w->text + w->meta))
		return false;
	good = read_part(w->out, (off_t)w->images, w->text, &a->text) &&
	       read_part(w->out, (off_t)(w->images + w->text), w->meta, &meta);
	if (good) {
		utf8_replace_invalid(a->text.data);
		a->text.len = strlen(a->text.data);
		a->about = rec_parse(meta.data, meta.len, NULL, 0);
		good = a->about && check_answer(a, w->images);
	}
	buf_free(&meta);
	return good;
}
