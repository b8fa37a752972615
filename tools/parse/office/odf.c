/* ODT, and the text of other OpenDocument files (ISO/IEC 26300). */
#include "office/odf.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "office/dublin_core.h"
#include "office/odf_internal.h"
#include "records/rec.h"
#include "xml.h"

enum { DELETIONS = 10000 };

bool
odf_wants(const char *name)
{
	return word_is_one_of(name, "content.xml", "meta.xml", "styles.xml", "META-INF/manifest.xml") ||
	       word_ends_in(name, "/content.xml") || (strncmp(name, "Pictures/", 9) == 0 && member_is_picture(name));
}

static bool
names_equal(const char *name, const char *other)
{
	return *name == *other && strcmp(name, other) == 0;
}

/* --- what is written apart --- */

static void
enter_place(struct odf *x, bool note)
{
	if (x->place_count++ >= ODF_PLACES)
		return;
	x->places[x->place_count - 1] = (struct odf_place){x->paragraphs, x->lists,  x->tables, x->opened, x->cells,
							   x->filled,     x->quoted, note,      x->raised, x->lowered};
	x->raised = x->lowered = 0;
	x->paragraphs = x->lists = x->opened = 0;
	x->quoted = false;
	if (note || !x->md->plain)
		x->tables = 0;
}

static void
leave_place(struct odf *x)
{
	const struct odf_place *place;

	if (x->place_count == 0 || --x->place_count >= ODF_PLACES)
		return;
	odf_flush_lines(x);
	place = &x->places[x->place_count];
	if (place->note)
		md_note_end(x->md);
	else
		md_aside_end(x->md);
	x->paragraphs = place->paragraphs;
	x->lists = place->lists;
	x->tables = place->tables;
	x->opened = place->opened;
	x->cells = place->cells;
	x->filled = place->filled;
	x->quoted = place->quoted;
	x->raised = place->raised;
	x->lowered = place->lowered;
	x->joined = false;
}

static void
begin_note(struct odf *x)
{
	unsigned note = md_note(x->md, "");

	if (x->place_count < ODF_PLACES) {
		md_note_refer(x->md, note);
		md_note_begin(x->md, note);
	}
	enter_place(x, true);
}

/* A text box, or a shape with text. */
static void
begin_box(struct odf *x)
{
	if (x->place_count < ODF_PLACES)
		md_aside_begin(x->md);
	enter_place(x, false);
}

static bool
is_box(const char *name)
{
	return word_is_one_of(name, "text-box", "custom-shape", "rect", "ellipse", "circle", "polygon",
			      "regular-polygon", "path", "polyline", "line", "connector", "caption");
}

/* --- the document --- */

/* Whether a reader does not see the element. */
static bool
is_hidden(const struct odf *x, const char *name, const char **attributes)
{
	const char *style = xml_attribute(attributes, "style-name"), *display = xml_attribute(attributes, "display"),
		   *hidden = xml_attribute(attributes, "is-hidden");

	if (word_is_one_of(name, "hidden-text", "hidden-paragraph"))
		return !hidden || strcmp(hidden, "false") != 0;
	if (names_equal(name, "section"))
		return display && strcmp(display, "none") == 0;
	return word_is_one_of(name, "p", "h", "span") && odf_style_has(&x->styles, style, 'h');
}

static bool
is_ignored(struct odf *x, const char *name, const char **attributes)
{
	if (x->body && names_equal(name, "binary-data")) { /* of flat OpenDocument */
		if (!x->frame_shown)
			doc_missing(x->d, "pictures");
		return true;
	}
	if (x->body && is_hidden(x, name, attributes)) {
		doc_missing(x->d, "hidden text");
		return true;
	}
	if (x->body && names_equal(name, "page") &&
	    odf_style_has(&x->styles, xml_attribute(attributes, "style-name"), 'h')) {
		odf_slide_hide(&x->slide, x->d);
		return true;
	}
	return odf_slide_is_repeated(name, attributes) ||
	       word_is_one_of(name, "tracked-changes", "note-citation", "forms", "table-of-content", "sequence-decls",
			      "creator-initials", "meta-date-string", "date-string", "sender-initials") ||
	       (x->place_count > 0 && names_equal(name, "date"));
}

static void
begin_block(struct odf *x, const char *name, const char **attributes)
{
	if (names_equal(name, "p") || names_equal(name, "h")) {
		odf_begin_paragraph(x, name, attributes);
	} else if (names_equal(name, "list")) {
		odf_begin_list(x, attributes);
	} else if (names_equal(name, "list-item") || names_equal(name, "list-header")) {
		odf_begin_item(x, names_equal(name, "list-header"), attributes);
	} else if (names_equal(name, "table") && x->tables++ == 0) {
		x->frame_shown = true;
		odf_flush_lines(x);
		md_table(x->md);
	} else if (names_equal(name, "table-cell") || names_equal(name, "covered-table-cell")) {
		odf_begin_cell(x, attributes);
	} else if (names_equal(name, "note-body")) {
		begin_note(x);
	} else if (names_equal(name, "annotation")) {
		if (x->slide.open)
			begin_box(x);
		else
			begin_note(x);
		md_text(x->md, "Comment", 7);
		x->joined = true;
	} else if (is_box(name)) {
		begin_box(x);
	}
}

static void
begin_inline(struct odf *x, const char *name, const char **attributes)
{
	const char *href;

	if (names_equal(name, "span")) {
		odf_begin_span(x, attributes);
	} else if (names_equal(name, "a")) {
		odf_begin_link(x, attributes);
	} else if (names_equal(name, "line-break")) {
		if (x->code)
			buf_str(&x->lines, "\n");
		else
			md_break(x->md);
	} else if (names_equal(name, "s")) {
		odf_put_blanks(x, ' ', xml_attribute(attributes, "c"));
	} else if (names_equal(name, "tab")) {
		odf_put_blanks(x, '\t', NULL);
	} else if (names_equal(name, "frame")) {
		x->frame_shown = false;
	} else if (names_equal(name, "image")) {
		odf_begin_picture(x, attributes);
	} else if (names_equal(name, "object")) {
		x->frame_shown = true;
		href = xml_attribute(attributes, "href");
		if (href)
			odf_put_object(x, href);
	} else if (names_equal(name, "change-start")) {
		href = xml_attribute(attributes, "change-id");
		x->deleting = href && json_object_object_get_ex(x->deletions, href, NULL);
	} else if (names_equal(name, "change-end")) {
		x->deleting = false;
	} else if (names_equal(name, "ruby-text")) {
		md_text(x->md, "(", 1);
	} else if (names_equal(name, "title") || names_equal(name, "desc")) {
		x->in_alt = true;
	} else if (names_equal(name, "creator")) {
		x->in_creator = true;
		md_text(x->md, " by ", 4);
	}
}

/* What a slide's master shows on each slide, apart from placeholders. */
static void
begin_in_master(struct odf *x, const char *name, const char **attributes)
{
	if (names_equal(name, "master-page"))
		x->in_master = true;
	else if (names_equal(name, "notes") || names_equal(name, "header") || names_equal(name, "footer"))
		x->in_master = false;
	else if (names_equal(name, "frame") || (is_box(name) && !names_equal(name, "text-box")))
		x->in_master_shape = !xml_attribute(attributes, "class");
}

/* An object that flat OpenDocument has in the same file. */
static void
begin_object(struct odf *x, const char **attributes)
{
	const char *type = xml_attribute(attributes, "mimetype");

	if (type && strstr(type, "chart")) {
		odf_flush_lines(x);
		md_block(x->md);
		odf_chart_open(&x->chart, x->d, x->md);
	} else {
		doc_missing(x->d, "embedded objects");
		x->ignore = 1;
	}
}

/* Which tracked changes delete text. Mostly it is with the change, but LibreOffice may leave it in its place. */
static void
take_change(struct odf *x, const char *name, const char **attributes)
{
	const char *id = names_equal(name, "changed-region") ? xml_attribute(attributes, "id") : NULL;

	if (id)
		snprintf(x->change, sizeof(x->change), "%s", id);
	else if (names_equal(name, "deletion") && json_object_object_length(x->deletions) < DELETIONS)
		json_object_object_add(x->deletions, x->change, json_object_new_boolean(1));
}

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct odf *x = arg;

	if (x->ignore)
		take_change(x, name, attributes);
	if (x->ignore || is_ignored(x, name, attributes)) {
		x->ignore++;
	} else if (!x->body) {
		odf_styles_element(&x->styles, name, attributes);
		x->in_header = names_equal(name, "header") || names_equal(name, "footer") || x->in_header;
		begin_in_master(x, name, attributes);
		x->body = names_equal(name, "body");
	} else if (x->chart.depth > 0) {
		odf_chart_begin(&x->chart, name, attributes);
	} else if (names_equal(name, "document")) {
		begin_object(x, attributes);
	} else if (x->in_math || names_equal(name, "math")) {
		odf_math_begin(x, name, attributes);
	} else {
		odf_slide_element(&x->slide, x->d, name, attributes, &x->md);
		begin_block(x, name, attributes);
		begin_inline(x, name, attributes);
	}
}

static void
end_element(struct odf *x, const char *name)
{
	if (names_equal(name, "p") || names_equal(name, "h"))
		odf_end_paragraph(x);
	else if (names_equal(name, "list"))
		odf_end_list(x);
	else if (names_equal(name, "list-item") || names_equal(name, "list-header"))
		odf_end_item(x);
	else if (names_equal(name, "table") && x->tables > 0)
		x->tables--;
	else if (names_equal(name, "table-row"))
		odf_end_row(x);
	else if (names_equal(name, "table-cell") || names_equal(name, "covered-table-cell"))
		odf_end_cell(x);
	else if (names_equal(name, "span"))
		odf_end_span(x);
	else if (names_equal(name, "a"))
		md_close(x->md, MD_LINK);
	else if (names_equal(name, "frame"))
		odf_end_frame(x);
	else if (names_equal(name, "title") || names_equal(name, "desc"))
		x->in_alt = false;
	else if (names_equal(name, "note-body") || names_equal(name, "annotation") || is_box(name))
		leave_place(x);
	else if (names_equal(name, "ruby-text"))
		md_text(x->md, ")", 1);
	else if (names_equal(name, "creator")) {
		x->in_creator = false;
		md_text(x->md, ": ", 2);
	}
}

static void
on_end(void *arg, const char *name)
{
	struct odf *x = arg;

	if (x->ignore)
		x->ignore--;
	else if (x->chart.depth > 0)
		odf_chart_end(&x->chart, name);
	else if (!x->body)
		x->in_header = x->in_header && !names_equal(name, "header") && !names_equal(name, "footer");
	else if (x->in_math)
		odf_math_end(x, name);
	else {
		end_element(x, name);
		if (x->slide.open && word_is_one_of(name, "frame", "notes", "page"))
			odf_flush_lines(x);
		odf_slide_end(&x->slide, x->d, name, &x->md);
	}
}

static void
look_at_header(struct odf *x, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isalpha((unsigned char)s[i]) || (s[i] & 0x80))
			doc_missing(x->d, "headers and footers");
}

static void
look_at_master(struct odf *x, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] > ' ')
			doc_missing(x->d, "text of slide masters");
}

static void
on_text(void *arg, const char *s, size_t n)
{
	struct odf *x = arg;

	if (x->ignore || x->deleting)
		return;
	if (x->chart.depth > 0) {
		odf_chart_text(&x->chart, s, n);
	} else if (!x->body) {
		if (x->in_header)
			look_at_header(x, s, n);
		else if (x->in_master && x->in_master_shape)
			look_at_master(x, s, n);
	} else if (x->in_math) {
		odf_math_text(x, s, n);
	} else if (x->in_alt) {
		if (x->alt.len < 1000)
			buf_add(&x->alt, s, n);
	} else if (x->paragraphs && x->code) {
		buf_add(&x->lines, s, n);
	} else if (x->paragraphs || x->in_creator) {
		odf_put_text(x, s, n);
	}
}

static bool
read_parts(struct odf *x)
{
	const struct member_one *content = members_find(x->m, "content.xml"),
				*styles = members_find(x->m, "styles.xml");
	struct xml_reader reader = {.begin = on_begin, .end = on_end, .text = on_text, .arg = x};
	bool whole;

	if (styles)
		xml_read(&reader, styles->bytes, styles->n);
	x->body = x->in_header = x->in_master = false;
	x->ignore = 0;
	whole = content && xml_read(&reader, content->bytes, content->n);
	/* What is open where the file was damaged. */
	odf_chart_close(&x->chart);
	while (x->place_count > 0)
		leave_place(x);
	odf_flush_lines(x);
	if (x->md->plain)
		odf_end_cell(x);
	if (x->md->row)
		md_row(x->md, x->cells + 1);
	x->slide.in_title = false;
	odf_slide_end(&x->slide, x->d, "page", &x->md);
	md_block(x->md);
	return whole;
}

bool
odf_parse(const struct members *m, struct tree *t, struct doc *d)
{
	const struct member_one *manifest = members_find(m, "META-INF/manifest.xml");
	struct odf *x = buf_alloc(sizeof(*x));
	bool whole, some;

	memset(x, 0, sizeof(*x));
	x->m = m;
	x->d = d;
	x->md = &d->md;
	x->tree = t;
	x->saved = buf_alloc(m->count * sizeof(*x->saved));
	x->list_counts = json_object_new_object();
	x->deletions = json_object_new_object();
	odf_styles_begin(&x->styles);
	dublin_core_read(members_find(m, "meta.xml"), d);
	whole = read_parts(x);
	some = !md_is_empty(&d->md);
	odf_styles_free(&x->styles);
	buf_free(&x->alt);
	buf_free(&x->lines);
	buf_free(&x->mathml);
	json_object_put(x->list_counts);
	json_object_put(x->deletions);
	free(x->picture);
	free(x->saved);
	free(x);
	d->truncated = d->truncated || (!whole && some); /* what is before the damage stays */
	if (whole || some)
		return true;
	if (members_has(m, "encrypted-package") || (manifest && strstr(manifest->bytes, "encryption-data")))
		return doc_fail(d, "encrypted", "it is encrypted");
	return doc_fail(d, "damaged", "its text, content.xml, is missing or not well-formed XML");
}
