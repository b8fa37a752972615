/*
 * md: Markdown (CommonMark, with tables and strikethrough as GitHub has them) written block by block. It is kept as a
 * tree of libcmark-gfm, which writes it at the end and escapes what would read as markup.
 */
#ifndef BI_PARSE_MD_H
#define BI_PARSE_MD_H

#include <cmark-gfm.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
	MD_DEPTH = 12,
	MD_MARKS = 8,
	MD_NUMBERS = 1000000, /* of items */
	MD_NODES = 1 << 21,   /* of the tree */
};

enum md_mark { MD_STRONG, MD_EMPHASIS, MD_DELETED, MD_LINK };

struct md {
	struct buf out; /* what is written: by md_raw(), and the tree by md_end() */
	size_t most;    /* bytes of OUT */
	bool full;      /* there were more */
	size_t bytes;   /* of text in the tree */
	size_t nodes;
	cmark_node *document;
	cmark_node *nest[MD_DEPTH]; /* lists' items and quotes that are open */
	unsigned depth;             /* how many; those beyond MD_DEPTH are counted only */
	cmark_node *last;           /* the block that was written last */
	cmark_node *line;           /* the block being written, a paragraph, a heading or a table's cell; NULL: none */
	cmark_node *inner;          /* of it, what text goes into */
	struct buf text;            /* for the end of INNER */
	struct {
		enum md_mark mark;
		char *url;
		bool shown; /* in the block being written */
	} marks[MD_MARKS];
	unsigned mark_count;
	bool space;       /* a blank is due before the next word */
	bool broken;      /* and a line break */
	bool wrapped;     /* and a line end that means no more than a blank */
	bool plain;       /* blocks do not count: in a table's cell */
	unsigned heading; /* that the block is; 0: none */
	cmark_node *table, *row;
	unsigned missing; /* empty cells that are due before the next one */
	struct md_note *notes;
	unsigned note_count;
	cmark_node *asides;    /* the document with blocks that are due behind the line; NULL: none */
	unsigned plain_asides; /* that are open in a table's cell */
	struct md *outer;      /* what goes on when what is written now has ended; NULL: this is the document */
	unsigned apart, flat;  /* how many there are, and those beyond their limit that are open */
};

void md_begin(struct md *m, size_t most);

/* Writes the tree to the end of OUT. */
void md_end(struct md *m);

/* Writes the tree to the end of OUT, and a form feed behind it; a new page begins. */
void md_page(struct md *m);

void md_free(struct md *m);

/* Text, whose runs of blanks are one. */
void md_text(struct md *m, const char *text, size_t n);

/* Text as it is, as code within a line. */
void md_code(struct md *m, const char *text, size_t n);

/* A line break within a block; the second in a row begins another block. */
void md_break(struct md *m);

/* Keeps a line end within a block as one, which means no more than a blank. */
void md_wrap(struct md *m);

/* A picture. */
void md_image(struct md *m, const char *url, const char *alt);

/* Opens and closes emphasis and the like; they may be around blocks too. An URL is copied. What stays empty is not
 * written. */
void md_open(struct md *m, enum md_mark mark, const char *url);
void md_close(struct md *m, enum md_mark mark);

/* Ends the block, if there is one, and begins another. */
void md_block(struct md *m);

/* The block is a heading of this level, 1 to 6. */
void md_heading(struct md *m, unsigned level);

/* Writes a block that is a heading of this level with this text. */
void md_heading_text(struct md *m, unsigned level, const char *text);

/* Appends the words of the block that is being written to OUT. */
void md_words(struct md *m, struct buf *out);

/* Removes the block that was written last. */
void md_drop_last(struct md *m);

/* Opens a list's item or a quote, and closes it. NUMBER is -1 in a list that does not count. */
void md_item(struct md *m, long number);
void md_quote(struct md *m);
void md_leave(struct md *m);

/* A block of code as it is; LANGUAGE may be "". */
void md_pre(struct md *m, const char *text, size_t n, const char *language);

/* Text as it stands, lines and all. */
void md_raw(struct md *m, const char *text, size_t n);

/* Moves the blocks of FROM to the end of M; FROM is empty then. */
void md_append(struct md *m, struct md *from);

/* Whether nothing was written. */
bool md_is_empty(const struct md *m);

/* A line across. */
void md_rule(struct md *m);

/*
 * A table: a cell is what is written between md_cell_begin() and md_cell_end(), where blocks are blanks; it is there
 * TIMES times, all but the first without marks. md_cell_end() returns whether it has text. md_row() ends a row, which
 * has N cells, or as many as the first row if those are more: further ones are dropped, and missing ones are empty. If
 * N is 0, there is no such row. A row with more cells than the first one makes that longer.
 */
void md_table(struct md *m);
void md_cell_begin(struct md *m);
bool md_cell_end(struct md *m, unsigned times);
void md_row(struct md *m, size_t n);

/*
 * Notes, as GitHub has them: [^1] in the text, and [^1]: and the note's text at the end. md_note() makes one; LABEL
 * stands for it if it gets no text. md_note_refer() writes a reference. What is written between md_note_begin() and
 * md_note_end() is the note's text; both may be in the middle of a line. md_end() numbers the notes in the order of
 * their references. A note that nothing refers to becomes a part of the text.
 */
unsigned md_note(struct md *m, const char *label);
void md_note_refer(struct md *m, unsigned note);
void md_note_begin(struct md *m, unsigned note);
void md_note_end(struct md *m);

/* What is written between these is put behind the block that is being written: a text box. In a table's cell it is
 * a part of the cell. */
void md_aside_begin(struct md *m);
void md_aside_end(struct md *m);

#endif
