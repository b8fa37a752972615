#include "office/ods.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/words.h"
#include "office/dublin_core.h"
#include "office/odf_chart.h"
#include "office/sheet_table.h"
#include "records/rec.h"
#include "request.h"
#include "xml.h"

enum { STYLES = 10000, CELL = 1 << 16, ROWS_A_CHECK = 1024, SHEET = 2, BELOW = 3 };

struct ods {
	const struct members *m;
	struct doc *d;
	const char **saved;
	struct json_object *hidden; /* the styles of tables that are not shown */
	char *style;                /* that is being read */
	bool in_body, in_sheet, late;
	unsigned ignore; /* depth below a skipped element */
	struct sheet_table *table;
	size_t row, column, columns; /* the current places; COLUMNS is that of a column's own element */
	size_t rows, cells;          /* how often the row and the cell are repeated */
	size_t first;                /* cell of the row in the table */
	bool row_hidden, covered;
	unsigned paragraphs; /* of the cell or comment that are open */
	char *value, *url;   /* of the cell */
	struct buf text;
	/* comments, and what is drawn */
	struct md below;
	bool in_comment, in_author, commented, in_alt;
	struct buf comment, author, alt, drawn;
	unsigned shapes; /* that are open */
	bool object;     /* the shape shows one, and a picture instead of it */
	char *picture;
	struct odf_chart chart; /* that is in the same file */
	size_t left, sheets;
};

static size_t
number_of(const char **attributes, const char *name)
{
	const char *value = xml_attribute(attributes, name);
	size_t number = value ? strtoul(value, NULL, 10) : 1;

	return number > 0 ? number : 1;
}

static bool
is_collapsed(const char **attributes)
{
	return word_is_one_of(xml_attribute(attributes, "visibility"), "collapse", "filter");
}

static void
set_string(char **member, const char *value)
{
	free(*member);
	*member = value ? buf_strdup(value) : NULL;
}

/* --- sheets --- */

static void
read_style(struct ods *x, const char *name, const char **attributes)
{
	const char *display = xml_attribute(attributes, "display");

	if (strcmp(name, "style") == 0)
		set_string(&x->style, xml_attribute(attributes, "name"));
	else if (strcmp(name, "table-properties") == 0 && x->style && display && strcmp(display, "false") == 0 &&
		 json_object_object_length(x->hidden) < STYLES)
		json_object_object_add(x->hidden, x->style, json_object_new_boolean(1));
	else if (strcmp(name, "spreadsheet") == 0)
		x->in_body = true;
}

static void
begin_sheet(struct ods *x, const char **attributes)
{
	const char *name = xml_attribute(attributes, "name"), *style = xml_attribute(attributes, "style-name");
	struct md *md = &x->d->md;

	if (style && json_object_object_get_ex(x->hidden, style, NULL)) {
		doc_missing(x->d, "hidden sheets");
		x->ignore = 1;
		return;
	}
	if (md->full || request_is_late()) {
		x->d->truncated = true;
		x->ignore = 1;
		return;
	}
	md_block(md);
	md_heading(md, SHEET);
	md_text(md, name ? name : "", name ? strlen(name) : 0);
	md_block(md);
	x->table = buf_alloc(sizeof(*x->table));
	sheet_table_begin(x->table);
	md_begin(&x->below, DOC_TEXT);
	x->in_sheet = true;
	x->commented = false;
	x->row = x->column = x->columns = 0;
	x->sheets++;
}

static void
end_sheet(struct ods *x)
{
	if (!x->in_sheet)
		return;
	sheet_table_write(x->table, x->d, &x->left);
	sheet_table_free(x->table);
	free(x->table);
	x->table = NULL;
	md_append(&x->d->md, &x->below);
	md_free(&x->below);
	x->in_sheet = false;
}

static void
begin_column(struct ods *x, const char **attributes)
{
	size_t times = number_of(attributes, "number-columns-repeated");

	if (is_collapsed(attributes) && x->columns < SHEET_COLUMNS)
		sheet_table_hide(x->table, x->columns,
				 x->columns + (times < SHEET_COLUMNS ? times : SHEET_COLUMNS) - 1);
	x->columns += times < SHEET_COLUMNS ? times : SHEET_COLUMNS;
}

static void
begin_row(struct ods *x, const char **attributes)
{
	x->rows = number_of(attributes, "number-rows-repeated");
	x->row_hidden = is_collapsed(attributes);
	x->first = x->table->count;
	x->column = 0;
	x->late = x->late || (x->row % ROWS_A_CHECK == 0 && request_is_late());
}

static void
end_row(struct ods *x)
{
	sheet_table_repeat(x->table, x->first, x->rows - 1);
	x->row += x->rows < SHEET_ROWS ? x->rows : SHEET_ROWS;
}

/* --- cells --- */

static void
begin_cell(struct ods *x, const char **attributes, bool covered)
{
	static const char *const values[] = {"string-value", "date-value", "time-value", "boolean-value", "value"};
	const char *value = NULL;

	x->cells = number_of(attributes, "number-columns-repeated");
	x->covered = covered;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]) && !value; i++)
		value = xml_attribute(attributes, values[i]);
	set_string(&x->value, value);
	set_string(&x->url, NULL);
	buf_clear(&x->text);
}

/* A cell has the text that the program showed; without one, the value. */
static void
end_cell(struct ods *x)
{
	const char *text = x->text.len ? x->text.data : x->value ? x->value : "";
	size_t n = strlen(text), times = x->cells < SHEET_COLUMNS ? x->cells : SHEET_COLUMNS;

	if (n > 0 && !x->covered) {
		if (x->row_hidden)
			doc_missing(x->d, "hidden rows");
		else if (x->late)
			x->table->cut = true;
		else
			for (size_t i = 0; i < times; i++) {
				sheet_table_add(x->table, x->row, x->column + i, text, n);
				if (x->url)
					sheet_table_link_last(x->table, x->url);
			}
	}
	x->column += times;
	buf_clear(&x->text);
}

static void
begin_link(struct ods *x, const char **attributes)
{
	const char *href = xml_attribute(attributes, "href");

	if (!href || x->url || (strncasecmp(href, "http://", 7) != 0 && strncasecmp(href, "https://", 8) != 0))
		return;
	doc_link(x->d, href, NULL);
	set_string(&x->url, href);
}

/* --- comments and pictures --- */

static void
put_comment(struct ods *x)
{
	struct md *md = &x->below;
	char place[16];
	size_t column = x->column + 1, n = sizeof(place);

	x->in_comment = false;
	if (x->comment.len == 0)
		return;
	if (!x->commented) {
		md_block(md);
		md_heading(md, BELOW);
		md_text(md, "Comments", 8);
		md_block(md);
		x->commented = true;
	}
	place[--n] = '\0';
	for (; column > 0 && n > 0; column = (column - 1) / 26)
		place[--n] = (char)('A' + (column - 1) % 26);
	md_item(md, -1);
	md_text(md, place + n, strlen(place + n));
	snprintf(place, sizeof(place), "%zu", x->row + 1);
	md_text(md, place, strlen(place));
	if (x->author.len) {
		md_text(md, ", ", 2);
		md_text(md, x->author.data, x->author.len);
	}
	md_text(md, ": ", 2);
	md_text(md, x->comment.data, x->comment.len);
	md_leave(md);
}

static bool
is_shape(const char *name)
{
	return word_is_one_of(name, "frame", "custom-shape", "rect", "ellipse", "line", "caption", "polygon");
}

static void
end_shape(struct ods *x)
{
	struct md *md = &x->below;
	const char *saved;

	if (x->shapes == 0 || --x->shapes > 0)
		return;
	saved = x->picture && !x->object ? members_picture(x->m, x->saved, x->d, x->picture, x->alt.data) : NULL;
	md_block(md);
	if (x->drawn.len)
		md_text(md, x->drawn.data, x->drawn.len);
	if (saved)
		md_image(md, saved, x->alt.data);
	else if (x->picture && !x->object)
		doc_missing(x->d, "pictures");
	md_block(md);
	set_string(&x->picture, NULL);
	x->object = false;
	buf_clear(&x->alt);
	buf_clear(&x->drawn);
}

/* What flat OpenDocument has in the same file, the element document or math, comes later. */
static void
begin_object(struct ods *x, const char *name, const char **attributes)
{
	const char *href = xml_attribute(attributes, "href");

	x->object = true;
	if (strcmp(name, "object-ole") == 0)
		doc_missing(x->d, "embedded objects");
	else if (href)
		odf_chart_put(x->m, href, x->d, &x->below);
}

static void
begin_inner(struct ods *x, const char *name, const char **attributes)
{
	const char *type = xml_attribute(attributes, "mimetype");

	if (type && strstr(type, "chart")) {
		odf_chart_open(&x->chart, x->d, &x->below);
		return;
	}
	doc_missing(x->d, strcmp(name, "math") == 0 ? "formulas" : "embedded objects");
	x->ignore = 1;
}

/* --- the document --- */

static struct buf *
text_of(struct ods *x)
{
	return x->in_author    ? &x->author
	       : x->in_alt     ? &x->alt
	       : x->in_comment ? &x->comment
	       : x->shapes     ? &x->drawn
			       : &x->text;
}

static void
begin_in_cell(struct ods *x, const char *name, const char **attributes)
{
	if (strcmp(name, "p") == 0) {
		if (x->paragraphs++ == 0 && text_of(x)->len > 0)
			buf_str(text_of(x), "\n");
	} else if (word_is_one_of(name, "s", "tab", "line-break"))
		buf_str(text_of(x), " ");
	else if (strcmp(name, "a") == 0)
		begin_link(x, attributes);
	else if (strcmp(name, "annotation") == 0) {
		x->in_comment = true;
		buf_clear(&x->comment);
		buf_clear(&x->author);
	} else if (strcmp(name, "creator") == 0)
		x->in_author = x->in_comment;
	else if (strcmp(name, "image") == 0 && xml_attribute(attributes, "href") && !x->picture) {
		const char *href = xml_attribute(attributes, "href");

		set_string(&x->picture, strncmp(href, "./", 2) == 0 ? href + 2 : href);
	} else if (word_is_one_of(name, "title", "desc"))
		x->in_alt = true;
	else if (word_is_one_of(name, "object", "object-ole")) {
		begin_object(x, name, attributes);
	} else if (is_shape(name))
		x->shapes++;
}

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct ods *x = arg;

	if (x->ignore || (x->in_body && word_is_one_of(name, "tracked-changes", "content-validations", "forms"))) {
		x->ignore++;
		return;
	}
	if (x->in_sheet && strcmp(name, "binary-data") == 0) {
		if (!x->object)
			doc_missing(x->d, "pictures");
		x->ignore = 1;
	} else if (x->chart.depth > 0)
		odf_chart_begin(&x->chart, name, attributes);
	else if (x->in_sheet && word_is_one_of(name, "document", "math"))
		begin_inner(x, name, attributes);
	else if (!x->in_body)
		read_style(x, name, attributes);
	else if (!x->in_sheet) {
		if (strcmp(name, "table") == 0)
			begin_sheet(x, attributes);
	} else if (strcmp(name, "table-cell") == 0 || strcmp(name, "covered-table-cell") == 0)
		begin_cell(x, attributes, *name == 'c');
	else if (strcmp(name, "table-row") == 0)
		begin_row(x, attributes);
	else if (strcmp(name, "table-column") == 0)
		begin_column(x, attributes);
	else
		begin_in_cell(x, name, attributes);
}

static void
on_end(void *arg, const char *name)
{
	struct ods *x = arg;

	if (x->ignore) {
		x->ignore--;
		return;
	}
	if (x->chart.depth > 0) {
		odf_chart_end(&x->chart, name);
		return;
	}
	if (!x->in_sheet)
		return;
	if (strcmp(name, "p") == 0)
		x->paragraphs -= x->paragraphs > 0;
	else if (strcmp(name, "table-cell") == 0 || strcmp(name, "covered-table-cell") == 0)
		end_cell(x);
	else if (strcmp(name, "table-row") == 0)
		end_row(x);
	else if (strcmp(name, "table") == 0)
		end_sheet(x);
	else if (strcmp(name, "creator") == 0)
		x->in_author = false;
	else if (strcmp(name, "annotation") == 0)
		put_comment(x);
	else if (word_is_one_of(name, "title", "desc"))
		x->in_alt = false;
	else if (is_shape(name))
		end_shape(x);
}

static void
on_text(void *arg, const char *s, size_t n)
{
	struct ods *x = arg;
	struct buf *out = text_of(x);

	if (x->chart.depth > 0) {
		odf_chart_text(&x->chart, s, n);
		return;
	}
	if (x->ignore || !x->in_sheet || (x->paragraphs == 0 && !x->in_author && !x->in_alt))
		return;
	if (out->len + n <= CELL)
		buf_add(out, s, n);
	else
		x->table->cut = true;
}

bool
ods_parse(const struct members *m, struct doc *d)
{
	const struct member_one *content = members_find(m, "content.xml"),
				*manifest = members_find(m, "META-INF/manifest.xml");
	struct ods x = {.m = m, .d = d, .left = SHEET_CELLS, .hidden = json_object_new_object()};
	bool whole;

	x.saved = buf_alloc((m->count + 1) * sizeof(*x.saved));
	dublin_core_read(members_find(m, "meta.xml"), d);
	whole = content && xml_read(&(struct xml_reader){.begin = on_begin, .end = on_end, .text = on_text, .arg = &x},
				    content->bytes, content->n);
	odf_chart_close(&x.chart);
	end_sheet(&x);
	doc_meta_number(d, "sheets", (double)x.sheets);
	d->truncated = d->truncated || !whole;
	free(x.saved);
	free(x.style);
	free(x.value);
	free(x.url);
	free(x.picture);
	buf_free(&x.text);
	buf_free(&x.comment);
	buf_free(&x.author);
	buf_free(&x.alt);
	buf_free(&x.drawn);
	json_object_put(x.hidden);
	if (whole || x.sheets > 0)
		return true;
	if (manifest && strstr(manifest->bytes, "encryption-data"))
		return doc_fail(d, "encrypted", "it is encrypted");
	return doc_fail(d, "damaged", "its text, content.xml, is not well-formed XML");
}
