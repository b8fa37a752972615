#include "office/opc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "xml.h"

struct reading {
	const char *source;
	struct opc_relations *out;
};

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct reading *x = arg;
	struct opc_relations *out = x->out;
	const char *id = xml_attribute(attributes, "Id"), *target = xml_attribute(attributes, "Target"),
		   *type = xml_attribute(attributes, "Type"), *mode = xml_attribute(attributes, "TargetMode"), *slash;
	struct opc_relation one = {.external = mode && strcasecmp(mode, "External") == 0};
	char part[MEMBER_NAME];

	if (strcmp(name, "Relationship") != 0 || !id || !target || out->count == OPC_RELATIONS)
		return;
	/* Some writers forget the mode. */
	one.external = one.external || strstr(target, "://");
	if (!one.external && !members_resolve(x->source, target, part))
		return;
	slash = type ? strrchr(type, '/') : NULL;
	one.id = buf_strdup(id);
	one.type = buf_strdup(slash ? slash + 1 : type ? type : "");
	one.target = buf_strdup(one.external ? target : part);
	out->v = buf_grow(out->v, out->count, sizeof(*out->v));
	out->v[out->count++] = one;
}

static int
compare_relations(const void *a, const void *b)
{
	return strcmp(((const struct opc_relation *)a)->id, ((const struct opc_relation *)b)->id);
}

void
opc_read(const struct members *m, const char *source, struct opc_relations *out)
{
	const char *slash = strrchr(source, '/'), *last = slash ? slash + 1 : source;
	struct reading x = {source, out};
	const struct member_one *part;
	struct buf name = {0};

	*out = (struct opc_relations){0};
	buf_printf(&name, "%.*s_rels/%s.rels", (int)(last - source), source, last);
	part = members_find(m, name.data);
	buf_free(&name);
	if (part)
		xml_read(&(struct xml_reader){.begin = on_begin, .arg = &x}, part->bytes, part->n);
	if (out->count)
		qsort(out->v, out->count, sizeof(*out->v), compare_relations);
}

void
opc_free(struct opc_relations *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->v[i].id);
		free(r->v[i].type);
		free(r->v[i].target);
	}
	free(r->v);
	*r = (struct opc_relations){0};
}

const struct opc_relation *
opc_find(const struct opc_relations *r, const char *id)
{
	struct opc_relation key = {.id = (char *)id};

	return id && r->count ? bsearch(&key, r->v, r->count, sizeof(*r->v), compare_relations) : NULL;
}

const struct member_one *
opc_part(const struct members *m, const struct opc_relations *r, const char *id)
{
	const struct opc_relation *one = opc_find(r, id);

	return one && !one->external ? members_find(m, one->target) : NULL;
}

const struct member_one *
opc_part_of_type(const struct members *m, const struct opc_relations *r, const char *type, size_t *from)
{
	const struct member_one *part = NULL;

	while (!part && *from < r->count) {
		const struct opc_relation *one = &r->v[(*from)++];

		if (!one->external && strcasecmp(one->type, type) == 0)
			part = members_find(m, one->target);
	}
	return part;
}

const char *
opc_url(const struct opc_relations *r, const char *id)
{
	const struct opc_relation *one = opc_find(r, id);

	if (!one || !one->external ||
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
		snprintf(x->out, OPC_TYPE, "%s", type);
	x->overridden = own;
}

void
opc_main_type(const struct members *m, char out[OPC_TYPE])
{
	const struct member_one *types = members_find(m, "[Content_Types].xml");
	struct typing x = {.part = "", .out = out};
	struct opc_relations package;

	out[0] = '\0';
	opc_read(m, "", &package);
	for (size_t i = 0; i < package.count; i++)
		if (strcasecmp(package.v[i].type, "officeDocument") == 0 && !package.v[i].external)
			x.part = package.v[i].target;
	if (types && x.part[0])
		xml_read(&(struct xml_reader){.begin = types_begin, .arg = &x}, types->bytes, types->n);
	opc_free(&package);
}
