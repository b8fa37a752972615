/*
 * part_signs: what is in each part of a page that tells its purpose: links to share the page, to authors, to tags;
 * dates, fields of forms, pictures.
 */
#ifndef BI_PARSE_PART_SIGNS_H
#define BI_PARSE_PART_SIGNS_H

#include "web/dom.h"

/* How many of each are in a part. */
struct part_signs {
	uint32_t outside; /* links to other sites */
	uint32_t share;   /* links that share the page elsewhere */
	uint32_t author;  /* links to an author or user, and elements that are marked as an author */
	uint32_t tag;     /* links to a tag or category */
	uint32_t time;    /* <time>, and elements that are marked as a date */
	uint32_t field;   /* fields and buttons */
	uint32_t area;    /* of these, fields for a longer text */
	uint32_t reply;   /* links and buttons to reply to a comment */
	uint32_t image;   /* pictures */
	uint32_t heading; /* headings */
	uint32_t linked;  /* of these, headings that are links */
	uint32_t prose;   /* blocks of running text */
	uint32_t action;  /* links that are a short line of their own, like buttons */
};

/* Returns an array in the order of the nodes, for free(). URL is the page's address, "" if it is not known. What is
 * hidden counts too, except for headings and prose. */
struct part_signs *part_signs_count(const struct dom *d, const char *url);

/* Whether the part has a link that leads to another page, or is in one. */
bool part_leads_elsewhere(const struct dom *d, uint32_t i);

#endif
