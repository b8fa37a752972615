/* fuzz: tools/parse/office/odf*.c */
#include "office/odf.h"

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
	return odf_parse(m, tree, d);
}

FUZZ(odf, load)
{
	fuzz_parse_members(parse, bytes, n);
}
