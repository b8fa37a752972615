/*
 * xlsx_sheet: the cells of one sheet of a workbook.
 */
#ifndef BI_PARSE_XLSX_SHEET_H
#define BI_PARSE_XLSX_SHEET_H

#include "office/opc.h"
#include "office/xlsx_book.h"

/* Writes the cells of the part SHEET, whose relations are RELS, as a table. *LEFT: sheet_table_write(). */
void xlsx_sheet_put(const struct xlsx_book *b, const struct member_one *sheet, const struct opc_relations *rels,
		    struct doc *d, size_t *left);

#endif
