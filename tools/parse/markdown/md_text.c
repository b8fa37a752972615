/* What is within a line of Markdown. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "markdown/md_internal.h"

/* The headers of Debian 12 do not declare it; the library has it. */
extern cmark_node_type CMARK_NODE_STRIKETHROUGH;

enum { ADDRESS = 2000 }; /* bytes of one in the text */

/* The length of the address that TEXT begins with, 0 if it does not begin with one. Punctuation at its end does not
 * belong to it. */
static size_t
address_length(const char *text)
{
	static const char *const schemes[] = {"http://", "https://", "ftp://"};
	size_t n = 0, scheme = 0;
	const char *and;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]) && !scheme; i++)
		if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
			scheme = strlen(schemes[i]);
	if (scheme)
		n = strcspn(text, " <>|\"`\\");
	and = memchr(text, '&', n);
	if (and&&memchr(and, ';', (size_t)(text + n - and)))
		n = (size_t)(and-text); /* it could be read as an entity */
	while (n > scheme && strchr(".,;:!?'*_~)]", text[n - 1]))
		n--;
	return n > scheme && n < ADDRESS ? n : 0;
}

static bool
is_in_mark(const struct md *m, enum md_mark mark)
{
	for (unsigned i = 0; i < m->mark_count; i++)
		if (m->marks[i].mark == mark && m->marks[i].shown)
			return true;
	return false;
}

/* Whether | ends a cell: libcmark-gfm does not escape it in strikethrough. */
static bool
is_bar_unsafe(const struct md *m)
{
	return m->plain && is_in_mark(m, MD_DELETED);
}

static void
add_literal(struct md *m, const char *text, size_t n)
{
	struct buf literal = {0};

	while (n > 0) {
		const char *bar = is_bar_unsafe(m) ? memchr(text, '|', n) : NULL;
		size_t part = bar ? (size_t)(bar - text) : n;

		if (part > 0) {
			buf_clear(&literal);
			buf_add(&literal, text, part);
			cmark_node_set_literal(md_add_node(m, m->inner, CMARK_NODE_TEXT), literal.data);
		}
		if (bar)
			cmark_node_set_literal(md_add_node(m, m->inner, CMARK_NODE_HTML_INLINE), MD_BAR);
		text += part + (bar ? 1 : 0);
		n -= part + (bar ? 1 : 0);
	}
	buf_free(&literal);
}

static void
add_address(struct md *m, const char *text, size_t n)
{
	cmark_node *in = m->inner;
	struct buf url = {0};

	buf_add(&url, text, n);
	m->inner = md_add_node(m, in, CMARK_NODE_LINK);
	cmark_node_set_url(m->inner, url.data);
	add_literal(m, text, n);
	m->inner = in;
	buf_free(&url);
}

/*
 * Readers that make links of addresses in the text (as GitHub does) take a backslash or a mark behind one for a part of
 * it: such an address is written as a link.
 */
static void
add_text(struct md *m)
{
	const char *from = m->text.data, *at = is_in_mark(m, MD_LINK) ? "" : from;

	for (; (at = strstr(at, "://")); at++) {
		const char *begin = at;
		size_t n;

		while (begin > from && isalpha((unsigned char)begin[-1]))
			begin--;
		n = address_length(begin);
		if (n == 0 || (begin[n] == ' ' && strcspn(begin, "_*~#&![]") >= n))
			continue;
		add_literal(m, from, (size_t)(begin - from));
		add_address(m, begin, n);
		from = begin + n;
		at = from - 1;
	}
	add_literal(m, from, strlen(from));
}

/* Whether the text is a line that would make the line before it the head of a table: ":-:". */
static bool
is_delimiter_row(const struct md *m)
{
	cmark_node *before = cmark_node_last_child(m->inner);

	return before &&
	       (cmark_node_get_type(before) == CMARK_NODE_LINEBREAK ||
		cmark_node_get_type(before) == CMARK_NODE_SOFTBREAK) &&
	       strchr(":|", *m->text.data) && strspn(m->text.data, ":|- ") == m->text.len;
}

void
md_end_text(struct md *m)
{
	bool row;

	if (m->text.len == 0)
		return;
	utf8_replace_invalid(m->text.data);
	row = is_delimiter_row(m);
	if (row)
		cmark_node_set_literal(md_add_node(m, m->inner, CMARK_NODE_HTML_INLINE),
				       *m->text.data == '|' ? MD_BAR : MD_COLON);
	buf_drop(&m->text, row ? 1 : 0);
	add_text(m);
	buf_clear(&m->text);
}

/* The white space before the next word. */
void
md_begin_word(struct md *m)
{
	const cmark_node_type types[] = {CMARK_NODE_STRONG, CMARK_NODE_EMPH, CMARK_NODE_STRIKETHROUGH, CMARK_NODE_LINK};
	bool first = !m->line || (m->inner == m->line && !cmark_node_first_child(m->line) && m->text.len == 0);

	if (!m->line) {
		m->line = m->inner = m->last = md_add_block(m, m->heading ? CMARK_NODE_HEADING : CMARK_NODE_PARAGRAPH);
		if (m->heading)
			cmark_node_set_heading_level(m->line, (int)m->heading);
	}
	if (m->broken) {
		md_end_text(m);
		md_add_node(m, m->inner, CMARK_NODE_LINEBREAK);
	} else if (m->wrapped && !first) {
		md_end_text(m);
		md_add_node(m, m->inner, CMARK_NODE_SOFTBREAK);
	} else if (m->space && !first) {
		buf_str(&m->text, " ");
	}
	m->space = m->broken = m->wrapped = false;
	for (unsigned i = 0; i < m->mark_count; i++)
		if (!m->marks[i].shown) {
			md_end_text(m);
			m->inner = md_add_node(m, m->inner, types[m->marks[i].mark]);
			if (m->marks[i].url)
				cmark_node_set_url(m->inner, m->marks[i].url);
			m->marks[i].shown = true;
		}
}

static void
end_mark(struct md *m, unsigned i)
{
	if (!m->marks[i].shown)
		return;
	md_end_text(m);
	m->inner = cmark_node_parent(m->inner);
	m->marks[i].shown = false;
}

/* Copies an address. In a table's cell, | would end the cell. */
static char *
copy_url(const char *url)
{
	struct buf out = {0};

	for (; *url; url++)
		buf_str(&out, *url == '|' ? "%7C" : (char[]){*url, '\0'});
	buf_str(&out, "");
	return out.data;
}

void
md_open(struct md *m, enum md_mark mark, const char *url)
{
	for (unsigned i = 0; i < m->mark_count; i++)
		if (m->marks[i].mark == mark)
			return; /* the inner one has no effect */
	if (m->mark_count == MD_MARKS)
		return;
	m->marks[m->mark_count].mark = mark;
	m->marks[m->mark_count].url = url ? copy_url(url) : NULL;
	m->marks[m->mark_count++].shown = false;
}

void
md_close(struct md *m, enum md_mark mark)
{
	unsigned i = m->mark_count;

	while (i > 0 && m->marks[i - 1].mark != mark)
		i--;
	if (i == 0)
		return;
	for (unsigned k = m->mark_count; k >= i; k--)
		end_mark(m, k - 1);
	md_drop_mark(m, i - 1);
}

/* Adds a word without its soft hyphens, which only say where it may be divided. */
static void
add_word(struct md *m, const char *word, size_t n)
{
	static const char soft[] = "\xc2\xad";
	const char *at;

	while ((at = memmem(word, n, soft, 2))) {
		buf_add(&m->text, word, (size_t)(at - word));
		n -= (size_t)(at - word) + 2;
		word = at + 2;
	}
	buf_add(&m->text, word, n);
}

void
md_text(struct md *m, const char *text, size_t n)
{
	if (md_is_full(m, n))
		return;
	for (size_t i = 0, word = 0; i < n; i += word ? word : 1) {
		for (word = 0; i + word < n && (unsigned char)text[i + word] > ' ' && text[i + word] != 0x7f;)
			word++;
		if (word == 0) {
			m->space = m->space || isspace((unsigned char)text[i]);
			continue;
		}
		md_begin_word(m);
		add_word(m, text + i, word);
	}
}

/* The code that the line ends in, to which more is appended: two beside each other would be read as one. */
static cmark_node *
last_code(const struct md *m)
{
	cmark_node *last = m->line && m->text.len == 0 ? cmark_node_last_child(m->inner) : NULL;

	return last && cmark_node_get_type(last) == CMARK_NODE_CODE ? last : NULL;
}

void
md_code(struct md *m, const char *text, size_t n)
{
	struct buf code = {0};
	cmark_node *node;

	for (; n > 0 && isspace((unsigned char)*text); text++)
		n--;
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	if (n == 0 || md_is_full(m, n))
		return;
	md_begin_word(m);
	if (is_bar_unsafe(m) && memchr(text, '|', n)) {
		md_text(m, text, n);
		return;
	}
	md_end_text(m);
	node = last_code(m);
	if (node)
		buf_str(&code, cmark_node_get_literal(node));
	for (size_t i = 0; i < n; i++)
		buf_add(&code, isspace((unsigned char)text[i]) ? " " : text + i, 1);
	cmark_node_set_literal(node ? node : md_add_node(m, m->inner, CMARK_NODE_CODE), code.data);
	buf_free(&code);
}

void
md_break(struct md *m)
{
	if (m->plain || m->heading)
		m->space = true;
	else if (m->broken)
		md_block(m);
	else
		m->broken = m->line != NULL;
}

void
md_wrap(struct md *m)
{
	if (m->plain || m->heading)
		m->space = true;
	else
		m->wrapped = m->line != NULL;
}

void
md_image(struct md *m, const char *url, const char *alt)
{
	char *address;
	cmark_node *image;

	if (md_is_full(m, strlen(url) + (alt ? strlen(alt) : 0)))
		return;
	md_begin_word(m);
	md_end_text(m);
	image = md_add_node(m, m->inner, CMARK_NODE_IMAGE);
	address = copy_url(url);
	cmark_node_set_url(image, address);
	free(address);
	for (; alt && *alt; alt++)
		buf_add(&m->text, (unsigned char)*alt < ' ' ? " " : alt, 1);
	m->inner = image;
	md_end_text(m);
	m->inner = cmark_node_parent(image);
}

void
md_end_line(struct md *m)
{
	for (unsigned i = m->mark_count; i > 0; i--)
		end_mark(m, i - 1);
	if (m->line)
		md_end_text(m);
	m->line = NULL;
	m->space = m->broken = m->wrapped = false;
	if (!m->plain)
		md_place_asides(m);
}

void
md_block(struct md *m)
{
	m->space = m->space || m->plain;
	if (m->plain)
		return;
	md_end_line(m);
	m->heading = 0;
}

void
md_heading(struct md *m, unsigned level)
{
	if (m->plain)
		return;
	m->heading = level < 1 ? 1 : level > 6 ? 6 : level;
}

void
md_heading_text(struct md *m, unsigned level, const char *text)
{
	md_block(m);
	md_heading(m, level);
	md_text(m, text, strlen(text));
	md_block(m);
}
