#include "html/linked_data.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/msg.h"
#include "html/url.h"

struct listener {
	linked_data_found *found;
	void *arg;
};

/* A string member that is not empty, or NULL. */
static struct json_object *
text_member(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(o, key, &value) || !json_object_is_type(value, json_type_string) ||
	    json_object_get_string_len(value) == 0)
		return NULL;
	return value;
}

static const char *
title_of(struct json_object *o)
{
	struct json_object *title = text_member(o, "caption");

	if (!title)
		title = text_member(o, "name");
	return title ? json_object_get_string(title) : NULL;
}

static void
say(const struct listener *s, const char *kind, struct json_object *url, const char *title)
{
	if (json_object_get_string_len(url) > 0)
		s->found(s->arg, kind, json_object_get_string(url), (size_t)json_object_get_string_len(url), title);
}

/* Whether TYPE is the name of a class, or its whole address: "schema:ImageObject". */
static bool
is_class(struct json_object *type, const char *name)
{
	const char *text = json_object_is_type(type, json_type_string) ? json_object_get_string(type) : "";
	size_t n = strlen(text), k = strlen(name);

	return n >= k && strcmp(text + n - k, name) == 0 && (n == k || strchr("/#:", text[n - k - 1]));
}

static bool
has_class(struct json_object *o, const char *name)
{
	struct json_object *type = NULL;

	if (!json_object_object_get_ex(o, "@type", &type))
		return false;
	if (!json_object_is_type(type, json_type_array))
		return is_class(type, name);
	for (size_t i = 0; i < json_object_array_length(type); i++)
		if (is_class(json_object_array_get_idx(type, i), name))
			return true;
	return false;
}

/* NULL: it does not say so. */
static const char *
kind_of(struct json_object *o)
{
	struct json_object *format = text_member(o, "encodingFormat");

	if (has_class(o, "ImageObject"))
		return "image";
	if (has_class(o, "VideoObject"))
		return "video";
	if (has_class(o, "AudioObject"))
		return "audio";
	return format ? url_kind_of_type(json_object_get_string(format)) : NULL;
}

/* An image: its address, an object that has it, or a list of these. */
static void
take_image(const struct listener *s, struct json_object *value)
{
	struct json_object *url;

	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			take_image(s, json_object_array_get_idx(value, i));
	} else if (json_object_is_type(value, json_type_string)) {
		say(s, "image", value, NULL);
	} else if (json_object_is_type(value, json_type_object)) {
		url = text_member(value, "contentUrl");
		url = url ? url : text_member(value, "url");
		url = url ? url : text_member(value, "@value");
		if (url)
			say(s, "image", url, title_of(value));
	}
}

/* Addresses of what O itself is: one, or a list. */
static void
take_content(const struct listener *s, struct json_object *o, struct json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		say(s, kind_of(o), value, title_of(o));
	for (size_t i = 0; json_object_is_type(value, json_type_array) && i < json_object_array_length(value); i++) {
		struct json_object *one = json_object_array_get_idx(value, i);

		if (json_object_is_type(one, json_type_string))
			say(s, kind_of(o), one, title_of(o));
	}
}

static void walk(const struct listener *s, struct json_object *value);

static void
look_at(const struct listener *s, struct json_object *o)
{
	if (!json_object_object_get_ex(o, "contentUrl", NULL) && has_class(o, "ImageObject"))
		take_image(s, o);
	json_object_object_foreach(o, key, value)
	{
		if (strcmp(key, "@context") == 0)
			continue; /* it defines terms, and has no data */
		if (strcmp(key, "contentUrl") == 0)
			take_content(s, o, value);
		else if (strcmp(key, "image") == 0 || strcmp(key, "thumbnailUrl") == 0)
			take_image(s, value);
		walk(s, value);
	}
}

/* Recursion is no deeper than LINKED_DATA_DEPTH. */
static void
walk(const struct listener *s, struct json_object *value)
{
	if (json_object_is_type(value, json_type_object))
		look_at(s, value);
	for (size_t i = 0; json_object_is_type(value, json_type_array) && i < json_object_array_length(value); i++)
		walk(s, json_object_array_get_idx(value, i));
}

/* json-c accepts more than JSON, such as the line ends in strings that pages have in JSON-LD by mistake. Text before
 * the first bracket and after the last is ignored, since pages have comments there. */
void
linked_data_find(const char *text, size_t n, linked_data_found *found, void *arg)
{
	struct json_tokener *t;
	struct json_object *o;

	while (n > 0 && *text != '{' && *text != '[') {
		size_t skip = n > 8 && strncmp(text, "<![CDATA[", 9) == 0 ? 9 : 1;

		text += skip;
		n -= skip;
	}
	if (n == 0 || n > LINKED_DATA_MAX)
		return;
	t = json_tokener_new_ex(LINKED_DATA_DEPTH);
	if (!t)
		msg_die(EX_OSERR, "out of memory");
	o = json_tokener_parse_ex(t, text, (int)n);
	if (!o && json_tokener_get_error(t) == json_tokener_continue)
		o = json_tokener_parse_ex(t, "\n", 2); /* ends a comment behind the last bracket */
	walk(&(struct listener){.found = found, .arg = arg}, o);
	json_object_put(o);
	json_tokener_free(t);
}
