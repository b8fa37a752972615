/* fuzz: tools/parse/office/xlsx*.c tools/parse/office/sheet_table.c */
#include "office/xlsx.h"

#include "parsing.h"

FUZZ(xlsx, NULL)
{
	fuzz_parse_members(xlsx_parse, bytes, n);
}
