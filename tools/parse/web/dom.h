/*
 * dom: a parsed page as one array in the order of the page, each node with what is below it counted. Everything that
 * walks a page walks this array, so that no depth of a page is a depth of our stack.
 */
#ifndef BI_PARSE_DOM_H
#define BI_PARSE_DOM_H

#include <gumbo.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct dom_node {
	const GumboNode *node;
	uint32_t parent;     /* its place; that of the root is its own */
	uint32_t end;        /* the place behind all that is below it */
	uint32_t block;      /* the block that a text is in: its place */
	uint32_t length;     /* of a text: its characters without blanks, hidden or not */
	uint32_t text;       /* characters below it, without blanks and what is not shown */
	uint32_t linked;     /* of these, in links */
	uint32_t links;      /* links below it */
	uint32_t own;        /* characters of the block that it is itself, without blocks inside */
	uint32_t own_linked; /* of these, in links */
	float mass;          /* how much of the blocks below it reads like text of a page */
	bool in_link;        /* it is in a link, or is one */
	bool hidden;         /* neither it nor what is below it is shown */
	bool dropped;        /* it is shown, and not what the page is about */
	bool prose;          /* a block of its own text, long and with few links, is below it or is it */
};

struct dom {
	struct dom_node *nodes;
	uint32_t count;
};

/* Makes the array of a document, and counts. For dom_free(). */
void dom_make(struct dom *d, const GumboNode *document);
void dom_free(struct dom *d);

/*
 * If hardly any running text is shown, shows what is hidden by attributes and what is for readers without scripts
 * (noscript), if that is much more. Pages hide their text until a script shows it, or behind a dialog.
 */
void dom_reveal(struct dom *d);

/* Counts again, without what is dropped. */
void dom_count(struct dom *d);

/* The element's tag, GUMBO_TAG_UNKNOWN for a text. */
GumboTag dom_tag(const struct dom *d, uint32_t i);

/* An element's attribute, NULL where it has none, or is none. */
const char *dom_attribute(const struct dom *d, uint32_t i, const char *name);

/* A text's text, NULL for an element. */
const char *dom_text(const struct dom *d, uint32_t i);

/* Whether it is the tag of a heading, h1 to h6. */
bool dom_is_heading(GumboTag tag);

/* Whether it is a block (p, div, li, h1...), and not a part of a line. */
bool dom_is_block(const struct dom *d, uint32_t i);

/* The first element with this tag in the places FROM to END, END where there is none. */
uint32_t dom_find(const struct dom *d, uint32_t from, uint32_t end, GumboTag tag);

/* Appends the text that is shown below I, as it stands; with BLANKS a blank for each block. */
void dom_collect(const struct dom *d, uint32_t i, struct buf *out, bool blanks);

/* The length of a text: its characters without blanks. Characters that are a word or half of one count as several. */
uint32_t dom_length(const char *text);

#endif
