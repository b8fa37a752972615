/*
 * md_internal: what the files of md share.
 */
#ifndef BI_PARSE_MD_INTERNAL_H
#define BI_PARSE_MD_INTERNAL_H

#include "markdown/md.h"

/* Characters that libcmark-gfm does not escape where they mean something, as HTML has them. */
#define MD_BAR "&#124;"
#define MD_COLON "&#58;"

/* The functions for memory that libcmark-gfm gets. They end the program if there is none. */
extern cmark_mem md_memory;

/* Loads the extensions of libcmark-gfm. */
void md_load(void);

/* Adds a new last node to PARENT. */
cmark_node *md_add_node(struct md *m, cmark_node *parent, cmark_node_type type);

/* Adds a new block to the innermost container. */
cmark_node *md_add_block(struct md *m, cmark_node_type type);

/* Returns the innermost container that is open: an item, a quote or the document. */
cmark_node *md_innermost(const struct md *m);

/* Returns the container of the one that is open at DEPTH. */
cmark_node *md_outer_container(const struct md *m, unsigned depth);

/* Removes the item that is open if it is empty; its place gets what it is in. An item that begins with a list is
 * written as "-   - ", which is read as an item that is indented further than its next lines, and one that begins with
 * a table as an item that ends before it. */
void md_replace_empty_item(struct md *m);

/* Removes the mark I. */
void md_drop_mark(struct md *m, unsigned i);

/* Counts MORE bytes of text. Returns true if there is no room for them. */
bool md_is_full(struct md *m, size_t more);

/* Writes the white space and the marks that are due, and begins a block if none is open. */
void md_begin_word(struct md *m);

/* Writes the text that was collected for the end of m->inner. */
void md_end_text(struct md *m);

/* Ends the line that is being written. */
void md_end_line(struct md *m);

/* Appends the words below NODE to OUT. */
void md_add_words(cmark_node *node, struct buf *out);

/* Removes the marks that CommonMark would not read as marks where they are, such as those in **a.**b. */
void md_settle_marks(cmark_node *document);

/* Moves the blocks of the asides that were written behind the current line into the innermost container. */
void md_place_asides(struct md *m);

/* Numbers the notes and the references to them, and moves notes that nothing refers to into the document. Returns the
 * *COUNT notes in their order; the caller frees it. */
unsigned *md_number_notes(struct md *m, unsigned *count);

/* Writes these notes to the end of m->out. */
void md_write_notes(struct md *m, const unsigned *order, unsigned count);

/* Ends what is written apart, and frees the notes. */
void md_free_notes(struct md *m);

#endif
