/* Paragraphs, lists and tables of a DOCX. */
#include <stdlib.h>
#include <string.h>

#include "office/docx_internal.h"

/* Adjacent runs with the same style are one run, so open marks stay open. */
void
docx_set_mark(struct docx *x, enum md_mark mark, bool on)
{
	if (on && !x->marked[mark])
		md_open(x->md, mark, NULL);
	else if (!on && x->marked[mark])
		md_close(x->md, mark);
	x->marked[mark] = on;
}

void
docx_flush_code(struct docx *x)
{
	if (x->code.len > 0)
		md_code(x->md, x->code.data, x->code.len);
	buf_clear(&x->code);
}

void
docx_leave_items(struct docx *x, int level)
{
	while (x->items > 0 && x->item_level[x->items - 1] >= level) {
		md_leave(x->md);
		x->items--;
	}
}

static void
open_item(struct docx *x, long number, int level)
{
	docx_leave_items(x, level);
	md_item(x->md, number);
	x->item_level[x->items++] = level;
}

/* Opens the paragraph of a list. */
static void
open_listed(struct docx *x, const char *id, int level)
{
	struct docx_number number;

	docx_numbering_next(x->numbering, id, level, &number);
	if (number.kind == DOCX_NO_MARK) {
		docx_leave_items(x, level + 1);
		md_block(x->md);
	} else {
		open_item(x, number.kind == DOCX_COUNTED ? number.value % MD_NUMBERS : -1, level);
	}
	if (number.kind == DOCX_LABELLED) {
		md_text(x->md, number.label, strlen(number.label));
		x->md->space = true;
	}
}

/* A heading may have a number of its list. */
static void
open_heading(struct docx *x, unsigned level, const char *id, int list_level)
{
	struct docx_number number = {.kind = DOCX_NO_LIST};

	docx_leave_items(x, 0);
	md_block(x->md);
	md_heading(x->md, level);
	if (id)
		docx_numbering_next(x->numbering, id, list_level, &number);
	if (number.kind == DOCX_COUNTED || number.kind == DOCX_LABELLED) {
		md_text(x->md, number.label, strlen(number.label));
		x->md->space = true;
	}
}

static void
open_list_style(struct docx *x, bool counts, int level)
{
	long number = -1;

	if (counts)
		number = x->items > 0 && x->item_level[x->items - 1] == level ? ++x->style_count % MD_NUMBERS
									      : (x->style_count = 1);
	open_item(x, number, level);
}

static void
open_plain(struct docx *x, const struct docx_style *style)
{
	docx_leave_items(x, 0);
	md_block(x->md);
	x->p.quote = style->kind == DOCX_QUOTE;
	if (x->p.quote)
		md_quote(x->md);
}

/* Determines the kind of the paragraph, when its properties were read and its text begins. */
void
docx_open_paragraph(struct docx *x)
{
	struct docx_paragraph *p = &x->p;
	struct docx_style style;
	const char *number;
	int heading, level;

	if (p->opened)
		return;
	p->opened = true;
	if (x->joined) {
		x->joined = false;
		return;
	}
	if (x->tables)
		return;
	style = docx_style(x->styles, p->style);
	number = p->number[0] ? p->number : style.number;
	if (number && strcmp(number, "0") == 0)
		number = NULL;
	level = p->level >= 0      ? p->level
		: p->number[0]     ? 0
		: style.level >= 0 ? style.level
		: number           ? docx_numbering_level(x->numbering, number, style.owner)
				   : 0;
	level = level < DOCX_LEVELS ? level : DOCX_LEVELS - 1;
	heading = p->outline >= 0 ? p->outline : style.heading;
	p->code = style.kind == DOCX_CODE;
	p->title = style.kind == DOCX_TITLE && !x->in_note;
	if (!p->code)
		docx_flush_lines(x);
	else
		docx_leave_items(x, 0);
	if (p->code)
		return;
	if (p->title)
		open_heading(x, 1, NULL, 0);
	else if (heading > 0)
		open_heading(x, (unsigned)heading, number, level);
	else if (number)
		open_listed(x, number, level);
	else if (!p->number[0] && (style.kind == DOCX_BULLET || style.kind == DOCX_NUMBER))
		open_list_style(x, style.kind == DOCX_NUMBER, level);
	else
		open_plain(x, &style);
}

/* The words of a title are the document's, if it does not state one. */
static void
take_title(struct docx *x)
{
	struct buf words = {0};

	md_words(x->md, &words);
	doc_set(&x->d->title, words.data, words.len);
	buf_free(&words);
}

void
docx_end_paragraph(struct docx *x)
{
	docx_flush_code(x);
	if (x->p.mark_gone && (x->p.opened || x->joined)) {
		x->joined = true;
		x->p.opened = false;
	} else if (!x->p.mark_gone) {
		for (enum md_mark m = 0; m < MD_LINK; m++)
			docx_set_mark(x, m, false);
		if (x->p.code && !x->tables)
			buf_str(&x->lines, "\n");
		if (x->p.title)
			take_title(x);
		if (x->p.quote)
			md_leave(x->md);
		else
			md_block(x->md);
		x->joined = false;
	}
	if (x->joined) {
		bool quote = x->p.quote, title = x->p.title, code = x->p.code;

		x->p = (struct docx_paragraph){
			.level = -1, .outline = -1, .quote = quote, .title = title, .code = code};
	} else {
		x->p = (struct docx_paragraph){.level = -1, .outline = -1};
	}
}

void
docx_flush_lines(struct docx *x)
{
	if (x->lines.len > 0)
		md_pre(x->md, x->lines.data, x->lines.len, "");
	buf_clear(&x->lines);
}

/* --- tables: those within a table are a part of its cell --- */

void
docx_begin_cell(struct docx *x)
{
	x->span = 1;
	if (x->tables == 1)
		md_cell_begin(x->md);
}

static void
add_empty_cells(struct docx *x, size_t n)
{
	for (; n > 0 && x->cells < DOCX_CELLS; n--, x->cells++) {
		md_cell_begin(x->md);
		md_cell_end(x->md, 1);
	}
}

void
docx_end_cell(struct docx *x)
{
	x->md->space = x->md->space || x->tables > 1;
	if (x->tables != 1)
		return;
	md_cell_end(x->md, 1);
	x->cells++;
	if (x->cells > DOCX_CELLS)
		x->d->truncated = true;
	add_empty_cells(x, x->span - 1);
	x->span = 1;
}

void
docx_skip_cells(struct docx *x, const char *count)
{
	long n = strtol(count, NULL, 10);

	if (x->tables == 1 && n > 0)
		add_empty_cells(x, (size_t)n);
}

void
docx_end_row(struct docx *x)
{
	if (x->tables != 1)
		return;
	md_row(x->md, x->cells < DOCX_CELLS ? x->cells : DOCX_CELLS);
	x->cells = 0;
	x->row_gone = false;
}
