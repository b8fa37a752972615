#include "web/html_markdown.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "html/srcset.h"
#include "html/url.h"
#include "web/html_notes.h"
#include "web/html_table.h"
#include "web/math_tex.h"
#include "web/script_text.h"

enum { LISTS = 64, SCRIPT = 60 };

/* The state of the conversion. */
struct markdown_writer {
	const struct html_markdown *s;
	const struct dom *d;
	struct md *md;
	uint32_t *open; /* the elements to be closed */
	size_t count, room;
	struct {
		bool ordered;
		unsigned number;
	} lists[LISTS];
	unsigned list_count;
	/* A heading after which everything was dropped is dropped too: "Related articles". */
	bool orphan;
	const cmark_node *heading; /* the one that was written last */
	unsigned heading_level;
};

static void walk_tree(struct markdown_writer *w, uint32_t from, uint32_t end);

static bool
has_notes(const struct markdown_writer *w)
{
	return w->s->note != NULL;
}

/* --- headings that are left without their text --- */

static bool
is_heading_last(const struct markdown_writer *w)
{
	return w->heading && w->md->last == w->heading && !w->md->line;
}

static void
begin_heading(struct markdown_writer *w, unsigned level)
{
	md_block(w->md);
	if (w->orphan && is_heading_last(w) && level <= w->heading_level)
		md_drop_last(w->md);
	w->orphan = false;
	w->heading = NULL;
	w->heading_level = level;
	md_heading(w->md, level);
}

/* --- what is within a line --- */

/* Resolves an address; a relative one stays unchanged if the base is not known. The caller frees the result, which may
 * be NULL. */
static char *
resolve_address(const struct markdown_writer *w, const char *text, size_t n)
{
	char *url = url_resolve(w->s->base, text, n);

	return url || w->s->base || w->s->picture ? url : url_relative(text, n);
}

/* Whether the link in a heading only serves to copy the heading's address, or to edit its section: "¶", "#",
 * "Permalink". */
static bool
is_heading_tool(const struct markdown_writer *w, uint32_t i)
{
	const char *href = w->md->heading && dom_tag(w->d, i) == GUMBO_TAG_A ? dom_attribute(w->d, i, "href") : NULL;
	struct buf text = {0};
	bool tool = false, word = false;

	if (!href || w->d->nodes[i].text > SCRIPT)
		return false;
	dom_collect(w->d, i, &text, false);
	for (size_t k = 0; k < text.len; k++)
		word = word || isalnum((unsigned char)text.data[k]) || strchr("\xc3\xd0\xd1", text.data[k]);
	if (*href == '#' || strstr(href, "/#"))
		tool = (w->d->nodes[i].text < 4 && !word) || strcasestr(text.data, "permalink") ||
		       strcasestr(text.data, "link to this") || strcasestr(text.data, "direct link to");
	buf_free(&text);
	return tool || strstr(href, "action=edit");
}

static void
open_link(struct markdown_writer *w, uint32_t i)
{
	const char *href = dom_attribute(w->d, i, "href");
	bool within = href && *href == '#' && w->md->heading; /* a heading that leads to the table of contents */
	char *url = href && !within ? resolve_address(w, href, strlen(href)) : NULL;
	struct buf text = {0};

	if (!url)
		return;
	dom_collect(w->d, i, &text, true);
	doc_link(w->s->doc, url, text.data);
	buf_free(&text);
	md_open(w->md, MD_LINK, url);
	free(url);
}

/* The attribute with the address of a picture: the one that is loaded later is the real one. */
static char *
source_of(const struct markdown_writer *w, uint32_t i)
{
	static const char *const names[] = {"data-src", "data-original", "data-lazy-src", "src"};
	const char *set = dom_attribute(w->d, i, "srcset");
	struct srcset candidates = {.at = set ? set : ""};

	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
		const char *src = dom_attribute(w->d, i, names[k]);
		char *url = src ? resolve_address(w, src, strlen(src)) : NULL;

		if (url)
			return url;
	}
	return srcset_next(&candidates) ? resolve_address(w, candidates.url, candidates.len) : NULL;
}

/* Pictures of one or two pixels count visits, and other small ones are marks beside words. */
static bool
is_small(const struct markdown_writer *w, uint32_t i)
{
	const char *width = dom_attribute(w->d, i, "width"), *height = dom_attribute(w->d, i, "height");

	return (width && isdigit((unsigned char)*width) && strtol(width, NULL, 10) < 33) ||
	       (height && isdigit((unsigned char)*height) && strtol(height, NULL, 10) < 33);
}

static void
put_picture(struct markdown_writer *w, uint32_t i)
{
	const char *src = dom_attribute(w->d, i, "src"), *alt = dom_attribute(w->d, i, "alt"), *name = NULL;
	char *url;

	if (w->s->picture) {
		if (src && (name = w->s->picture(w->s->arg, src, alt)))
			md_image(w->md, name, alt);
		if (!w->s->elsewhere || (src && name))
			return;
	}
	if (math_tex_is_picture(w->d, i)) {
		math_tex_put(w->md, alt);
		return;
	}
	if (is_small(w, i))
		return;
	url = source_of(w, i);
	if (url)
		md_image(w->md, url, alt);
	free(url);
}

/* --- blocks --- */

static void
open_item(struct markdown_writer *w)
{
	long number = -1;

	if (w->list_count > 0 && w->list_count <= LISTS && w->lists[w->list_count - 1].ordered)
		number = w->lists[w->list_count - 1].number++ % MD_NUMBERS;
	md_item(w->md, number);
}

static void
open_list(struct markdown_writer *w, uint32_t i, bool ordered)
{
	const char *start = dom_attribute(w->d, i, "start");
	long number = start ? strtol(start, NULL, 10) : 1;

	md_block(w->md);
	if (w->list_count < LISTS) {
		w->lists[w->list_count].ordered = ordered;
		w->lists[w->list_count].number = number >= 0 && number < MD_NUMBERS ? (unsigned)number : 1;
	}
	w->list_count++;
}

/* The language in a class of a highlighter: language-c, lang-c, highlight-source-c. */
static void
language_of(const struct markdown_writer *w, uint32_t i, char *out, size_t room)
{
	static const char *const heads[] = {"language-", "lang-", "highlight-source-", "brush: "};
	uint32_t code = dom_find(w->d, i, w->d->nodes[i].end, GUMBO_TAG_CODE);
	const char *classes[] = {dom_attribute(w->d, i, "class"),
				 code < w->d->nodes[i].end ? dom_attribute(w->d, code, "class") : NULL};
	size_t n;

	*out = '\0';
	for (size_t c = 0; c < 2; c++)
		for (size_t h = 0; classes[c] && h < sizeof(heads) / sizeof(heads[0]); h++) {
			const char *at = strstr(classes[c], heads[h]);

			if (!at)
				continue;
			at += strlen(heads[h]);
			n = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+#-");
			snprintf(out, room, "%.*s", (int)(n < room ? n : 0), at);
			return;
		}
}

static void
put_code(struct markdown_writer *w, uint32_t i, bool block)
{
	struct buf text = {0};
	char language[24];

	dom_collect(w->d, i, &text, false);
	if (block) {
		language_of(w, i, language, sizeof(language));
		md_pre(w->md, text.data, text.len, language);
	} else {
		md_code(w->md, text.data, text.len);
	}
	buf_free(&text);
}

static void
put_formula(struct markdown_writer *w, uint32_t i)
{
	const char *display = dom_attribute(w->d, i, "display");
	bool block = display && strcasecmp(display, "block") == 0;
	struct buf tex = {0};

	math_tex_add(w->d, i, &tex);
	if (block)
		md_block(w->md);
	math_tex_put(w->md, tex.data);
	if (block)
		md_block(w->md);
	buf_free(&tex);
}

/* A superscript or subscript. False if it is too long for one, or has more than text: then it is written like what is
 * around it. */
static bool
put_script(struct markdown_writer *w, uint32_t i)
{
	const struct dom_node *n = &w->d->nodes[i];
	bool sub = dom_tag(w->d, i) == GUMBO_TAG_SUB, note;
	struct buf text = {0};

	if (has_notes(w) && html_note_below(w->d, i))
		return false;
	if (n->text == 0 || n->text > SCRIPT || dom_find(w->d, i, n->end, GUMBO_TAG_IMG) < n->end ||
	    dom_find(w->d, i, n->end, GUMBO_TAG_MATH) < n->end)
		return false;
	note = !sub && !n->in_link && dom_find(w->d, i, n->end, GUMBO_TAG_A) < n->end;
	dom_collect(w->d, i, &text, false);
	script_text_put(w->md, sub ? SCRIPT_SUB : note ? SCRIPT_NOTE : SCRIPT_SUPER, text.data);
	buf_free(&text);
	return true;
}

/* --- notes of a book --- */

/* Writes the reference of a link to a note. False if it leads to none. */
static bool
put_reference(struct markdown_writer *w, uint32_t i)
{
	struct buf text = {0}, label = {0};
	unsigned note;

	dom_collect(w->d, i, &text, false);
	buf_printf(&label, "[%s]", text.len ? text.data : "");
	note = w->s->note(w->s->arg, dom_attribute(w->d, i, "href"), label.data);
	md_note_refer(w->md, note);
	buf_free(&text);
	buf_free(&label);
	return note > 0;
}

static void
begin_note(struct markdown_writer *w, uint32_t i)
{
	struct buf href = {0};
	unsigned note;

	buf_printf(&href, "#%s", dom_attribute(w->d, i, "id"));
	note = w->s->note(w->s->arg, href.data, "");
	buf_free(&href);
	if (note == 0)
		note = md_note(w->md, "");
	md_note_begin(w->md, note);
}

/* --- tables --- */

static void
put_row(struct markdown_writer *w, uint32_t row, size_t columns)
{
	size_t n = 0;

	for (uint32_t i = row + 1; i < w->d->nodes[row].end && n < columns; i = w->d->nodes[i].end) {
		if (!table_is_cell(w->d, i))
			continue;
		n++;
		md_cell_begin(w->md);
		walk_tree(w, i + 1, w->d->nodes[i].end);
		md_cell_end(w->md, 1);
	}
	md_row(w->md, columns);
}

static void
put_table(struct markdown_writer *w, uint32_t table)
{
	const struct dom *d = w->d;
	uint32_t end = d->nodes[table].end, caption = dom_find(d, table, end, GUMBO_TAG_CAPTION);
	size_t columns = 0;

	md_block(w->md);
	if (caption < end && !d->nodes[caption].dropped && !d->nodes[caption].hidden) {
		walk_tree(w, caption + 1, d->nodes[caption].end);
		md_block(w->md);
	}
	for (uint32_t i = table_next_row(d, table + 1, end); i < end; i = table_next_row(d, d->nodes[i].end, end)) {
		size_t n = table_cells(d, i);

		columns = n > columns ? n : columns;
	}
	md_table(w->md);
	for (uint32_t i = table_next_row(d, table + 1, end); i < end; i = table_next_row(d, d->nodes[i].end, end))
		put_row(w, i, columns);
}

/* --- the walk --- */

/* Opens an element. Returns whether it must be closed later. */
static bool
open_element(struct markdown_writer *w, uint32_t i)
{
	GumboTag tag = dom_tag(w->d, i);

	if (has_notes(w) && html_note_is(w->d, i)) {
		begin_note(w, i);
		return true;
	}
	switch (tag) {
	case GUMBO_TAG_A:
		open_link(w, i);
		return true;
	case GUMBO_TAG_STRONG:
	case GUMBO_TAG_B:
		md_open(w->md, MD_STRONG, NULL);
		return true;
	case GUMBO_TAG_EM:
	case GUMBO_TAG_I:
		md_open(w->md, MD_EMPHASIS, NULL);
		return true;
	case GUMBO_TAG_DEL:
	case GUMBO_TAG_S:
		md_open(w->md, MD_DELETED, NULL);
		return true;
	case GUMBO_TAG_H1:
	case GUMBO_TAG_H2:
	case GUMBO_TAG_H3:
	case GUMBO_TAG_H4:
	case GUMBO_TAG_H5:
	case GUMBO_TAG_H6:
		begin_heading(w, (unsigned)(tag - GUMBO_TAG_H1) + 1);
		return true;
	case GUMBO_TAG_UL:
	case GUMBO_TAG_OL:
		open_list(w, i, tag == GUMBO_TAG_OL);
		return true;
	case GUMBO_TAG_LI:
		open_item(w);
		return true;
	case GUMBO_TAG_BLOCKQUOTE:
		md_quote(w->md);
		return true;
	case GUMBO_TAG_BR:
		md_break(w->md);
		return false;
	case GUMBO_TAG_HR:
		md_rule(w->md);
		return false;
	case GUMBO_TAG_IMG:
		put_picture(w, i);
		return false;
	default:
		if (dom_is_block(w->d, i))
			md_block(w->md);
		return dom_is_block(w->d, i);
	}
}

static void
close_element(struct markdown_writer *w, uint32_t i)
{
	if (has_notes(w) && html_note_is(w->d, i)) {
		md_note_end(w->md);
		return;
	}
	switch (dom_tag(w->d, i)) {
	case GUMBO_TAG_A:
		md_close(w->md, MD_LINK);
		break;
	case GUMBO_TAG_STRONG:
	case GUMBO_TAG_B:
		md_close(w->md, MD_STRONG);
		break;
	case GUMBO_TAG_EM:
	case GUMBO_TAG_I:
		md_close(w->md, MD_EMPHASIS);
		break;
	case GUMBO_TAG_DEL:
	case GUMBO_TAG_S:
		md_close(w->md, MD_DELETED);
		break;
	case GUMBO_TAG_H1:
	case GUMBO_TAG_H2:
	case GUMBO_TAG_H3:
	case GUMBO_TAG_H4:
	case GUMBO_TAG_H5:
	case GUMBO_TAG_H6:
		if (w->md->heading && w->md->line)
			w->heading = w->md->line;
		md_block(w->md);
		break;
	case GUMBO_TAG_UL:
	case GUMBO_TAG_OL:
		md_block(w->md);
		w->list_count--;
		break;
	case GUMBO_TAG_LI:
	case GUMBO_TAG_BLOCKQUOTE:
		md_leave(w->md);
		break;
	default:
		md_block(w->md);
	}
}

/* Writes an element that is handled as a whole. False if its children must be visited. */
static bool
put_whole(struct markdown_writer *w, uint32_t i)
{
	switch (dom_tag(w->d, i)) {
	case GUMBO_TAG_PRE:
	case GUMBO_TAG_CODE:
	case GUMBO_TAG_KBD:
	case GUMBO_TAG_SAMP:
		put_code(w, i, dom_tag(w->d, i) == GUMBO_TAG_PRE);
		return true;
	case GUMBO_TAG_A:
		return is_heading_tool(w, i) || (has_notes(w) && (html_note_returns(w->d, i) ||
								  (html_note_refers(w->d, i) && put_reference(w, i))));
	case GUMBO_TAG_MATH:
	case GUMBO_TAG_SCRIPT:
		put_formula(w, i);
		return true;
	case GUMBO_TAG_SUP:
	case GUMBO_TAG_SUB:
		return put_script(w, i);
	case GUMBO_TAG_TABLE:
		if (w->md->plain || !table_is_data(w->d, i))
			return false;
		put_table(w, i);
		return true;
	default:
		return false;
	}
}

/* Walks the elements; it calls itself for the cells of a table, which contain no tables. */
static void
walk_tree(struct markdown_writer *w, uint32_t from, uint32_t end)
{
	const struct dom_node *nodes = w->d->nodes;
	size_t floor = w->count;

	for (uint32_t i = from; i < end;) {
		const char *text = dom_text(w->d, i);

		while (w->count > floor && nodes[w->open[w->count - 1]].end <= i)
			close_element(w, w->open[--w->count]);
		if (nodes[i].hidden || nodes[i].dropped) {
			if (nodes[i].dropped && nodes[i].text > 0 && w->heading_level > 1 && is_heading_last(w))
				w->orphan = true;
			i = nodes[i].end;
			continue;
		}
		if (text)
			md_text(w->md, text, strlen(text));
		else if (put_whole(w, i)) {
			i = nodes[i].end;
			continue;
		} else if (open_element(w, i)) {
			if (w->count == w->room) {
				w->room = w->room ? w->room * 2 : 64;
				w->open = buf_realloc(w->open, w->room * sizeof(*w->open));
			}
			w->open[w->count++] = i;
		}
		i++;
	}
	while (w->count > floor)
		close_element(w, w->open[--w->count]);
}

void
html_markdown_add(const struct html_markdown *s, uint32_t i)
{
	struct markdown_writer w = {.s = s, .d = s->dom, .md = &s->doc->md};

	md_block(w.md);
	walk_tree(&w, i, s->dom->nodes[i].end);
	md_block(w.md);
	if (w.orphan && is_heading_last(&w))
		md_drop_last(w.md);
	free(w.open);
}
