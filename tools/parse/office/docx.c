#include "office/docx.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "office/docx_internal.h"
#include "office/dublin_core.h"
#include "xml.h"

bool
docx_wants(const char *name)
{
	static const char *const others[] = {"customXml/", "word/theme/", "word/fonts/"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strncmp(name, others[i], strlen(others[i])) == 0)
			return false;
	return member_is_picture(name) || word_ends_in(name, ".rels") || word_ends_in(name, ".xml") ||
	       word_ends_in(name, ".htm") || word_ends_in(name, ".html") || word_ends_in(name, ".xhtml") ||
	       word_ends_in(name, ".txt");
}

/* The part of this type that the main part refers to, or the one that has the usual name. */
static const char *
part_of(struct docx *x, const char *type, const char *usual)
{
	size_t from = 0;
	const struct member_one *part = opc_part_of_type(x->m, x->rels, type, &from);

	return part ? part->name : usual;
}

/* --- headers and footers: they are left out --- */

struct look {
	bool in_text, found;
};

static void
look_begin(void *arg, const char *name, const char **attributes)
{
	(void)attributes;
	((struct look *)arg)->in_text = strcmp(name, "t") == 0;
}

static void
look_end(void *arg, const char *name)
{
	(void)name;
	((struct look *)arg)->in_text = false;
}

static void
look_text(void *arg, const char *s, size_t n)
{
	struct look *look = arg;

	for (size_t i = 0; i < n && look->in_text; i++)
		look->found = look->found || isalpha((unsigned char)s[i]) || (s[i] & 0x80);
}

/* Whether a header or footer has more than numbers of pages. */
static void
look_at_headers(struct docx *x)
{
	static const char *const types[] = {"header", "footer"};
	struct look look = {.found = false};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]) && !look.found; i++) {
		const struct member_one *part;
		size_t from = 0;

		while ((part = opc_part_of_type(x->m, x->rels, types[i], &from)) && !look.found)
			xml_read(
				&(struct xml_reader){
					.begin = look_begin, .end = look_end, .text = look_text, .arg = &look},
				part->bytes, part->n);
	}
	if (look.found)
		doc_missing(x->d, "headers and footers");
}

/* --- notes --- */

static void
read_notes(struct docx *x)
{
	static const struct {
		const char *type, *usual, *element, *words;
	} kinds[] = {{"footnotes", "word/footnotes.xml", "footnote", "footnotes"},
		     {"endnotes", "word/endnotes.xml", "endnote", "endnotes"},
		     {"comments", "word/comments.xml", "comment", "comments"}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *part = part_of(x, kinds[i].type, kinds[i].usual);

		if (members_has(x->m, part) && !docx_body_read(x, part, kinds[i].element))
			doc_missing(x->d, kinds[i].words);
	}
	json_object_object_foreach(x->notes, key, note)
	{
		if (json_object_get_int(note) == 0)
			continue;
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (strncmp(key, kinds[i].element, strlen(kinds[i].element)) == 0)
				doc_missing(x->d, kinds[i].words);
	}
}

static bool
read_all(struct docx *x, const char *main)
{
	struct opc_relations rels;
	bool whole;

	opc_read(x->m, main, &rels);
	x->rels = &rels;
	x->styles = docx_styles_read(members_find(x->m, part_of(x, "styles", "word/styles.xml")));
	x->numbering = docx_numbering_read(members_find(x->m, part_of(x, "numbering", "word/numbering.xml")));
	whole = docx_body_read(x, main, NULL);
	read_notes(x);
	look_at_headers(x);
	docx_styles_free(x->styles);
	docx_numbering_free(x->numbering);
	opc_free(&rels);
	x->rels = NULL;
	return whole;
}

static void
free_all(struct docx *x)
{
	opc_free(&x->package);
	json_object_put(x->notes);
	omml_free(x->formula);
	buf_free(&x->code);
	buf_free(&x->lines);
	buf_free(&x->ruby);
	for (size_t i = 0; i < DOCX_FIELDS; i++)
		buf_free(&x->fields[i].instruction);
	free(x->alt);
	free(x->saved);
}

bool
docx_parse(const struct members *m, struct tree *t, struct doc *d)
{
	struct docx *x = buf_alloc(sizeof(*x));
	const char *main;
	bool whole, some;

	memset(x, 0, sizeof(*x));
	x->m = m;
	x->d = d;
	x->md = &d->md;
	x->tree = t;
	x->saved = buf_alloc(m->count * sizeof(*x->saved));
	x->notes = json_object_new_object();
	x->formula = omml_new();
	opc_read(m, "", &x->package);
	x->rels = &x->package;
	dublin_core_read(members_find(m, part_of(x, "core-properties", "docProps/core.xml")), d);
	main = part_of(x, "officeDocument", "word/document.xml");
	whole = read_all(x, main);
	some = cmark_node_first_child(d->md.document) != NULL;
	free_all(x);
	free(x);
	if (!whole && some)
		d->truncated = true; /* what is before the damage stays */
	return whole || some || doc_fail(d, "damaged", "its text is missing or not well-formed XML");
}
