#include "web/html_table.h"

#include <strings.h>

enum { COLUMNS = 50, CELL = 300 };

uint32_t
table_next_row(const struct dom *d, uint32_t i, uint32_t end)
{
	while (i < end && (dom_tag(d, i) != GUMBO_TAG_TR || d->nodes[i].hidden || d->nodes[i].dropped))
		i = dom_tag(d, i) == GUMBO_TAG_TABLE ? d->nodes[i].end : i + 1;
	return i;
}

bool
table_is_cell(const struct dom *d, uint32_t i)
{
	return (dom_tag(d, i) == GUMBO_TAG_TD || dom_tag(d, i) == GUMBO_TAG_TH) && !d->nodes[i].hidden;
}

size_t
table_cells(const struct dom *d, uint32_t row)
{
	size_t n = 0;

	for (uint32_t i = row + 1; i < d->nodes[row].end; i = d->nodes[i].end)
		n += table_is_cell(d, i);
	return n;
}

bool
table_is_data(const struct dom *d, uint32_t table)
{
	uint32_t end = d->nodes[table].end;
	const char *role = dom_attribute(d, table, "role");
	size_t rows = 0, columns = 0;

	if ((role && strcasecmp(role, "presentation") == 0) || dom_find(d, table + 1, end, GUMBO_TAG_TABLE) < end ||
	    dom_find(d, table, end, GUMBO_TAG_PRE) < end || dom_find(d, table, end, GUMBO_TAG_H2) < end)
		return false;
	for (uint32_t i = table_next_row(d, table + 1, end); i < end; i = table_next_row(d, d->nodes[i].end, end)) {
		size_t n = table_cells(d, i);

		rows++;
		columns = n > columns ? n : columns;
		for (uint32_t c = i + 1; c < d->nodes[i].end; c = d->nodes[c].end)
			if (d->nodes[c].text > CELL * 4)
				return false;
	}
	if (dom_find(d, table, end, GUMBO_TAG_TH) < end || dom_find(d, table, end, GUMBO_TAG_CAPTION) < end)
		return columns > 1 && columns <= COLUMNS;
	return rows > 1 && columns > 1 && columns <= COLUMNS && d->nodes[table].text / (rows * columns) < CELL;
}
