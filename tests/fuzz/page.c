/* fuzz: tools/parse/web/[a-z]*.c tools/parse/markdown/[a-z]*.c */
#include "parsing.h"

FUZZ(page, text_load)
{
	fuzz_parse(text_parse, bytes, n, "text/html", "p.html");
}
