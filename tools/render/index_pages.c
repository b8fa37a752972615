#include "index_pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/root.h"

uint32_t
index_pages_count(uint32_t subjects)
{
	return subjects ? (subjects - 1) / INDEX_PAGE + 1 : 1;
}

void
index_page_name(char name[INDEX_NAME], uint32_t page)
{
	if (page == 0)
		snprintf(name, INDEX_NAME, "index.html");
	else
		snprintf(name, INDEX_NAME, "index-%u.html", page + 1);
}

bool
index_page_is_stale(const char *name, uint32_t subjects)
{
	static const char prefix[] = "index-";
	char same[INDEX_NAME];
	unsigned long page;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return false;
	page = strtoul(name + sizeof(prefix) - 1, NULL, 10);
	if (page < 2 || page > UINT32_MAX || page <= index_pages_count(subjects))
		return false;
	index_page_name(same, (uint32_t)page - 1);
	return strcmp(name, same) == 0;
}

void
further_page_name(char *name, size_t size, const char *first, uint32_t number)
{
	snprintf(name, size, "%.*s-%u.html", (int)(strlen(first) - strlen(".html")), first, number);
}

uint32_t
further_page_number(const char *name, const char *first)
{
	size_t n = strlen(first) - strlen(".html");
	char same[SUBJECT_MAX + FURTHER_NAME];
	unsigned long number;

	if (strcmp(name, first) == 0)
		return 1;
	if (strncmp(name, first, n) != 0 || name[n] != '-')
		return 0;
	number = strtoul(name + n + 1, NULL, 10);
	if (number < 2 || number > UINT32_MAX)
		return 0;
	further_page_name(same, sizeof(same), first, (uint32_t)number);
	return strcmp(name, same) == 0 ? (uint32_t)number : 0;
}
