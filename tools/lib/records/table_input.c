#include "records/table_input.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/msg.h"

enum { READ_AT_ONCE = 1 << 16 };

struct table_input {
	int fd;
	bool ended;
	bool skipping; /* inside a line that cannot be read */
	struct buf in;
	size_t at; /* where in IN the next row begins */
	unsigned long long line;
	enum table_input_kind kind;
	char separator;
	bool plain;      /* the first line has one cell */
	struct buf text; /* the text of the cells, each with a NUL */
	size_t *starts;  /* the offset of each cell in TEXT */
	char **cells;
	size_t count, room;
};

int
table_input_fill(struct table_input *r)
{
	ssize_t n;

	if (r->ended)
		return 0;
	buf_drop(&r->in, r->at);
	r->at = 0;
	do
		n = read(r->fd, buf_room(&r->in, READ_AT_ONCE), READ_AT_ONCE);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	r->in.len += (size_t)n;
	r->in.data[r->in.len] = '\0';
	r->ended = n == 0;
	return n > 0;
}

static void
read_more(struct table_input *r)
{
	if (table_input_fill(r) < 0)
		msg_die_errno(EX_IOERR, "cannot read the list");
}

/* --- the kind of input --- */

/* The separator of the first line: the one that occurs most often in it, outside of quotes. */
static char
find_separator(const char *text, size_t n, bool *found)
{
	static const char separators[] = ",;\t";
	size_t counts[sizeof(separators)] = {0}, best = 0;
	bool quoted = false;

	for (size_t i = 0; i < n && (quoted || text[i] != '\n'); i++) {
		const char *which = strchr(separators, text[i]);

		if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && text[i] && which)
			counts[which - separators]++;
	}
	for (size_t i = 1; i < sizeof(separators) - 1; i++)
		if (counts[i] > counts[best])
			best = i;
	*found = counts[best] > 0;
	return separators[best];
}

/* Sets the kind, once enough of the input was read. */
static void
detect_kind(struct table_input *r)
{
	const char *in = r->in.data ? r->in.data : "";
	size_t first;
	bool separated;
	char separator;

	if (!memchr(in, '\n', r->in.len) && r->in.len < TABLE_INPUT_ROW_MAX && !r->ended)
		return;
	if (r->in.len >= 2 && (memcmp(in, "\xff\xfe", 2) == 0 || memcmp(in, "\xfe\xff", 2) == 0)) {
		r->kind = TABLE_INPUT_UTF16;
		return;
	}
	r->at = r->in.len >= 3 && memcmp(in, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	first = r->at + strspn(in + r->at, " \t\r\n");
	if (first == r->in.len && !r->ended) {
		r->at = 0; /* for the next check */
		return;
	}
	if (first == r->in.len)
		r->kind = TABLE_INPUT_EMPTY;
	else if (in[first] == '{')
		r->kind = TABLE_INPUT_LINES;
	else if (in[first] == '[')
		r->kind = TABLE_INPUT_ARRAY;
	else
		r->kind = TABLE_INPUT_TABLE;
	separator = find_separator(in + first, r->in.len - first, &separated);
	r->plain = r->kind == TABLE_INPUT_TABLE && !separated;
	if (!r->separator)
		r->separator = separator;
}

struct table_input *
table_input_new(int fd, char separator)
{
	struct table_input *r = buf_alloc(sizeof(*r));

	*r = (struct table_input){.fd = fd, .line = 1, .separator = separator};
	return r;
}

struct table_input *
table_input_open(int fd)
{
	struct table_input *r = table_input_new(fd, '\0');

	for (detect_kind(r); r->kind == TABLE_INPUT_UNKNOWN; detect_kind(r))
		read_more(r);
	return r;
}

void
table_input_close(struct table_input *r)
{
	buf_free(&r->in);
	buf_free(&r->text);
	free(r->starts);
	free(r->cells);
	free(r);
}

enum table_input_kind
table_input_kind(const struct table_input *r)
{
	return r->kind;
}

bool
table_input_is_plain(const struct table_input *r)
{
	return r->plain;
}

void
table_input_as_lines(struct table_input *r)
{
	r->kind = TABLE_INPUT_LINES;
}

/* --- a row --- */

/* Reads the quoted cell at P. Returns its end, after its quote, or NULL if the end has not arrived. */
static const char *
take_quoted(struct table_input *r, const char *p, const char *end)
{
	for (;;) {
		const char *quote = memchr(p, '"', (size_t)(end - p));

		if (!quote)
			return NULL;
		buf_add(&r->text, p, (size_t)(quote - p));
		p = quote + 1;
		if (p == end && !r->ended)
			return NULL; /* it may be doubled */
		if (p == end || *p != '"')
			return p;
		buf_add(&r->text, "\"", 1);
		p++;
	}
}

/* Reads one cell from P on. Returns its end, at the separator or newline, or NULL if that has not arrived. */
static const char *
take_cell(struct table_input *r, const char *p, const char *end)
{
	const char *from;

	if (r->count == r->room) {
		r->room = r->room ? 2 * r->room : 16;
		r->starts = buf_realloc(r->starts, r->room * sizeof(*r->starts));
		r->cells = buf_realloc(r->cells, r->room * sizeof(*r->cells));
	}
	r->starts[r->count++] = r->text.len;
	if (r->kind == TABLE_INPUT_TABLE && p < end && *p == '"' && !(p = take_quoted(r, p + 1, end)))
		return NULL;
	from = p;
	while (p < end && *p != '\n' && (r->kind == TABLE_INPUT_LINES || *p != r->separator))
		p++;
	if (p == end && !r->ended)
		return NULL;
	buf_add(&r->text, from, (size_t)(p - from));
	/* The carriage return at the end of a line does not belong to the cell. */
	if ((p == end || *p == '\n') && p > from && p[-1] == '\r')
		r->text.len--;
	buf_add(&r->text, "", 1);
	return p;
}

/* Reads the row at AT. Returns where the next row begins, or NULL if the row has not arrived completely. */
static const char *
take_row(struct table_input *r)
{
	const char *p = r->in.data + r->at, *end = r->in.data + r->in.len;

	buf_clear(&r->text);
	r->count = 0;
	for (;;) {
		p = take_cell(r, p, end);
		if (!p)
			return NULL;
		if (p == end)
			return p;
		if (*p++ == '\n')
			return p;
	}
}

/* After an invalid row, continues with the next line, which may not have been read yet. */
static void
skip_line(struct table_input *r)
{
	char *newline = memchr(r->in.data + r->at, '\n', r->in.len - r->at);

	r->at = newline ? (size_t)(newline - r->in.data) + 1 : r->in.len;
	r->skipping = !newline && !r->ended;
	r->line += !r->skipping;
}

/* Finishes the row that ends before NEXT. */
static enum table_input_next
give_row(struct table_input *r, const char *next, struct table_row *out)
{
	const char *from = r->in.data + r->at;
	size_t n = (size_t)(next - from);

	out->line = r->line;
	if (memchr(from, '\0', n)) {
		out->wrong = "has a NUL byte in it";
		skip_line(r);
		return TABLE_INPUT_BAD;
	}
	for (const char *p = from; (p = memchr(p, '\n', (size_t)(next - p))); p++)
		r->line++;
	r->at += n;
	for (size_t i = 0; i < r->count; i++)
		r->cells[i] = r->text.data + r->starts[i];
	out->cells = r->cells;
	out->count = r->count;
	return TABLE_INPUT_ROW;
}

enum table_input_next
table_input_try(struct table_input *r, struct table_row *out)
{
	*out = (struct table_row){0};
	if (r->kind == TABLE_INPUT_UNKNOWN)
		detect_kind(r);
	if (r->kind == TABLE_INPUT_UNKNOWN)
		return TABLE_INPUT_MORE;
	if (r->kind != TABLE_INPUT_LINES && r->kind != TABLE_INPUT_TABLE)
		return TABLE_INPUT_END;
	if (r->skipping)
		skip_line(r);
	while (!r->skipping) {
		const char *next = r->at < r->in.len ? take_row(r) : NULL;
		enum table_input_next what;

		if (next && (size_t)(next - r->in.data) - r->at <= TABLE_INPUT_ROW_MAX) {
			what = give_row(r, next, out);
			if (what == TABLE_INPUT_ROW && r->count == 1 && r->text.len == 1)
				continue;
			return what;
		}
		if (!next && !r->ended && r->in.len - r->at <= TABLE_INPUT_ROW_MAX)
			return TABLE_INPUT_MORE;
		if (r->at >= r->in.len)
			return TABLE_INPUT_END;
		out->line = r->line;
		out->wrong = next || r->in.len - r->at > TABLE_INPUT_ROW_MAX
				     ? "is longer than 1 MiB, or a quote in it does not end"
				     : "has a quote that does not end";
		skip_line(r);
		return TABLE_INPUT_BAD;
	}
	return TABLE_INPUT_MORE;
}

enum table_input_next
table_input_next(struct table_input *r, struct table_row *out)
{
	enum table_input_next what;

	while ((what = table_input_try(r, out)) == TABLE_INPUT_MORE)
		read_more(r);
	return what;
}
