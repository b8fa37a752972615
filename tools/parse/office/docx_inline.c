/* Runs, links, notes and formulas of a DOCX. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "office/docx_internal.h"
#include "office/docx_symbols.h"
#include "records/rec.h"
#include "web/math_tex.h"

bool
docx_in_instruction(const struct docx *x)
{
	for (unsigned i = 0; i < x->field_count && i < DOCX_FIELDS; i++)
		if (!x->fields[i].result)
			return true;
	return false;
}

/* Whether what comes now is seen by a reader. */
bool
docx_is_visible(struct docx *x)
{
	if (docx_in_instruction(x))
		return false;
	if (x->run.hidden)
		doc_missing(x->d, "hidden text");
	return !x->run.hidden;
}

static void
put_plain(struct docx *x, const char *s, size_t n)
{
	struct buf text = {0};

	docx_flush_code(x);
	docx_set_mark(x, MD_STRONG, x->run.strong && !x->md->heading);
	docx_set_mark(x, MD_EMPHASIS, x->run.emphasis);
	docx_set_mark(x, MD_DELETED, x->run.deleted);
	if (x->run.script == SCRIPT_NONE) {
		md_text(x->md, s, n);
		return;
	}
	buf_add(&text, s, n);
	script_text_put(x->md, x->run.script, text.data);
	buf_free(&text);
}

/* Translates text of a font with codes of its own. */
static void
translate(struct docx *x, const char *s, size_t n, struct buf *out)
{
	for (size_t len; n > 0; s += len, n -= len) {
		uint32_t c, known;

		len = utf8_decode(s, n, &c);
		if (len == 0) {
			len = 1;
			continue;
		}
		known = symbol_unicode(x->run.symbols ? x->run.font : NULL, c);
		if (known)
			symbol_add(out, known);
		else
			doc_missing(x->d, "symbols");
	}
}

/* Whether the text has characters of the private area from U+F000 on, which fonts of symbols have. */
static bool
has_private(const char *s, size_t n)
{
	for (size_t i = 0; i + 2 < n; i++)
		if (s[i] == '\xef' && ((unsigned char)s[i + 1] & 0xfc) == 0x80)
			return true;
	return false;
}

void
docx_put_text(struct docx *x, const char *s, size_t n)
{
	struct buf text = {0};

	if (n == 0 || !docx_is_visible(x))
		return;
	docx_open_paragraph(x);
	if (x->run.symbols || has_private(s, n)) {
		translate(x, s, n, &text);
		s = text.data;
		n = text.len;
	}
	if (n == 0)
		;
	else if (x->p.code && !x->tables)
		buf_add(&x->lines, s, n);
	else if (x->run.code)
		buf_add(&x->code, s, n);
	else
		put_plain(x, s, n);
	buf_free(&text);
}

void
docx_put_symbol(struct docx *x, const char *font, const char *code)
{
	uint32_t c = code ? (uint32_t)strtoul(code, NULL, 16) : 0, known = symbol_unicode(font, c);
	bool symbols = x->run.symbols;
	struct buf text = {0};

	if (!known && c && docx_is_visible(x))
		doc_missing(x->d, "symbols");
	if (!known)
		return;
	symbol_add(&text, known);
	x->run.symbols = false;
	docx_put_text(x, text.data, text.len);
	x->run.symbols = symbols;
	buf_free(&text);
}

/* A tab, or the end of a line. */
void
docx_put_space(struct docx *x, bool line)
{
	if (!docx_is_visible(x))
		return;
	if (x->p.code && x->p.opened && !x->tables) {
		buf_str(&x->lines, line ? "\n" : "\t");
		return;
	}
	docx_flush_code(x);
	if (line && x->p.opened)
		md_break(x->md);
	else
		x->md->space = true;
}

void
docx_put_formula(struct docx *x)
{
	const char *tex = omml_tex(x->formula);

	if (*tex && docx_is_visible(x)) {
		docx_open_paragraph(x);
		docx_flush_code(x);
		math_tex_put(x->md, tex);
	}
	omml_clear(x->formula);
}

void
docx_open_link(struct docx *x, const char *url)
{
	bool web = url && (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0);

	if (x->link || !url || (!web && strncmp(url, "mailto:", 7) != 0))
		return;
	docx_open_paragraph(x);
	docx_flush_code(x);
	if (web)
		doc_link(x->d, url, NULL);
	md_open(x->md, MD_LINK, url);
	x->link = true;
}

void
docx_close_link(struct docx *x)
{
	docx_flush_code(x);
	if (x->link)
		md_close(x->md, MD_LINK);
	x->link = false;
}

void
docx_put_note(struct docx *x, const char *kind, const char *id)
{
	bool shown = docx_is_visible(x);
	struct json_object *known;
	char key[96], label[24];
	unsigned note = 0;

	if (!id)
		return;
	snprintf(key, sizeof(key), "%s/%s", kind, id);
	snprintf(label, sizeof(label), "[%u]", x->md->note_count + 1);
	if (json_object_object_get_ex(x->notes, key, &known))
		note = (unsigned)json_object_get_int(known);
	else if (shown)
		note = md_note(x->md, label);
	json_object_object_add(x->notes, key, json_object_new_int((int)note));
	if (note == 0 || !shown)
		return;
	docx_open_paragraph(x);
	docx_flush_code(x);
	md_note_refer(x->md, note);
}
