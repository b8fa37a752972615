/* Paragraphs, lists and tables of OpenDocument. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "office/odf_internal.h"
#include "xml.h"

enum { COUNT_MAX = 1000000 };

/* --- lists: an item gets its mark when its text begins, since it may only have another list --- */

void
odf_begin_list(struct odf *x, const char **attributes)
{
	const char *style = xml_attribute(attributes, "style-name"),
		   *goes_on = xml_attribute(attributes, "continue-numbering"),
		   *before = xml_attribute(attributes, "continue-list"), *id = xml_attribute(attributes, "id");
	struct json_object *count;
	unsigned level = x->lists;

	odf_flush_lines(x);
	if (level < ODF_LEVELS) {
		x->list[level] = style ? odf_list_style(&x->styles, style) : level > 0 ? x->list[level - 1] : NULL;
		x->restart[level] = -1;
		x->begun[level] = true;
		if (before && json_object_object_get_ex(x->list_counts, before, &count))
			x->count[level] = (long)json_object_get_int64(count);
		else if (!goes_on || strcmp(goes_on, "true") != 0)
			x->count[level] = 0;
		if (level == 0)
			snprintf(x->list_id, ODF_NAME, "%s", id ? id : "");
	}
	x->lists++;
}

void
odf_end_list(struct odf *x)
{
	if (x->lists == 0)
		return;
	x->lists--;
	if (x->lists == 0 && x->list_id[0])
		json_object_object_add(x->list_counts, x->list_id, json_object_new_int64(x->count[0]));
}

void
odf_begin_item(struct odf *x, bool header, const char **attributes)
{
	const char *start = xml_attribute(attributes, "start-value");
	unsigned level = x->lists ? x->lists - 1 : 0;

	if (x->lists == 0 || level >= ODF_LEVELS)
		return;
	x->begun[level] = header;
	x->restart[level] = start ? strtol(start, NULL, 10) : -1;
	for (unsigned i = level + 1; i < ODF_LEVELS; i++)
		x->count[i] = 0;
}

/* Counts the item of the innermost list, and adds its mark to LABEL if that is more than a number. Returns the number,
 * -1 if there is none. */
static long
count_item(struct odf *x, unsigned level, struct buf *label)
{
	const struct odf_list *list = x->list[level];
	const struct odf_level *own = list ? &list->levels[level] : NULL;

	if (!own || own->format == '*' || !own->format)
		return -1;
	x->count[level] = x->restart[level] >= 0 ? x->restart[level]
			  : x->count[level]      ? x->count[level] + 1
						 : own->start;
	x->count[level] = x->count[level] > COUNT_MAX ? COUNT_MAX : x->count[level];
	if (odf_is_plain_number(own))
		return x->count[level] % MD_NUMBERS;
	odf_label(list, level, x->count, label);
	return -1;
}

static void
put_label(struct odf *x, const struct buf *label)
{
	if (label->len == 0)
		return;
	md_text(x->md, label->data, label->len);
	x->md->space = true;
}

static void
open_item(struct odf *x)
{
	unsigned level = x->lists - 1;
	struct buf label = {0};
	long number;

	if (level >= ODF_LEVELS || x->begun[level]) {
		md_block(x->md);
		return;
	}
	x->begun[level] = true;
	number = count_item(x, level, &label);
	if (!x->md->plain)
		x->opened |= 1U << level;
	md_item(x->md, number);
	put_label(x, &label);
	buf_free(&label);
}

void
odf_end_item(struct odf *x)
{
	unsigned level = x->lists ? x->lists - 1 : 0;

	odf_flush_lines(x);
	if (x->lists > 0 && level < ODF_LEVELS && (x->opened & 1U << level)) {
		md_leave(x->md);
		x->opened &= ~(1U << level);
	}
}

/* --- paragraphs --- */

/* The number of a heading is that of its list, or of the outline. */
static void
open_heading(struct odf *x, const char **attributes)
{
	const char *level = xml_attribute(attributes, "outline-level"),
		   *without = xml_attribute(attributes, "is-list-header"),
		   *start = xml_attribute(attributes, "start-value"),
		   *restart = xml_attribute(attributes, "restart-numbering");
	unsigned long at = level ? strtoul(level, NULL, 10) : 1;
	const struct odf_level *own;
	struct buf label = {0};

	at = at < 1 ? 1 : at > ODF_LEVELS ? ODF_LEVELS : at;
	own = &x->styles.outline.levels[at - 1];
	md_block(x->md);
	md_heading(x->md, (unsigned)at);
	if (x->lists > 0 && x->lists <= ODF_LEVELS && !x->begun[x->lists - 1]) {
		long number = count_item(x, x->lists - 1, &label);

		x->begun[x->lists - 1] = true;
		if (number >= 0)
			odf_label(x->list[x->lists - 1], x->lists - 1, x->count, &label);
	} else if (own->format && own->format != '*' && !(without && strcmp(without, "true") == 0)) {
		x->outline[at - 1] = restart && strcmp(restart, "true") == 0
					     ? start ? strtol(start, NULL, 10) : own->start
				     : x->outline[at - 1] ? x->outline[at - 1] + 1
							  : own->start;
		for (unsigned long i = at; i < ODF_LEVELS; i++)
			x->outline[i] = 0;
		odf_label(&x->styles.outline, (unsigned)at - 1, x->outline, &label);
	}
	put_label(x, &label);
	buf_free(&label);
}

void
odf_flush_lines(struct odf *x)
{
	if (x->lines.len > 0)
		md_pre(x->md, x->lines.data, x->lines.len, "");
	buf_clear(&x->lines);
}

static void
open_marks(struct odf *x, const char *style)
{
	if (odf_style_has(&x->styles, style, 'b'))
		md_open(x->md, MD_STRONG, NULL);
	if (odf_style_has(&x->styles, style, 'i'))
		md_open(x->md, MD_EMPHASIS, NULL);
}

void
odf_begin_paragraph(struct odf *x, const char *name, const char **attributes)
{
	const char *style = xml_attribute(attributes, "style-name");
	bool heading = strcmp(name, "h") == 0;

	if (x->paragraphs++ > 0)
		return;
	x->code = !heading && !x->tables && !x->md->plain &&
		  (odf_style_has(&x->styles, style, 'p') || (style && strcmp(style, "Preformatted_20_Text") == 0));
	if (x->code)
		return;
	odf_flush_lines(x);
	if (x->joined) {
		x->joined = false;
		return;
	}
	if (heading) {
		open_heading(x, attributes);
		return;
	}
	if (x->lists > 0)
		open_item(x);
	else
		md_block(x->md);
	if (x->slide.in_title)
		md_heading(x->md, ODF_SLIDE);
	else if (odf_style_has(&x->styles, style, 't') || (style && strcmp(style, "Title") == 0))
		md_heading(x->md, 1);
	x->quoted =
		!x->tables && (odf_style_has(&x->styles, style, 'q') || (style && strcmp(style, "Quotations") == 0));
	if (x->quoted)
		md_quote(x->md);
	if (!x->md->heading)
		open_marks(x, style);
}

void
odf_end_paragraph(struct odf *x)
{
	if (x->paragraphs == 0 || --x->paragraphs > 0)
		return;
	if (x->code) {
		buf_str(&x->lines, "\n");
		x->code = false;
		return;
	}
	md_close(x->md, MD_STRONG);
	md_close(x->md, MD_EMPHASIS);
	if (x->quoted)
		md_leave(x->md);
	else
		md_block(x->md);
	x->quoted = false;
}

/* --- tables --- */

void
odf_begin_cell(struct odf *x, const char **attributes)
{
	const char *repeated = xml_attribute(attributes, "number-columns-repeated");

	if (x->tables != 1)
		return;
	x->repeated = repeated ? strtol(repeated, NULL, 10) : 1;
	md_cell_begin(x->md);
}

void
odf_end_cell(struct odf *x)
{
	long most = x->cells < ODF_CELLS ? (long)(ODF_CELLS - x->cells) : 1;
	long times = x->repeated < 1 ? 1 : x->repeated < most ? x->repeated : most;

	if (x->tables != 1)
		return;
	x->cells += (size_t)times;
	if (md_cell_end(x->md, (unsigned)times)) {
		x->filled = x->cells < ODF_CELLS ? x->cells : ODF_CELLS;
		x->d->truncated = x->d->truncated || x->cells > ODF_CELLS;
	}
}

void
odf_end_row(struct odf *x)
{
	if (x->tables != 1)
		return;
	md_row(x->md, x->filled); /* without the empty rest of a sheet */
	x->cells = x->filled = 0;
}
