/*
 * html_notes: notes of books (EPUB 3: epub:type, and the roles of DPUB-ARIA).
 */
#ifndef BI_PARSE_HTML_NOTES_H
#define BI_PARSE_HTML_NOTES_H

#include <stdbool.h>

#include "web/dom.h"

/* Whether the element I is a link to a note, a note with an id, or a link back from one. */
bool html_note_refers(const struct dom *d, uint32_t i);
bool html_note_is(const struct dom *d, uint32_t i);
bool html_note_returns(const struct dom *d, uint32_t i);

/* Whether there is a link to a note below I. */
bool html_note_below(const struct dom *d, uint32_t i);

/* Shows the notes that are hidden by an attribute until a reader asks for them. */
void html_notes_show(struct dom *d);

#endif
