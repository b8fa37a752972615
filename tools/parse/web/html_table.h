/*
 * html_table: the rows and cells of a table of a page, and whether it has data.
 */
#ifndef BI_PARSE_HTML_TABLE_H
#define BI_PARSE_HTML_TABLE_H

#include "web/dom.h"

/* The next row of the table from I on, without the rows of nested tables; END if there is none. */
uint32_t table_next_row(const struct dom *d, uint32_t i, uint32_t end);

/* Whether I is a cell that is shown. */
bool table_is_cell(const struct dom *d, uint32_t i);

/* The number of cells of a row. */
size_t table_cells(const struct dom *d, uint32_t row);

/* Whether the table has data in rows and columns, and is not only for layout. */
bool table_is_data(const struct dom *d, uint32_t table);

#endif
