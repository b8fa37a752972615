/*
 * pdf_charmaps: the tables of the package poppler-data, for PDF files that refer to Chinese, Japanese or Korean
 * characters by their numbers in a collection. Poppler opens them by name when it needs them, which a confined process
 * cannot; it then gets them from memory.
 */
#ifndef BI_PARSE_PDF_CHARMAPS_H
#define BI_PARSE_PDF_CHARMAPS_H

/* Maps all tables into memory, if the package is installed. To be called before the process is confined. */
void pdf_charmaps_load(void);

#endif
