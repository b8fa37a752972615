/*
 * md: Markdown (CommonMark, with tables as GitHub has them) written block by block. What opens nothing and closes
 * nothing is plain text, and escaped where it would read as markup.
 */
#ifndef BI_PARSE_MD_H
#define BI_PARSE_MD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
	MD_DEPTH = 12,
	MD_MARKS = 8,
	MD_NUMBERS = 1000000, /* of items */
	MD_MARK = 16,         /* room for an item's */
};

enum md_mark { MD_STRONG, MD_EMPHASIS, MD_DELETED, MD_LINK };

struct md {
	struct buf out;  /* what is written */
	struct buf line; /* the block being written */
	size_t most;     /* bytes of OUT */
	bool full;       /* there were more */
	struct {
		char first[MD_MARK]; /* in front of its first line, "- " */
		char rest[MD_MARK];  /* of those behind it */
		bool used;
	} nest[MD_DEPTH]; /* lists and quotes that are open */
	unsigned depth;   /* how many; those beyond MD_DEPTH are counted only */
	struct {
		enum md_mark mark;
		char *url;
		bool shown; /* in the block being written */
	} marks[MD_MARKS];
	unsigned mark_count;
	bool space;       /* a blank is due before the next word */
	bool plain;       /* blocks do not count: in a table's cell or a heading */
	bool tight;       /* the next block follows without an empty line */
	unsigned heading; /* that the block is; 0: none */
	size_t last;      /* where in OUT the block that was written last begins */
};

void md_begin(struct md *m, size_t most);
void md_free(struct md *m);

/* Text, whose runs of blanks are one. */
void md_text(struct md *m, const char *text, size_t n);

/* Text as it is, as code within a line. */
void md_code(struct md *m, const char *text, size_t n);

/* A line break within a block; the second in a row begins another block. */
void md_break(struct md *m);

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

/* Opens a list's item ("- ", "3. ") or a quote ("> "), and closes it. */
void md_item(struct md *m, const char *mark);
void md_quote(struct md *m);
void md_leave(struct md *m);

/* A block of code as it is; LANGUAGE may be "". */
void md_pre(struct md *m, const char *text, size_t n, const char *language);

/* A block that is text as it stands, lines and all. */
void md_raw(struct md *m, const char *text, size_t n);

/* A line across. */
void md_rule(struct md *m);

/* A table's row: N cells, each one line of Markdown made by md_cell(); under the FIRST one a rule goes. */
void md_row(struct md *m, struct buf *cells, size_t n, bool first);

/* Between these, text goes into a cell: blocks are blanks, and | is escaped. OUT is set to it. */
void md_cell_begin(struct md *m);
void md_cell_end(struct md *m, struct buf *out);

#endif
