/*
 * web_page: a page whose main content is searched, with what is known of its parts.
 */
#ifndef BI_PARSE_WEB_PAGE_H
#define BI_PARSE_WEB_PAGE_H

#include "web/dom.h"
#include "web/part_names.h"
#include "web/part_signs.h"

struct page {
	struct dom *d;
	struct part_signs *signs; /* by node */
	const char *author;       /* of the page, NULL if it is not known */
	const char *title;        /* likewise */
	float all;                /* the weight of the whole page before anything is dropped */
	bool article;             /* the page states that it is an article: og:type, JSON-LD or microdata */
	uint32_t first_prose;     /* the first block of running text */
};

/* Reads what the page states, and counts the signs. TITLE and AUTHOR must stay valid; URL is the page's
 * address, "" if it is not known. For page_end(). */
void page_begin(struct page *p, struct dom *d, const char *url, const char *title, const char *author);
void page_end(struct page *p);

/* Marks what is below I as not being part of the main content. */
void page_drop(struct page *p, uint32_t i);

/* The kind of the heading that the part I begins with: its first line, if that is short. */
enum part_heading page_first_heading(const struct page *p, uint32_t i);

/* Whether two elements are written alike: with the same tag and the same class. */
bool page_is_alike(const struct dom *d, uint32_t a, uint32_t b);

/* The next and the previous element beside I; 0 if there is none. */
uint32_t page_next(const struct dom *d, uint32_t i);
uint32_t page_previous(const struct dom *d, uint32_t i);

/* Whether I is an element that is not hidden and not dropped. */
bool page_is_shown(const struct dom *d, uint32_t i);

/* Whether I is a block of running text: long, with few links. */
bool page_is_prose(const struct dom *d, uint32_t i);

/* Whether the tag is that of a table, or of a part of one. */
bool page_is_table_part(GumboTag tag);

#endif
