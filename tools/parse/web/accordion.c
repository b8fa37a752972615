#include "web/accordion.h"

#include <stddef.h>

/* The element beside NODE, AFTER (1) or before (-1) it; NULL if there is none. */
static const GumboNode *
element_beside(const GumboNode *node, int after)
{
	const GumboVector *all = &node->parent->v.element.children;

	for (size_t k = node->index_within_parent + (size_t)after; k < all->length; k += (size_t)after) {
		const GumboNode *one = all->data[k];

		if (one->type == GUMBO_NODE_ELEMENT)
			return one;
	}
	return NULL;
}

static bool
is_heading(const GumboNode *node)
{
	return node->type == GUMBO_NODE_ELEMENT && node->v.element.tag >= GUMBO_TAG_H1 &&
	       node->v.element.tag <= GUMBO_TAG_H6;
}

/* Whether it is the part below the title of an accordion: no menu. */
static bool
is_panel(const GumboNode *node)
{
	return node && (node->v.element.tag == GUMBO_TAG_DIV || node->v.element.tag == GUMBO_TAG_SECTION ||
			node->v.element.tag == GUMBO_TAG_P);
}

/* Whether it is the title of an accordion: a button that opens the panel below it, alone or in a heading. */
static bool
is_title_of_panel(const GumboNode *node)
{
	const GumboAttribute *opens;

	if (node && is_heading(node) && node->v.element.children.length > 0) {
		const GumboNode *first = node->v.element.children.data[0];

		node = first->type == GUMBO_NODE_ELEMENT ? first : element_beside(first, 1);
	}
	if (!node || node->v.element.tag != GUMBO_TAG_BUTTON)
		return false;
	opens = gumbo_get_attribute(&node->v.element.attributes, "aria-expanded");
	if (!opens || gumbo_get_attribute(&node->v.element.attributes, "aria-haspopup"))
		return false;
	return is_panel(element_beside(is_heading(node->parent) ? node->parent : node, 1));
}

bool
accordion_has(const GumboNode *node)
{
	if (node->type != GUMBO_NODE_ELEMENT || !node->parent || node->parent->type != GUMBO_NODE_ELEMENT)
		return false;
	return is_title_of_panel(node) || (is_panel(node) && is_title_of_panel(element_beside(node, -1)));
}
