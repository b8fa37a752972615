/* fuzz: tools/parse/office/ods*.c */
#include "office/ods.h"

#include "parsing.h"

FUZZ(ods, NULL)
{
	fuzz_parse_members(ods_parse, bytes, n);
}
