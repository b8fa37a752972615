/*
 * odf_internal: what the files of odf share.
 */
#ifndef BI_PARSE_ODF_INTERNAL_H
#define BI_PARSE_ODF_INTERNAL_H

#include "office/odf.h"
#include "office/odf_chart.h"
#include "office/odf_slide.h"
#include "office/odf_styles.h"
#include "web/script_text.h"

enum { ODF_CELLS = 64, ODF_SPANS = 80, ODF_PLACES = 8 };

/* What is written apart inside a paragraph: a note, a text box. */
struct odf_place {
	unsigned paragraphs, lists, tables, opened;
	size_t cells, filled;
	bool quoted, note;
	unsigned raised, lowered;
};

struct odf {
	const struct members *m;
	struct doc *d;
	struct md *md;
	struct tree *tree;
	const char **saved;
	struct odf_styles styles;
	char flags[ODF_SPANS][12]; /* of the spans that are open */
	unsigned spans;
	unsigned raised, lowered; /* spans that are superscripts and subscripts */
	unsigned ignore;          /* depth below a skipped element */
	unsigned paragraphs;      /* that are open */
	bool body, quoted, code, in_header;
	bool in_master, in_master_shape; /* of slides; the shape is no placeholder */
	bool joined;                     /* the next paragraph goes on with the line */
	struct buf lines;                /* of a block of code */
	char *picture;                   /* whose frame is open; written when that ends */
	struct buf alt;
	bool in_alt, in_creator;
	bool frame_shown;  /* the frame has a table or an object, of which the picture is a preview */
	struct buf mathml; /* of a formula, as HTML has it */
	unsigned in_math;  /* depth */
	/* lists: those that are open */
	unsigned lists, opened; /* opened: a bit for each level whose item was written */
	const struct odf_list *list[ODF_LEVELS];
	bool begun[ODF_LEVELS]; /* the item has its mark */
	long restart[ODF_LEVELS];
	long count[ODF_LEVELS], outline[ODF_LEVELS];
	char list_id[ODF_NAME];
	struct json_object *deletions; /* the ids of tracked changes that delete text */
	char change[ODF_NAME];
	bool deleting;                   /* the text is one of them */
	struct json_object *list_counts; /* id: how far it counted */
	/* tables */
	unsigned tables;
	size_t cells, filled; /* of the row, and up to the last that has text */
	long repeated;
	struct odf_place places[ODF_PLACES];
	unsigned place_count;
	struct odf_slide slide; /* of a presentation */
	struct odf_chart chart; /* that is in the same file, as flat OpenDocument has them */
};

/* --- odf_blocks --- */

void odf_begin_paragraph(struct odf *x, const char *name, const char **attributes);
void odf_end_paragraph(struct odf *x);
void odf_flush_lines(struct odf *x); /* ends a block of code */
void odf_begin_list(struct odf *x, const char **attributes);
void odf_end_list(struct odf *x);
void odf_begin_item(struct odf *x, bool header, const char **attributes);
void odf_end_item(struct odf *x);
void odf_begin_cell(struct odf *x, const char **attributes);
void odf_end_cell(struct odf *x);
void odf_end_row(struct odf *x);

/* --- odf_inline --- */

void odf_begin_span(struct odf *x, const char **attributes);
void odf_end_span(struct odf *x);
void odf_begin_link(struct odf *x, const char **attributes);
void odf_begin_picture(struct odf *x, const char **attributes);
void odf_end_frame(struct odf *x);
void odf_put_blanks(struct odf *x, char blank, const char *count);
void odf_put_text(struct odf *x, const char *s, size_t n);

/* --- odf_math --- */

/* Collects an element of MathML, its end and its text. */
void odf_math_begin(struct odf *x, const char *name, const char **attributes);
void odf_math_end(struct odf *x, const char *name);
void odf_math_text(struct odf *x, const char *s, size_t n);

/* Writes the formula of an embedded object; what else it is, is named as missing. */
void odf_put_object(struct odf *x, const char *href);

#endif
