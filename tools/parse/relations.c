#include "relations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/words.h"
#include "xml.h"

struct reading {
	const char *source;
	struct relations *out;
};

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct reading *x = arg;
	struct relations *out = x->out;
	const char *id = xml_attribute(attributes, "Id"), *target = xml_attribute(attributes, "Target"),
		   *type = xml_attribute(attributes, "Type"), *mode = xml_attribute(attributes, "TargetMode"), *slash;
	struct relation one = {.outside = mode && strcasecmp(mode, "External") == 0};
	char part[MEMBER_NAME];

	if (strcmp(name, "Relationship") != 0 || !id || !target || out->count == RELATIONS_MAX)
		return;
	/* Some writers forget the mode. */
	one.outside = one.outside || strstr(target, "://");
	if (!one.outside && !members_resolve(x->source, target, part))
		return;
	slash = type ? strrchr(type, '/') : NULL;
	one.id = buf_strdup(id);
	one.type = buf_strdup(slash ? slash + 1 : type ? type : "");
	one.target = buf_strdup(one.outside ? target : part);
	out->v = buf_grow(out->v, out->count, sizeof(*out->v));
	out->v[out->count++] = one;
}

static const struct relations *sorted; /* for compare_ids() */

/* By id, and those of one id by their order. */
static int
compare_ids(const void *a, const void *b)
{
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	int order = strcmp(sorted->v[i].id, sorted->v[k].id);

	return order ? order : i < k ? -1 : i > k;
}

static void
sort_ids(struct relations *r)
{
	r->by_id = buf_alloc((r->count + 1) * sizeof(*r->by_id));
	for (size_t i = 0; i < r->count; i++)
		r->by_id[i] = (uint32_t)i;
	sorted = r;
	qsort(r->by_id, r->count, sizeof(*r->by_id), compare_ids);
}

void
relations_read(const struct members *m, const char *source, struct relations *out)
{
	const char *slash = strrchr(source, '/'), *last = slash ? slash + 1 : source;
	struct reading x = {source, out};
	const struct member_one *part;
	struct buf name = {0};

	*out = (struct relations){0};
	buf_printf(&name, "%.*s_rels/%s.rels", (int)(last - source), source, last);
	part = members_find(m, name.data);
	buf_free(&name);
	if (part)
		xml_read(&(struct xml_reader){.begin = on_begin, .arg = &x}, part->bytes, part->n);
	sort_ids(out);
}

void
relations_free(struct relations *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->v[i].id);
		free(r->v[i].type);
		free(r->v[i].target);
	}
	free(r->v);
	free(r->by_id);
	*r = (struct relations){0};
}

bool
relations_wants(const char *name)
{
	return word_ends_in(name, ".rels");
}

static const struct relation *
find_relation(const struct relations *r, const char *id)
{
	size_t low = 0, high = id ? r->count : 0;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(r->v[r->by_id[middle]].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return id && low < r->count && strcmp(r->v[r->by_id[low]].id, id) == 0 ? &r->v[r->by_id[low]] : NULL;
}

const char *
relations_target(const struct relations *r, const char *id)
{
	const struct relation *one = find_relation(r, id);

	return one ? one->target : NULL;
}

bool
relations_is_outside(const struct relations *r, const char *id)
{
	const struct relation *one = find_relation(r, id);

	return one && one->outside;
}

const char *
relations_of_type(const struct relations *r, const char *type)
{
	for (size_t i = 0; i < r->count; i++)
		if (!r->v[i].outside && strcasecmp(r->v[i].type, type) == 0)
			return r->v[i].target;
	return NULL;
}

const struct member_one *
relations_part(const struct members *m, const struct relations *r, const char *id)
{
	const struct relation *one = find_relation(r, id);

	return one && !one->outside ? members_find(m, one->target) : NULL;
}

const struct member_one *
relations_next_part(const struct members *m, const struct relations *r, const char *type, size_t *from)
{
	const struct member_one *part = NULL;

	while (!part && *from < r->count) {
		const struct relation *one = &r->v[(*from)++];

		if (!one->outside && strcasecmp(one->type, type) == 0)
			part = members_find(m, one->target);
	}
	return part;
}

const char *
relations_url(const struct relations *r, const char *id)
{
	const struct relation *one = find_relation(r, id);

	if (!one || !one->outside ||
	    (strncasecmp(one->target, "http://", 7) != 0 && strncasecmp(one->target, "https://", 8) != 0))
		return NULL;
	return one->target;
}

/* --- content types --- */

struct typing {
	const char *part; /* the main part's name */
	char *out;        /* its type */
	bool overridden;  /* it is stated for this part, not for its extension */
};

static void
types_begin(void *arg, const char *name, const char **attributes)
{
	struct typing *x = arg;
	const char *part = xml_attribute(attributes, "PartName"), *type = xml_attribute(attributes, "ContentType"),
		   *extension = xml_attribute(attributes, "Extension"), *dot = strrchr(x->part, '.');
	bool own = strcmp(name, "Override") == 0 && part && strcasecmp(part + (*part == '/'), x->part) == 0;

	if (!type || x->overridden)
		return;
	if (own || (strcmp(name, "Default") == 0 && extension && dot && strcasecmp(extension, dot + 1) == 0))
		snprintf(x->out, RELATIONS_TYPE, "%s", type);
	x->overridden = own;
}

void
relations_main_type(const struct members *m, char out[RELATIONS_TYPE])
{
	const struct member_one *types = members_find(m, "[Content_Types].xml");
	struct typing x = {.part = "", .out = out};
	struct relations package;

	out[0] = '\0';
	relations_read(m, "", &package);
	if (relations_of_type(&package, "officeDocument"))
		x.part = relations_of_type(&package, "officeDocument");
	if (types && x.part[0])
		xml_read(&(struct xml_reader){.begin = types_begin, .arg = &x}, types->bytes, types->n);
	relations_free(&package);
}
