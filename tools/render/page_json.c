#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "base/words.h"
#include "candidate_files.h"
#include "excerpt.h"
#include "file_kind.h"
#include "index_pages.h"
#include "json_members.h"
#include "near_duplicates.h"
#include "page_json.h"
#include "records/rec.h"
#include "review/credit.h"
#include "review/licence_table.h"
#include "same_marks.h"
#include "thumbnails.h"

enum {
	TINY = 200,       /* pixels: a picture with a shorter side is marked */
	BLURRED = 20,     /* a picture whose thumbnail is less sharp is marked too */
	NEXT_MAX = 9,     /* thumbnails of the next subject that a page names */
	TEXT_LONG = 4000, /* bytes of the text of a document */
	TEXT_SHORT = 300, /* of the documents of a subject that has more than: */
	LONG_TEXTS = 40,
};

static void
add_fact(struct json_object *facts, const char *key, struct json_object *value)
{
	struct json_object *fact;

	if (!json_is_scalar(value) || !*json_object_get_string(value))
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

/* Stores a readable name for the URL in OUT: the last segment of its path, decoded, or else its host. */
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
		utf8_replace_invalid(out->data);
}

/* The members that can name an item without a subject's name. */
static const char *const of_item[] = {"title", "url", "file", "media"};

/* A readable name from TEXT, the member of_item[WHICH]; NULL if there is none. A title is used unchanged, otherwise the
 * last part. OUT may hold the result. */
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

/* The name, and the facts as pairs: the known ones first, then the others, the biography last. */
static void
add_subject(struct json_object *to, const char *id, struct json_object *item)
{
	static const char *const first[] = {"category", "first_names", "birth_date", "death_date", NULL};
	struct json_object *facts = json_object_new_array(), *subject, *v;
	struct buf base = {0};
	const char *name = NULL;

	rec_add_filled(to, "id", id);
	if (json_object_object_get_ex(item, "subject", &subject) && json_object_is_type(subject, json_type_object)) {
		name = rec_string(subject, "name");
		for (size_t i = 0; first[i]; i++)
			if (json_object_object_get_ex(subject, first[i], &v))
				add_fact(facts, first[i], v);
		json_object_object_foreach(subject, key, value)
		{
			if (!word_is_in(key, first) && !word_is_one_of(key, "id", "name", "biography"))
				add_fact(facts, key, value);
		}
		if (json_object_object_get_ex(subject, "biography", &v))
			add_fact(facts, "biography", v);
	}
	for (size_t i = 0; !(name && *name) && i < sizeof(of_item) / sizeof(*of_item); i++)
		name = base_name(rec_string(item, of_item[i]), i, &base);
	rec_add_filled(to, "name", name && *name ? name : id);
	buf_free(&base);
	json_object_object_add(to, "facts", facts);
}

/* Well-known ratios of wide pictures. */
static const struct ratio {
	unsigned width, height;
} ratios[] = {{1, 1}, {5, 4}, {4, 3}, {3, 2}, {16, 10}, {16, 9}, {2, 1}, {21, 9}, {3, 1}};

/* The nearest well-known ratio, if it differs by at most a hundredth, or else a number to one, with as many decimals as
 * tell shapes apart. */
static void
add_aspect(struct json_object *to, uint32_t width, uint32_t height)
{
	bool tall = height > width;
	double is = tall ? (double)height / width : (double)width / height;
	double step = is < 10 ? 100 : 1;
	char text[32];

	if (width == 0 || height == 0)
		return;
	snprintf(text, sizeof(text), tall ? "1:%.12g" : "%.12g:1", (double)(uint64_t)(is * step + 0.5) / step);
	for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
		const struct ratio *r = &ratios[i];
		double known = (double)r->width / r->height;

		if (is > known * 0.99 && is < known * 1.01)
			snprintf(text, sizeof(text), "%u:%u", tall ? r->height : r->width, tall ? r->width : r->height);
	}
	rec_add_filled(to, "aspect", text);
}

/* Of 21 photographs with 512 pixels on the longest side, all have 43 or more; after a Gaussian blur of 2 pixels, all
 * have 17 or less. Pictures with too little detail for a hash are smooth by nature, and so are drawings. */
static bool
is_blurred(const struct thumbnail *s)
{
	return s->likeness.sharpness < BLURRED && s->likeness.hash && !(s->kind & THUMB_VECTOR);
}

/* One candidate while the document of its subject is made. */
struct shown {
	struct json_object *json;
	char sha256[HASH_HEX + 1];  /* "" where it is not known */
	struct thumbnail thumbnail; /* end is THUMB_OK if there is a thumbnail */
};

static void
add_picture(struct json_object *to, const struct candidate *c, const struct thumbnail *s)
{
	bool vector = s->kind & THUMB_VECTOR;
	char path[sizeof(c->thumb) + 8];

	snprintf(path, sizeof(path), "thumbs/%s", c->thumb);
	rec_add_filled(to, "thumb", path);
	json_add_count(to, "thumb_width", s->width);
	json_add_count(to, "thumb_height", s->height);
	if (s->drawn) {
		json_add_count(to, "pages", s->pages);
		json_add_count(to, "drawn", s->drawn - 1);
	}
	json_add_count(to, "width", s->owidth);
	json_add_count(to, "height", s->oheight);
	add_aspect(to, s->owidth, s->oheight);
	json_add_true(to, "shows", file_kind_is_shown(c->mime));
	json_add_true(to, "tiny", !vector && (s->owidth < TINY || s->oheight < TINY));
	json_add_true(to, "blurred", is_blurred(s));
	json_add_true(to, "animated", s->kind & THUMB_ANIMATED);
	json_add_true(to, "vector", vector);
}

/* 0, or -1 with errno. */
static int
add_thumbnail(const struct render *r, struct shown *to, const struct candidate *c, uint32_t k)
{
	char why[THUMB_WHY + 64];
	int is = thumbnail_read(r, k, to->sha256, &to->thumbnail);

	if (is < 0)
		return -1;
	if (!is) {
		to->thumbnail.end = THUMB_FAILED;
		rec_add_filled(to->json, "why", "This file has no thumbnail.");
	} else if (to->thumbnail.end == THUMB_OK) {
		add_picture(to->json, c, &to->thumbnail);
	} else {
		snprintf(why, sizeof(why), "This file cannot be shown: %s.", to->thumbnail.why);
		rec_add_filled(to->json, "why", why);
	}
	return 0;
}

/* 0, or -1 with errno. */
static int
add_completed(const struct render *r, struct shown *to, const struct batch_place *place, struct json_object *result)
{
	const char *sha256 = rec_string(result, "sha256");
	char version[2 * sizeof(uint32_t) + 1];
	int rc = 0;
	struct candidate c;

	candidate_read(&c, place, result);
	if (!c.picture || c.document)
		rc = excerpt_add(r->batch, place, result, place->idx > LONG_TEXTS ? TEXT_SHORT : TEXT_LONG, to->json);
	if (rc < 0)
		return -1;
	snprintf(to->sha256, sizeof(to->sha256), "%s", sha256 ? sha256 : "");
	rec_add_filled(to->json, "mime", c.mime);
	json_copy_text(to->json, "bytes", result, NULL);
	json_copy_text(to->json, "file_changed_at", result, NULL);
	rec_add_filled(to->json, "kind", file_kind(&c));
	if (c.hidden) {
		rec_add_filled(to->json, "why", c.hidden);
		return 0;
	}
	if (!r->items[place->item - 1].ext) {
		rec_add_filled(to->json, "why", "The file is missing.");
		return 0;
	}
	snprintf(version, sizeof(version), "%08x", r->items[place->item - 1].version);
	rec_add_filled(to->json, "file", c.name);
	rec_add_filled(to->json, "version", version);
	if (c.picture)
		return add_thumbnail(r, to, &c, place->item);
	if (file_kind_player(c.mime))
		rec_add_filled(to->json, "player", file_kind_player(c.mime));
	else if (!json_object_object_get_ex(to->json, "text", NULL))
		rec_add_filled(to->json, "why", "This file is not a picture. Download it to open it.");
	return 0;
}

/* Makes the member KEY of O, which is often HTML, plain text. */
static void
make_plain(struct json_object *o, const char *key)
{
	const char *html = rec_string(o, key);
	struct buf text = {0};

	if (!html)
		return;
	credit_text(&text, html);
	json_object_object_del(o, key);
	rec_add_filled(o, key, text.data);
	buf_free(&text);
}

/* Adds what a reviewer should know of the rights to a file: "rights", of non_free, nc, nd and unknown, and the
 * restrictions. */
static void
add_rights(struct json_object *to, struct json_object *item)
{
	struct json_object *credit = credit_of(item), *rights = json_object_new_array(), *licences, *restrictions;
	unsigned allows = credit_allows(credit);
	bool stated =
		     json_object_object_get_ex(credit, "licenses", &licences) && json_object_array_length(licences) > 0,
	     free = allows & LICENCE_USE;

	if (stated && allows == LICENCE_UNKNOWN)
		json_object_array_add(rights, json_object_new_string("unknown"));
	else if (!free && (stated || json_object_object_get_ex(credit, "non_free", NULL)))
		json_object_array_add(rights, json_object_new_string("non_free"));
	if (free && !(allows & LICENCE_COMMERCE))
		json_object_array_add(rights, json_object_new_string("nc"));
	if (free && !(allows & LICENCE_CHANGE))
		json_object_array_add(rights, json_object_new_string("nd"));
	if (json_object_array_length(rights) > 0)
		json_object_object_add(to, "rights", rights);
	else
		json_object_put(rights);
	if (json_object_object_get_ex(credit, "restrictions", &restrictions))
		json_object_object_add(to, "restrictions", json_object_get(restrictions));
	json_object_put(credit);
}

/* Adds one item to TO, or counts it as waiting. 0, or -1 with errno. */
static int
add_item(struct render *r, struct json_object *item, const struct batch_place *place, struct shown *to,
	 uint32_t *waiting)
{
	static const char *const texts[] = {"title",          "author", "license",        "credit",
					    "page",           "url",    "original_width", "original_height",
					    "original_bytes", "score",  "description",    "date"};
	bool lost = r->items[place->item - 1].lost;
	struct json_object *result = batch_result_object(r->batch, place->item);
	const char *status = rec_string(result, "status");
	int rc = 0;

	to->thumbnail.end = THUMB_FAILED;
	if (!result && errno != ENOENT && errno != EBADMSG)
		return -1;
	if (!status || (strcmp(status, "completed") != 0 && strcmp(status, "failed") != 0)) {
		*waiting += !status || strcmp(status, "removed") != 0;
		json_object_put(result);
		return 0;
	}
	to->json = json_object_new_object();
	json_add_count(to->json, "idx", place->idx);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		json_copy_text(to->json, texts[i], result, item);
	make_plain(to->json, "author");
	make_plain(to->json, "credit");
	make_plain(to->json, "license");
	make_plain(to->json, "description");
	make_plain(to->json, "date");
	add_rights(to->json, rec_string(result, "license") ? result : item);
	json_add_joined(to->json, "score_why", result);
	if (*status == 'c' && !lost) {
		rc = add_completed(r, to, place, result);
		if (rc == 0)
			rc = same_marks_add(r, to->json, place, item);
	} else {
		struct json_object *error = NULL;
		const char *message = NULL, *from;

		json_add_count(to->json, "item", place->item);
		if (json_object_object_get_ex(result, "error", &error)) {
			json_copy_text(to->json, "code", error, NULL);
			message = rec_string(error, "message");
			if (!message || !*message)
				message = rec_string(error, "code");
		}
		if (lost)
			rec_add_filled(to->json, "code", "file_lost");
		if (!message)
			message = lost ? "the item was completed, but its file is missing" : "the reason is unknown";
		rec_add_filled(to->json, "failed", message);
		if ((from = rec_string(item, "file")) || (from = rec_string(item, "media")))
			rec_add_filled(to->json, "from", from);
	}
	json_object_put(result);
	return rc;
}

/* The candidates in the order in which they are shown; the result owns their JSON. */
static struct json_object *
arrange_candidates(struct shown *shown, struct near_duplicate *alike, size_t n)
{
	struct json_object *candidates = json_object_new_array();

	near_duplicates_sort(alike, n);
	for (size_t i = 0; i < n; i++) {
		const struct near_duplicate *a = &alike[i];
		struct json_object *c = shown[a->at].json;

		if (a->same_as)
			json_add_count(c, "same_as", a->same_as);
		if (a->near) {
			json_add_count(c, "near", a->near);
			json_add_count(c, "distance", a->distance);
		}
		json_object_array_add(candidates, c);
	}
	return candidates;
}

/* Adds the data of S, number AT, for the comparison. */
static void
fill_comparison(struct near_duplicate *a, const struct shown *s, uint32_t at, uint32_t idx)
{
	bool seen = s->thumbnail.end == THUMB_OK;

	*a = (struct near_duplicate){.idx = idx, .at = at, .sha256 = *s->sha256 ? s->sha256 : NULL};
	if (!seen)
		return;
	a->likeness = &s->thumbnail.likeness;
	a->blurred = is_blurred(&s->thumbnail);
	a->pixels =
		s->thumbnail.kind & THUMB_VECTOR ? UINT64_MAX : (uint64_t)s->thumbnail.owidth * s->thumbnail.oheight;
}

/* Adds the items of the subject to TO. 0, or -1 with errno. */
static int
add_items(struct render *r, uint32_t i, struct json_object *to)
{
	const struct indexed_subject *s = &r->plan.subjects[i];
	struct shown *shown = buf_alloc((size_t)s->count * sizeof(*shown));
	struct near_duplicate *alike = buf_alloc((size_t)s->count * sizeof(*alike));
	struct batch_place place;
	struct buf line = {0};
	uint32_t waiting = 0, n = 0;
	int rc = 0;

	for (uint32_t j = 0; j < s->count && rc == 0; j++) {
		uint32_t k = r->plan.items[s->first + j];
		struct json_object *item;

		buf_clear(&line);
		rc = batch_item(r->batch, k, &line);
		item = rc == 0 ? rec_parse(line.data, line.len, NULL, 0) : NULL;
		if (rc == 0 && j == 0)
			add_subject(to, subject_index_id(&r->plan, i), item);
		if (rc == 0 && (rc = batch_place(line.data, line.len, &place)) < 0)
			errno = EBADMSG;
		place.item = k;
		if (rc == 0)
			rc = add_item(r, item, &place, &shown[j], &waiting);
		if (rc == 0 && shown[j].json)
			fill_comparison(&alike[n++], &shown[j], j, place.idx);
		else
			json_object_put(shown[j].json);
		json_object_put(item);
	}
	buf_free(&line);
	json_object_object_add(to, "candidates", arrange_candidates(shown, alike, n));
	json_add_count(to, "waiting", waiting);
	free(shown);
	free(alike);
	return rc;
}

int
page_json_subject(struct render *r, uint32_t i, struct buf *out)
{
	struct json_object *subject = json_object_new_object(), *o;
	char index[INDEX_NAME];

	if (add_items(r, i, subject) < 0) {
		json_object_put(subject);
		return -1;
	}
	json_add_count(subject, "position", i + 1);
	index_page_name(index, i / INDEX_PAGE);
	rec_add_filled(subject, "index", index);
	json_add_count(subject, "place", i % INDEX_PAGE + 1);
	if (i > 0)
		rec_add_filled(subject, "prev", subject_index_id(&r->plan, i - 1));
	if (i + 1 < r->plan.count)
		rec_add_filled(subject, "next", subject_index_id(&r->plan, i + 1));
	if (r->onward[i] < r->plan.count) {
		const struct indexed_subject *s = &r->plan.subjects[r->onward[i]];
		const char *id = subject_index_id(&r->plan, r->onward[i]);
		struct json_object *files = json_object_new_array();
		char path[SUBJECT_MAX + 40];

		rec_add_filled(subject, "onward", id);
		/* The files that the browser may fetch in advance while this subject is shown. */
		for (uint32_t j = 0; j < s->count && json_object_array_length(files) < NEXT_MAX; j++) {
			const struct item_files *files_of = &r->items[r->plan.items[s->first + j] - 1];

			if (!files_of->thumb)
				continue;
			snprintf(path, sizeof(path), "thumbs/%s_%u.webp?v=%08x", id, j + 1, files_of->version);
			json_object_array_add(files, json_object_new_string(path));
		}
		json_object_object_add(subject, "next_files", files);
	}
	o = json_object_new_object();
	json_object_object_add(o, "batch", json_object_get(r->brief));
	json_object_object_add(o, "subject", subject);
	json_print_line(o, out);
	return 0;
}
