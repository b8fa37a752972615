/*
 * index_pages: the names of pages that have a number: those of the index, index.html, index-2.html and so on, with up
 * to INDEX_PAGE subjects each, and those of a subject with many candidates, ID_review.html, ID_review-2.html and so on.
 */
#ifndef BI_INDEX_PAGES_H
#define BI_INDEX_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INDEX_PAGE = 500, INDEX_NAME = 32, FURTHER_NAME = 32 };

/* How many pages SUBJECTS subjects have: at least one. */
uint32_t index_pages_count(uint32_t subjects);

/* Stores the name of page number PAGE, from 0. */
void index_page_name(char name[INDEX_NAME], uint32_t page);

/* Stores the name of page NUMBER, from 2, of the candidates of the subject whose first page is FIRST, ID_review.html.
 */
void further_page_name(char *name, size_t size, const char *first, uint32_t number);

/* The number of the page NAME of the subject whose first page is FIRST; 0 if it is none of these. */
uint32_t further_page_number(const char *name, const char *first);

/* Whether NAME is that of a later page than SUBJECTS subjects have. */
bool index_page_is_stale(const char *name, uint32_t subjects);

#endif
