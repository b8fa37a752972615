#include "pdf/pdf_rules.h"

#include <cairo.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "pdf/pdf_problems.h"

enum {
	PIXELS_MAX = 1600, /* on the longer side of the page */
	EDGE_PIXELS = 20,  /* of the shortest edge */
	NEAR = 4,          /* pixels: two sides of one line, and ends that touch */
	CONTRAST = 30,     /* of 255 */
	EDGES_MAX = 3000,  /* in one direction; more are a drawing */
	GRIDS_MAX = 50,
};

/* An edge in one direction: at AT, from FROM to TO, in pixels. */
struct edge {
	int at, from, to;
	int group; /* the number of the grid */
};

struct edges {
	struct edge *list;
	size_t n;
};

static void
add_edge(struct edges *e, int at, int from, int to)
{
	for (size_t i = e->n; i-- > 0 && e->list[i].at >= at - NEAR;) {
		struct edge *old = &e->list[i];

		if (from <= old->to + NEAR && to >= old->from - NEAR) {
			old->from = from < old->from ? from : old->from;
			old->to = to > old->to ? to : old->to;
			return;
		}
	}
	if (e->n == EDGES_MAX)
		return;
	e->list = buf_grow(e->list, e->n, sizeof(*e->list));
	e->list[e->n++] = (struct edge){at, from, to, -1};
}

struct picture {
	cairo_surface_t *surface;
	unsigned char *gray;
	int width, height;
	double scale; /* pixels of a point */
};

static int
lightness(const struct picture *p, int x, int y, bool upright)
{
	return upright ? p->gray[(size_t)x * (size_t)p->width + (size_t)y]
		       : p->gray[(size_t)y * (size_t)p->width + (size_t)x];
}

/* The edges between the pixels of a line and those of the line before; of columns if UPRIGHT. */
static void
find_edges(const struct picture *p, bool upright, struct edges *e)
{
	int lines = upright ? p->width : p->height, length = upright ? p->height : p->width;

	for (int y = 1; y < lines; y++)
		for (int x = 0, begin = 0; x <= length; x++) {
			bool edge = x < length &&
				    abs(lightness(p, x, y, upright) - lightness(p, x, y - 1, upright)) > CONTRAST;

			if (edge)
				continue;
			if (x - begin >= EDGE_PIXELS)
				add_edge(e, y, begin, x);
			begin = x + 1;
		}
}

static bool
draw_page(PopplerPage *page, struct picture *p)
{
	double width, height;
	cairo_t *cairo;

	poppler_page_get_size(page, &width, &height);
	if (!(width >= 1) || !(height >= 1))
		return false;
	p->scale = fmin(2, PIXELS_MAX / fmax(width, height));
	p->width = (int)(width * p->scale);
	p->height = (int)(height * p->scale);
	p->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, p->width, p->height);
	cairo = cairo_create(p->surface);
	cairo_set_source_rgb(cairo, 1, 1, 1);
	cairo_paint(cairo);
	cairo_scale(cairo, p->scale, p->scale);
	pdf_problems_count(false);
	poppler_page_render(page, cairo);
	pdf_problems_count(true);
	cairo_destroy(cairo);
	cairo_surface_flush(p->surface);
	return p->width > 0 && p->height > 0 && cairo_surface_status(p->surface) == CAIRO_STATUS_SUCCESS;
}

void
pdf_rules_load(PopplerPage *page)
{
	struct picture p = {0};

	if (draw_page(page, &p))
		cairo_surface_destroy(p.surface);
}

static void
take_gray(struct picture *p)
{
	const unsigned char *data = cairo_image_surface_get_data(p->surface);
	size_t stride = (size_t)cairo_image_surface_get_stride(p->surface);

	p->gray = buf_alloc((size_t)p->width * (size_t)p->height);
	for (int y = 0; data && y < p->height; y++)
		for (int x = 0; x < p->width; x++) {
			uint32_t pixel;

			memcpy(&pixel, data + (size_t)y * stride + (size_t)x * 4, 4);
			p->gray[(size_t)y * (size_t)p->width + (size_t)x] =
				(unsigned char)(((pixel >> 16 & 255) * 3 + (pixel >> 8 & 255) * 6 + (pixel & 255)) /
						10);
		}
}

/* --- grids --- */

static bool
is_touching(const struct edge *across, const struct edge *upright)
{
	return upright->at >= across->from - NEAR && upright->at <= across->to + NEAR &&
	       across->at >= upright->from - NEAR && across->at <= upright->to + NEAR;
}

/* Gives all edges that touch each other, directly or not, the number of edge I of ACROSS. */
static void
spread(struct edges *across, struct edges *upright, int group)
{
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < across->n; i++)
			for (size_t k = 0; k < upright->n; k++) {
				struct edge *a = &across->list[i], *u = &upright->list[k];

				if ((a->group == group) == (u->group == group) || !is_touching(a, u))
					continue;
				a->group = u->group = group;
				more = true;
			}
	}
}

/* The places of the edges of a group; those that are near each other are one. 0: there are more than MAX. */
static size_t
collect_places(const struct edges *e, int group, double scale, double *places, size_t max)
{
	size_t n = 0;
	int last = 0;

	for (size_t i = 0; i < e->n; i++) { /* in ascending order */
		if (e->list[i].group != group)
			continue;
		if (n > 0 && e->list[i].at - last <= 2 * NEAR) {
			last = e->list[i].at;
			continue;
		}
		if (n == max)
			return 0;
		last = e->list[i].at;
		places[n++] = last / scale;
	}
	return n;
}

static bool
has_edge(const struct edges *e, int group, double at, double middle, double scale)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct edge *edge = &e->list[i];

		if (edge->group == group && fabs(edge->at - at * scale) <= 2 * NEAR && edge->from <= middle * scale &&
		    edge->to >= middle * scale)
			return true;
	}
	return false;
}

static bool
make_grid(const struct edges *across, const struct edges *upright, int group, double scale, struct pdf_grid *g)
{
	size_t x = collect_places(upright, group, scale, g->x, GRID_COLUMNS + 1);
	size_t y = collect_places(across, group, scale, g->y, GRID_ROWS + 1);

	if (x < 3 || y < 3)
		return false;
	g->columns = x - 1;
	g->rows = y - 1;
	g->open = buf_alloc(g->columns * g->rows);
	for (size_t row = 0; row < g->rows; row++)
		for (size_t column = 0; column < g->columns; column++) {
			double middle_x = (g->x[column] + g->x[column + 1]) / 2,
			       middle_y = (g->y[row] + g->y[row + 1]) / 2;
			unsigned char *open = &g->open[row * g->columns + column];

			if (column > 0 && !has_edge(upright, group, g->x[column], middle_y, scale))
				*open |= GRID_LEFT;
			if (row > 0 && !has_edge(across, group, g->y[row], middle_x, scale))
				*open |= GRID_UP;
		}
	return true;
}

size_t
pdf_grids_find(PopplerPage *page, struct pdf_grid **grids)
{
	struct edges across = {0}, upright = {0};
	struct picture p = {0};
	size_t n = 0;

	*grids = NULL;
	if (draw_page(page, &p)) {
		take_gray(&p);
		find_edges(&p, false, &across);
		find_edges(&p, true, &upright);
	}
	for (size_t i = 0; i < across.n && n < GRIDS_MAX && across.n < EDGES_MAX && upright.n < EDGES_MAX; i++) {
		if (across.list[i].group >= 0)
			continue;
		across.list[i].group = (int)i;
		spread(&across, &upright, (int)i);
		*grids = buf_grow(*grids, n, sizeof(**grids));
		(*grids)[n] = (struct pdf_grid){0};
		n += make_grid(&across, &upright, (int)i, p.scale, &(*grids)[n]);
	}
	free(across.list);
	free(upright.list);
	free(p.gray);
	if (p.surface)
		cairo_surface_destroy(p.surface);
	return n;
}

void
pdf_grids_free(struct pdf_grid *grids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(grids[i].open);
	free(grids);
}
