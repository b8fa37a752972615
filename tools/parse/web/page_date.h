/*
 * page_date: dates as people and programs write them.
 */
#ifndef BI_PARSE_PAGE_DATE_H
#define BI_PARSE_PAGE_DATE_H

#include <stdbool.h>
#include <stddef.h>

/* A date that was found in a text: N bytes at FROM. */
struct page_date {
	char iso[40]; /* as ISO 8601: 2026-03-04, or with the time and its zone if the text has them in that form */
	size_t from, n;
};

/*
 * Finds the first date with a day, a month and a year from 1900 to 2199 in TEXT: 2026-03-04T06:00:00Z, 2026/3/4,
 * 4.3.2026, 13/3/2026, 20260304, "4 March 2026", "March 4th, 2026", "4. März 2026", "4 de marzo de 2026",
 * "2026年3月4日", with names of months in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Russian
 * and Ukrainian. 3/4/2026 is none, since it is not known which number is the month. False if there is no date.
 */
bool page_date_find(const char *text, struct page_date *d);

#endif
