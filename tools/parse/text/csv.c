#include "text/csv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	COLUMNS = 1000,
	CELLS = 1 << 20, /* of the table, with empty ones */
	SAMPLE = 500,    /* records that tell the delimiter */
	REGULAR = 600,   /* of 1000 records, that have as many fields as most */
};

struct csv {
	const char *s;
	size_t n, at;
	char delimiter;
	bool literal; /* quotes are characters, since one of them has no end */
	struct buf text;
	size_t *starts; /* of the fields of a record, in TEXT */
	size_t count;
};

bool
csv_is_named(const struct request *r)
{
	static const char *const types[] = {"text/csv", "application/csv", "text/tab-separated-values"};

	if (request_is_named(r, " csv tsv tab psv "))
		return true;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strncasecmp(r->type, types[i], strlen(types[i])) == 0 ||
		    (strncmp(r->mime, types[i], strlen(types[i])) == 0 && !request_is_named(r, " txt md log ")))
			return true;
	return false;
}

/* --- records --- */

static void
begin_field(struct csv *c)
{
	c->starts = buf_grow(c->starts, c->count, sizeof(*c->starts));
	c->starts[c->count++] = c->text.len;
}

/* The end of the quoted text that begins at AT, behind its last quote; 0 if it has none. */
static size_t
read_quoted(struct csv *c, size_t at)
{
	while (at < c->n) {
		const char *quote = memchr(c->s + at, '"', c->n - at);
		size_t end = quote ? (size_t)(quote - c->s) : c->n;

		buf_add(&c->text, c->s + at, end - at);
		if (end == c->n)
			return 0;
		if (end + 1 == c->n || c->s[end + 1] != '"')
			return end + 1;
		buf_str(&c->text, "\"");
		at = end + 2;
	}
	return 0;
}

static void
read_field(struct csv *c)
{
	size_t end;

	begin_field(c);
	if (!c->literal && c->at < c->n && c->s[c->at] == '"') {
		end = read_quoted(c, c->at + 1);
		c->literal = end == 0;
		if (c->literal)
			c->text.len = c->starts[c->count - 1];
		else
			c->at = end;
	}
	for (end = c->at; end < c->n && c->s[end] != c->delimiter && c->s[end] != '\n'; end++)
		;
	buf_add(&c->text, c->s + c->at, end - c->at);
	buf_add(&c->text, "", 1);
	c->at = end;
}

/* Reads the next record that is not an empty line. False at the end. */
static bool
next_record(struct csv *c)
{
	buf_clear(&c->text);
	c->count = 0;
	while (c->at < c->n && c->s[c->at] == '\n')
		c->at++;
	if (c->at >= c->n)
		return false;
	for (;;) {
		read_field(c);
		if (c->at >= c->n || c->s[c->at++] == '\n')
			return true;
	}
}

/* --- delimiters --- */

/* How regular the records are with this delimiter: the share of those that have as many fields as most, in thousandths;
 * 0 if that is one. */
static unsigned
measure(struct csv c, char delimiter)
{
	unsigned counts[COLUMNS + 1] = {0}, records = 0;
	size_t best = 1;

	c.delimiter = delimiter;
	c.text = (struct buf){0};
	c.starts = NULL;
	for (; records < SAMPLE && next_record(&c); records++) {
		size_t fields = c.count < COLUMNS ? c.count : COLUMNS;

		if (++counts[fields] > counts[best] || (counts[fields] == counts[best] && fields > best))
			best = fields;
	}
	buf_free(&c.text);
	free(c.starts);
	return best > 1 ? counts[best] * 1000 / records : 0;
}

/* "sep=;" in the first line is how spreadsheets are told. */
static bool
take_stated(struct csv *c)
{
	if (c->n < 6 || strncasecmp(c->s, "sep=", 4) != 0 || c->s[5] != '\n')
		return false;
	c->delimiter = c->s[4];
	c->at = 6;
	return true;
}

/* False if no delimiter makes regular records. */
static bool
find_delimiter(struct csv *c, bool tabs)
{
	const char *candidates = tabs ? "\t" : "\t;|,";
	unsigned best = REGULAR - 1, share;

	if (take_stated(c))
		return true;
	for (; *candidates; candidates++)
		if ((share = measure(*c, *candidates)) > best) {
			best = share;
			c->delimiter = *candidates;
		}
	return c->delimiter != '\0';
}

/* --- the table --- */

static void
put_record(const struct csv *c, size_t columns, struct md *md)
{
	for (size_t i = 0; i < columns; i++) {
		const char *field = i < c->count ? c->text.data + c->starts[i] : "";

		md_cell_begin(md);
		md_text(md, field, strlen(field));
		md_cell_end(md, 1);
	}
	md_row(md, columns);
}

bool
csv_put(const struct request *r, const char *text, size_t n, struct doc *d)
{
	struct csv c = {.s = text, .n = n};
	bool tabs = request_is_named(r, " tsv tab ") || strncasecmp(r->type, "text/tab-", 9) == 0;
	size_t columns = 0, rows = 0, first;

	if (!find_delimiter(&c, tabs))
		return false;
	for (first = c.at; next_record(&c);)
		columns = c.count > columns ? c.count : columns;
	if (columns > COLUMNS) {
		columns = COLUMNS;
		d->truncated = true;
	}
	c.at = first;
	c.literal = false;
	md_table(&d->md);
	for (; columns > 0 && next_record(&c); rows++) {
		if ((rows + 1) * columns > CELLS || d->md.full) {
			d->truncated = true;
			break;
		}
		put_record(&c, columns, &d->md);
	}
	md_block(&d->md);
	doc_meta_number(d, "rows", (double)rows);
	doc_meta_number(d, "columns", (double)columns);
	buf_free(&c.text);
	free(c.starts);
	return true;
}
