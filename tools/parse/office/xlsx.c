#include "office/xlsx.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "office/dublin_core.h"
#include "office/office_comments.h"
#include "office/sheet_table.h"
#include "office/slide_shapes.h"
#include "office/xlsx_book.h"
#include "office/xlsx_sheet.h"
#include "request.h"
#include "xml.h"

enum { SHEET = 2, BELOW = 3 };

struct workbook {
	const struct members *m;
	struct doc *d;
	const char **saved;
	struct opc_relations rels;
	struct xlsx_book book;
	struct json_object *authors;
	bool *shown; /* of each member, whether it is a sheet that was shown */
	size_t left, sheets;
	size_t listed; /* sheets that the workbook has */
};

/* --- sheets --- */

/* The text boxes, pictures and charts on a sheet. */
static void
put_drawings(struct workbook *x, const struct opc_relations *sheet)
{
	const struct member_one *part;

	for (size_t from = 0; (part = opc_part_of_type(x->m, sheet, "drawing", &from)) && !request_is_late();) {
		struct opc_relations rels;
		struct shapes shapes;

		opc_read(x->m, part->name, &rels);
		shapes_read(&(struct shapes_source){x->m, x->saved, &rels, SHAPES_DRAWING, NULL}, part, x->d, &shapes);
		shapes_write(&shapes, x->d);
		shapes_free(&shapes);
		opc_free(&rels);
	}
}

static void
put_sheet(struct workbook *x, const char *name, const struct member_one *part)
{
	struct opc_relations rels;
	size_t i = (size_t)(part - x->m->v);

	if (x->shown[i])
		return;
	if (x->d->md.full || request_is_late()) {
		x->d->truncated = true;
		return;
	}
	x->shown[i] = true;
	x->sheets++;
	opc_read(x->m, part->name, &rels);
	md_heading_text(&x->d->md, SHEET, name);
	xlsx_sheet_put(&x->book, part, &rels, x->d, &x->left);
	put_drawings(x, &rels);
	office_comments_put(x->m, &rels, x->authors, BELOW, x->d);
	opc_free(&rels);
}

static void
list_sheet(struct workbook *x, const char **attributes)
{
	const char *name = xml_attribute(attributes, "name"), *state = xml_attribute(attributes, "state");
	const struct member_one *part = opc_part(x->m, &x->rels, xml_relation_id(attributes));

	x->listed++;
	if (state && word_is_one_of(state, "hidden", "veryHidden"))
		doc_missing(x->d, "hidden sheets");
	else if (part)
		put_sheet(x, name ? name : "", part);
	else
		doc_missing(x->d, "sheets");
}

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct workbook *x = arg;
	const char *from_1904;

	if (strcmp(name, "sheet") == 0)
		list_sheet(x, attributes);
	else if (strcmp(name, "workbookPr") == 0 && (from_1904 = xml_attribute(attributes, "date1904")))
		x->book.from_1904 = strcmp(from_1904, "1") == 0 || strcmp(from_1904, "true") == 0;
}

/* A workbook that lists no sheets: those whose names say so, or else the strings alone. */
static void
put_unlisted(struct workbook *x)
{
	for (size_t i = 0; i < x->m->count; i++) {
		const struct member_one *one = &x->m->v[i];

		if (one->bytes && strncmp(one->name, "xl/worksheets/", 14) == 0 && !strchr(one->name + 14, '/'))
			put_sheet(x, one->name + 14, one);
	}
	if (x->sheets > 0)
		return;
	doc_missing(x->d, "sheets");
	for (size_t i = 0; i < x->book.string_count && !x->d->md.full; i++) {
		const char *text = x->book.texts.data + x->book.strings[i];

		md_text(&x->d->md, text, strlen(text));
		md_block(&x->d->md);
	}
}

/* The part of this type, or else of this name. */
static const struct member_one *
find_part(const struct members *m, const struct opc_relations *rels, const char *type, const char *name)
{
	size_t from = 0;
	const struct member_one *part = opc_part_of_type(m, rels, type, &from);

	return part || !name ? part : members_find(m, name);
}

static void
put_workbook(struct workbook *x, const struct member_one *workbook)
{
	opc_read(x->m, workbook->name, &x->rels);
	xlsx_book_read(&x->book, find_part(x->m, &x->rels, "sharedStrings", "xl/sharedStrings.xml"),
		       find_part(x->m, &x->rels, "styles", "xl/styles.xml"));
	office_authors_read(find_part(x->m, &x->rels, "person", NULL), x->authors);
	if (!xml_read(&(struct xml_reader){.begin = on_begin, .arg = x}, workbook->bytes, workbook->n) ||
	    x->book.damaged)
		x->d->truncated = true;
	if (x->listed == 0)
		put_unlisted(x);
	doc_meta_number(x->d, "sheets", (double)x->sheets);
}

bool
xlsx_parse(const struct members *m, struct doc *d)
{
	struct workbook x = {.m = m, .d = d, .left = SHEET_CELLS};
	struct opc_relations package;
	const struct member_one *workbook;

	opc_read(m, "", &package);
	workbook = find_part(m, &package, "officeDocument", "xl/workbook.xml");
	dublin_core_read(find_part(m, &package, "core-properties", "docProps/core.xml"), d);
	opc_free(&package);
	if (!workbook)
		return doc_fail(d, "damaged", "it has no workbook");
	x.saved = buf_alloc((m->count + 1) * sizeof(*x.saved));
	x.shown = buf_alloc((m->count + 1) * sizeof(*x.shown));
	x.authors = json_object_new_object();
	put_workbook(&x, workbook);
	opc_free(&x.rels);
	xlsx_book_free(&x.book);
	json_object_put(x.authors);
	free(x.saved);
	free(x.shown);
	return true;
}
