/*
 * accordion: parts of a page that a reader opens and closes by a button, as the answers to frequent questions.
 */
#ifndef BI_PARSE_ACCORDION_H
#define BI_PARSE_ACCORDION_H

#include <gumbo.h>
#include <stdbool.h>

/* Whether the node is the title or the panel of an accordion. The title is a button with aria-expanded, alone or in a
 * heading, and the panel is the <div>, <section> or <p> right after that; it may be hidden until the button is pressed
 * (WAI-ARIA Authoring Practices: Accordion, Disclosure). A button that opens a menu is no title. */
bool accordion_has(const GumboNode *node);

#endif
