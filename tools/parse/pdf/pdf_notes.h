/*
 * pdf_notes: what a page of a PDF has beside its text: form fields, notes and links; and files inside the PDF.
 */
#ifndef BI_PARSE_PDF_NOTES_H
#define BI_PARSE_PDF_NOTES_H

#include <poppler.h>

#include "doc.h"

/* Writes the fields of the form on this page as a list, "Name: value", from top to bottom. A box that can be checked
 * is "☑ Name" or "☐ Name". Returns how many there are. */
size_t pdf_fields_write(struct doc *d, PopplerPage *page);

/* Writes the notes that readers left on this page, as quotes: who, the text that is marked, and the note. */
void pdf_notes_write(struct doc *d, PopplerPage *page);

/* Adds the web pages that the page links to, with the text of the link. */
void pdf_links_add(struct doc *d, PopplerPage *page);

/* Puts the names of the files in the PDF into the metadata. What is in them is missing. */
void pdf_attachments_note(struct doc *d, PopplerDocument *document);

#endif
