/* Text that is written apart, and joined. */
#include "md.h"

bool
md_is_empty(const struct md *m)
{
	return !cmark_node_first_child(m->document) && m->out.len == 0;
}

/* Moves the children of FROM to the end of TO. */
static void
move_children(cmark_node *to, cmark_node *from)
{
	cmark_node *child;

	while ((child = cmark_node_first_child(from)))
		if (!cmark_node_append_child(to, child))
			cmark_node_free(child);
}

void
md_append(struct md *m, struct md *from)
{
	unsigned depth = m->depth < MD_DEPTH ? m->depth : MD_DEPTH;
	cmark_node *in = depth ? m->nest[depth - 1] : m->document, *first, *last;

	md_block(from);
	md_block(m);
	first = cmark_node_first_child(from->document);
	last = cmark_node_last_child(in);
	if (first && last && cmark_node_get_type(first) == CMARK_NODE_LIST && /* they would read as one list */
	    cmark_node_get_type(last) == CMARK_NODE_LIST && cmark_node_get_list_type(first) == CMARK_BULLET_LIST &&
	    cmark_node_get_list_type(last) == CMARK_BULLET_LIST) {
		move_children(last, first);
		cmark_node_free(first);
	}
	move_children(in, from->document);
	m->last = cmark_node_last_child(in);
	m->bytes += from->bytes;
	m->nodes += from->nodes;
	m->full = m->full || from->full || m->bytes > m->most || m->nodes > MD_NODES;
	from->bytes = from->nodes = 0;
}
