/* fuzz: tools/lib/html/find.c tools/lib/html/linked_data.c tools/lib/html/meta.c tools/lib/html/tree.c */
#include "fuzz.h"

#include "html/find.h"
#include "html/tree.h"
#include "html/url.h"

static struct tree *tree;

static void
load(void)
{
	tree = tree_new();
}

FUZZ(media, load)
{
	struct find found;
	bool cut;
	const GumboNode *document = tree_parse(tree, bytes, n, &cut);

	if (document) {
		find_media(document, "http://h.x/d/p", 100, &found);
		FUZZ_WANT(found.count <= 100);
		for (size_t i = 0; i < found.count; i++)
			FUZZ_WANT(found.media[i].kind && url_is_same(found.media[i].url, found.media[i].url));
		find_free(&found);
	}
	tree_drop(tree);
}
