/* Pictures of a DOCX, and what is kept in other parts: diagrams, charts, HTML. */
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "office/docx_internal.h"
#include "web/html.h"

/* The alternative text where there is no picture that can be saved. */
static void
put_alternative(struct docx *x)
{
	doc_missing(x->d, "pictures");
	if (x->alt && *x->alt)
		docx_put_text(x, x->alt, strlen(x->alt));
}

void
docx_put_picture(struct docx *x, const char *id)
{
	const struct opc_relation *one = opc_find(x->rels, id);
	const char *saved;

	if (!one || !docx_is_visible(x))
		return;
	docx_open_paragraph(x);
	docx_flush_code(x);
	if (one->external) {
		if (opc_url(x->rels, id))
			md_image(x->md, one->target, x->alt);
		return;
	}
	saved = members_picture(x->m, x->saved, x->d, one->target, x->alt);
	if (saved)
		md_image(x->md, saved, x->alt);
	else
		put_alternative(x);
}

void
docx_put_drawing(struct docx *x, const char *id, bool (*put)(const struct member_one *, struct doc *, struct md *),
		 const char *missing)
{
	if (!docx_is_visible(x))
		return;
	docx_open_paragraph(x);
	docx_flush_code(x);
	md_aside_begin(x->md);
	if (!put(opc_part(x->m, x->rels, id), x->d, x->md))
		doc_missing(x->d, missing);
	md_aside_end(x->md);
}

/* --- other documents in it --- */

static const char *
no_picture(void *arg, const char *src, const char *alt)
{
	struct docx *x = arg;

	(void)src, (void)alt;
	doc_missing(x->d, "pictures");
	return NULL;
}

void
docx_put_chunk(struct docx *x, const char *id)
{
	const struct member_one *part = opc_part(x->m, x->rels, id);
	const char *dot = part ? strrchr(part->name, '.') : NULL;

	docx_leave_items(x, 0);
	md_block(x->md);
	if (part && dot && word_is_one_of(dot, ".htm", ".html", ".xhtml"))
		html_chapter(x->tree, part->bytes, part->n, &(struct html_book){.picture = no_picture, .arg = x}, x->d);
	else if (part && dot && strcmp(dot, ".txt") == 0)
		md_text(x->md, part->bytes, part->n);
	else
		doc_missing(x->d, "embedded documents");
	md_block(x->md);
}
