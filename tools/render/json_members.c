#include "json_members.h"

#include "records/rec.h"

bool
json_is_scalar(struct json_object *v)
{
	enum json_type t = json_object_get_type(v);

	return t == json_type_string || t == json_type_int || t == json_type_double || t == json_type_boolean;
}

void
json_copy_text(struct json_object *to, const char *key, struct json_object *from, struct json_object * or)
{
	struct json_object *v;

	if ((json_object_object_get_ex(from, key, &v) && json_is_scalar(v)) ||
	    (or &&json_object_object_get_ex(or, key, &v) && json_is_scalar(v)))
		rec_add_filled(to, key, json_object_get_string(v));
}

void
json_add_joined(struct json_object *to, const char *key, struct json_object *from)
{
	struct json_object *v;
	struct buf all = {0};

	if (!json_object_object_get_ex(from, key, &v) || !json_object_is_type(v, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(v); i++) {
		struct json_object *one = json_object_array_get_idx(v, i);

		if (json_is_scalar(one))
			buf_printf(&all, "%s%s", all.len ? ", " : "", json_object_get_string(one));
	}
	rec_add_filled(to, key, all.data);
	buf_free(&all);
}

void
json_add_count(struct json_object *to, const char *key, uint32_t n)
{
	json_object_object_add(to, key, json_object_new_int64(n));
}

void
json_print_line(struct json_object *o, struct buf *out)
{
	buf_str(out, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	buf_str(out, "\n");
	json_object_put(o);
}

void
json_add_true(struct json_object *to, const char *key, bool is)
{
	if (is)
		json_object_object_add(to, key, json_object_new_boolean(true));
}
