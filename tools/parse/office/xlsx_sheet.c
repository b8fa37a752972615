#include "office/xlsx_sheet.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "office/number_format.h"
#include "office/sheet_table.h"
#include "xml.h"

enum { CELL = 1 << 16, ROWS_A_CHECK = 1024, LINKS = 10000 };

struct link {
	struct sheet_range range;
	const char *url;
};

struct sheet {
	const struct xlsx_book *b;
	const struct opc_relations *rels;
	struct doc *d;
	struct sheet_table table;
	size_t row, column; /* the current cell's */
	size_t style;
	char type;                   /* of the cell: n s b e d, S for a formula's string, i for an inline one */
	bool hidden;                 /* the row is */
	bool in_header;              /* or in a footer, of printed pages */
	bool in_value, late;         /* the time is used up */
	bool in_formula, calculated; /* the cell has a formula */
	unsigned ignore;             /* depth below a phonetic run */
	struct buf value, formula;   /* of the cell */
	struct buf shown;
	struct link *links;
	size_t link_count;
};

/* Reads a cell's name, "AB12", into a row and a column from 0. Returns its end, or NULL if it is no name of a cell. */
static const char *
read_cell_name(const char *name, size_t *row, size_t *column)
{
	size_t r = 0, c = 0;

	for (; *name == '$'; name++)
		;
	for (; isalpha((unsigned char)*name) && c < SHEET_COLUMNS; name++)
		c = c * 26 + (size_t)(toupper((unsigned char)*name) - 'A') + 1;
	for (; *name == '$'; name++)
		;
	for (; isdigit((unsigned char)*name) && r <= SHEET_ROWS; name++)
		r = r * 10 + (size_t)(*name - '0');
	if (r == 0 || c == 0 || r > SHEET_ROWS || c > SHEET_COLUMNS)
		return NULL;
	*row = r - 1;
	*column = c - 1;
	return name;
}

static bool
read_range(const char *ref, struct sheet_range *out)
{
	size_t row, column, last_row, last_column;
	const char *end = ref ? read_cell_name(ref, &row, &column) : NULL;

	if (!end)
		return false;
	last_row = row;
	last_column = column;
	if (*end == ':' &&
	    (!read_cell_name(end + 1, &last_row, &last_column) || last_row < row || last_column < column))
		return false;
	*out = (struct sheet_range){(uint32_t)row, (uint32_t)column, (uint32_t)last_row, (uint32_t)last_column};
	return true;
}

static bool
is_true(const char *value)
{
	return value && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
}

static size_t
number_of(const char *text)
{
	return text ? strtoul(text, NULL, 10) : 0;
}

/* --- rows and cells --- */

static void
hide_columns(struct sheet *x, const char **attributes)
{
	size_t first = number_of(xml_attribute(attributes, "min")), last = number_of(xml_attribute(attributes, "max"));

	if (is_true(xml_attribute(attributes, "hidden")) && first > 0)
		sheet_table_hide(&x->table, first - 1, last - 1);
}

static void
begin_row(struct sheet *x, const char **attributes)
{
	size_t row = number_of(xml_attribute(attributes, "r"));

	x->row = row > 0 ? row : x->row + 1; /* from 1, until its cells come */
	x->column = 0;
	x->hidden = is_true(xml_attribute(attributes, "hidden"));
	x->late = x->late || (x->row % ROWS_A_CHECK == 0 && request_is_late());
}

static char
type_of(const char *type)
{
	if (!type)
		return 'n';
	if (strcmp(type, "str") == 0)
		return 'S';
	if (strcmp(type, "inlineStr") == 0)
		return 'i';
	return *type;
}

static void
begin_cell(struct sheet *x, const char **attributes)
{
	const char *name = xml_attribute(attributes, "r");
	size_t row, column;

	if (name && read_cell_name(name, &row, &column)) {
		x->row = row + 1;
		x->column = column;
	}
	x->style = number_of(xml_attribute(attributes, "s"));
	x->type = type_of(xml_attribute(attributes, "t"));
	x->calculated = false;
	buf_clear(&x->value);
	buf_clear(&x->formula);
}

static void
show_number(struct sheet *x, const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (*end) /* it is no number */
		buf_str(&x->shown, text);
	else
		number_format_put(xlsx_book_format(x->b, x->style), value, x->b->from_1904, &x->shown);
}

/* An ISO 8601 date; midnight is no time. */
static void
show_date(struct sheet *x, const char *text)
{
	const char *time = strstr(text, "T00:00:00");

	buf_add(&x->shown, text, time ? (size_t)(time - text) : strlen(text));
}

static void
show_string(struct sheet *x, const char *number)
{
	size_t i = strtoul(number, NULL, 10);

	if (i < x->b->string_count)
		buf_str(&x->shown, x->b->texts.data + x->b->strings[i]);
	else if (x->b->damaged || *number)
		doc_missing(x->d, "strings");
}

static void
show_cell(struct sheet *x)
{
	const char *text = x->value.len ? x->value.data : "";

	buf_clear(&x->shown);
	if (x->value.len == 0 && x->formula.len > 0 && x->type != 'S') {
		/* No program has calculated it yet. */
		buf_printf(&x->shown, "=%s", x->formula.data);
		doc_missing(x->d, "results of formulas");
	} else if (x->type == 's')
		show_string(x, text);
	else if (x->type == 'b')
		buf_str(&x->shown, is_true(text) ? "TRUE" : x->value.len ? "FALSE" : "");
	else if (x->type == 'd')
		show_date(x, text);
	else if (x->type == 'n' && x->value.len)
		show_number(x, text);
	else
		xlsx_text_put(text, x->value.len, &x->shown);
}

static void
end_cell(struct sheet *x)
{
	if (x->value.len == 0 && x->formula.len == 0) {
		if (x->calculated && x->type != 'S')
			doc_missing(x->d, "results of formulas");
		x->column++;
		return;
	}
	if (x->hidden)
		doc_missing(x->d, "hidden rows");
	else if (x->late)
		x->table.cut = true;
	else {
		show_cell(x);
		sheet_table_add(&x->table, x->row - 1, x->column, x->shown.data, x->shown.len);
	}
	x->column++;
}

static void
add_link(struct sheet *x, const char **attributes)
{
	struct link one = {.url = opc_url(x->rels, xml_relation_id(attributes))};

	if (!one.url || !read_range(xml_attribute(attributes, "ref"), &one.range) || x->link_count == LINKS)
		return;
	x->links = buf_grow(x->links, x->link_count, sizeof(*x->links));
	x->links[x->link_count++] = one;
}

/* --- the part --- */

static bool
is_header(const char *name)
{
	return word_is_one_of(name, "oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter");
}

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct sheet *x = arg;
	struct sheet_range range;

	if (x->ignore || strcmp(name, "rPh") == 0 || strcmp(name, "extLst") == 0) {
		x->ignore++;
		return;
	}
	if (strcmp(name, "c") == 0)
		begin_cell(x, attributes);
	else if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0)
		x->in_value = true;
	else if (strcmp(name, "f") == 0)
		x->in_formula = x->calculated = true;
	else if (strcmp(name, "row") == 0)
		begin_row(x, attributes);
	else if (strcmp(name, "col") == 0)
		hide_columns(x, attributes);
	else if (strcmp(name, "mergeCell") == 0 && read_range(xml_attribute(attributes, "ref"), &range))
		sheet_table_merge(&x->table, &range);
	else if (strcmp(name, "hyperlink") == 0)
		add_link(x, attributes);
	else if (strcmp(name, "oleObject") == 0)
		doc_missing(x->d, "embedded objects");
	x->in_header = is_header(name);
}

static void
on_end(void *arg, const char *name)
{
	struct sheet *x = arg;

	if (x->ignore)
		x->ignore--;
	else if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0)
		x->in_value = false;
	else if (is_header(name))
		x->in_header = false;
	else if (strcmp(name, "f") == 0)
		x->in_formula = false;
	else if (strcmp(name, "c") == 0)
		end_cell(x);
}

static void
on_text(void *arg, const char *s, size_t n)
{
	struct sheet *x = arg;
	struct buf *out = x->in_value ? &x->value : &x->formula;

	if (x->in_header && !x->ignore)
		doc_missing(x->d, "headers and footers");
	if (x->ignore || (!x->in_value && !x->in_formula))
		return;
	if (out->len + n <= CELL)
		buf_add(out, s, n);
	else
		x->table.cut = true;
}

void
xlsx_sheet_put(const struct xlsx_book *b, const struct member_one *sheet, const struct opc_relations *rels,
	       struct doc *d, size_t *left)
{
	struct sheet *x = buf_alloc(sizeof(*x));

	*x = (struct sheet){.b = b, .rels = rels, .d = d};
	sheet_table_begin(&x->table);
	if (!xml_read(&(struct xml_reader){.begin = on_begin, .end = on_end, .text = on_text, .arg = x}, sheet->bytes,
		      sheet->n))
		x->table.cut = true; /* what was read is kept */
	for (size_t i = 0; i < x->link_count; i++) {
		sheet_table_link(&x->table, &x->links[i].range, x->links[i].url);
		doc_link(d, x->links[i].url, NULL);
	}
	sheet_table_write(&x->table, d, left);
	sheet_table_free(&x->table);
	buf_free(&x->value);
	buf_free(&x->formula);
	buf_free(&x->shown);
	free(x->links);
	free(x);
}
