#include "office/diagram.h"

#include <stdlib.h>
#include <string.h>

#include "xml.h"

enum { POINTS = 5000, DEPTH = 8, TEXT = 10000 };

struct point {
	char *id, *text;
	bool shown;
};

struct connection {
	char *from, *to;
	long order;
};

struct reading {
	struct point *points;
	size_t count;
	struct connection *connections; /* from a point to one below it */
	size_t connection_count;
	bool in_point, in_text, cut;
	struct buf text;
};

static void
add_point(struct reading *x, const char *id)
{
	if (x->count == POINTS) {
		x->cut = true;
		return;
	}
	x->points = buf_grow(x->points, x->count, sizeof(*x->points));
	x->points[x->count++] = (struct point){.id = buf_strdup(id ? id : "")};
	x->in_point = true;
	buf_clear(&x->text);
}

static void
add_connection(struct reading *x, const char **attributes)
{
	const char *type = xml_attribute(attributes, "type"), *from = xml_attribute(attributes, "srcId"),
		   *to = xml_attribute(attributes, "destId"), *order = xml_attribute(attributes, "srcOrd");

	if ((type && strcmp(type, "parOf") != 0) || !from || !to || x->connection_count == POINTS)
		return;
	x->connections = buf_grow(x->connections, x->connection_count, sizeof(*x->connections));
	x->connections[x->connection_count++] =
		(struct connection){buf_strdup(from), buf_strdup(to), order ? strtol(order, NULL, 10) : 0};
}

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct reading *x = arg;

	if (strcmp(name, "pt") == 0)
		add_point(x, xml_attribute(attributes, "modelId"));
	else if (strcmp(name, "cxn") == 0)
		add_connection(x, attributes);
	else if (strcmp(name, "p") == 0 && x->in_point)
		buf_str(&x->text, " ");
	else if (strcmp(name, "r") == 0 || strcmp(name, "fld") == 0)
		x->in_text = x->in_point;
}

static void
on_end(void *arg, const char *name)
{
	struct reading *x = arg;

	if (strcmp(name, "r") == 0 || strcmp(name, "fld") == 0)
		x->in_text = false;
	else if (strcmp(name, "pt") == 0 && x->in_point) {
		x->points[x->count - 1].text = strspn(x->text.data ? x->text.data : "", " \t\r\n") < x->text.len
						       ? buf_strdup(x->text.data)
						       : NULL;
		x->in_point = false;
	}
}

static void
on_text(void *arg, const char *s, size_t n)
{
	struct reading *x = arg;

	if (x->in_text && x->text.len + n < TEXT)
		buf_add(&x->text, s, n);
}

static int
compare_connections(const void *a, const void *b)
{
	const struct connection *x = a, *y = b;
	int order = strcmp(x->from, y->from);

	return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

/* The first connection from this point. */
static size_t
find_connections(const struct reading *x, const char *from)
{
	size_t low = 0, high = x->connection_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(x->connections[middle].from, from) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
compare_points(const void *a, const void *b)
{
	return strcmp(((const struct point *)a)->id, ((const struct point *)b)->id);
}

/* Writes a point and those below it, each once. POINTS are sorted by id. */
static void
put_point(struct reading *x, struct point *p, struct md *md, unsigned depth)
{
	bool item = p->text != NULL;

	if (p->shown)
		return;
	p->shown = true;
	if (item) {
		md_item(md, -1);
		md_text(md, p->text, strlen(p->text));
	}
	for (size_t i = find_connections(x, p->id);
	     depth < DEPTH && i < x->connection_count && strcmp(x->connections[i].from, p->id) == 0; i++) {
		struct point key = {.id = x->connections[i].to};
		struct point *below = bsearch(&key, x->points, x->count, sizeof(key), compare_points);

		if (below)
			put_point(x, below, md, depth + 1);
	}
	if (item)
		md_leave(md);
}

/* Begins with the points that are below none. */
static void
put_points(struct reading *x, struct md *md)
{
	bool *below = buf_alloc((x->count + 1) * sizeof(*below));

	qsort(x->points, x->count, sizeof(*x->points), compare_points);
	if (x->connection_count)
		qsort(x->connections, x->connection_count, sizeof(*x->connections), compare_connections);
	for (size_t i = 0; i < x->connection_count; i++) {
		struct point key = {.id = x->connections[i].to};
		const struct point *to = bsearch(&key, x->points, x->count, sizeof(key), compare_points);

		if (to)
			below[to - x->points] = true;
	}
	for (size_t i = 0; i < x->count; i++)
		if (!below[i])
			put_point(x, &x->points[i], md, 0);
	for (size_t i = 0; i < x->count; i++) /* circles, and what is too deep */
		put_point(x, &x->points[i], md, DEPTH);
	free(below);
}

bool
diagram_put(const struct member_one *part, struct doc *d, struct md *md)
{
	struct reading x = {0};
	bool some = false;

	if (!part)
		return false;
	if (!xml_read(&(struct xml_reader){.begin = on_begin, .end = on_end, .text = on_text, .arg = &x}, part->bytes,
		      part->n))
		x.cut = true;
	d->truncated = d->truncated || x.cut;
	for (size_t i = 0; i < x.count; i++)
		some = some || x.points[i].text;
	if (some)
		put_points(&x, md);
	for (size_t i = 0; i < x.count; i++) {
		free(x.points[i].id);
		free(x.points[i].text);
	}
	for (size_t i = 0; i < x.connection_count; i++) {
		free(x.connections[i].from);
		free(x.connections[i].to);
	}
	free(x.points);
	free(x.connections);
	buf_free(&x.text);
	return some;
}
