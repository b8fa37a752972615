#include "md.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void
md_begin(struct md *m, size_t most)
{
	*m = (struct md){.most = most};
	buf_str(&m->out, "");
	buf_str(&m->line, "");
}

static void
drop_mark(struct md *m, unsigned i)
{
	free(m->marks[i].url);
	memmove(&m->marks[i], &m->marks[i + 1], (m->mark_count - i - 1) * sizeof(m->marks[0]));
	m->mark_count--;
}

void
md_free(struct md *m)
{
	while (m->mark_count)
		drop_mark(m, 0);
	buf_free(&m->out);
	buf_free(&m->line);
}

/* --- within a block --- */

/* The space that is due; none at the begin of a block. */
static void
put_space(struct md *m)
{
	if (m->space && m->line.len && m->line.data[m->line.len - 1] != '\n')
		buf_str(&m->line, " ");
	m->space = false;
}

static const char *
sign_of(enum md_mark mark)
{
	static const char *const signs[] = {"**", "*", "~~", "["};

	return signs[mark];
}

/* What is to stand in front of the next word. */
static void
begin_word(struct md *m)
{
	put_space(m);
	for (unsigned i = 0; i < m->mark_count; i++)
		if (!m->marks[i].shown) {
			buf_str(&m->line, sign_of(m->marks[i].mark));
			m->marks[i].shown = true;
		}
}

static void
put_url(struct md *m, const char *url)
{
	for (; *url; url++) {
		if (*url == '(' || *url == ')' || *url == ' ' || *url == '<' || *url == '>')
			buf_printf(&m->line, "%%%02X", (unsigned char)*url);
		else
			buf_add(&m->line, url, 1);
	}
}

static void
end_mark(struct md *m, unsigned i)
{
	if (!m->marks[i].shown)
		return;
	if (m->marks[i].mark == MD_LINK) {
		buf_str(&m->line, "](");
		put_url(m, m->marks[i].url);
		buf_str(&m->line, ")");
	} else {
		buf_str(&m->line, sign_of(m->marks[i].mark));
	}
	m->marks[i].shown = false;
}

void
md_open(struct md *m, enum md_mark mark, const char *url)
{
	for (unsigned i = 0; i < m->mark_count; i++)
		if (m->marks[i].mark == mark)
			return; /* the inner one is nothing */
	if (m->mark_count == MD_MARKS)
		return;
	m->marks[m->mark_count].mark = mark;
	m->marks[m->mark_count].url = url ? buf_strdup(url) : NULL;
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
	drop_mark(m, i - 1);
}

/* Whether a character that begins a line would make it another block. */
static bool
begins_block(const struct md *m, const char *at, size_t n)
{
	size_t digits = 0;

	if (m->heading || m->plain || (m->line.len && m->line.data[m->line.len - 1] != '\n'))
		return false;
	while (digits < n && isdigit((unsigned char)at[digits]))
		digits++;
	if (digits > 0)
		return false; /* its point is what would */
	return *at == '#' || *at == '>' || *at == '=' || *at == '|' ||
	       ((*at == '-' || *at == '+') && (n == 1 || at[1] == ' ' || at[1] == '-'));
}

/* Whether the line is digits so far, and this point makes them a list's number. */
static bool
numbers(const struct md *m, const char *at, size_t n)
{
	size_t k = m->line.len;

	if ((*at != '.' && *at != ')') || (n > 1 && at[1] != ' ') || m->heading || m->plain)
		return false;
	while (k > 0 && isdigit((unsigned char)m->line.data[k - 1]))
		k--;
	return k < m->line.len && (k == 0 || m->line.data[k - 1] == '\n');
}

static bool
needs_escape(const struct md *m, const char *at, size_t n)
{
	char before = m->line.len ? m->line.data[m->line.len - 1] : ' ', after = n > 1 ? at[1] : ' ';

	switch (*at) {
	case '*':
		return !(isspace((unsigned char)before) && isspace((unsigned char)after));
	case '_':
		return !isalnum((unsigned char)before) || !isalnum((unsigned char)after);
	case '`':
		return true;
	case '\\':
		return ispunct((unsigned char)after);
	case '<':
		return isalpha((unsigned char)after) || after == '/' || after == '!' || after == '?';
	case ']':
		return after == '(' || (m->mark_count && m->marks[m->mark_count - 1].mark == MD_LINK);
	case '|':
		return m->plain;
	default:
		return false;
	}
}

static bool
is_full(struct md *m, size_t more)
{
	if (!m->full && m->out.len + m->line.len + more <= m->most)
		return false;
	m->full = true;
	return true;
}

void
md_text(struct md *m, const char *text, size_t n)
{
	if (is_full(m, n))
		return;
	for (size_t i = 0; i < n; i++) {
		if (strchr(" \t\n\r\f\v", text[i])) {
			m->space = true;
			continue;
		}
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			continue;
		begin_word(m);
		if (begins_block(m, text + i, n - i) || numbers(m, text + i, n - i) || needs_escape(m, text + i, n - i))
			buf_str(&m->line, "\\");
		buf_add(&m->line, text + i, 1);
	}
}

void
md_code(struct md *m, const char *text, size_t n)
{
	size_t run = 0, longest = 0;

	while (n > 0 && isspace((unsigned char)*text)) {
		text++;
		n--;
	}
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	if (n == 0 || is_full(m, n + 8))
		return;
	for (size_t i = 0; i < n; i++) {
		run = text[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	begin_word(m);
	for (size_t i = 0; i < longest + 1 && i < 4; i++)
		buf_str(&m->line, "`");
	if (longest)
		buf_str(&m->line, " ");
	for (size_t i = 0; i < n; i++)
		buf_add(&m->line, isspace((unsigned char)text[i]) ? " " : text + i, 1);
	if (longest)
		buf_str(&m->line, " ");
	for (size_t i = 0; i < longest + 1 && i < 4; i++)
		buf_str(&m->line, "`");
}

void
md_break(struct md *m)
{
	if (m->plain) {
		m->space = true;
	} else if (m->line.len && m->line.data[m->line.len - 1] != '\n') {
		buf_str(&m->line, "\\\n");
		m->space = false;
	} else if (m->line.len) {
		md_block(m);
	}
}

void
md_image(struct md *m, const char *url, const char *alt)
{
	if (is_full(m, strlen(url) + (alt ? strlen(alt) : 0) + 8))
		return;
	begin_word(m);
	buf_str(&m->line, "![");
	for (; alt && *alt; alt++) {
		if (strchr("[]\\", *alt))
			buf_str(&m->line, "\\");
		buf_add(&m->line, (unsigned char)*alt < ' ' ? " " : alt, 1);
	}
	buf_str(&m->line, "](");
	put_url(m, url);
	buf_str(&m->line, ")");
}

/* --- blocks --- */

static void
put_prefix(struct md *m, bool first)
{
	unsigned depth = m->depth < MD_DEPTH ? m->depth : MD_DEPTH;

	for (unsigned i = 0; i < depth; i++) {
		buf_str(&m->out, first && !m->nest[i].used ? m->nest[i].first : m->nest[i].rest);
		if (first)
			m->nest[i].used = true;
	}
}

/* An empty line inside what is open, without blanks at its end. */
static void
put_gap(struct md *m)
{
	size_t from = m->out.len;
	unsigned depth = m->depth < MD_DEPTH ? m->depth : MD_DEPTH;

	for (unsigned i = 0; i < depth && m->nest[i].used; i++)
		buf_str(&m->out, m->nest[i].rest);
	while (m->out.len > from && m->out.data[m->out.len - 1] == ' ')
		m->out.data[--m->out.len] = '\0';
	buf_str(&m->out, "\n");
}

/* Writes a block of whole lines. */
static void
put_block(struct md *m, const char *text, size_t n)
{
	bool first = true;

	if (is_full(m, 0))
		return;
	if (m->out.len && !m->tight)
		put_gap(m);
	m->tight = false;
	m->last = m->out.len;
	while (n > 0 || first) {
		const char *end = memchr(text, '\n', n);
		size_t len = end ? (size_t)(end - text) : n;

		put_prefix(m, first);
		buf_add(&m->out, text, len);
		while (m->out.len && m->out.data[m->out.len - 1] == ' ')
			m->out.data[--m->out.len] = '\0';
		buf_str(&m->out, "\n");
		text += len + (end ? 1 : 0);
		n -= len + (end ? 1 : 0);
		first = false;
	}
}

void
md_block(struct md *m)
{
	m->space = m->space || m->plain;
	if (m->plain)
		return;
	for (unsigned i = m->mark_count; i > 0; i--)
		end_mark(m, i - 1);
	m->space = false;
	while (m->line.len && strchr("\\\n ", m->line.data[m->line.len - 1]) &&
	       !(m->line.data[m->line.len - 1] == '\\' && m->line.len > 1 && m->line.data[m->line.len - 2] == '\\'))
		m->line.data[--m->line.len] = '\0';
	if (m->line.len) {
		struct buf head = {0};

		for (unsigned i = 0; i < m->heading; i++)
			buf_str(&head, "#");
		buf_printf(&head, "%s%s", m->heading ? " " : "", m->line.data);
		put_block(m, head.data, head.len);
		buf_free(&head);
	}
	buf_clear(&m->line);
	m->heading = 0;
}

void
md_heading(struct md *m, unsigned level)
{
	if (m->plain)
		return;
	m->heading = level < 1 ? 1 : level > 6 ? 6 : level;
}

static void
enter(struct md *m, const char *first, const char *rest)
{
	md_block(m);
	if (m->depth < MD_DEPTH) {
		snprintf(m->nest[m->depth].first, sizeof(m->nest[0].first), "%s", first);
		snprintf(m->nest[m->depth].rest, sizeof(m->nest[0].rest), "%s", rest);
		m->nest[m->depth].used = false;
	}
	m->depth++;
}

/* Whether the block that was written last is an item's: then the next item follows without an empty line. */
static bool
follows_item(const struct md *m)
{
	const char *last = m->out.data + m->last;
	size_t digits;

	while (*last == ' ' || *last == '>')
		last++;
	digits = strspn(last, "0123456789");
	return (*last == '-' && last[1] == ' ') || (digits && strncmp(last + digits, ". ", 2) == 0);
}

void
md_item(struct md *m, const char *mark)
{
	char rest[MD_MARK];

	m->space = m->space || m->plain;
	if (m->plain)
		return;
	snprintf(rest, sizeof(rest), "%*s", (int)strlen(mark), "");
	enter(m, mark, rest);
	m->tight = m->out.len && follows_item(m);
}

void
md_quote(struct md *m)
{
	if (!m->plain)
		enter(m, "> ", "> ");
}

void
md_leave(struct md *m)
{
	if (m->plain)
		return;
	md_block(m);
	if (m->depth > 0)
		m->depth--;
	m->tight = false;
}

void
md_pre(struct md *m, const char *text, size_t n, const char *language)
{
	struct buf block = {0};
	const char *fence = "```";

	if (m->plain) {
		md_code(m, text, n);
		return;
	}
	md_block(m);
	while (n > 0 && (*text == '\n' || *text == '\r')) {
		text++;
		n--;
	}
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	if (n == 0 || is_full(m, n))
		return;
	if (memmem(text, n, "```", 3))
		fence = "~~~~";
	buf_printf(&block, "%s%s\n", fence, language);
	for (size_t i = 0; i < n; i++)
		if (text[i] != '\r')
			buf_add(&block, text + i, 1);
	buf_printf(&block, "\n%s", fence);
	put_block(m, block.data, block.len);
	buf_free(&block);
}

void
md_raw(struct md *m, const char *text, size_t n)
{
	size_t room = m->out.len < m->most ? m->most - m->out.len : 0;

	md_block(m);
	if (n > room) {
		m->full = true;
		n = utf8_whole_length(text, room);
	}
	buf_add(&m->out, text, n);
}

void
md_rule(struct md *m)
{
	if (m->plain)
		return;
	md_block(m);
	if (m->out.len)
		put_block(m, "---", 3);
}

void
md_row(struct md *m, struct buf *cells, size_t n, bool first)
{
	struct buf row = {0};

	for (size_t i = 0; i < n; i++)
		buf_printf(&row, "| %s ", cells[i].data ? cells[i].data : "");
	buf_str(&row, "|");
	if (first) {
		buf_str(&row, "\n|");
		for (size_t i = 0; i < n; i++)
			buf_str(&row, " --- |");
	}
	m->tight = !first;
	put_block(m, row.data, row.len);
	buf_free(&row);
}

void
md_cell_begin(struct md *m)
{
	m->plain = true;
	m->space = false;
	buf_clear(&m->line);
}

void
md_cell_end(struct md *m, struct buf *out)
{
	for (unsigned i = m->mark_count; i > 0; i--)
		end_mark(m, i - 1);
	buf_clear(out);
	buf_add(out, m->line.data, m->line.len);
	buf_clear(&m->line);
	m->space = m->plain = false;
}
