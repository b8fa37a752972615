#include "list_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/msg.h"
#include "base/utf8.h"
#include "records/list_line.h"
#include "records/table_head.h"

enum { SHOWN = 200, DIGITS_MAX = 18 };

struct list_table {
	const char *name;
	char *column; /* in lower case; NULL: none was named */
	struct table_input *rows;
	struct table_head head;
	struct json_object *json; /* of the row returned last */
	char *shown;              /* of a bad row */
	int trouble;
};

/* The members that name the bytes of an item. */
static const char *const places[] = {"url", "file", "media"};

struct list_table *
list_table_open(const char *name, int fd, char separator, const char *column)
{
	struct list_table *t = buf_alloc(sizeof(*t));

	*t = (struct list_table){.name = name, .rows = table_input_new(fd, separator)};
	t->column = column ? buf_strdup(column) : NULL;
	for (char *p = t->column; p && *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 'a' - 'A');
	return t;
}

void
list_table_close(struct list_table *t)
{
	if (!t)
		return;
	table_input_close(t->rows);
	table_head_free(&t->head);
	json_object_put(t->json);
	free(t->shown);
	free(t->column);
	free(t);
}

int
list_table_fill(struct list_table *t)
{
	return table_input_fill(t->rows) < 0 ? -1 : 0;
}

int
list_table_trouble(const struct list_table *t)
{
	return t->trouble;
}

/* --- the first row --- */

/* Reports why the table cannot be used. */
static enum rec_kind
refuse_table(struct list_table *t, const char *why)
{
	msg_warn("nothing was taken from the list '%s': %s", t->name, why);
	t->trouble = EX_DATAERR;
	return REC_EOF;
}

static bool
is_place(const char *column)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (strcmp(column, places[i]) == 0)
			return true;
	return false;
}

/* Checks that the table has a column that names the bytes. */
static bool
check_columns(struct list_table *t)
{
	bool found = t->column && table_head_has(&t->head, t->column);
	struct buf why = {0};

	for (size_t i = 0; !t->column && i < sizeof(places) / sizeof(*places); i++)
		found = found || table_head_has(&t->head, places[i]);
	if (found)
		return true;
	if (t->column)
		buf_printf(&why, "it has no column '%s'", t->column);
	else
		buf_str(&why, "it has no column url, file or media: name the one that has the URLs with --column");
	buf_str(&why, "; its columns are ");
	for (size_t i = 0; i < t->head.count && why.len < 400; i++)
		buf_printf(&why, "%s'%.60s'", i ? ", " : "", t->head.names[i]);
	utf8_replace_invalid(why.data);
	refuse_table(t, why.data);
	buf_free(&why);
	return false;
}

/* --- a row --- */

static enum rec_kind
refuse_row(struct list_table *t, const struct table_row *row, const char *wrong, struct rec *out)
{
	const char *text = row->count ? row->cells[0] : "";

	free(t->shown);
	t->shown = utf8_copy_line(text, strlen(text), SHOWN);
	out->kind = REC_BAD;
	out->code = "bad_row";
	out->text = t->shown;
	out->len = strlen(t->shown);
	snprintf(out->wrong, sizeof(out->wrong), "line %llu %s", row->line, wrong);
	return out->kind;
}

/* Handles the member KEY like a line of a list; a member of only blanks is removed. */
static void
clean_member(struct json_object *o, const char *key)
{
	const char *value = rec_string(o, key);
	struct buf text = {0};

	if (!value)
		return;
	buf_str(&text, value);
	if (list_line_clean(&text))
		rec_add_string(o, key, text.data);
	else
		json_object_object_del(o, key);
	buf_free(&text);
}

/* Makes the cell of the chosen column the URL or the file of the item. */
static void
place_column(const struct list_table *t, struct json_object *o)
{
	struct json_object *value, *url;

	if (is_place(t->column) || !json_object_object_get_ex(o, t->column, &value))
		return;
	json_object_get(value);
	json_object_object_del(o, t->column);
	if (json_object_object_get_ex(o, "url", &url) && !json_object_object_get_ex(o, "page", NULL))
		json_object_object_add(o, "page", json_object_get(url));
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		json_object_object_del(o, places[i]);
	json_object_object_add(o, strstr(json_object_get_string(value), "://") ? "url" : "file", value);
}

/* Members that are numbers in records (bi-records(5)). */
static void
make_numbers(struct json_object *o)
{
	static const char *const keys[] = {"bytes",          "rank",           "score",          "author_count",
					   "original_bytes", "original_width", "original_height"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const char *value = rec_string(o, keys[i]);
		size_t n = value ? strlen(value) : 0;

		if (n > 0 && n <= DIGITS_MAX && strspn(value, "0123456789") == n)
			json_object_object_add(o, keys[i], json_object_new_int64(strtoll(value, NULL, 10)));
	}
}

/* False: the row is empty, or is a comment. */
static bool
take_row(struct list_table *t, const struct table_row *row, struct rec *out)
{
	char wrong[160];

	if (row->cells[0][0] == '#')
		return false;
	t->json = table_head_object(&t->head, row, wrong, sizeof(wrong));
	if (!t->json) {
		if (*wrong)
			refuse_row(t, row, wrong, out);
		return *wrong;
	}
	if (t->column)
		clean_member(t->json, t->column);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		clean_member(t->json, places[i]);
	if (t->column)
		place_column(t, t->json);
	make_numbers(t->json);
	out->kind = REC_JSON;
	out->json = t->json;
	out->text = rec_print(t->json);
	out->len = strlen(out->text);
	return true;
}

static enum rec_kind
end_table(struct list_table *t)
{
	switch (table_input_kind(t->rows)) {
	case TABLE_INPUT_UTF16:
		return refuse_table(t, "it is UTF-16: save it as UTF-8, or convert it with iconv -f UTF-16 -t UTF-8");
	case TABLE_INPUT_ARRAY:
		return refuse_table(t, "it is a JSON array and no table: jq -c '.[]' makes lines of records of it");
	default:
		return REC_EOF;
	}
}

enum rec_kind
list_table_next(struct list_table *t, struct rec *out)
{
	enum table_input_next what;
	struct table_row row;

	*out = (struct rec){0};
	json_object_put(t->json);
	t->json = NULL;
	while (!t->trouble) {
		what = table_input_try(t->rows, &row);
		out->line = row.line;
		if (what == TABLE_INPUT_MORE)
			return out->kind = REC_MORE;
		if (what == TABLE_INPUT_END)
			return out->kind = end_table(t);
		if (table_input_kind(t->rows) == TABLE_INPUT_LINES)
			return out->kind = refuse_table(t, "it has lines of JSON and is no table: leave out "
							   "--list-format and --column");
		if (what == TABLE_INPUT_BAD)
			return refuse_row(t, &row, row.wrong, out);
		if (!t->head.names) {
			table_head_take(&t->head, &row);
			check_columns(t);
		} else if (take_row(t, &row, out)) {
			return out->kind;
		}
	}
	return out->kind = REC_EOF;
}
