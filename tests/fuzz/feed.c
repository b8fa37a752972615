/* fuzz: tools/parse/web/sitemap.c tools/parse/xml.c */
#include "parsing.h"

FUZZ(feed, NULL)
{
	fuzz_parse(feed_parse, bytes, n, "", "");
}
