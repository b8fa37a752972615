#include "web/page_end.h"

#include <stddef.h>

static bool
is_begun(const GumboNode *node)
{
	return node->v.element.original_tag.length > 0;
}

static bool
is_ended(const GumboNode *node)
{
	return node->v.element.original_end_tag.length > 0;
}

/* Elements that must be ended, and that pages have around or in their text. */
static bool
needs_end(GumboTag tag)
{
	static const GumboTag tags[] = {
		GUMBO_TAG_DIV,   GUMBO_TAG_SECTION, GUMBO_TAG_ARTICLE,    GUMBO_TAG_MAIN,   GUMBO_TAG_ASIDE,
		GUMBO_TAG_NAV,   GUMBO_TAG_HEADER,  GUMBO_TAG_FOOTER,     GUMBO_TAG_TABLE,  GUMBO_TAG_UL,
		GUMBO_TAG_OL,    GUMBO_TAG_DL,      GUMBO_TAG_BLOCKQUOTE, GUMBO_TAG_PRE,    GUMBO_TAG_FIGURE,
		GUMBO_TAG_H1,    GUMBO_TAG_H2,      GUMBO_TAG_H3,         GUMBO_TAG_H4,     GUMBO_TAG_H5,
		GUMBO_TAG_H6,    GUMBO_TAG_A,       GUMBO_TAG_SPAN,       GUMBO_TAG_SCRIPT, GUMBO_TAG_STYLE,
		GUMBO_TAG_TITLE, GUMBO_TAG_FORM,
	};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (tags[i] == tag)
			return true;
	return false;
}

/* The last element among the children of an element, NULL if there is none. */
static const GumboNode *
last_element(const GumboVector *children)
{
	for (unsigned i = children->length; i > 0; i--) {
		const GumboNode *child = children->data[i - 1];

		if (child->type == GUMBO_NODE_ELEMENT || child->type == GUMBO_NODE_TEMPLATE)
			return child;
	}
	return NULL;
}

bool
page_is_cut(const GumboNode *document)
{
	const GumboNode *node = last_element(&document->v.document.children);
	bool begun = false, open = false;

	while (node && !is_ended(node)) {
		bool frame = node->v.element.tag == GUMBO_TAG_HTML || node->v.element.tag == GUMBO_TAG_BODY;

		begun = begun || (frame && is_begun(node));
		open = open || (is_begun(node) && needs_end(node->v.element.tag));
		node = last_element(&node->v.element.children);
	}
	return begun && open;
}
