#include "naming.h"

#include <string.h>

#include "base/file_name.h"
#include "base/hash.h"
#include "records/rec.h"
#include "store.h"

/* The member of a choice that has its name in the export. */
static const char named[] = "named";

/* The choice of CHOICES, before number END, that has FILE; NULL: none. */
static struct json_object *
find_choice(struct json_object *choices, size_t end, const char *file)
{
	for (size_t i = 0; i < end; i++) {
		struct json_object *o = json_object_array_get_idx(choices, i);

		if (strcmp(choice_text(o, "file"), file) == 0)
			return o;
	}
	return NULL;
}

/* The key of a sample: keys end at the first dot. */
static void
make_key(struct buf *name)
{
	name->data[name->len = file_name_extension(name->data)] = '\0';
	for (char *c = name->data; (c = strchr(c, '.'));)
		*c = ',';
}

static void
name_files(struct naming *n, struct names *taken, const char *id, struct json_object *choices)
{
	struct buf name = {0};

	for (size_t i = 0; i < json_object_array_length(choices); i++) {
		struct json_object *o = json_object_array_get_idx(choices, i);
		const char *file = choice_text(o, "file");
		struct json_object *same = find_choice(choices, i, file);

		if (!same) {
			names_print(&name, n->template, id, o, file + HASH_HEX + 1);
			if (n->samples)
				make_key(&name);
			names_take(taken, &name);
		}
		rec_add_string(o, named, same ? choice_text(same, named) : name.data);
	}
	buf_free(&name);
}

void
naming_begin(struct naming *n, const char *place, struct json_object *choices, struct buf *folder)
{
	const char *slash = strchr(place, '/'), *id = slash ? slash + 1 : place;
	struct names taken = {0};
	struct buf metadata = {0}, name = {0};

	buf_clear(folder);
	if (!n->template) {
		buf_str(folder, place);
		return;
	}
	if (n->samples) {
		name_files(n, &n->taken, id, choices);
		return;
	}
	file_name_portable(&name, id);
	buf_printf(folder, "%.*s%s", (int)(id - place), place, name.data);
	names_take(&n->taken, folder);
	buf_str(&metadata, "metadata.json");
	names_take(&taken, &metadata);
	name_files(n, &taken, id, choices);
	names_free(&taken);
	buf_free(&metadata);
	buf_free(&name);
}

void
naming_file(const struct naming *n, const char *place, struct json_object *choices, const char *file, struct buf *out)
{
	if (n->template) {
		buf_str(out, choice_text(find_choice(choices, json_object_array_length(choices), file), named));
		return;
	}
	for (const char *p = place; n->samples && *p; p++)
		buf_add(out, *p == '.' || *p == '/' ? "," : p, 1);
	if (n->samples)
		buf_printf(out, "_%.*s", (int)HASH_HEX, file);
	else
		buf_str(out, file);
}

void
naming_extension(const char *file, struct buf *out)
{
	const char *ext = file + HASH_HEX + 1;

	buf_printf(out, ".%s%s", strcmp(ext, "json") == 0 ? "file." : "", ext);
}

void
naming_metadata(const struct naming *n, const char *id, struct json_object *choices, struct buf *out)
{
	struct json_object *copy = NULL;
	struct buf name = {0};

	if (!n->template || json_object_deep_copy(choices, &copy, NULL) < 0) {
		store_print(id, choices, out);
		return;
	}
	for (size_t i = 0; i < json_object_array_length(copy); i++) {
		struct json_object *o = json_object_array_get_idx(copy, i);

		buf_clear(&name);
		buf_str(&name, choice_text(o, named));
		if (n->samples)
			naming_extension(choice_text(o, "file"), &name);
		rec_add_string(o, "file", name.data);
		json_object_object_del(o, named);
	}
	store_print(id, copy, out);
	json_object_put(copy);
	buf_free(&name);
}
