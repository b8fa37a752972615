/* What an item says, field by field, in the forms that its sources have. */
#include <string.h>
#include <strings.h>

#include "records/rec.h"
#include "review/credit_internal.h"

/* The value of a field of Commons. It is an object if it has several languages; English comes first. */
static struct json_object *
one_language(struct json_object *value)
{
	struct json_object *v;

	if (!json_object_is_type(value, json_type_object))
		return value;
	if (json_object_object_get_ex(value, "en", &v) && json_object_is_type(v, json_type_string))
		return v;
	json_object_object_foreach(value, language, words)
	{
		if (language[0] != '_' && json_object_is_type(words, json_type_string))
			return words;
	}
	return NULL;
}

struct json_object *
credit_value(struct json_object *item, const char *key, const char *field)
{
	struct json_object *v = NULL, *all;

	if (json_object_object_get_ex(item, key, &v) && v &&
	    !(json_object_is_type(v, json_type_string) && json_object_get_string_len(v) == 0))
		return v;
	if (!field || !json_object_object_get_ex(item, "extmetadata", &all) ||
	    !json_object_is_type(all, json_type_object) || !json_object_object_get_ex(all, field, &v) ||
	    !json_object_is_type(v, json_type_object) || !json_object_object_get_ex(v, "value", &v))
		return NULL;
	return one_language(v);
}

const char *
credit_value_text(struct json_object *v)
{
	enum json_type t = json_object_get_type(v);

	return t == json_type_string || t == json_type_int || t == json_type_double ? json_object_get_string(v) : NULL;
}

bool
credit_is_true(struct json_object *v, bool otherwise)
{
	const char *s =
		v && json_object_is_type(v, json_type_boolean) ? json_object_get_string(v) : credit_value_text(v);

	if (!s || !*s)
		return otherwise;
	return strcasecmp(s, "false") != 0 && strcmp(s, "0") != 0 && strcasecmp(s, "no") != 0;
}

void
credit_add_note(struct json_object *notes, const char *note, const char *what)
{
	struct buf text = {0};

	if (what) {
		buf_str(&text, note);
		credit_text(&text, what);
	}
	json_object_array_add(notes, json_object_new_string(what ? text.data : note));
	buf_free(&text);
}

bool
credit_add_url(struct buf *out, const char *url)
{
	static const char keep[] =
		"!#$%&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz~";

	buf_clear(out);
	url += strspn(url, " \t\r\n");
	if (url[0] == '/' && url[1] == '/')
		buf_str(out, "https:");
	else if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
		return false;
	for (; *url && !strchr(" \t\r\n", *url); url++) {
		if (strchr(keep, *url))
			buf_add(out, url, 1);
		else
			buf_printf(out, "%%%02X", (unsigned char)*url);
	}
	return url[strspn(url, " \t\r\n")] == '\0';
}
