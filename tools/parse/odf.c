/* ODT, and the text of other OpenDocument files (ISO/IEC 26300). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "dublin_core.h"
#include "odf.h"
#include "odf_slide.h"
#include "records/rec.h"
#include "xml.h"

enum { CELLS = 64, LEVELS = 9, STYLES = 5000 };

bool
odf_wants(const char *name)
{
	return word_is_one_of(name, "content.xml", "meta.xml", "styles.xml", "META-INF/manifest.xml") ||
	       (strncmp(name, "Pictures/", 9) == 0 && member_is_picture(name));
}

struct odf {
	const struct members *m;
	struct doc *d;
	struct md *md;
	const char **saved;
	struct json_object *styles; /* name: some of b, i, s, n (a list that counts), t (a title), q (a quote), p
				       (code), h (not shown) */
	char style[64];             /* the current one */
	char flags[LEVELS * 8][8];  /* of the spans that are open */
	unsigned spans;
	unsigned ignore;     /* depth below a skipped element */
	unsigned paragraphs; /* that are open */
	bool body, quoted;
	char *picture; /* whose frame is open; written when that ends */
	struct buf alt;
	bool in_alt;
	bool counted[LEVELS];
	unsigned count[LEVELS];
	unsigned lists;
	unsigned tables;
	size_t cells, filled; /* of the row, and up to the last that has text */
	long repeated;
	struct odf_slide slide;
};

static bool
names_equal(const char *name, const char *other)
{
	return strcmp(name, other) == 0;
}

/* --- styles --- */

static void
put_flag(struct odf *x, const char *flag)
{
	const char *has = rec_string(x->styles, x->style);
	char flags[8];

	if (!x->style[0] || (has && (strlen(has) > 5 || strstr(has, flag))) ||
	    json_object_object_length(x->styles) >= STYLES)
		return;
	snprintf(flags, sizeof(flags), "%s%s", has ? has : "", flag);
	rec_add_string(x->styles, x->style, flags);
}

/* A style also has the properties of its parent. */
static void
derive_style(struct odf *x, const char *parent)
{
	const char *has = rec_string(x->styles, parent);

	if (names_equal(parent, "Title"))
		put_flag(x, "t");
	else if (names_equal(parent, "Quotations"))
		put_flag(x, "q");
	else if (names_equal(parent, "Preformatted_20_Text"))
		put_flag(x, "p");
	for (; has && *has; has++)
		put_flag(x, (char[]){*has, '\0'});
}

static void
read_style(struct odf *x, const char *name, const char **attributes)
{
	const char *value;

	if (names_equal(name, "style") || names_equal(name, "list-style")) {
		value = xml_attribute(attributes, "name");
		snprintf(x->style, sizeof(x->style), "%s", value ? value : "");
		if (names_equal(name, "style") && (value = xml_attribute(attributes, "parent-style-name")))
			derive_style(x, value);
		derive_style(x, x->style);
	} else if (names_equal(name, "text-properties")) {
		if ((value = xml_attribute(attributes, "font-weight")) && names_equal(value, "bold"))
			put_flag(x, "b");
		if ((value = xml_attribute(attributes, "font-style")) && names_equal(value, "italic"))
			put_flag(x, "i");
		if ((value = xml_attribute(attributes, "text-line-through-style")) && !names_equal(value, "none"))
			put_flag(x, "s");
	} else if (names_equal(name, "drawing-page-properties")) {
		if ((value = xml_attribute(attributes, "visibility")) && names_equal(value, "hidden"))
			put_flag(x, "h");
	} else if (names_equal(name, "list-level-style-number")) {
		value = xml_attribute(attributes, "level");
		if (value && names_equal(value, "1"))
			put_flag(x, "n");
	}
}

static bool
has_flag(const struct odf *x, const char *style, char flag)
{
	const char *flags = style ? rec_string(x->styles, style) : NULL;

	return flags && strchr(flags, flag);
}

/* --- blocks --- */

static void
begin_paragraph(struct odf *x, const char *name, const char **attributes)
{
	const char *style = xml_attribute(attributes, "style-name"),
		   *level = xml_attribute(attributes, "outline-level");

	if (x->paragraphs++ > 0)
		return;
	md_block(x->md);
	if (names_equal(name, "h"))
		md_heading(x->md, level ? (unsigned)strtoul(level, NULL, 10) : 1);
	else if (x->slide.in_title)
		md_heading(x->md, ODF_SLIDE);
	else if (has_flag(x, style, 't') || (style && names_equal(style, "Title")))
		md_heading(x->md, 1);
	x->quoted = !x->tables && (has_flag(x, style, 'q') || (style && names_equal(style, "Quotations")));
	if (x->quoted)
		md_quote(x->md);
	if (!names_equal(name, "h") && has_flag(x, style, 'b'))
		md_open(x->md, MD_STRONG, NULL);
	if (!names_equal(name, "h") && has_flag(x, style, 'i'))
		md_open(x->md, MD_EMPHASIS, NULL);
}

static void
end_paragraph(struct odf *x)
{
	if (x->paragraphs == 0 || --x->paragraphs > 0)
		return;
	md_close(x->md, MD_STRONG);
	md_close(x->md, MD_EMPHASIS);
	if (x->quoted)
		md_leave(x->md);
	else
		md_block(x->md);
	x->quoted = false;
}

static void
begin_list(struct odf *x, const char **attributes)
{
	const char *style = xml_attribute(attributes, "style-name");

	if (x->lists < LEVELS) {
		x->counted[x->lists] = style ? has_flag(x, style, 'n') : x->lists > 0 && x->counted[x->lists - 1];
		x->count[x->lists] = 0;
	}
	x->lists++;
}

static void
begin_item(struct odf *x)
{
	long number = -1;
	unsigned level = x->lists ? x->lists - 1 : 0;

	if (level < LEVELS && x->counted[level])
		number = ++x->count[level] % MD_NUMBERS;
	md_item(x->md, number);
}

/* --- within a line --- */

static void
begin_span(struct odf *x, const char **attributes)
{
	const char *style = xml_attribute(attributes, "style-name");
	const char *flags = style ? rec_string(x->styles, style) : NULL;

	if (x->spans < LEVELS * 8) {
		snprintf(x->flags[x->spans], sizeof(x->flags[0]), "%s", flags ? flags : "");
		if (flags && strchr(flags, 'b') && !x->md->heading)
			md_open(x->md, MD_STRONG, NULL);
		if (flags && strchr(flags, 'i'))
			md_open(x->md, MD_EMPHASIS, NULL);
		if (flags && strchr(flags, 's'))
			md_open(x->md, MD_DELETED, NULL);
	}
	x->spans++;
}

static void
end_span(struct odf *x)
{
	const char *flags;

	if (x->spans == 0 || --x->spans >= LEVELS * 8)
		return;
	flags = x->flags[x->spans];
	if (strchr(flags, 's'))
		md_close(x->md, MD_DELETED);
	if (strchr(flags, 'i'))
		md_close(x->md, MD_EMPHASIS);
	if (strchr(flags, 'b') && !x->md->heading)
		md_close(x->md, MD_STRONG);
}

static void
begin_link(struct odf *x, const char **attributes)
{
	const char *href = xml_attribute(attributes, "href");

	if (!href || (strncmp(href, "http://", 7) != 0 && strncmp(href, "https://", 8) != 0))
		return;
	doc_link(x->d, href, NULL);
	md_open(x->md, MD_LINK, href);
}

/* A frame has its picture first, and then the description. */
static void
begin_picture(struct odf *x, const char **attributes)
{
	const char *href = xml_attribute(attributes, "href");

	if (!href || x->picture)
		return;
	if (strncmp(href, "./", 2) == 0)
		href += 2;
	x->picture = buf_strdup(href);
}

static void
end_frame(struct odf *x)
{
	const char *saved = x->picture ? members_picture(x->m, x->saved, x->d, x->picture, x->alt.data) : NULL;

	if (saved)
		md_image(x->md, saved, x->alt.data);
	free(x->picture);
	x->picture = NULL;
	buf_clear(&x->alt);
}

/* --- tables --- */

static void
begin_cell(struct odf *x, const char **attributes)
{
	const char *repeated = xml_attribute(attributes, "number-columns-repeated");

	if (x->tables != 1)
		return;
	x->repeated = repeated ? strtol(repeated, NULL, 10) : 1;
	md_cell_begin(x->md);
}

static void
end_cell(struct odf *x)
{
	long most = x->cells < CELLS ? (long)(CELLS - x->cells) : 1;
	long times = x->repeated < 1 ? 1 : x->repeated < most ? x->repeated : most;

	if (x->tables != 1)
		return;
	x->cells += (size_t)times;
	if (md_cell_end(x->md, (unsigned)times))
		x->filled = x->cells < CELLS ? x->cells : CELLS;
}

/* --- the document --- */

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct odf *x = arg;

	if (x->ignore || word_is_one_of(name, "annotation", "tracked-changes", "note-citation", "forms",
					"table-of-content", "sequence-decls")) {
		x->ignore++;
		return;
	}
	if (!x->body) {
		read_style(x, name, attributes);
		x->body = names_equal(name, "body");
		return;
	}
	if (names_equal(name, "page") && has_flag(x, xml_attribute(attributes, "style-name"), 'h')) {
		odf_slide_hide(&x->slide, x->d);
		x->ignore++;
		return;
	}
	if (odf_slide_is_repeated(name, attributes)) {
		x->ignore++;
		return;
	}
	odf_slide_element(&x->slide, x->d, name, attributes, &x->md);
	if (names_equal(name, "p") || names_equal(name, "h"))
		begin_paragraph(x, name, attributes);
	else if (names_equal(name, "list"))
		begin_list(x, attributes);
	else if (names_equal(name, "list-item") || names_equal(name, "list-header"))
		begin_item(x);
	else if (names_equal(name, "table") && x->tables++ == 0)
		md_table(x->md);
	else if (names_equal(name, "table-cell"))
		begin_cell(x, attributes);
	else if (names_equal(name, "span"))
		begin_span(x, attributes);
	else if (names_equal(name, "a"))
		begin_link(x, attributes);
	else if (names_equal(name, "line-break"))
		md_break(x->md);
	else if (names_equal(name, "s") || names_equal(name, "tab"))
		md_text(x->md, " ", 1);
	else if (names_equal(name, "image"))
		begin_picture(x, attributes);
	else if (names_equal(name, "title") || names_equal(name, "desc"))
		x->in_alt = true;
	else if (names_equal(name, "note-body"))
		md_text(x->md, " (", 2);
}

static void
on_end(void *arg, const char *name)
{
	struct odf *x = arg;

	if (x->ignore) {
		x->ignore--;
		return;
	}
	if (!x->body)
		return;
	odf_slide_end(&x->slide, x->d, name, &x->md);
	if (names_equal(name, "p") || names_equal(name, "h"))
		end_paragraph(x);
	else if (names_equal(name, "list") && x->lists > 0)
		x->lists--;
	else if (names_equal(name, "list-item") || names_equal(name, "list-header"))
		md_leave(x->md);
	else if (names_equal(name, "table") && x->tables > 0)
		x->tables--;
	else if (names_equal(name, "table-row") && x->tables == 1) {
		md_row(x->md, x->filled); /* without the empty rest of a sheet */
		x->cells = x->filled = 0;
	} else if (names_equal(name, "table-cell"))
		end_cell(x);
	else if (names_equal(name, "span"))
		end_span(x);
	else if (names_equal(name, "a"))
		md_close(x->md, MD_LINK);
	else if (names_equal(name, "frame"))
		end_frame(x);
	else if (names_equal(name, "title") || names_equal(name, "desc"))
		x->in_alt = false;
	else if (names_equal(name, "note-body"))
		md_text(x->md, ")", 1);
}

static void
on_text(void *arg, const char *s, size_t n)
{
	struct odf *x = arg;

	if (x->ignore || !x->body)
		return;
	if (x->in_alt) {
		if (x->alt.len < 1000)
			buf_add(&x->alt, s, n);
	} else if (x->paragraphs) {
		md_text(x->md, s, n);
	}
}

bool
odf_parse(const struct members *m, struct doc *d)
{
	const struct member_one *content = members_find(m, "content.xml"), *styles = members_find(m, "styles.xml"),
				*manifest = members_find(m, "META-INF/manifest.xml");
	struct odf x = {.m = m, .d = d, .md = &d->md, .styles = json_object_new_object()};
	struct xml_reader reader = {on_begin, on_end, on_text, &x};
	bool whole;

	x.saved = buf_alloc(m->count * sizeof(*x.saved));
	dublin_core_read(members_find(m, "meta.xml"), d);
	if (styles)
		xml_read(&reader, styles->bytes, styles->n);
	x.body = false;
	whole = content && xml_read(&reader, content->bytes, content->n);
	x.slide.in_title = false;
	odf_slide_end(&x.slide, d, "page", &x.md);
	md_block(x.md);
	buf_free(&x.alt);
	free(x.picture);
	free(x.saved);
	json_object_put(x.styles);
	if (whole)
		return true;
	if (manifest && strstr(manifest->bytes, "encryption-data"))
		return doc_fail(d, "encrypted", "it is encrypted");
	return doc_fail(d, "damaged", "its text, content.xml, is not well-formed XML");
}
