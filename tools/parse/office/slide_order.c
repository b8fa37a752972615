/* The order in which the shapes of a slide are read, and what they inherit. */
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "office/slide_shapes.h"

void
shapes_free(struct shapes *s)
{
	for (size_t i = 0; i < s->count; i++)
		md_free(&s->v[i].md);
	free(s->v);
	*s = (struct shapes){0};
}

static bool
is_title(const struct shape *s)
{
	return word_is_one_of(s->type, "title", "ctrTitle");
}

static bool
types_match(const struct shape *a, const struct shape *b)
{
	static const char *const bodies[] = {"body", "obj", "subTitle", NULL};

	return strcmp(a->type, b->type) == 0 || (is_title(a) && is_title(b)) ||
	       (word_is_in(a->type, bodies) && word_is_in(b->type, bodies));
}

const struct shape *
shapes_origin(const struct shape *s, const struct shapes *in)
{
	for (size_t i = 0; i < in->count; i++)
		if (in->v[i].type[0] && in->v[i].index == s->index && types_match(s, &in->v[i]))
			return &in->v[i];
	for (size_t i = 0; i < in->count; i++)
		if (in->v[i].type[0] && types_match(s, &in->v[i]))
			return &in->v[i];
	return NULL;
}

void
shapes_inherit(struct shapes *s, const struct shapes *master)
{
	for (size_t i = 0; i < s->count; i++) {
		struct shape *one = &s->v[i];
		const struct shape *origin = one->type[0] ? shapes_origin(one, master) : NULL;

		if (!origin)
			continue;
		if (!one->placed && origin->placed) {
			one->placed = true;
			one->x = origin->x;
			one->y = origin->y;
			one->width = origin->width;
			one->height = origin->height;
		}
		one->bullets = one->bullets ? one->bullets : origin->bullets;
	}
}

bool
shapes_have_text(const struct shapes *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (!md_is_empty(&s->v[i].md))
			return true;
	return false;
}

struct shape *
shapes_title(const struct shapes *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (is_title(&s->v[i]) && !md_is_empty(&s->v[i].md))
			return &s->v[i];
	return NULL;
}

static int
compare_by_order(const struct shape *x, const struct shape *y)
{
	return x->order < y->order ? -1 : x->order > y->order;
}

static int
compare_by_y(const void *a, const void *b)
{
	const struct shape *x = a, *y = b;

	return x->y < y->y ? -1 : x->y > y->y ? 1 : compare_by_order(x, y);
}

static int
compare_by_x(const void *a, const void *b)
{
	const struct shape *x = a, *y = b;

	return x->x < y->x ? -1 : x->x > y->x ? 1 : compare_by_order(x, y);
}

/* Sorts from top to bottom, and what is side by side from left to right: of two such shapes, the upper half of the
 * smaller one begins beside the first one. */
static void
sort_shapes(struct shapes *s)
{
	size_t begin = 0;

	qsort(s->v, s->count, sizeof(*s->v), compare_by_y);
	for (size_t i = 1; i <= s->count; i++) {
		const struct shape *first = &s->v[begin], *one = i < s->count ? &s->v[i] : NULL;
		double height = one && one->height < first->height ? one->height : first->height;

		if (one && one->y < first->y + height / 2)
			continue;
		qsort(s->v + begin, i - begin, sizeof(*s->v), compare_by_x);
		begin = i;
	}
}

void
shapes_write(struct shapes *s, struct doc *d)
{
	struct shape *title;

	/* A shape without a place stays behind the one before it. */
	for (size_t i = 1; i < s->count; i++)
		if (!s->v[i].placed) {
			s->v[i].x = s->v[i - 1].x;
			s->v[i].y = s->v[i - 1].y;
			s->v[i].height = s->v[i - 1].height;
		}
	if (s->count)
		sort_shapes(s);
	title = shapes_title(s);
	if (title)
		md_append(&d->md, &title->md);
	for (size_t i = 0; i < s->count; i++)
		md_append(&d->md, &s->v[i].md);
}
