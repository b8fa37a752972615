/*
 * Fields of a DOCX (ECMA-376 part 1, 17.16): an instruction, and the result that a reader sees. Fields may be inside
 * the instruction or the result of others.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "office/docx_internal.h"
#include "office/docx_symbols.h"

/* The field that is innermost, NULL if it is beyond those that are known. */
static struct docx_field *
innermost(struct docx *x)
{
	return x->field_count > 0 && x->field_count <= DOCX_FIELDS ? &x->fields[x->field_count - 1] : NULL;
}

/* Copies the next word of an instruction, or what is in quotes. Returns where it ends, or NULL if there is none. */
static const char *
next_word(const char *at, struct buf *word)
{
	buf_clear(word);
	buf_str(word, "");
	while (isspace((unsigned char)*at))
		at++;
	if (!*at)
		return NULL;
	if (*at == '"') {
		for (at++; *at && *at != '"'; at++) {
			if (*at == '\\' && (at[1] == '\\' || at[1] == '"'))
				at++;
			buf_add(word, at, 1);
		}
		return at + (*at == '"');
	}
	for (; *at && !isspace((unsigned char)*at); at++)
		buf_add(word, at, 1);
	return at;
}

/* HYPERLINK "address" \l "place": without an address it leads to a place in the document. */
static void
open_hyperlink(struct docx *x, struct docx_field *field, const char *at)
{
	struct buf word = {0}, url = {0};

	while ((at = next_word(at, &word))) {
		if (strcasecmp(word.data, "\\l") == 0) {
			at = next_word(at, &word);
			if (at && url.len > 0)
				buf_printf(&url, "#%s", word.data);
		} else if (word.data[0] == '\\') {
			at = strcasecmp(word.data, "\\o") == 0 || strcasecmp(word.data, "\\t") == 0
				     ? next_word(at, &word)
				     : at;
		} else if (url.len == 0) {
			buf_str(&url, word.data);
		}
		if (!at)
			break;
	}
	if (url.len > 0 && !x->link) {
		docx_open_link(x, url.data);
		field->link = x->link;
	}
	buf_free(&word);
	buf_free(&url);
}

/* SYMBOL 97 \f "Symbol": a field without a result. */
static void
put_symbol(struct docx *x, const char *at)
{
	struct buf word = {0}, font = {0}, text = {0};
	unsigned long code = 0;

	buf_str(&font, "");
	while ((at = next_word(at, &word))) {
		if (strcasecmp(word.data, "\\f") == 0) {
			at = next_word(at, &font);
			if (!at)
				break;
		} else if (code == 0 && isdigit((unsigned char)word.data[0])) {
			code = strtoul(word.data, NULL, 0);
		}
	}
	code = code <= 0x10ffff ? symbol_unicode(font.data, (uint32_t)code) : 0;
	if (code > 0) {
		symbol_add(&text, (uint32_t)code);
		docx_put_text(x, text.data, text.len);
	}
	buf_free(&word);
	buf_free(&font);
	buf_free(&text);
}

/* The instruction has ended. */
static void
take_instruction(struct docx *x, struct docx_field *field)
{
	const char *text = field->instruction.len ? field->instruction.data : "";
	struct buf word = {0};
	const char *at = next_word(text, &word);

	if (at && !docx_in_instruction(x)) {
		if (strcasecmp(word.data, "HYPERLINK") == 0)
			open_hyperlink(x, field, at);
		else if (strcasecmp(word.data, "SYMBOL") == 0)
			put_symbol(x, at);
		else if (strcasecmp(word.data, "EQ") == 0)
			doc_missing(x->d, "formulas");
	}
	buf_free(&word);
}

void
docx_field_begin(struct docx *x, const char *instruction)
{
	struct docx_field *field;

	x->field_count++;
	field = innermost(x);
	if (!field)
		return;
	buf_clear(&field->instruction);
	field->result = field->link = false;
	if (!instruction)
		return;
	buf_str(&field->instruction, instruction);
	docx_field_result(x);
}

void
docx_field_result(struct docx *x)
{
	struct docx_field *field = innermost(x);

	if (!field || field->result)
		return;
	field->result = true;
	take_instruction(x, field);
}

void
docx_field_end(struct docx *x)
{
	struct docx_field *field = innermost(x);

	docx_field_result(x); /* a field without a result */
	if (field && field->link)
		docx_close_link(x);
	if (x->field_count > 0)
		x->field_count--;
}
