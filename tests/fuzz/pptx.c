/* fuzz: tools/parse/office/pptx.c tools/parse/office/slide*.c tools/parse/office/chart.c tools/parse/office/diagram.c
 */
#include "office/pptx.h"

#include "parsing.h"

FUZZ(pptx, NULL)
{
	fuzz_parse_members(pptx_parse, bytes, n);
}
