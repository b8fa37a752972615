/* The elements of a part of a DOCX that has text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "office/chart.h"
#include "office/diagram.h"
#include "office/docx_internal.h"
#include "office/docx_symbols.h"
#include "records/rec.h"
#include "xml.h"

static bool
is(const char *name, const char *other)
{
	return *name == *other && strcmp(name, other) == 0;
}

static bool
is_on(const char *val)
{
	return !val || !word_is_one_of(val, "0", "false", "none", "off");
}

/* --- places: a text box in a paragraph --- */

static void
enter_place(struct docx *x)
{
	struct docx_place *place;

	docx_open_paragraph(x);
	docx_flush_code(x);
	x->md->space = true;
	if (x->place_count++ >= DOCX_PLACES)
		return;
	place = &x->places[x->place_count - 1];
	*place = (struct docx_place){x->p, x->run, {false}, x->link, x->joined, x->items, x->tables, x->cells};
	memcpy(place->marked, x->marked, sizeof(x->marked));
	if (!x->md->plain)
		x->tables = 0;
	md_aside_begin(x->md);
	memset(x->marked, 0, sizeof(x->marked));
	x->link = x->joined = false;
	x->items = 0;
	x->p = (struct docx_paragraph){.level = -1, .outline = -1};
	x->run = (struct docx_run){.strong = false};
}

static void
leave_place(struct docx *x)
{
	const struct docx_place *place;

	if (x->place_count == 0 || --x->place_count >= DOCX_PLACES)
		return;
	docx_flush_code(x);
	docx_flush_lines(x);
	docx_leave_items(x, 0);
	md_aside_end(x->md);
	place = &x->places[x->place_count];
	x->p = place->p;
	x->run = place->run;
	memcpy(x->marked, place->marked, sizeof(x->marked));
	x->link = place->link;
	x->joined = place->joined;
	x->items = place->items;
	x->tables = place->tables;
	x->cells = place->cells;
	x->in_run = true;
}

/* --- properties --- */

static void
paragraph_property(struct docx *x, const char *name, const char *val)
{
	struct docx_paragraph *p = &x->p;

	if (is(name, "pStyle") && val) {
		snprintf(p->style, DOCX_NAME, "%s", val);
		p->hidden = docx_style(x->styles, val).hidden == 1;
	} else if (is(name, "ilvl") && val) {
		p->level = atoi(val);
	} else if (is(name, "numId") && val) {
		snprintf(p->number, sizeof(p->number), "%s", val);
	} else if (is(name, "outlineLvl") && val) {
		p->outline = *val >= '0' && *val <= '8' ? *val - '0' + 1 : 0;
	} else if (is(name, "del") || is(name, "moveFrom")) {
		p->mark_gone = true;
	} else if (is(name, "vanish")) {
		p->mark_gone = p->mark_gone || is_on(val);
	}
}

/* The style of a run comes before its other properties, which count more. */
static void
take_run_style(struct docx *x, const char *id)
{
	struct docx_style style = docx_style(x->styles, id);

	x->run.strong = style.strong == 1;
	x->run.emphasis = style.emphasis == 1;
	x->run.deleted = style.deleted == 1;
	x->run.code = style.kind == DOCX_CODE;
	if (style.hidden >= 0)
		x->run.hidden = style.hidden == 1;
}

static void
run_property(struct docx *x, const char *name, const char **attributes)
{
	const char *val = xml_attribute(attributes, "val");
	struct docx_run *r = &x->run;

	if (is(name, "rStyle") && val)
		take_run_style(x, val);
	else if (is(name, "b"))
		r->strong = is_on(val);
	else if (is(name, "i"))
		r->emphasis = is_on(val);
	else if (is(name, "strike") || is(name, "dstrike"))
		r->deleted = is_on(val);
	else if (is(name, "vanish"))
		r->hidden = is_on(val);
	else if (is(name, "rFonts") && (val = xml_attribute(attributes, "ascii"))) {
		snprintf(r->font, DOCX_NAME, "%s", val);
		r->symbols = symbol_font(val);
	} else if (is(name, "vertAlign") && val)
		r->script = is(val, "superscript") ? SCRIPT_SUPER : is(val, "subscript") ? SCRIPT_SUB : SCRIPT_NONE;
}

/* --- what is in a run --- */

static void
field_char(struct docx *x, const char *type)
{
	if (type && is(type, "begin"))
		docx_field_begin(x, NULL);
	else if (type && is(type, "separate"))
		docx_field_result(x);
	else if (type && is(type, "end"))
		docx_field_end(x);
}

static void
put_break(struct docx *x, const char *type)
{
	if (!type || !word_is_one_of(type, "page", "column")) {
		docx_put_space(x, true);
	} else if (x->p.opened && !x->p.code) {
		docx_flush_code(x);
		md_block(x->md);
	}
}

static void
take_alternative(struct docx *x, const char *text)
{
	if (!text || !*text)
		return;
	free(x->alt);
	x->alt = buf_strdup(text);
}

/* Elements of drawings: DrawingML, and VML, its predecessor. True if NAME is one. */
static bool
begin_drawing(struct docx *x, const char *name, const char **attributes)
{
	const char *id = xml_attribute(attributes, "id");

	if (is(name, "drawing") || is(name, "pict") || is(name, "object")) {
		free(x->alt);
		x->alt = NULL;
	} else if (is(name, "docPr") || is(name, "cNvPr")) {
		take_alternative(x, xml_attribute(attributes, "title"));
		take_alternative(x, xml_attribute(attributes, "descr"));
	} else if (is(name, "shape") || is(name, "rect")) {
		take_alternative(x, xml_attribute(attributes, "alt"));
	} else if (is(name, "blip")) {
		id = xml_attribute(attributes, "embed");
		docx_put_picture(x, id ? id : xml_attribute(attributes, "link"));
	} else if (is(name, "imagedata")) {
		docx_put_picture(x, id);
	} else if (is(name, "textpath")) {
		id = xml_attribute(attributes, "string");
		docx_put_text(x, id ? id : "", id ? strlen(id) : 0);
	} else if (is(name, "chart")) {
		docx_put_drawing(x, id, chart_put, "charts");
	} else if (is(name, "relIds")) {
		docx_put_drawing(x, xml_attribute(attributes, "dm"), diagram_put, "diagrams");
	} else if (is(name, "OLEObject")) {
		id = xml_attribute(attributes, "ProgID");
		doc_missing(x->d, id && strncmp(id, "Equation", 8) == 0 ? "formulas" : "embedded objects");
	} else {
		return false;
	}
	return true;
}

static void
begin_in_run(struct docx *x, const char *name, const char **attributes)
{
	if (is(name, "t")) {
		x->text = x->ruby_text ? TEXT_READING : TEXT_SHOWN;
	} else if (is(name, "instrText")) {
		x->text = TEXT_INSTRUCTION;
	} else if (is(name, "tab") || is(name, "ptab")) {
		docx_put_space(x, false);
	} else if (is(name, "br")) {
		put_break(x, xml_attribute(attributes, "type"));
	} else if (is(name, "cr")) {
		docx_put_space(x, true);
	} else if (is(name, "noBreakHyphen")) {
		docx_put_text(x, "-", 1);
	} else if (is(name, "sym")) {
		docx_put_symbol(x, xml_attribute(attributes, "font"), xml_attribute(attributes, "char"));
	} else if (is(name, "fldChar")) {
		field_char(x, xml_attribute(attributes, "fldCharType"));
	} else if (word_is_one_of(name, "footnoteReference", "endnoteReference", "commentReference")) {
		char kind[16];

		snprintf(kind, sizeof(kind), "%.*s", (int)(strlen(name) - strlen("Reference")), name);
		docx_put_note(x, kind, xml_attribute(attributes, "id"));
	}
}

/* --- notes --- */

static void
begin_note(struct docx *x, const char **attributes)
{
	const char *id = xml_attribute(attributes, "id"), *type = xml_attribute(attributes, "type"),
		   *author = xml_attribute(attributes, "author");
	struct json_object *known;
	unsigned note = 0;
	char key[96];

	snprintf(key, sizeof(key), "%s/%s", x->note_element, id ? id : "");
	if (json_object_object_get_ex(x->notes, key, &known))
		note = (unsigned)json_object_get_int(known);
	else if (!type || is(type, "normal"))
		note = md_note(x->md, "");
	if (note == 0) {
		x->skip = 1;
		return;
	}
	json_object_object_add(x->notes, key, json_object_new_int(0)); /* it was read */
	md_note_begin(x->md, note);
	x->in_note = true;
	if (is(x->note_element, "comment")) {
		md_text(x->md, "Comment", 7);
		if (author && *author) {
			md_text(x->md, " by ", 4);
			md_text(x->md, author, strlen(author));
		}
		md_text(x->md, ": ", 2);
		x->joined = true;
	}
}

static void
end_note(struct docx *x)
{
	docx_flush_lines(x);
	docx_leave_items(x, 0);
	md_note_end(x->md);
	x->in_note = x->joined = false;
}

/* --- the elements --- */

/* Elements whose content is not text, or text as it was before a change. */
static bool
is_skipped(const struct docx *x, const char *name)
{
	if (is(name, "del") || is(name, "moveFrom"))
		return !x->in_paragraph_properties && !x->in_row_properties && !x->in_properties;
	if (is(name, "tc"))
		return x->row_gone && x->tables == 1;
	return word_is_one_of(name, "pPrChange", "rPrChange", "tblPrChange", "trPrChange", "tcPrChange", "sectPrChange",
			      "tblPrExChange", "numberingChange", "sectPr", "sdtPr", "sdtEndPr", "tblPr", "tblGrid",
			      "ffData", "fldData", "delText", "delInstrText", "binData", "rubyPr");
}

/* One of several alternatives is read: the first that is known, else the last. */
static bool
choose(struct docx *x, const char *name, const char **attributes)
{
	static const char *const known[] = {"wps", "wpg",   "wpc", "wp14", "w14", "w15",
					    "w16", "w16se", "a14", "v",    "m",   NULL};
	const char *requires = xml_attribute(attributes, "Requires");
	bool *chosen = x->choices > 0 && x->choices <= DOCX_CHOICES ? &x->chosen[x->choices - 1] : NULL;
	bool take = !chosen || (!*chosen && (is(name, "Fallback") || !requires || word_is_in(requires, known)));

	if (chosen && take)
		*chosen = true;
	return take;
}

static void
begin_table(struct docx *x)
{
	if (x->tables++ > 0)
		return;
	docx_flush_lines(x);
	docx_leave_items(x, 0);
	md_table(x->md);
	x->cells = 0;
}

static void
begin_run(struct docx *x)
{
	x->in_run = true;
	x->run = (struct docx_run){.hidden = x->p.hidden};
}

static void
begin_block(struct docx *x, const char *name, const char **attributes)
{
	const struct opc_relation *link;
	const char *val = xml_attribute(attributes, "val");

	if (is(name, "r")) {
		begin_run(x);
	} else if (is(name, "pPr")) {
		x->in_paragraph_properties = true;
	} else if (is(name, "hyperlink")) {
		link = opc_find(x->rels, xml_attribute(attributes, "id"));
		docx_open_link(x, link && link->external ? link->target : NULL);
	} else if (is(name, "fldSimple")) {
		docx_field_begin(x, xml_attribute(attributes, "instr"));
	} else if (is(name, "tbl")) {
		begin_table(x);
	} else if (is(name, "tc")) {
		docx_begin_cell(x);
	} else if (is(name, "gridSpan") && val) {
		x->span = strtoul(val, NULL, 10) > 0 ? strtoul(val, NULL, 10) : 1;
	} else if (is(name, "trPr")) {
		x->in_row_properties = true;
	} else if (x->in_row_properties && is(name, "del")) {
		x->row_gone = true;
	} else if ((is(name, "gridBefore") || is(name, "gridAfter")) && val) {
		docx_skip_cells(x, is(name, "gridBefore") ? val : "0");
	} else if (is(name, "altChunk")) {
		docx_put_chunk(x, xml_attribute(attributes, "id"));
	} else if (is(name, "subDoc")) {
		doc_missing(x->d, "embedded documents");
	} else if (is(name, "AlternateContent")) {
		if (x->choices++ < DOCX_CHOICES)
			x->chosen[x->choices - 1] = false;
	} else if (is(name, "rt")) {
		x->ruby_text = true;
	} else if (is(name, "txbxContent")) {
		enter_place(x);
	} else if (x->note_element && is(name, x->note_element)) {
		begin_note(x, attributes);
	}
}

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct docx *x = arg;

	if (x->skip || is_skipped(x, name)) {
		x->skip++;
		return;
	}
	if ((is(name, "Choice") || is(name, "Fallback")) && !choose(x, name, attributes)) {
		x->skip++;
		return;
	}
	if (x->in_formula || is(name, "oMath")) {
		if (x->in_formula++ > 0)
			omml_begin(x->formula, name, attributes);
		return;
	}
	if (is(name, "rPr")) {
		x->in_properties = true;
		return;
	}
	if (x->in_paragraph_properties)
		paragraph_property(x, name, xml_attribute(attributes, "val"));
	else if (x->in_properties)
		run_property(x, name, attributes);
	else if (!begin_drawing(x, name, attributes)) {
		if (x->in_run)
			begin_in_run(x, name, attributes);
		begin_block(x, name, attributes);
	}
}

/* The reading of a ruby text stands behind its base, in brackets. */
static void
end_ruby(struct docx *x)
{
	struct buf text = {0};

	if (x->ruby.len > 0) {
		buf_printf(&text, "(%s)", x->ruby.data);
		docx_put_text(x, text.data, text.len);
	}
	buf_clear(&x->ruby);
	buf_free(&text);
}

static void
end_block(struct docx *x, const char *name)
{
	if (is(name, "r"))
		x->in_run = false;
	else if (is(name, "p"))
		docx_end_paragraph(x);
	else if (is(name, "hyperlink"))
		docx_close_link(x);
	else if (is(name, "fldSimple"))
		docx_field_end(x);
	else if (is(name, "tc"))
		docx_end_cell(x);
	else if (is(name, "tr"))
		docx_end_row(x);
	else if (is(name, "trPr"))
		x->in_row_properties = false;
	else if (is(name, "tbl") && x->tables > 0)
		x->tables--;
	else if (is(name, "AlternateContent") && x->choices > 0)
		x->choices--;
	else if (is(name, "rt"))
		x->ruby_text = false;
	else if (is(name, "ruby"))
		end_ruby(x);
	else if (is(name, "txbxContent"))
		leave_place(x);
	else if (x->note_element && is(name, x->note_element) && x->in_note)
		end_note(x);
}

static void
on_end(void *arg, const char *name)
{
	struct docx *x = arg;

	if (x->skip) {
		x->skip--;
		return;
	}
	x->text = TEXT_NONE;
	if (x->in_formula) {
		if (--x->in_formula > 0)
			omml_end(x->formula, name);
		else
			docx_put_formula(x);
	} else if (is(name, "rPr")) {
		x->in_properties = false;
	} else if (is(name, "pPr")) {
		x->in_paragraph_properties = false;
	} else if (!x->in_paragraph_properties && !x->in_properties) {
		end_block(x, name);
	}
}

static void
on_text(void *arg, const char *s, size_t n)
{
	struct docx *x = arg;
	struct docx_field *field =
		x->field_count > 0 && x->field_count <= DOCX_FIELDS ? &x->fields[x->field_count - 1] : NULL;

	if (x->skip)
		return;
	if (x->in_formula)
		omml_text(x->formula, s, n);
	else if (x->text == TEXT_SHOWN)
		docx_put_text(x, s, n);
	else if (x->text == TEXT_INSTRUCTION && field && !field->result && field->instruction.len < DOC_LINE)
		buf_add(&field->instruction, s, n);
	else if (x->text == TEXT_READING)
		buf_add(&x->ruby, s, n);
}

bool
docx_body_read(struct docx *x, const char *name, const char *note)
{
	const struct member_one *part = members_find(x->m, name);
	struct opc_relations rels, *outer = x->rels;
	bool whole;

	if (!part)
		return false;
	opc_read(x->m, name, &rels);
	x->rels = &rels;
	x->note_element = note;
	x->p = (struct docx_paragraph){.level = -1, .outline = -1};
	whole = xml_read(&(struct xml_reader){.begin = on_begin, .end = on_end, .text = on_text, .arg = x}, part->bytes,
			 part->n);
	/* What is open where the file was damaged. */
	x->skip = x->in_formula = x->choices = 0;
	x->in_run = x->in_properties = x->in_paragraph_properties = x->in_row_properties = x->ruby_text = false;
	while (x->place_count > 0)
		leave_place(x);
	if (x->md->plain)
		md_cell_end(x->md, 1);
	if (x->md->row)
		md_row(x->md, x->cells + 1);
	x->tables = 0;
	while (x->field_count > 0)
		docx_field_end(x);
	docx_close_link(x);
	docx_end_paragraph(x);
	docx_flush_lines(x);
	docx_leave_items(x, 0);
	if (x->in_note)
		end_note(x);
	x->joined = false;
	opc_free(&rels);
	x->rels = outer;
	return whole;
}
