/* fuzz: tools/parse/office/docx*.c tools/parse/office/omml.c tools/parse/office/opc.c */
#include "office/docx.h"

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
	return docx_parse(m, tree, d);
}

FUZZ(docx, load)
{
	fuzz_parse_members(parse, bytes, n);
}
