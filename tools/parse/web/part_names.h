/*
 * part_names: what the names of a part of a page (its class and id) and the words of its heading say of it. Names are a
 * weak sign: sections of manuals are called "sharing", "navigation" or "user-account" for what they describe. What a
 * heading says to readers is a stronger one.
 */
#ifndef BI_PARSE_PART_NAMES_H
#define BI_PARSE_PART_NAMES_H

#include "web/dom.h"

enum part_name {
	NAME_APART,   /* beside the text: share, newsletter, related, sidebar */
	NAME_LABEL,   /* a line about the text: byline, date, tags */
	NAME_COMMENT, /* comments of readers */
	NAME_AUTHOR   /* a box about the author */
};

/* Whether the class or id of I has a word of this kind: relatedPosts has the words related and Posts, side-bar has
 * side, bar and sidebar. An id that only repeats the words of the first heading in the part is not a name. */
bool part_is_named(const struct dom *d, uint32_t i, enum part_name name);

enum part_heading {
	HEADING_OTHER,
	HEADING_COMMENTS, /* "Comments", "Discussion": or a chapter about them */
	HEADING_TALK,     /* "12 comments", "Leave a reply" */
	HEADING_APART     /* "Related articles", "About the author", "Share this" */
};

/* What the words of a heading say, in the languages that have most pages. */
enum part_heading part_heading_of(const char *text);

#endif
