/*
 * docx_internal: what the files of docx share.
 */
#ifndef BI_PARSE_DOCX_INTERNAL_H
#define BI_PARSE_DOCX_INTERNAL_H

#include "office/docx.h"
#include "office/docx_numbering.h"
#include "office/docx_styles.h"
#include "office/omml.h"
#include "office/opc.h"
#include "web/script_text.h"

enum {
	DOCX_NAME = 64,
	DOCX_FIELDS = 16,
	DOCX_CELLS = 1000, /* of a row */
	DOCX_PLACES = 8,   /* text boxes in each other */
	DOCX_CHOICES = 64, /* alternatives in each other */
};

/* The properties of a run, and of the paragraph that it is in. */
struct docx_run {
	bool strong, emphasis, deleted, hidden, code;
	bool symbols; /* the codes of its text are those of FONT */
	char font[DOCX_NAME];
	enum script_kind script;
};

struct docx_paragraph {
	char style[DOCX_NAME], number[16];
	int level;   /* of the list; -1: not given */
	int outline; /* as a heading's level; -1: not given */
	bool opened; /* its kind is known, since its text has begun */
	bool code, quote, title;
	bool hidden;    /* by its style */
	bool mark_gone; /* its end is deleted or hidden: the next paragraph goes on with it */
};

/* What is read apart inside a paragraph: a text box. */
struct docx_place {
	struct docx_paragraph p;
	struct docx_run run;
	bool marked[MD_LINK], link, joined;
	int items;
	unsigned tables;
	size_t cells;
};

struct docx_field {
	bool result; /* its instruction has ended */
	bool link;   /* it opened one */
	struct buf instruction;
};

struct docx {
	const struct members *m;
	struct doc *d;
	struct md *md;
	struct tree *tree;
	const char **saved;
	struct opc_relations package, *rels; /* of the package, and of the current part */
	struct docx_styles *styles;
	struct docx_numbering *numbering;
	struct json_object *notes; /* "footnote/2": the note, 0 if it is not to be shown */
	/* where the reader is */
	unsigned skip;                        /* depth below a skipped element */
	bool in_paragraph_properties, in_run; /* in_run: in a run, or in its properties */
	bool in_properties, in_row_properties;
	enum { TEXT_NONE, TEXT_SHOWN, TEXT_INSTRUCTION, TEXT_READING } text;
	bool chosen[DOCX_CHOICES]; /* an alternative was taken */
	unsigned choices;
	struct docx_paragraph p;
	struct docx_run run;
	bool joined;          /* the paragraph goes on with the one before */
	bool marked[MD_LINK]; /* what is open */
	bool link;            /* so is a link */
	struct buf code;      /* of a line */
	struct buf lines;     /* of a block of code */
	struct buf ruby;      /* how the base is read */
	bool ruby_text;
	char *alt;
	struct docx_field fields[DOCX_FIELDS];
	unsigned field_count;
	struct omml *formula;
	unsigned in_formula; /* depth */
	/* lists */
	int items; /* that are open */
	int item_level[DOCX_LEVELS + 1];
	long style_count; /* of the list that a style numbers */
	/* tables */
	unsigned tables;
	size_t cells, span; /* of the row, of the cell */
	bool row_gone;
	/* places */
	struct docx_place places[DOCX_PLACES];
	unsigned place_count;
	/* notes */
	const char *note_element; /* "footnote", "endnote", "comment"; NULL: in the body */
	bool in_note;
};

/* --- docx_body --- */

/* Reads a part with text. NOTE: the element of which it has many, or NULL. False if it is not well-formed. */
bool docx_body_read(struct docx *x, const char *part, const char *note);

/* --- docx_blocks --- */

void docx_set_mark(struct docx *x, enum md_mark mark, bool on);
void docx_flush_code(struct docx *x); /* ends a code span */
void docx_open_paragraph(struct docx *x);
void docx_end_paragraph(struct docx *x);
void docx_leave_items(struct docx *x, int level);
void docx_flush_lines(struct docx *x); /* ends a block of code */
void docx_begin_cell(struct docx *x);
void docx_end_cell(struct docx *x);
void docx_end_row(struct docx *x);
void docx_skip_cells(struct docx *x, const char *count);

/* --- docx_inline --- */

void docx_put_text(struct docx *x, const char *s, size_t n);
void docx_put_symbol(struct docx *x, const char *font, const char *code);
void docx_put_space(struct docx *x, bool line);
void docx_put_formula(struct docx *x);
void docx_open_link(struct docx *x, const char *url);
void docx_close_link(struct docx *x);
void docx_put_note(struct docx *x, const char *kind, const char *id);
bool docx_in_instruction(const struct docx *x);
bool docx_is_visible(struct docx *x);

/* --- docx_fields --- */

void docx_field_begin(struct docx *x, const char *instruction);
void docx_field_result(struct docx *x);
void docx_field_end(struct docx *x);

/* --- docx_objects --- */

void docx_put_picture(struct docx *x, const char *id);
/* What PUT makes of a part: of a chart or a diagram. */
void docx_put_drawing(struct docx *x, const char *id, bool (*put)(const struct member_one *, struct doc *, struct md *),
		      const char *missing);
void docx_put_chunk(struct docx *x, const char *id);

#endif
