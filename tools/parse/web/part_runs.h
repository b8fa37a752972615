/*
 * part_runs: parts of a page that are runs of similar elements: teasers of other pages, and comments of readers.
 */
#ifndef BI_PARSE_PART_RUNS_H
#define BI_PARSE_PART_RUNS_H

#include "web/web_page.h"

/*
 * Drops the comments of readers. Signs of a part with comments are its markup as such (microdata), the words of its
 * heading, links to reply, a field for a text, authors and dates, and its names; three signs are needed, and a text
 * before the part. In a forum the first text is written as its answers are, with the same class around it: these are
 * no comments, unless the page states that it is an article. Returns the weight of what was dropped.
 */
float part_runs_drop_comments(struct page *p);

/*
 * Drops lists of teasers: three or more similar elements beside each other that each have a link with a line of its
 * own, and hardly more text than an excerpt. Where they are most of what the page has, it is a list of pages, and they
 * stay. Returns the weight of what was dropped.
 */
float part_runs_drop_teasers(struct page *p);

#endif
