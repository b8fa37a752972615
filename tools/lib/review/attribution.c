#include "review/attribution.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "records/rec.h"
#include "review/credit.h"

const char *const attribution_name[ATTRIBUTION_KINDS] = {"ATTRIBUTION.csv", "ATTRIBUTION.json", "ATTRIBUTION.md"};

static struct json_object *
array_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_array) ? v : NULL;
}

static size_t
length_of(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

/* Entry I of an array: its text, or the member KEY if it is an object; "" if there is none. */
static const char *
array_text(struct json_object *array, size_t i, const char *key)
{
	struct json_object *v = json_object_array_get_idx(array, i);
	const char *s = key ? rec_string(v, key) : json_object_get_string(v);

	return s ? s : "";
}

static bool
is_true(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) && json_object_get_boolean(v);
}

/* --- CSV --- */

/* Characters with which spreadsheets begin a formula, also in their wide forms; some spreadsheets remove tabs and
 * returns before them. */
static bool
begins_formula(const char *s)
{
	static const char *const wide[] = {"\uff1d", "\uff0b", "\uff0d", "\uff20"};

	s += strspn(s, " \"'\t\r\n");
	if (*s && strchr("=+-@", *s))
		return true;
	for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++)
		if (strncmp(s, wide[i], strlen(wide[i])) == 0)
			return true;
	return false;
}

void
attribution_cell(struct buf *out, const char *text)
{
	buf_str(out, begins_formula(text) || (*text && strchr("\t\r\n", *text)) ? "\"'" : "\"");
	for (; *text; text++)
		buf_add(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
	buf_str(out, "\"");
}

/* The entries of an array as one cell. */
static void
cell_of(struct buf *out, struct json_object *array, const char *key)
{
	struct buf text = {0};

	buf_str(&text, "");
	for (size_t i = 0; i < length_of(array); i++) {
		const char *s = array_text(array, i, key);

		if (!*s)
			continue;
		buf_str(&text, text.len ? "; " : "");
		buf_str(&text, s);
	}
	buf_str(out, ",");
	attribution_cell(out, text.data);
	buf_free(&text);
}

/* "CC BY 4.0 (https://a.example/1)" of a statement; AUTHOR: its author instead of its licence. */
static void
print_statement(struct buf *out, struct json_object *one, bool author)
{
	const char *what = rec_string(one, author ? "author" : "licence"), *page = rec_string(one, "page");

	buf_str(out, what ? what : author ? "no author" : "no licence");
	if (!page)
		page = rec_string(one, "source");
	if (page)
		buf_printf(out, " (%s)", page);
}

/* Whether the contradiction C, which may be NULL, is about WHAT: "licence" or "author". */
static bool
is_about(struct json_object *c, const char *what)
{
	struct json_object *about = array_of(c, "about");

	for (size_t i = 0; i < length_of(about); i++)
		if (strcmp(array_text(about, i, NULL), what) == 0)
			return true;
	return false;
}

/* Appends what the sources state, if they contradict each other, each text once. */
static void
print_statements(struct buf *out, struct json_object *c, bool author)
{
	struct json_object *all = array_of(c, "statements");
	struct buf one = {0};

	buf_str(out, "");
	for (size_t i = 0; is_about(c, author ? "author" : "licence") && i < length_of(all); i++) {
		buf_clear(&one);
		print_statement(&one, json_object_array_get_idx(all, i), author);
		if (out->len && strstr(out->data, one.data))
			continue;
		buf_str(out, out->len ? "; " : "");
		buf_str(out, one.data);
	}
	buf_free(&one);
}

/* Appends the other subjects: "Ada Lovelace (7)". */
static void
print_subjects(struct buf *out, struct json_object *also)
{
	buf_str(out, "");
	for (size_t i = 0; i < length_of(also); i++) {
		struct json_object *one = json_object_array_get_idx(also, i);
		const char *name = rec_string(one, "name"), *id = array_text(also, i, "subject");

		buf_str(out, i ? "; " : "");
		if (name)
			buf_printf(out, "%s (%s)", name, id);
		else
			buf_str(out, id);
	}
}

static struct json_object *
contradiction_of(struct json_object *credit)
{
	struct json_object *c = NULL;

	json_object_object_get_ex(credit, "contradiction", &c);
	return c;
}

/* The last cells: what contradicts what. */
static void
add_contradiction_csv(struct buf *out, struct json_object *credit)
{
	struct json_object *c = contradiction_of(credit);
	const char *why = rec_string(c, "why");
	struct buf cells[3] = {{0}};

	print_statements(&cells[0], c, false);
	print_statements(&cells[1], c, true);
	print_subjects(&cells[2], array_of(credit, "also_under"));
	for (size_t i = 0; i < sizeof(cells) / sizeof(*cells); i++) {
		buf_str(out, ",");
		attribution_cell(out, cells[i].data);
		if (i == 0) {
			buf_str(out, ",");
			attribution_cell(out, why ? why : "");
		}
		buf_free(&cells[i]);
	}
}

static void
add_csv(struct buf *out, const struct attribution *a)
{
	static const char *const texts[] = {"title", "author", "attribution", "source", "page"};
	struct json_object *c = a->credit, *licences = array_of(c, "licenses");

	attribution_cell(out, a->subject);
	buf_str(out, ",");
	attribution_cell(out, a->name ? a->name : "");
	buf_str(out, ",");
	attribution_cell(out, a->file);
	buf_str(out, ",");
	attribution_cell(out, a->sha256);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const char *s = rec_string(c, texts[i]);

		buf_str(out, ",");
		attribution_cell(out, s ? s : "");
	}
	cell_of(out, licences, "name");
	cell_of(out, licences, "id");
	cell_of(out, licences, "url");
	buf_str(out, is_true(c, "non_free") ? ",\"yes\"" : ",\"\"");
	cell_of(out, array_of(c, "restrictions"), NULL);
	buf_str(out, ",");
	attribution_cell(out, rec_string(c, "deletion_reason") ? rec_string(c, "deletion_reason") : "");
	cell_of(out, array_of(c, "notes"), NULL);
	cell_of(out, a->batches, NULL);
	add_contradiction_csv(out, c);
	buf_str(out, "\r\n");
}

/* --- Markdown --- */

void
attribution_escape(struct buf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		bool www = *p == '.' && p - text >= 3 && strncasecmp(p - 3, "www", 3) == 0;

		if (strchr("\\`*_{}[]<>|~&$@", *p) || www || (*p == ':' && p[1] == '/'))
			buf_str(out, "\\");
		buf_add(out, p, 1);
	}
}

static void
add_link(struct buf *out, const char *text, const char *url)
{
	if (url && strncasecmp(url, "http", 4) != 0)
		url = NULL;
	buf_str(out, url && *url ? "[" : "");
	attribution_escape(out, text);
	if (!url || !*url)
		return;
	buf_str(out, "](");
	/* A URL as the target of a link; it is a URL of http or https, without spaces. */
	for (; *url; url++)
		if (strchr("<>()\\[]|`\"", *url))
			buf_printf(out, "%%%02X", (unsigned char)*url);
		else
			buf_add(out, url, 1);
	buf_str(out, ")");
}

/* "WORDSa, b" of an array. */
static void
add_all(struct buf *out, const char *words, struct json_object *array, bool links)
{
	for (size_t i = 0; i < length_of(array); i++) {
		buf_str(out, i ? ", " : words);
		if (links)
			add_link(out, array_text(array, i, "name"), array_text(array, i, "url"));
		else
			attribution_escape(out, array_text(array, i, NULL));
	}
}

static void
add_words(struct buf *out, const char *words, const char *text)
{
	if (!text)
		return;
	buf_str(out, words);
	attribution_escape(out, text);
}

/* What contradicts what. */
static void
add_contradiction_md(struct buf *out, struct json_object *credit)
{
	struct json_object *c = contradiction_of(credit), *also = array_of(credit, "also_under");
	struct buf text = {0};

	if (is_about(c, "licence")) {
		print_statements(&text, c, false);
		add_words(out, "; **its sources contradict each other**: ", text.data);
		add_words(out, "; what counts: ", rec_string(c, "counts"));
		add_words(out, ", ", rec_string(c, "why"));
	}
	buf_clear(&text);
	if (is_about(c, "author")) {
		print_statements(&text, c, true);
		add_words(out, "; **its sources name different authors**: ", text.data);
	}
	buf_clear(&text);
	print_subjects(&text, also);
	if (length_of(also) > 0)
		add_words(out, "; the same file is also under: ", text.data);
	buf_free(&text);
}

static void
add_md(struct buf *out, const struct attribution *a)
{
	struct json_object *c = a->credit, *licences = array_of(c, "licenses"), *notes = array_of(c, "notes");
	const char *title = rec_string(c, "title"), *author = rec_string(c, "attribution");

	if (!author)
		author = rec_string(c, "author");
	buf_str(out, "- **");
	attribution_escape(out, a->name ? a->name : a->subject);
	buf_str(out, "** (");
	attribution_escape(out, a->subject);
	buf_str(out, "): “");
	add_link(out, title && *title ? title : a->label, rec_string(c, "page"));
	buf_str(out, "” by ");
	attribution_escape(out, author ? author : "an unknown author");
	if (length_of(licences) == 0)
		buf_str(out, "; licence: **none is known**");
	add_all(out, length_of(licences) > 1 ? "; licences: " : "; licence: ", licences, true);
	add_words(out, "; source: ", rec_string(c, "source"));
	buf_str(out, is_true(c, "non_free") ? "; **not free to use**" : "");
	add_all(out, "; restrictions: ", array_of(c, "restrictions"), false);
	add_words(out, "; to be deleted at its source: ", rec_string(c, "deletion_reason"));
	/* Notes about oddities; missing parts are already listed. */
	for (size_t i = 0; i < length_of(notes); i++) {
		const char *note = array_text(notes, i, NULL);

		if (strcmp(note, credit_no_author) != 0 && strcmp(note, credit_no_licence) != 0)
			add_words(out, "; note: ", note);
	}
	add_contradiction_md(out, c);
	buf_str(out, "; file: ");
	add_link(out, a->file, NULL);
	buf_str(out, "\n");
}

/* --- JSON --- */

static void
add_json(struct buf *out, const struct attribution *a, size_t n)
{
	struct json_object *o = json_object_new_object();

	rec_add_string(o, "subject", a->subject);
	rec_add_string(o, "name", a->name);
	rec_add_string(o, "file", a->file);
	rec_add_string(o, "sha256", a->sha256);
	rec_copy_without(o, a->credit, NULL);
	json_object_object_add(o, "batches", json_object_get(a->batches));
	buf_str(out, n ? ",\n" : "\n");
	buf_str(out, rec_print(o));
	json_object_put(o);
}

/* --- all --- */

void
attribution_head(enum attribution_kind kind, struct buf *out)
{
	if (kind == ATTRIBUTION_CSV)
		buf_str(out,
			"subject,name,file,sha256,title,author,attribution,source,page,licenses,license_ids,"
			"license_urls,non_free,restrictions,deletion_reason,notes,batches,licenses_stated,license_why,"
			"authors_stated,also_under\r\n");
	else if (kind == ATTRIBUTION_JSON)
		buf_str(out, "{\"attributions\":[");
	else
		buf_str(out, "# Attribution\n\n");
}

void
attribution_add(enum attribution_kind kind, struct buf *out, const struct attribution *a, size_t n)
{
	if (kind == ATTRIBUTION_CSV)
		add_csv(out, a);
	else if (kind == ATTRIBUTION_JSON)
		add_json(out, a, n);
	else
		add_md(out, a);
}

void
attribution_tail(enum attribution_kind kind, struct buf *out, size_t n)
{
	if (kind == ATTRIBUTION_JSON)
		buf_str(out, n ? "\n]}\n" : "]}\n");
	else if (kind == ATTRIBUTION_MD && n == 0)
		buf_str(out, "Nothing is collected.\n");
}
