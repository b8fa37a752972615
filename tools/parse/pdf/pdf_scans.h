/*
 * pdf_scans: which pages of a PDF are pictures of text.
 */
#ifndef BI_PARSE_PDF_SCANS_H
#define BI_PARSE_PDF_SCANS_H

#include <poppler.h>
#include <stdbool.h>

#include "base/buf.h"

/* Returns whether PAGE, whose text has so many CHARACTERS, shows something but has no text, or only a few words beside
 * a picture that covers most of it. */
bool pdf_page_is_scan(PopplerPage *page, size_t characters);

/* Page numbers in ascending order, as "1-3, 7". Begins as {0}; the caller frees TEXT. */
struct page_ranges {
	struct buf text;
	unsigned from, to; /* the last range, which is not in TEXT yet */
};

void page_ranges_add(struct page_ranges *r, unsigned page);

/* Returns the text of all ranges, which is "" if there are none. It stays valid as long as R. */
const char *page_ranges_end(struct page_ranges *r);

#endif
