/*
 * svg_text: the title, the description and the texts of an SVG drawing (W3C).
 */
#ifndef BI_PARSE_SVG_TEXT_H
#define BI_PARSE_SVG_TEXT_H

#include <stddef.h>

#include "doc.h"

/* Writes them in their order, each as a paragraph, the drawing's title as a heading. If the drawing is not well-formed,
 * those before the damage are there, and D->truncated is set. */
void svg_text_put(const char *bytes, size_t n, struct doc *d);

#endif
