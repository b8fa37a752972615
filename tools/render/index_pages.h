/*
 * index_pages: the pages of the index, index.html, index-2.html and so on, with up to INDEX_PAGE subjects each.
 */
#ifndef BI_INDEX_PAGES_H
#define BI_INDEX_PAGES_H

#include <stdbool.h>
#include <stdint.h>

enum { INDEX_PAGE = 500, INDEX_NAME = 32 };

/* How many pages SUBJECTS subjects have: at least one. */
uint32_t index_pages_count(uint32_t subjects);

/* Stores the name of page number PAGE, from 0. */
void index_page_name(char name[INDEX_NAME], uint32_t page);

/* Whether NAME is that of a later page than SUBJECTS subjects have. */
bool index_page_is_stale(const char *name, uint32_t subjects);

#endif
