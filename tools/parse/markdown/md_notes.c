/* Notes of Markdown, and blocks that are written in the middle of a line. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "markdown/md_internal.h"

enum { OUTER = 4, INDENT = 4 };

struct md_note {
	cmark_node *document; /* its text; NULL: not written yet */
	char *label;          /* what stands for it if there is no text */
	unsigned number;      /* 0: nothing refers to it, as far as is known */
};

/* --- what is written apart from the current line --- */

static cmark_node *
new_document(void)
{
	return cmark_node_new_with_mem(CMARK_NODE_DOCUMENT, &md_memory);
}

/* Writes to ROOT until return_outer(). False if too much is open already: then it is written where the text is. */
static bool
write_apart(struct md *m, cmark_node *root)
{
	struct md *outer;

	if (m->apart == OUTER) {
		m->flat++;
		m->space = true;
		return false;
	}
	outer = buf_alloc(sizeof(*outer));
	*outer = *m;
	*m = (struct md){.most = outer->most,
			 .full = outer->full,
			 .bytes = outer->bytes,
			 .nodes = outer->nodes,
			 .notes = outer->notes,
			 .note_count = outer->note_count,
			 .document = root,
			 .out = outer->out,
			 .outer = outer,
			 .apart = outer->apart + 1};
	return true;
}

/* Goes on where the text was. False if write_apart() was false. */
static bool
return_outer(struct md *m)
{
	struct md *outer = m->outer;

	if (m->flat > 0) {
		m->flat--;
		m->space = true;
		return false;
	}
	if (!outer)
		return false;
	md_block(m);
	while (m->mark_count)
		md_close(m, m->marks[m->mark_count - 1].mark);
	buf_free(&m->text);
	outer->full = m->full;
	outer->bytes = m->bytes;
	outer->nodes = m->nodes;
	outer->notes = m->notes;
	outer->note_count = m->note_count;
	outer->out = m->out;
	*m = *outer;
	free(outer);
	return true;
}

/* --- asides --- */

void
md_aside_begin(struct md *m)
{
	if (m->plain) {
		m->plain_asides++;
		m->space = true;
		return;
	}
	if (!m->asides)
		m->asides = new_document();
	write_apart(m, m->asides);
}

void
md_aside_end(struct md *m)
{
	if (m->plain_asides > 0) {
		m->plain_asides--;
		m->space = true;
	} else if (return_outer(m) && !m->line) {
		md_place_asides(m);
	}
}

/* --- notes --- */

unsigned
md_note(struct md *m, const char *label)
{
	m->notes = buf_grow(m->notes, m->note_count, sizeof(*m->notes));
	m->notes[m->note_count] = (struct md_note){.label = buf_strdup(label)};
	return ++m->note_count;
}

void
md_note_refer(struct md *m, unsigned note)
{
	cmark_node *node;

	if (note == 0 || note > m->note_count || md_is_full(m, INDENT))
		return;
	md_begin_word(m);
	md_end_text(m);
	node = md_add_node(m, m->inner, CMARK_NODE_HTML_INLINE);
	cmark_node_set_literal(node, "");
	cmark_node_set_user_data(node, (void *)(size_t)note);
}

void
md_note_begin(struct md *m, unsigned note)
{
	struct md_note *n = &m->notes[note - 1];

	if (!n->document)
		n->document = new_document();
	write_apart(m, n->document);
}

void
md_note_end(struct md *m)
{
	return_outer(m);
}

static bool
has_text(const struct md_note *n)
{
	return n->document && cmark_node_first_child(n->document);
}

/* Numbers the notes that are referred to below NODE, and puts them into ORDER, which has N of them. Returns how many it
 * has then. */
static unsigned
number_below(struct md *m, cmark_node *node, unsigned *order, unsigned n)
{
	cmark_iter *i = cmark_iter_new(node);
	cmark_event_type event;
	char number[24];

	while ((event = cmark_iter_next(i)) != CMARK_EVENT_DONE) {
		cmark_node *at = cmark_iter_get_node(i), *text;
		size_t which =
			cmark_node_get_type(at) == CMARK_NODE_HTML_INLINE ? (size_t)cmark_node_get_user_data(at) : 0;
		struct md_note *note = which ? &m->notes[which - 1] : NULL;

		if (!note)
			continue;
		if (!has_text(note)) {
			text = cmark_node_new_with_mem(CMARK_NODE_TEXT, &md_memory);
			cmark_node_set_literal(text, note->label);
			cmark_node_insert_before(at, text);
			cmark_node_free(at);
			continue;
		}
		if (note->number == 0) {
			order[n++] = (unsigned)which - 1;
			note->number = n;
		}
		snprintf(number, sizeof(number), "[^%u]", note->number);
		cmark_node_set_literal(at, number);
	}
	cmark_iter_free(i);
	return n;
}

unsigned *
md_number_notes(struct md *m, unsigned *count)
{
	unsigned *order = buf_alloc(m->note_count * sizeof(*order) + 1), n, done = 0;
	cmark_node *child;

	n = number_below(m, m->document, order, 0);
	for (unsigned i = 0; i <= m->note_count; i++) {
		struct md_note *note;

		while (done < n)
			n = number_below(m, m->notes[order[done++]].document, order, n);
		if (i == m->note_count)
			break;
		note = &m->notes[i];
		if (note->number > 0 || !has_text(note))
			continue;
		n = number_below(m, note->document, order, n);
		while (note->number == 0 && (child = cmark_node_first_child(note->document)))
			cmark_node_append_child(m->document, child);
	}
	*count = n;
	return order;
}

/* Writes one note: its lines but the first begin with blanks. */
static void
write_note(struct md *m, const struct md_note *note)
{
	struct buf out = {0};
	char *text;

	md_settle_marks(note->document);
	text = cmark_render_commonmark_with_mem(note->document, CMARK_OPT_DEFAULT, 0, &md_memory);
	buf_printf(&out, "\n[^%u]: ", note->number);
	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");

		if (line > text && n > 0)
			buf_printf(&out, "%*s", INDENT, "");
		buf_add(&out, line, n);
		buf_str(&out, "\n");
		line += n + (line[n] == '\n');
	}
	md_raw(m, out.data, out.len);
	buf_free(&out);
	free(text);
}

void
md_write_notes(struct md *m, const unsigned *order, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		write_note(m, &m->notes[order[i]]);
}

void
md_free_notes(struct md *m)
{
	while (m->outer) {
		m->flat = 0;
		return_outer(m);
	}
	for (unsigned i = 0; i < m->note_count; i++) {
		if (m->notes[i].document)
			cmark_node_free(m->notes[i].document);
		free(m->notes[i].label);
	}
	free(m->notes);
	if (m->asides)
		cmark_node_free(m->asides);
}
