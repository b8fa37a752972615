/*
 * tree: parses a page with limits of memory and time, and walks over its elements. The HTML parser is Gumbo.
 */
#ifndef BI_TREE_H
#define BI_TREE_H

#include <gumbo.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "charsets/charset.h"

struct tree;

/* Allocates memory for trees, one at a time. The program ends if there is not enough. */
struct tree *tree_new(void);

/* Parses N bytes of UTF-8, which must not change while the tree is used. If a page needs more memory or time than
 * allowed, its first quarter is parsed instead, and so on; *CUT is then true. Returns the document, or NULL if nothing
 * could be parsed. The tree of an earlier call is no longer valid. */
const GumboNode *tree_parse(struct tree *t, const char *text, size_t n, bool *cut);

/* Releases the memory of the current tree. T can then parse another page. */
void tree_drop(struct tree *t);

/* Returns the element that follows NODE in the order of the page (for the document its first one), or NULL at the
 * end. */
const GumboNode *tree_next_element(const GumboNode *node);

/* Returns the node of any kind that follows NODE in the order of the page: its first child, else the next one. NULL at
 * the end. */
const GumboNode *tree_next_node(const GumboNode *node);

/* Returns the value of an element's attribute, or NULL if it has no such attribute. */
const char *tree_attribute(const GumboNode *element, const char *name);

/* Returns the character set of a page, for charset_convert(): by its byte order mark, else its Content-Type TYPE ("":
 * none), else its own declaration; else CHARSET_NONE. *MARK is set to the length of the mark. The tree of an earlier
 * tree_parse() is no longer valid. */
int tree_charset(struct tree *t, const struct charsets *c, const struct buf *page, const char *type, size_t *mark);

#endif
