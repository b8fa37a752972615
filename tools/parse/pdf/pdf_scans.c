#include "pdf/pdf_scans.h"

#include <stdio.h>

enum { FEW = 200 }; /* characters: a page number, a header, the mark of a scanner's program */

/* The part of the page that pictures cover, where overlaps count twice. */
static double
picture_cover(PopplerPage *page)
{
	GList *pictures = poppler_page_get_image_mapping(page);
	double width, height, covered = 0;

	poppler_page_get_size(page, &width, &height);
	for (GList *l = pictures; l; l = l->next) {
		const PopplerImageMapping *m = l->data;
		double w = CLAMP(m->area.x2, 0, width) - CLAMP(m->area.x1, 0, width);
		double h = CLAMP(m->area.y2, 0, height) - CLAMP(m->area.y1, 0, height);

		covered += ABS(w * h);
	}
	poppler_page_free_image_mapping(pictures);
	return width * height > 0 ? covered / (width * height) : 0;
}

bool
pdf_page_is_scan(PopplerPage *page, size_t characters)
{
	PopplerRectangle marks;

	if (characters == 0)
		return poppler_page_get_bounding_box(page, &marks);
	return characters < FEW && picture_cover(page) > 0.5;
}

static void
put_range(struct page_ranges *r)
{
	char range[40];

	if (r->from == 0)
		return;
	snprintf(range, sizeof(range), r->from == r->to ? "%s%u" : "%s%u-%u", r->text.len ? ", " : "", r->from, r->to);
	buf_str(&r->text, range);
}

void
page_ranges_add(struct page_ranges *r, unsigned page)
{
	if (r->from && page == r->to + 1) {
		r->to = page;
		return;
	}
	put_range(r);
	r->from = r->to = page;
}

const char *
page_ranges_end(struct page_ranges *r)
{
	put_range(r);
	r->from = 0;
	return r->text.len ? r->text.data : "";
}
