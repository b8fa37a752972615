#include "html/tree.h"

#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <time.h>

#include "base/buf.h"
#include "base/msg.h"

enum {
	TIME_MAX = 1500,      /* milliseconds of processor time for one try */
	ROOM = 256 << 20,     /* bytes for one tree */
	LOOK_AFTER = 1 << 10, /* allocations between two looks at the clock */
	PRESCAN = 4 << 10,    /* the bytes of a page that may name its character set */
};

/* Memory is allocated from one end to the other and freed all at once. So a parser that is stopped half-way leaks
 * nothing, and a deep tree is not freed node by node, for which Gumbo uses recursion. */
struct tree {
	char *memory;
	size_t used;
	unsigned long calls;
	int64_t until; /* of processor_ms() */
	jmp_buf stop;
};

/* The processor time of this process in milliseconds. */
static int64_t
processor_ms(void)
{
	struct timespec t = {0};

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) < 0)
		return 0;
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/* The allocator for Gumbo. It ends the parsing when a limit is reached; Gumbo itself has no limits. */
static void *
gumbo_allocate(void *arg, size_t n)
{
	struct tree *t = arg;
	void *p;

	n = (n + 15) & ~(size_t)15;
	if (n > ROOM - t->used)
		longjmp(t->stop, 1);
	if (++t->calls % LOOK_AFTER == 0 && processor_ms() >= t->until)
		longjmp(t->stop, 1);
	p = t->memory + t->used;
	t->used += n;
	return p;
}

static void
gumbo_deallocate(void *arg, void *p)
{
	(void)arg, (void)p;
}

struct tree *
tree_new(void)
{
	struct tree *t = buf_alloc(sizeof(*t));

	t->memory = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (t->memory == MAP_FAILED)
		msg_die_errno(EX_OSERR, "cannot allocate memory for a page");
	return t;
}

void
tree_drop(struct tree *t)
{
	if (t->used && madvise(t->memory, ROOM, MADV_DONTNEED) < 0)
		msg_die_errno(EX_OSERR, "cannot release memory");
	t->used = 0;
}

/* One try. NULL: a limit was reached. */
static const GumboNode *
parse_once(struct tree *t, const char *text, size_t n)
{
	GumboOptions options = kGumboDefaultOptions;
	const GumboOutput *out;

	options.allocator = gumbo_allocate;
	options.deallocator = gumbo_deallocate;
	options.userdata = t;
	options.max_errors = 0;
	t->until = processor_ms() + TIME_MAX;
	if (setjmp(t->stop) != 0)
		return NULL;
	out = gumbo_parse_with_options(&options, text, n);
	return out ? out->document : NULL;
}

const GumboNode *
tree_parse(struct tree *t, const char *text, size_t n, bool *cut)
{
	const GumboNode *document;

	*cut = false;
	for (; n > 0; n /= 4, *cut = true) {
		tree_drop(t);
		document = parse_once(t, text, n);
		if (document)
			return document;
	}
	return NULL;
}

static const GumboVector *
child_nodes(const GumboNode *node)
{
	switch (node->type) {
	case GUMBO_NODE_DOCUMENT:
		return &node->v.document.children;
	case GUMBO_NODE_ELEMENT:
	case GUMBO_NODE_TEMPLATE:
		return &node->v.element.children;
	default:
		return NULL;
	}
}

const GumboNode *
tree_next_node(const GumboNode *node)
{
	const GumboVector *list = child_nodes(node);

	if (list && list->length > 0)
		return list->data[0];
	for (; node->parent; node = node->parent) {
		list = child_nodes(node->parent);
		if (node->index_within_parent + 1 < list->length)
			return list->data[node->index_within_parent + 1];
	}
	return NULL;
}

const GumboNode *
tree_next_element(const GumboNode *node)
{
	do
		node = tree_next_node(node);
	while (node && node->type != GUMBO_NODE_ELEMENT && node->type != GUMBO_NODE_TEMPLATE);
	return node;
}

const char *
tree_attribute(const GumboNode *element, const char *name)
{
	const GumboAttribute *a = gumbo_get_attribute(&element->v.element.attributes, name);

	return a ? a->value : NULL;
}

/* The character set that a page names in its first <meta charset>, or in the older form, if it is read as ASCII. */
static int
charset_of_meta(const struct charsets *c, const GumboNode *document)
{
	int charset = CHARSET_NONE;

	for (const GumboNode *e = document ? tree_next_element(document) : NULL; e && charset == CHARSET_NONE;
	     e = tree_next_element(e)) {
		const char *equiv = tree_attribute(e, "http-equiv"), *content = tree_attribute(e, "content");
		const char *own = tree_attribute(e, "charset");

		if (e->v.element.tag != GUMBO_TAG_META)
			continue;
		if (own)
			charset = charset_of(c, own, strlen(own));
		else if (equiv && content && strcasecmp(equiv, "content-type") == 0)
			charset = charset_of_type(c, content);
	}
	/* A page that says so in ASCII is not UTF-16. */
	return charset == charset_of(c, "utf-16le", 8) || charset == charset_of(c, "utf-16be", 8) ? CHARSET_UTF8
												  : charset;
}

int
tree_charset(struct tree *t, const struct charsets *c, const struct buf *page, const char *type, size_t *mark)
{
	int charset = charset_of_mark(c, page->data, page->len, mark);
	bool cut;

	if (charset == CHARSET_NONE)
		charset = charset_of_type(c, type);
	if (charset == CHARSET_NONE)
		charset =
			charset_of_meta(c, tree_parse(t, page->data, page->len < PRESCAN ? page->len : PRESCAN, &cut));
	return charset;
}
