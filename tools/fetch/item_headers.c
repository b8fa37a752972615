#include "item_headers.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/words.h"
#include "records/rec.h"

const char *
item_headers_check(const char *line)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	/* How a request ends, and which bytes it asks for, is not the item's to say. */
	static const char *const ours[] = {"Connection", "Content-Length",    "Expect",  "If-Range", "Range",
					   "TE",         "Transfer-Encoding", "Upgrade", NULL};
	size_t n = strspn(line, token);

	if (n == 0 || line[n] != ':')
		return "is not NAME: VALUE";
	if (word_is_in_any_case(line, n, ours))
		return "is one that no item may have";
	for (const char *c = line + n; *c; c++)
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
			return "has a control character";
	return line[n + 1 + strspn(line + n + 1, " \t")] ? NULL : "has no value";
}

/* Adds a line, whose words are the item's. Returns what is wrong. */
static const char *
add_line(struct buf *lines, const char *text, size_t n)
{
	struct buf line = {0};
	const char *wrong;

	buf_add(&line, text, n);
	wrong = strlen(line.data) != n ? "has a NUL" : item_headers_check(line.data);
	if (!wrong)
		buf_printf(lines, "%s%s", lines->len ? "\n" : "", line.data);
	buf_free(&line);
	return wrong;
}

static const char *
take_headers(struct json_object *headers, struct buf *lines)
{
	struct buf line = {0};
	const char *wrong = NULL;

	if (json_object_is_type(headers, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(headers) && !wrong; i++) {
			struct json_object *one = json_object_array_get_idx(headers, i);

			wrong = json_object_is_type(one, json_type_string)
					? add_line(lines, json_object_get_string(one),
						   (size_t)json_object_get_string_len(one))
					: "is no string";
		}
		return wrong;
	}
	if (!json_object_is_type(headers, json_type_object))
		return "are neither an object nor an array";
	json_object_object_foreach(headers, name, value)
	{
		buf_clear(&line);
		buf_printf(&line, "%s: ", name);
		buf_add(&line, json_object_get_string(value), (size_t)json_object_get_string_len(value));
		if (!wrong)
			wrong = json_object_is_type(value, json_type_string) ? add_line(lines, line.data, line.len)
									     : "is no string";
	}
	buf_free(&line);
	return wrong;
}

static const char *
take_cookies(struct json_object *cookies, struct buf *lines)
{
	struct buf line = {0};
	const char *wrong = NULL;

	buf_str(&line, "Cookie: ");
	if (json_object_is_type(cookies, json_type_string)) {
		buf_add(&line, json_object_get_string(cookies), (size_t)json_object_get_string_len(cookies));
	} else if (json_object_is_type(cookies, json_type_object)) {
		json_object_object_foreach(cookies, name, value)
		{
			bool is_text = json_object_is_type(value, json_type_string);

			if (!is_text || name[strcspn(name, "=; \t")] || strchr(json_object_get_string(value), ';'))
				wrong = "are no names and values";
			else
				buf_printf(&line, "%s%s=%s", strchr(line.data, '=') ? "; " : "", name,
					   json_object_get_string(value));
		}
	} else {
		wrong = "are neither a string nor an object";
	}
	if (!wrong)
		wrong = strchr(line.data, '=') ? add_line(lines, line.data, line.len) : "are not NAME=VALUE";
	buf_free(&line);
	return wrong;
}

const char *
item_headers_take(struct json_object *item, struct buf *lines, char *why, size_t room)
{
	struct json_object *headers = NULL, *cookies = NULL;
	const char *wrong = NULL, *of = "headers";

	/* What a record of ours has, which does not say them. */
	if (json_object_object_get_ex(item, "headers", &headers) && json_object_is_type(headers, json_type_boolean))
		headers = NULL;
	json_object_object_get_ex(item, "cookies", &cookies);
	if (headers)
		wrong = take_headers(headers, lines);
	if (cookies && !wrong) {
		of = "cookies";
		wrong = take_cookies(cookies, lines);
	}
	if (headers || cookies)
		json_object_object_add(item, "headers", json_object_new_boolean(true));
	json_object_object_del(item, "cookies");
	if (!wrong)
		return NULL;
	snprintf(why, room, "one of its %s %s", of, wrong);
	return why;
}
