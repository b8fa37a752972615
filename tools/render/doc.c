#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rec.h"
#include "render.h"

/* Numbers go to jq as strings: it would round big ones. Objects and arrays are left out. */
static bool
is_scalar(struct json_object *v)
{
	enum json_type t = json_object_get_type(v);

	return t == json_type_string || t == json_type_int || t == json_type_double || t == json_type_boolean;
}

static void
add_text(struct json_object *to, const char *key, const char *text)
{
	if (text && *text)
		json_object_object_add(to, key, json_object_new_string(text));
}

/* The member KEY of FROM, or of OR, as a string. */
static void
copy_text(struct json_object *to, const char *key, struct json_object *from, struct json_object * or)
{
	struct json_object *v;

	if ((json_object_object_get_ex(from, key, &v) && is_scalar(v)) ||
	    (or &&json_object_object_get_ex(or, key, &v) && is_scalar(v)))
		add_text(to, key, json_object_get_string(v));
}

static void
add_count(struct json_object *to, const char *key, uint32_t n)
{
	json_object_object_add(to, key, json_object_new_int64(n));
}

static void
print(struct json_object *o, struct buf *out)
{
	buf_str(out, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	buf_str(out, "\n");
	json_object_put(o);
}

struct json_object *
doc_about(const struct render *r)
{
	struct json_object *about = json_object_new_object(), *stored;
	struct buf text = {0};

	add_text(about, "batch", batch_name(r->batch));
	if (batch_about(r->batch, &text) == 0 && (stored = rec_parse(text.data, text.len, NULL, 0))) {
		copy_text(about, "label", stored, NULL);
		copy_text(about, "category", stored, NULL);
		json_object_put(stored);
	}
	buf_free(&text);
	add_count(about, "subjects", r->plan.count);
	add_count(about, "candidates", r->candidates);
	add_count(about, "failed", r->failed);
	add_count(about, "waiting", r->waiting);
	return about;
}

void
doc_head(const struct render *r, struct buf *out)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "head", json_object_get(r->about));
	print(o, out);
}

void
doc_tail(struct buf *out)
{
	buf_str(out, "{\"tail\":{}}\n");
}

static void
add_fact(struct json_object *facts, const char *key, struct json_object *value)
{
	struct json_object *fact;

	if (!is_scalar(value) || !*json_object_get_string(value))
		return;
	fact = json_object_new_array();
	json_object_array_add(fact, json_object_new_string(key));
	json_object_array_add(fact, json_object_new_string(json_object_get_string(value)));
	json_object_array_add(facts, fact);
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* What people call the thing at the URL, into OUT: the last segment of its path, decoded, else its host. */
static void
name_of_url(const char *url, struct buf *out)
{
	const char *at = strstr(url, "://"), *end, *from;

	at = at ? at + 3 : url;
	end = at + strcspn(at, "?#");
	while (end > at && end[-1] == '/')
		end--;
	for (from = end; from > at && from[-1] != '/';)
		from--;
	for (; from < end; from++) {
		int high = *from == '%' && end - from > 2 ? hex_digit(from[1]) : -1;
		int low = high >= 0 ? hex_digit(from[2]) : -1;
		char c = low >= 0 ? (char)(unsigned char)(high * 16 + low) : *from;

		from += low >= 0 ? 2 : 0;
		buf_add(out, (unsigned char)c < ' ' || c == 0x7f ? " " : &c, 1);
	}
	if (out->len)
		rec_mend(out->data);
}

/* What an item without a subject's name can be called by. */
static const char *const of_item[] = {"title", "url", "file", "media"};

/* What people call it by the TEXT of of_item[WHICH], NULL where there is none: titles as they are, else the last part.
 * OUT may be what holds it. */
static const char *
base_name(const char *text, size_t which, struct buf *out)
{
	const char *slash = text ? strrchr(text, '/') : NULL;

	if (!text || which == 0)
		return text;
	if (which > 1)
		return slash && slash[1] ? slash + 1 : text;
	buf_clear(out);
	name_of_url(text, out);
	return out->data;
}

/* Name, and facts as pairs: the known ones first, then the others, the biography last. */
static void
add_subject(struct json_object *to, const char *id, struct json_object *item)
{
	static const char *const first[] = {"category", "first_names", "birth_date", "death_date"};
	struct json_object *facts = json_object_new_array(), *subject, *v;
	struct buf base = {0};
	const char *name = NULL;

	add_text(to, "id", id);
	if (json_object_object_get_ex(item, "subject", &subject) && json_object_is_type(subject, json_type_object)) {
		name = rec_string(subject, "name");
		for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
			if (json_object_object_get_ex(subject, first[i], &v))
				add_fact(facts, first[i], v);
		json_object_object_foreach(subject, key, value)
		{
			bool is_first =
				strcmp(key, "id") == 0 || strcmp(key, "name") == 0 || strcmp(key, "biography") == 0;

			for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
				is_first = is_first || strcmp(key, first[i]) == 0;
			if (!is_first)
				add_fact(facts, key, value);
		}
		if (json_object_object_get_ex(subject, "biography", &v))
			add_fact(facts, "biography", v);
	}
	for (size_t i = 0; !(name && *name) && i < sizeof(of_item) / sizeof(*of_item); i++)
		name = base_name(rec_string(item, of_item[i]), i, &base);
	add_text(to, "name", name && *name ? name : id);
	buf_free(&base);
	json_object_object_add(to, "facts", facts);
}

/* What kind of thing it is, in a word or two for people. */
static const char *
kind_of(const struct candidate *c)
{
	if (strncmp(c->mime, "image/", 6) == 0)
		return c->picture ? "No picture" : "SVG drawing";
	if (strncmp(c->mime, "video/", 6) == 0)
		return "Video";
	if (strncmp(c->mime, "audio/", 6) == 0)
		return "Sound";
	if (strcmp(c->mime, "application/pdf") == 0)
		return "PDF document";
	if (strcmp(c->mime, "text/html") == 0)
		return "Web page";
	if (strcmp(c->mime, "application/x-empty") == 0)
		return "Empty file";
	return "File";
}

static void
add_shot(const struct render *r, struct json_object *to, const struct candidate *c, uint32_t k, const char *sha256)
{
	char path[sizeof(c->thumb) + 8], why[THUMB_WHY + 64];
	struct shot s;

	if (!shot_read(r, k, sha256, &s)) {
		add_text(to, "why", "There is no thumbnail of it.");
	} else if (s.end == THUMB_OK) {
		snprintf(path, sizeof(path), "thumbs/%s", c->thumb);
		add_text(to, "thumb", path);
		add_count(to, "thumb_width", s.width);
		add_count(to, "thumb_height", s.height);
		add_count(to, "width", s.owidth);
		add_count(to, "height", s.oheight);
	} else {
		snprintf(why, sizeof(why), "It cannot be shown: %s.", s.why);
		add_text(to, "why", why);
	}
}

static void
add_completed(const struct render *r, struct json_object *to, const struct batch_place *place,
	      struct json_object *result)
{
	struct candidate c;

	candidate_of(&c, place, result);
	add_text(to, "mime", c.mime);
	copy_text(to, "bytes", result, NULL);
	add_text(to, "kind", kind_of(&c));
	if (c.hidden) {
		add_text(to, "why", c.hidden);
		return;
	}
	if (faccessat(r->dir, c.name, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		add_text(to, "why", "Its file is not there.");
		return;
	}
	add_text(to, "file", c.name);
	if (!c.picture)
		add_text(to, "why", "It is no picture: download it to see what is in it.");
	else
		add_shot(r, to, &c, place->item, rec_string(result, "sha256"));
}

static void
add_failed(struct json_object *to, struct json_object *item, struct json_object *result, bool is_lost)
{
	struct json_object *error = NULL;
	const char *message = NULL, *from;

	if (json_object_object_get_ex(result, "error", &error)) {
		message = rec_string(error, "message");
		if (!message || !*message)
			message = rec_string(error, "code");
	}
	if (!message)
		message = is_lost ? "it was here, and its file is gone" : "it is not known why";
	add_text(to, "failed", message);
	if ((from = rec_string(item, "file")) || (from = rec_string(item, "media")))
		add_text(to, "from", from);
}

/* One item into CANDIDATES, or counted as waiting. 0, or -1 with errno. */
static int
add_item(struct render *r, uint32_t k, struct json_object *item, const char *line, size_t len,
	 struct json_object *candidates, uint32_t *waiting)
{
	static const char *const texts[] = {"title", "license", "credit", "page", "url"};
	struct json_object *c, *result = NULL;
	struct batch_place place;
	struct buf text = {0};
	const char *status;

	if (batch_place(line, len, &place) < 0) {
		errno = EBADMSG;
		return -1;
	}
	place.item = k;
	if (batch_result(r->batch, k, &text) == 0)
		result = rec_parse(text.data, text.len, NULL, 0);
	buf_free(&text);
	status = result ? rec_string(result, "status") : NULL;
	if (!status || (strcmp(status, "completed") != 0 && strcmp(status, "failed") != 0)) {
		(*waiting)++;
		json_object_put(result);
		return 0;
	}
	c = json_object_new_object();
	add_count(c, "idx", place.idx);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		copy_text(c, texts[i], result, item);
	if (*status == 'c' && !r->items[k - 1].lost)
		add_completed(r, c, &place, result);
	else
		add_failed(c, item, result, r->items[k - 1].lost);
	json_object_array_add(candidates, c);
	json_object_put(result);
	return 0;
}

int
doc_subject(struct render *r, uint32_t i, struct buf *out)
{
	const struct plan_subject *s = &r->plan.subjects[i];
	struct json_object *subject = json_object_new_object(), *candidates = json_object_new_array(), *o;
	struct buf line = {0};
	uint32_t waiting = 0;
	int rc = 0;

	for (uint32_t j = 0; j < s->count && rc == 0; j++) {
		uint32_t k = r->plan.items[s->first + j];
		struct json_object *item;

		buf_clear(&line);
		rc = batch_item(r->batch, k, &line);
		item = rc == 0 ? rec_parse(line.data, line.len, NULL, 0) : NULL;
		if (rc == 0 && j == 0)
			add_subject(subject, plan_id(&r->plan, i), item);
		if (rc == 0)
			rc = add_item(r, k, item, line.data, line.len, candidates, &waiting);
		json_object_put(item);
	}
	buf_free(&line);
	json_object_object_add(subject, "candidates", candidates);
	if (rc < 0) {
		json_object_put(subject);
		return -1;
	}
	add_count(subject, "waiting", waiting);
	add_count(subject, "position", i + 1);
	if (i > 0)
		add_text(subject, "prev", plan_id(&r->plan, i - 1));
	if (i + 1 < r->plan.count)
		add_text(subject, "next", plan_id(&r->plan, i + 1));
	o = json_object_new_object();
	json_object_object_add(o, "batch", json_object_get(r->about));
	json_object_object_add(o, "subject", subject);
	print(o, out);
	return 0;
}
