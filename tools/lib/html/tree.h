/*
 * tree: a page parsed within limits of memory and time, and a walk over its elements. The HTML parser is Gumbo.
 */
#ifndef BI_TREE_H
#define BI_TREE_H

#include <gumbo.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "html/charset.h"

struct tree;

/* Sets memory aside for the trees to come, one at a time. Ends the program where there is none. */
struct tree *tree_new(void);

/*
 * Parses N bytes of UTF-8, which must stay as they are while the tree is used. A page that needs more memory or time
 * than one may have is parsed again from its first quarter, and so on: *CUT, else false. The document, or NULL where
 * nothing could be made of it. What an earlier call returned is gone.
 */
const GumboNode *tree_parse(struct tree *t, const char *text, size_t n, bool *cut);

/* Gives the memory of the tree back. */
void tree_drop(struct tree *t);

/* The element behind this node (the document: the first one) in the order of the page, NULL at the end. */
const GumboNode *tree_next_element(const GumboNode *node);

/* The node behind this one, whatever it is, in the order of the page: its first child, else what follows. NULL at the
 * end. */
const GumboNode *tree_next_node(const GumboNode *node);

/* An element's attribute, NULL where it has none of the name. */
const char *tree_attribute(const GumboNode *element, const char *name);

/*
 * The character set of a page, a number for charset_convert(): by its byte order mark, else its Content-Type TYPE ("":
 * none), else what it says itself; CHARSET_NONE where nothing says. *MARK is set to the bytes that the mark takes. What
 * tree_parse() returned before is gone.
 */
int tree_charset(struct tree *t, const struct charsets *c, const struct buf *page, const char *type, size_t *mark);

#endif
