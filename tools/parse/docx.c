#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/words.h"
#include "docx.h"
#include "dublin_core.h"
#include "records/rec.h"
#include "script_text.h"
#include "xml.h"

enum { LEVELS = 9, CELLS = 64, STYLES = 2000 };

bool
docx_wants(const char *name)
{
	return word_is_one_of(name, "word/document.xml", "word/styles.xml", "word/numbering.xml",
			      "word/_rels/document.xml.rels", "docProps/core.xml") ||
	       (strncmp(name, "word/media/", 11) == 0 && member_is_picture(name));
}

struct docx {
	const struct members *m;
	struct doc *d;
	struct md *md;
	const char **saved;
	struct json_object *rels;     /* id: target */
	struct json_object *styles;   /* id: the kind: a number for a heading, "title", "quote", "bullet", "number" */
	struct json_object *numbers;  /* numId/level: whether it counts */
	struct json_object *abstract; /* abstractNumId: numIds, while numbering.xml is read */
	char id[64];                  /* of the current style or numbering */
	/* the paragraph */
	char style[64], number[16];
	int level;   /* of the list that it is in */
	bool opened; /* its kind is known, since its text has begun */
	/* the run */
	bool strong, emphasis, deleted, in_text;
	enum script_kind script;
	bool marked[MD_LINK]; /* what is open */
	char *alt;
	unsigned ignore; /* depth below a skipped element */
	/* lists */
	int items; /* that are open */
	int item_level[LEVELS + 1];
	unsigned count[LEVELS + 1];
	char list[16]; /* the number of the current list */
	/* tables */
	unsigned tables;
	size_t cells; /* of the row */
};

/* --- styles, numbering, relations --- */

static void
put_style(struct docx *x, const char *name)
{
	const char *what = NULL;
	char level[2] = "";

	if (strncasecmp(name, "heading ", 8) == 0 && isdigit((unsigned char)name[8])) {
		level[0] = name[8];
		what = level;
	} else if (strcasecmp(name, "title") == 0) {
		what = "title";
	} else if (strcasecmp(name, "quote") == 0 || strcasecmp(name, "intense quote") == 0) {
		what = "quote";
	} else if (strncasecmp(name, "list bullet", 11) == 0) {
		what = "bullet";
	} else if (strncasecmp(name, "list number", 11) == 0) {
		what = "number";
	}
	if (what && json_object_object_length(x->styles) < STYLES)
		rec_add_string(x->styles, x->id, what);
}

static void
styles_begin(void *arg, const char *name, const char **attributes)
{
	struct docx *x = arg;
	const char *id = xml_attribute(attributes, "styleId"), *val = xml_attribute(attributes, "val");
	char level[2] = "";

	if (strcmp(name, "style") == 0) {
		snprintf(x->id, sizeof(x->id), "%s", id ? id : "");
	} else if (strcmp(name, "name") == 0 && val && x->id[0]) {
		put_style(x, val);
	} else if (strcmp(name, "outlineLvl") == 0 && val && val[0] >= '0' && val[0] <= '5' && x->id[0] &&
		   !json_object_object_get_ex(x->styles, x->id, NULL)) {
		level[0] = (char)(val[0] + 1);
		rec_add_string(x->styles, x->id, level);
	}
}

static void
numbering_begin(void *arg, const char *name, const char **attributes)
{
	struct docx *x = arg;
	const char *val = xml_attribute(attributes, "val"), *id;
	char key[96];

	if (strcmp(name, "abstractNum") == 0 && (id = xml_attribute(attributes, "abstractNumId"))) {
		snprintf(x->id, sizeof(x->id), "a%s", id);
	} else if (strcmp(name, "num") == 0 && (id = xml_attribute(attributes, "numId"))) {
		snprintf(x->id, sizeof(x->id), "n%s", id);
	} else if (strcmp(name, "lvl") == 0 && (id = xml_attribute(attributes, "ilvl"))) {
		x->level = atoi(id);
	} else if (strcmp(name, "numFmt") == 0 && val && x->id[0] == 'a') {
		snprintf(key, sizeof(key), "%s/%d", x->id, x->level);
		if (strcmp(val, "bullet") != 0 && strcmp(val, "none") != 0)
			json_object_object_add(x->numbers, key, json_object_new_boolean(1));
	} else if (strcmp(name, "abstractNumId") == 0 && val && x->id[0] == 'n') {
		rec_add_string(x->abstract, x->id, val);
	}
}

static void
rels_begin(void *arg, const char *name, const char **attributes)
{
	struct docx *x = arg;
	const char *id = xml_attribute(attributes, "Id"), *target = xml_attribute(attributes, "Target");

	if (strcmp(name, "Relationship") == 0 && id && target)
		rec_add_string(x->rels, id, target);
}

static void
no_end(void *arg, const char *name)
{
	(void)arg, (void)name;
}

static void
no_text(void *arg, const char *text, size_t n)
{
	(void)arg, (void)text, (void)n;
}

static void
read_part(struct docx *x, const char *name, void (*begin)(void *, const char *, const char **))
{
	const struct member_one *part = members_find(x->m, name);

	if (part)
		xml_read(&(struct xml_reader){begin, no_end, no_text, x}, part->bytes, part->n);
	x->id[0] = '\0';
	x->level = 0;
}

/* --- paragraphs --- */

/* Adjacent runs with the same style are one run, so open marks stay open. */
static void
set_mark(struct docx *x, enum md_mark mark, bool on)
{
	if (on && !x->marked[mark])
		md_open(x->md, mark, NULL);
	else if (!on && x->marked[mark])
		md_close(x->md, mark);
	x->marked[mark] = on;
}

static void
leave_items(struct docx *x, int level)
{
	while (x->items > 0 && x->item_level[x->items - 1] >= level) {
		md_leave(x->md);
		x->items--;
	}
}

static bool
is_counted(const struct docx *x)
{
	char key[96];
	const char *abstract;

	snprintf(key, sizeof(key), "n%s", x->number);
	abstract = rec_string(x->abstract, key);
	snprintf(key, sizeof(key), "a%s/%d", abstract ? abstract : "", x->level);
	return abstract && json_object_object_get_ex(x->numbers, key, NULL);
}

static void
open_item(struct docx *x, bool counted)
{
	int level = x->level < 0 ? 0 : x->level >= LEVELS ? LEVELS - 1 : x->level;
	long number = -1;

	leave_items(x, level);
	if (strcmp(x->list, x->number) != 0) {
		memset(x->count, 0, sizeof(x->count));
		memcpy(x->list, x->number, sizeof(x->list));
	}
	if (counted)
		number = ++x->count[level] % MD_NUMBERS;
	for (int i = level + 1; i < LEVELS; i++)
		x->count[i] = 0;
	md_item(x->md, number);
	x->item_level[x->items++] = level;
}

/* Determines the kind of the paragraph, when its properties were read and its text begins. */
static void
open_paragraph(struct docx *x)
{
	const char *what = rec_string(x->styles, x->style);

	if (x->opened)
		return;
	x->opened = true;
	if (x->tables)
		return;
	if (!what && strncasecmp(x->style, "heading", 7) == 0 && isdigit((unsigned char)x->style[7]))
		what = x->style + 7;
	if (x->number[0] && strcmp(x->number, "0") != 0 && !(what && isdigit((unsigned char)*what))) {
		open_item(x, is_counted(x));
	} else if (what && (strcmp(what, "bullet") == 0 || strcmp(what, "number") == 0)) {
		open_item(x, *what == 'n');
	} else {
		leave_items(x, 0);
		md_block(x->md);
		if (what && (isdigit((unsigned char)*what) || strcmp(what, "title") == 0))
			md_heading(x->md, isdigit((unsigned char)*what) ? (unsigned)(*what - '0') : 1);
		else if (what && strcmp(what, "quote") == 0)
			md_quote(x->md);
	}
}

static void
end_paragraph(struct docx *x)
{
	const char *what = rec_string(x->styles, x->style);

	for (enum md_mark m = 0; m < MD_LINK; m++)
		set_mark(x, m, false);
	if (what && strcmp(what, "title") == 0 && !x->tables) {
		struct buf words = {0};

		md_words(x->md, &words);
		doc_set(&x->d->title, words.data, words.len);
		buf_free(&words);
	}
	if (x->opened && !x->tables && !x->number[0] && what && strcmp(what, "quote") == 0)
		md_leave(x->md);
	else
		md_block(x->md);
	x->style[0] = x->number[0] = '\0';
	x->level = 0;
	x->opened = false;
}

/* --- runs --- */

static bool
is_on(const char **attributes)
{
	const char *val = xml_attribute(attributes, "val");

	return !val || (strcmp(val, "0") != 0 && strcmp(val, "false") != 0 && strcmp(val, "none") != 0);
}

static void
put_picture(struct docx *x, const char *id)
{
	const char *target = id ? rec_string(x->rels, id) : NULL, *saved;
	struct buf name = {0};

	if (!target)
		return;
	buf_printf(&name, "%s%s", *target == '/' ? "" : "word/", *target == '/' ? target + 1 : target);
	saved = members_picture(x->m, x->saved, x->d, name.data, x->alt);
	if (saved) {
		open_paragraph(x);
		md_image(x->md, saved, x->alt);
	}
	buf_free(&name);
}

static void
open_link(struct docx *x, const char **attributes)
{
	const char *id = xml_attribute(attributes, "id"), *target = id ? rec_string(x->rels, id) : NULL;

	if (!target || (strncmp(target, "http://", 7) != 0 && strncmp(target, "https://", 8) != 0))
		return;
	open_paragraph(x);
	doc_link(x->d, target, NULL);
	md_open(x->md, MD_LINK, target);
}

/* --- tables --- */

static void
begin_table(struct docx *x)
{
	if (x->tables++ > 0)
		return;
	leave_items(x, 0);
	md_table(x->md);
}

/* --- the document --- */

static bool
names_equal(const char *name, const char *other)
{
	return strcmp(name, other) == 0;
}

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct docx *x = arg;
	const char *val;

	if (x->ignore || names_equal(name, "Fallback") || names_equal(name, "del") || names_equal(name, "moveFrom")) {
		x->ignore++;
		return;
	}
	val = xml_attribute(attributes, "val");
	if (names_equal(name, "pStyle") && val)
		snprintf(x->style, sizeof(x->style), "%s", val);
	else if (names_equal(name, "ilvl") && val)
		x->level = atoi(val);
	else if (names_equal(name, "numId") && val)
		snprintf(x->number, sizeof(x->number), "%s", val);
	else if (names_equal(name, "b"))
		x->strong = is_on(attributes);
	else if (names_equal(name, "i"))
		x->emphasis = is_on(attributes);
	else if (names_equal(name, "strike"))
		x->deleted = is_on(attributes);
	else if (names_equal(name, "vertAlign") && val)
		x->script = strcmp(val, "baseline") == 0    ? SCRIPT_NONE
			    : strcmp(val, "subscript") == 0 ? SCRIPT_SUB
							    : SCRIPT_SUPER;
	if (names_equal(name, "r")) {
		x->strong = x->emphasis = x->deleted = false;
		x->script = SCRIPT_NONE;
	} else if (names_equal(name, "t"))
		x->in_text = true;
	else if (names_equal(name, "tab"))
		x->md->space = true;
	else if (names_equal(name, "br") && x->opened)
		md_break(x->md);
	else if (names_equal(name, "hyperlink"))
		open_link(x, attributes);
	else if (names_equal(name, "docPr")) {
		free(x->alt);
		x->alt = xml_attribute(attributes, "descr") ? buf_strdup(xml_attribute(attributes, "descr")) : NULL;
	} else if (names_equal(name, "blip"))
		put_picture(x, xml_attribute(attributes, "embed"));
	else if (names_equal(name, "tbl"))
		begin_table(x);
	else if (names_equal(name, "tc") && x->tables == 1)
		md_cell_begin(x->md);
}

static void
on_end(void *arg, const char *name)
{
	struct docx *x = arg;

	if (x->ignore) {
		x->ignore--;
		return;
	}
	if (names_equal(name, "t"))
		x->in_text = false;
	else if (names_equal(name, "p"))
		end_paragraph(x);
	else if (names_equal(name, "hyperlink"))
		md_close(x->md, MD_LINK);
	else if (names_equal(name, "tc") && x->tables == 1) {
		md_cell_end(x->md, 1);
		x->cells++;
	} else if (names_equal(name, "tr") && x->tables == 1) {
		md_row(x->md, x->cells < CELLS ? x->cells : CELLS);
		x->cells = 0;
	} else if (names_equal(name, "tbl") && x->tables > 0)
		x->tables--;
}

static void
put_script(struct docx *x, const char *s, size_t n)
{
	struct buf text = {0};

	buf_add(&text, s, n);
	script_text_put(x->md, x->script, text.data);
	buf_free(&text);
}

static void
on_text(void *arg, const char *s, size_t n)
{
	struct docx *x = arg;

	if (x->in_text && !x->ignore) {
		open_paragraph(x);
		set_mark(x, MD_STRONG, x->strong && !x->md->heading);
		set_mark(x, MD_EMPHASIS, x->emphasis);
		set_mark(x, MD_DELETED, x->deleted);
		if (x->script == SCRIPT_NONE)
			md_text(x->md, s, n);
		else
			put_script(x, s, n);
	}
}

bool
docx_parse(const struct members *m, struct doc *d)
{
	const struct member_one *document = members_find(m, "word/document.xml");
	struct docx x = {.m = m, .d = d, .md = &d->md};
	bool whole;

	x.saved = buf_alloc(m->count * sizeof(*x.saved));
	x.rels = json_object_new_object();
	x.styles = json_object_new_object();
	x.numbers = json_object_new_object();
	x.abstract = json_object_new_object();
	dublin_core_read(members_find(m, "docProps/core.xml"), d);
	read_part(&x, "word/_rels/document.xml.rels", rels_begin);
	read_part(&x, "word/styles.xml", styles_begin);
	read_part(&x, "word/numbering.xml", numbering_begin);
	whole = document && xml_read(&(struct xml_reader){on_begin, on_end, on_text, &x}, document->bytes, document->n);
	leave_items(&x, 0);
	md_block(x.md);
	json_object_put(x.rels);
	json_object_put(x.styles);
	json_object_put(x.numbers);
	json_object_put(x.abstract);
	free(x.alt);
	free(x.saved);
	return whole || doc_fail(d, "damaged", "its text, word/document.xml, is not well-formed XML");
}
