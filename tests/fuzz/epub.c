/* fuzz: tools/parse/office/epub*.c */
#include "office/epub.h"

#include "parsing.h"

static struct tree *tree;

static void
load(void)
{
	tree = tree_new();
}

static bool
parse(const struct members *m, struct doc *d)
{
	return epub_parse(m, tree, d);
}

FUZZ(epub, load)
{
	fuzz_parse_members(parse, bytes, n);
}
