#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coco.h"
#include "credits.h"
#include "document.h"
#include "files/file.h"
#include "records/rec.h"
#include "section.h"
#include "store.h"

struct document {
	enum export_format format;
	struct section text;    /* of EXPORT_CSV and EXPORT_JSON */
	struct credits credits; /* of EXPORT_MD */
	struct coco *coco;      /* of EXPORT_COCO */
	size_t subjects;
};

struct document *
document_begin(const struct settings *set, int temp)
{
	struct document *d = buf_alloc(sizeof(*d));
	int rc;

	*d = (struct document){.format = set->format, .text = {.part.fd = -1}};
	for (size_t i = 0; i < ATTRIBUTION_KINDS; i++)
		d->credits.parts[i].fd = -1;
	if (d->format == EXPORT_MD)
		rc = credits_begin(&d->credits, temp);
	else if (d->format == EXPORT_COCO)
		rc = (d->coco = coco_begin(temp)) ? 0 : -1;
	else
		rc = section_begin(&d->text, temp);
	if (rc < 0) {
		document_drop(d);
		return NULL;
	}
	if (d->format == EXPORT_CSV)
		buf_str(&d->text.text, "subject,name,category,candidate,batch,file,sha256,bytes,mime,title,author,"
				       "license,license_url,source,page,url,how,reviewers,rank,unsure,stars,note\r\n");
	else if (d->format == EXPORT_JSON)
		buf_str(&d->text.text, "{\"subjects\":[\n");
	return d;
}

/* --- CSV --- */

/* Appends the member KEY of each object of the array MEMBER of O, as one cell. */
static void
add_list(struct buf *out, struct json_object *o, const char *member, const char *key)
{
	struct json_object *all = NULL;
	struct buf text = {0};

	buf_str(&text, "");
	if (json_object_object_get_ex(o, member, &all) && json_object_is_type(all, json_type_array))
		for (size_t i = 0; i < json_object_array_length(all); i++) {
			const char *s = rec_string(json_object_array_get_idx(all, i), key);

			if (s && *s)
				buf_printf(&text, "%s%s", text.len ? "; " : "", s);
		}
	buf_str(out, ",");
	attribution_cell(out, text.data);
	buf_free(&text);
}

/* Appends the remark KEY of each reviewer of O who made it, as one cell: "ada: 4; bob: 5". */
static void
add_remarks(struct buf *out, struct json_object *o, const char *key)
{
	struct json_object *all = NULL, *remark;
	struct buf text = {0};

	buf_str(&text, "");
	json_object_object_get_ex(o, "reviewers", &all);
	for (size_t i = 0; all && i < json_object_array_length(all); i++) {
		struct json_object *one = json_object_array_get_idx(all, i);

		if (!json_object_object_get_ex(one, key, &remark))
			continue;
		buf_printf(&text, "%s%s", text.len ? "; " : "", choice_text(one, "reviewer"));
		if (!json_object_is_type(remark, json_type_boolean))
			buf_printf(&text, ": %s", json_object_get_string(remark));
	}
	buf_str(out, ",");
	attribution_cell(out, text.data);
	buf_free(&text);
}

static void
add_cells(struct buf *out, struct json_object *o, const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_str(out, ",");
		attribution_cell(out, choice_text(o, keys[i]));
	}
}

/* A row for the choice O of the file. */
static void
add_row(struct buf *out, const struct document_file *f, struct json_object *o)
{
	static const char *const made[] = {"title", "author"}, *const from[] = {"source", "page"};
	static const char *const about[] = {"name", "category"}, *const url[] = {"url"}, *const how[] = {"how"};
	struct json_object *credit = NULL, *item = NULL;

	json_object_object_get_ex(o, "credit", &credit);
	json_object_object_get_ex(o, "item", &item);
	attribution_cell(out, f->id);
	add_cells(out, o, about, 2);
	buf_printf(out, ",%lld,", rec_number(o, "idx", 0));
	attribution_cell(out, choice_text(o, "batch"));
	buf_str(out, ",");
	attribution_cell(out, f->path);
	buf_printf(out, ",%s,%lld,", choice_text(o, "sha256"), rec_number(o, "bytes", 0));
	attribution_cell(out, choice_text(o, "mime"));
	add_cells(out, credit, made, 2);
	add_list(out, credit, "licenses", "name");
	add_list(out, credit, "licenses", "url");
	add_cells(out, credit, from, 2);
	add_cells(out, item, url, 1);
	add_cells(out, o, how, 1);
	add_list(out, o, "reviewers", "reviewer");
	if (json_object_object_get_ex(o, "rank", NULL))
		buf_printf(out, ",%lld", rec_number(o, "rank", 0));
	else
		buf_str(out, ",");
	add_remarks(out, o, "unsure");
	add_remarks(out, o, "stars");
	add_remarks(out, o, "note");
	buf_str(out, "\r\n");
}

static int
add_rows(struct document *d, const struct document_file *f)
{
	for (size_t i = 0; i < json_object_array_length(f->choices); i++) {
		struct json_object *o = json_object_array_get_idx(f->choices, i);

		if (strcmp(choice_text(o, "file"), f->file) == 0)
			add_row(&d->text.text, f, o);
	}
	return section_flush(&d->text, false);
}

/* --- all formats --- */

int
document_add_file(struct document *d, const struct document_file *f)
{
	switch (d->format) {
	case EXPORT_CSV:
		return add_rows(d, f);
	case EXPORT_MD:
		return credits_add(&d->credits, f->id, f->file, f->path, f->choices);
	case EXPORT_COCO:
		return coco_add(d->coco, f);
	default:
		return 0;
	}
}

int
document_add_subject(struct document *d, const struct naming *n, const char *id, struct json_object *choices)
{
	if (d->format != EXPORT_JSON)
		return 0;
	buf_str(&d->text.text, d->subjects++ ? ",\n" : "");
	naming_metadata(n, id, choices, &d->text.text);
	return section_flush(&d->text, false);
}

long long
document_end(struct document *d, int out)
{
	char hex[ATTRIBUTION_KINDS][HASH_HEX + 1];
	long long length = 0;
	int rc;

	if (d->format == EXPORT_COCO)
		return coco_end(d->coco, out);
	if (d->format == EXPORT_MD) {
		rc = credits_end(&d->credits, hex);
		return rc < 0 ? rc : section_copy(d->credits.parts[ATTRIBUTION_MD].fd, out);
	}
	buf_str(&d->text.text, d->format == EXPORT_JSON ? "]}\n" : "");
	rc = section_flush(&d->text, true);
	length = rc < 0 ? rc : section_copy(d->text.part.fd, out);
	return length;
}

void
document_drop(struct document *d)
{
	if (!d)
		return;
	credits_drop(&d->credits);
	section_drop(&d->text);
	coco_drop(d->coco);
	free(d);
}
