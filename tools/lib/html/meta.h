/*
 * meta: what the meta elements of a page say of it: media for previews, a rule that forbids its use, and the page that
 * is to be loaded instead.
 */
#ifndef BI_META_H
#define BI_META_H

#include <gumbo.h>

#include "html/found.h"

/* Adds to S what the meta element E says. To be called in the order of the page. */
void meta_look(struct found *s, const GumboNode *e);

#endif
