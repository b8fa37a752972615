#include "relations.h"

#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "records/rec.h"
#include "xml.h"

enum { RELATIONS = 50000 };

struct reading {
	struct relations *r;
	const char *source;
};

/* Resolves TARGET against the directory of the part SOURCE: "../media/1.png" in "word/document.xml". */
static void
resolve(const char *source, const char *target, struct buf *out)
{
	const char *slash = strrchr(source, '/');

	buf_str(out, "");
	if (*target != '/' && slash)
		buf_add(out, source, (size_t)(slash - source) + 1);
	while (*target) {
		size_t n = strcspn(target, "/");

		if (n == 2 && strncmp(target, "..", 2) == 0) {
			size_t len = out->len > 0 ? out->len - 1 : 0;

			while (len > 0 && out->data[len - 1] != '/')
				len--;
			out->len = len;
			out->data[len] = '\0';
		} else if (n > 0 && !(n == 1 && *target == '.')) {
			buf_add(out, target, n);
			buf_str(out, target[n] ? "/" : "");
		}
		target += n + (target[n] == '/');
	}
}

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct reading *x = arg;
	const char *id = xml_attribute(attributes, "Id"), *target = xml_attribute(attributes, "Target"),
		   *type = xml_attribute(attributes, "Type"), *mode = xml_attribute(attributes, "TargetMode"), *end;
	bool outside = target && ((mode && strcmp(mode, "External") == 0) || strstr(target, "://"));
	struct buf part = {0};

	if (strcmp(name, "Relationship") != 0 || !id || !target ||
	    json_object_object_length(x->r->targets) >= RELATIONS)
		return;
	if (outside)
		buf_str(&part, target);
	else
		resolve(x->source, target, &part);
	rec_add_string(x->r->targets, id, part.data);
	if (outside)
		json_object_object_add(x->r->outside, id, json_object_new_boolean(1));
	end = type ? strrchr(type, '/') : NULL;
	if (end && !outside && !json_object_object_get_ex(x->r->types, end + 1, NULL))
		rec_add_string(x->r->types, end + 1, part.data);
	buf_free(&part);
}

static void
on_end(void *arg, const char *name)
{
	(void)arg, (void)name;
}

static void
on_text(void *arg, const char *text, size_t n)
{
	(void)arg, (void)text, (void)n;
}

void
relations_read(const struct members *m, const char *source, struct relations *r)
{
	const char *slash = strrchr(source, '/');
	int directory = slash ? (int)(slash - source) + 1 : 0;
	const struct member_one *part;
	struct buf name = {0};

	*r = (struct relations){json_object_new_object(), json_object_new_object(), json_object_new_object()};
	buf_printf(&name, "%.*s_rels/%s.rels", directory, source, source + directory);
	part = members_find(m, name.data);
	if (part)
		xml_read(&(struct xml_reader){on_begin, on_end, on_text, &(struct reading){r, source}}, part->bytes,
			 part->n);
	buf_free(&name);
}

void
relations_free(struct relations *r)
{
	json_object_put(r->targets);
	json_object_put(r->types);
	json_object_put(r->outside);
	*r = (struct relations){0};
}

const char *
relations_target(const struct relations *r, const char *id)
{
	return id ? rec_string(r->targets, id) : NULL;
}

const char *
relations_of_type(const struct relations *r, const char *type)
{
	return rec_string(r->types, type);
}

bool
relations_is_outside(const struct relations *r, const char *id)
{
	return id && json_object_object_get_ex(r->outside, id, NULL);
}

bool
relations_wants(const char *name)
{
	return word_ends_in(name, ".rels");
}
