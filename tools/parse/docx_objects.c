/* Pictures of a DOCX, and what is kept in other parts: diagrams, charts, HTML. */
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "docx_internal.h"
#include "html.h"
#include "xml.h"

const char *
docx_target(const struct docx *x, const char *id)
{
	const struct opc_relation *relation = opc_find(x->rels, id);

	return relation ? relation->target : NULL;
}

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
	const char *target = docx_target(x, id), *saved;

	if (!target || !docx_is_visible(x))
		return;
	docx_open_paragraph(x);
	docx_flush_code(x);
	if (opc_find(x->rels, id)->external) {
		if (strncmp(target, "http", 4) == 0)
			md_image(x->md, target, x->alt);
		return;
	}
	saved = members_picture(x->m, x->saved, x->d, target, x->alt);
	if (saved)
		md_image(x->md, saved, x->alt);
	else
		put_alternative(x);
}

/* --- texts of DrawingML --- */

static void
drawing_begin(void *arg, const char *name, const char **attributes)
{
	struct docx *x = arg;

	(void)attributes;
	x->text = strcmp(name, "t") == 0 ? TEXT_SHOWN : TEXT_NONE;
}

static void
drawing_end(void *arg, const char *name)
{
	struct docx *x = arg;

	x->text = TEXT_NONE;
	if (strcmp(name, "p") == 0)
		md_block(x->md);
}

static void
drawing_text(void *arg, const char *s, size_t n)
{
	struct docx *x = arg;

	if (x->text == TEXT_SHOWN)
		md_text(x->md, s, n);
}

void
docx_put_parts(struct docx *x, const char *id, const char *missing)
{
	const char *target = docx_target(x, id);
	const struct member_one *part = target ? members_find(x->m, target) : NULL;

	if (!docx_is_visible(x))
		return;
	if (missing || !part)
		doc_missing(x->d, missing ? missing : "diagrams");
	if (!part)
		return;
	docx_open_paragraph(x);
	docx_flush_code(x);
	md_aside_begin(x->md);
	xml_read(&(struct xml_reader){drawing_begin, drawing_end, drawing_text, x}, part->bytes, part->n);
	md_aside_end(x->md);
	x->text = TEXT_NONE;
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
	const char *target = docx_target(x, id);
	const struct member_one *part = target ? members_find(x->m, target) : NULL;
	const char *dot = target ? strrchr(target, '.') : NULL;

	docx_leave_items(x, 0);
	md_block(x->md);
	if (part && dot && word_is_one_of(dot, ".htm", ".html", ".xhtml"))
		html_chapter(x->tree, part->bytes, part->n, no_picture, x, x->d);
	else if (part && dot && strcmp(dot, ".txt") == 0)
		md_text(x->md, part->bytes, part->n);
	else
		doc_missing(x->d, "embedded documents");
	md_block(x->md);
}
