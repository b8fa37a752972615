/*
 * page_parts: parts of a page that are not its main content, each found by more than one sign.
 */
#ifndef BI_PARSE_PAGE_PARTS_H
#define BI_PARSE_PAGE_PARTS_H

#include "web/web_page.h"

/* How much is dropped: each includes those before it. */
enum part_zeal { ZEAL_TAGS, ZEAL_BOXES, ZEAL_ALL };

/* Drops what is apart by its tag or role: nav, footer, aside. An aside in an article stays if it is running text that
 * the article does not have elsewhere. */
void page_parts_drop_frames(struct page *p);

/*
 * Drops boxes beside the text: notices about cookies, forms to subscribe, share bars, lists of tags, boxes about the
 * author, parts with a heading like "Related articles". A name alone ("share", "widget") is not enough: the box must
 * have something to act on (a field, a button, a link that is a line of its own), and must not be one of several
 * similar sections.
 */
void page_parts_drop_boxes(struct page *p);

/* Drops lists that have hardly any text but links. */
void page_parts_drop_links(struct page *p);

#endif
