/*
 * Marks of Markdown that stay marks when they are read. CommonMark reads the stars of **a.**b as stars, since a mark
 * does not end between punctuation and a letter. Instead of repeating its rules, each line with marks is read back.
 */
#include <cmark-gfm-core-extensions.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "markdown/md_internal.h"

extern cmark_node_type CMARK_NODE_TABLE_CELL, CMARK_NODE_STRIKETHROUGH;

static bool
is_mark(cmark_node *node)
{
	cmark_node_type type = cmark_node_get_type(node);

	return type == CMARK_NODE_STRONG || type == CMARK_NODE_EMPH || type == CMARK_NODE_STRIKETHROUGH;
}

static bool
is_line(cmark_node *node)
{
	cmark_node_type type = cmark_node_get_type(node);

	return type == CMARK_NODE_PARAGRAPH || type == CMARK_NODE_HEADING || type == CMARK_NODE_TABLE_CELL;
}

/* Appends the texts below NODE without blanks. */
static void
add_letters(cmark_node *node, struct buf *out)
{
	struct buf words = {0};

	md_add_words(node, &words);
	for (size_t i = 0; i < words.len; i++)
		if (!isspace((unsigned char)words.data[i]))
			buf_add(out, words.data + i, 1);
	buf_str(out, "");
	buf_free(&words);
}

static cmark_node *
read_markdown(const char *text)
{
	cmark_parser *parser = cmark_parser_new_with_mem(CMARK_OPT_FOOTNOTES, &md_memory);
	cmark_node *document;

	cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension("strikethrough"));
	cmark_parser_feed(parser, text, strlen(text));
	document = cmark_parser_finish(parser);
	cmark_parser_free(parser);
	return document;
}

/* Whether what the paragraph is written as has the same text. */
static bool
is_read_back(cmark_node *paragraph)
{
	char *text = cmark_render_commonmark_with_mem(paragraph, CMARK_OPT_DEFAULT, 0, &md_memory);
	cmark_node *document = read_markdown(text);
	struct buf meant = {0}, read = {0};
	bool same;

	add_letters(paragraph, &meant);
	add_letters(document, &read);
	same = strcmp(meant.data, read.data) == 0;
	cmark_node_free(document);
	buf_free(&meant);
	buf_free(&read);
	free(text);
	return same;
}

static void
move_children(cmark_node *from, cmark_node *to)
{
	cmark_node *child;

	while ((child = cmark_node_first_child(from)))
		cmark_node_append_child(to, child);
}

/* Whether the text beside a mark, whose last or first character is C, can make it something else. */
static bool
touches(cmark_node *beside, bool before)
{
	const char *text = beside ? cmark_node_get_literal(beside) : " ";
	size_t n = text ? strlen(text) : 0;

	return n == 0 || !isspace((unsigned char)text[before ? n - 1 : 0]);
}

/* Removes marks below NODE: all, or those that touch other text. */
static void
remove_marks(cmark_node *node, bool all)
{
	cmark_iter *i = cmark_iter_new(node);
	cmark_event_type event;
	cmark_node *child;

	while ((event = cmark_iter_next(i)) != CMARK_EVENT_DONE) {
		cmark_node *at = cmark_iter_get_node(i);

		if (event != CMARK_EVENT_EXIT || !is_mark(at) ||
		    (!all && !touches(cmark_node_previous(at), true) && !touches(cmark_node_next(at), false)))
			continue;
		while ((child = cmark_node_first_child(at)))
			cmark_node_insert_before(at, child);
		cmark_node_free(at);
	}
	cmark_iter_free(i);
}

/* Makes code spans beside each other one: they would be read as one, with their backticks. */
static void
join_codes(cmark_node *node)
{
	cmark_node *child = cmark_node_first_child(node), *next;

	for (; child; child = next) {
		struct buf code = {0};

		next = cmark_node_next(child);
		if (cmark_node_get_type(child) != CMARK_NODE_CODE) {
			join_codes(child);
		} else if (next && cmark_node_get_type(next) == CMARK_NODE_CODE) {
			buf_printf(&code, "%s%s", cmark_node_get_literal(child), cmark_node_get_literal(next));
			cmark_node_set_literal(next, code.data);
			cmark_node_free(child);
		}
		buf_free(&code);
	}
}

/* The character that NODE begins or ends with, if it is a text; 0 if it is not one. */
static char
edge(cmark_node *node, bool end)
{
	const char *text = node && cmark_node_get_type(node) == CMARK_NODE_TEXT ? cmark_node_get_literal(node) : "";
	size_t n = strlen(text);

	return n ? text[end ? n - 1 : 0] : '\0';
}

static bool
is_letter(char c)
{
	return (c & 0x80) == 0 && isalnum((unsigned char)c);
}

/* Whether the text beside a mark is an ASCII character that is not a letter, or there is none. */
static bool
is_apart(cmark_node *beside, bool before)
{
	char c = edge(beside, before);

	return !beside || (c && !(c & 0x80) && !is_letter(c));
}

/* Whether a mark below LINE may be read as something else. */
static bool
has_doubtful_mark(cmark_node *line)
{
	for (cmark_node *child = cmark_node_first_child(line); child; child = cmark_node_next(child)) {
		if (is_mark(child) &&
		    (!is_letter(edge(cmark_node_first_child(child), false)) ||
		     !is_letter(edge(cmark_node_last_child(child), true)) ||
		     !is_apart(cmark_node_previous(child), true) || !is_apart(cmark_node_next(child), false)))
			return true;
		if (has_doubtful_mark(child))
			return true;
	}
	return false;
}

/* LINE is written as a paragraph, whatever it is, so that it can be read alone. */
static void
settle_line(cmark_node *line)
{
	cmark_node *paragraph = cmark_node_new_with_mem(CMARK_NODE_PARAGRAPH, &md_memory);

	move_children(line, paragraph);
	for (int attempt = 0; attempt < 2 && !is_read_back(paragraph); attempt++) {
		remove_marks(paragraph, attempt > 0);
		join_codes(paragraph);
	}
	move_children(paragraph, line);
	cmark_node_free(paragraph);
}

void
md_settle_marks(cmark_node *document)
{
	cmark_iter *i = cmark_iter_new(document);
	cmark_event_type event;

	while ((event = cmark_iter_next(i)) != CMARK_EVENT_DONE) {
		cmark_node *at = cmark_iter_get_node(i);

		if (event == CMARK_EVENT_EXIT && is_line(at) && has_doubtful_mark(at))
			settle_line(at);
	}
	cmark_iter_free(i);
}
