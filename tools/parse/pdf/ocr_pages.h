/*
 * ocr_pages: makes the pictures of pages of a PDF that OCR reads, in the confined process: grey, as many dots as help.
 */
#ifndef BI_PARSE_OCR_PAGES_H
#define BI_PARSE_OCR_PAGES_H

#include <poppler.h>

#include "doc.h"

/* Saves a picture of the page, which has this number (from 1), for OCR. A page of one colour needs none. */
void ocr_save_page(struct doc *d, PopplerPage *page, unsigned number);

#endif
