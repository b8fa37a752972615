#include "markdown/plain_markdown.h"

#include <stdbool.h>
#include <string.h>

enum { FULL = 60, QUOTES_MAX = 100 };

struct plain {
	struct md *m;
	unsigned flags;
	unsigned quotes;  /* that are open */
	struct buf block; /* the lines of the paragraph, each with its newline */
};

/* Whether blanks in a paragraph are layout: a line that begins with two and more, or has three and more inside. */
static bool
is_laid_out(const char *block)
{
	for (const char *line = block; *line; line = strchr(line, '\n') + 1) {
		size_t n = strcspn(line, "\n");

		if ((*line == '\t' || strncmp(line, "  ", 2) == 0) && strspn(line, " \t") < n)
			return true;
		if (memmem(line, n, "   ", 3) && strspn(line, " \t") < n)
			return true;
		if (memchr(line, '\t', n))
			return true;
	}
	return false;
}

/* How many characters N bytes have. */
static size_t
count_characters(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

static void
add_lines(struct plain *p)
{
	for (const char *line = p->block.data; *line;) {
		size_t n = strcspn(line, "\n");
		bool goes_on = p->flags & PLAIN_FLOWED && n > 0 && line[n - 1] == ' ' && strncmp(line, "-- \n", 4) != 0;

		md_text(p->m, line, goes_on && p->flags & PLAIN_DELSP ? n - 1 : n);
		if (p->flags & PLAIN_WRAPPED && count_characters(line, n) >= FULL)
			md_text(p->m, " ", 1);
		else if (!goes_on)
			md_break(p->m);
		line += n + (line[n] == '\n');
	}
}

static void
end_block(struct plain *p)
{
	if (p->block.len == 0)
		return;
	md_block(p->m);
	if (is_laid_out(p->block.data))
		md_pre(p->m, p->block.data, p->block.len, "");
	else
		add_lines(p);
	md_block(p->m);
	buf_clear(&p->block);
}

/* Opens or closes quotes, so that DEPTH are open. */
static void
set_quotes(struct plain *p, unsigned depth)
{
	if (depth == p->quotes)
		return;
	end_block(p);
	for (; p->quotes < depth; p->quotes++)
		md_quote(p->m);
	for (; p->quotes > depth; p->quotes--)
		md_leave(p->m);
}

/* Takes the marks of quotes from the beginning of a line; how many there are. */
static unsigned
take_quotes(const struct plain *p, const char **line, size_t *n)
{
	unsigned depth = 0;

	while (p->flags & PLAIN_QUOTES && depth<QUOTES_MAX && * n> 0 && **line == '>') {
		size_t skip = 1;

		/* "> > text" and ">> text" are the same, but for a flowed text. */
		if (!(p->flags & PLAIN_FLOWED) && *n > 2 && (*line)[1] == ' ' && (*line)[2] == '>')
			skip = 2;
		*line += skip;
		*n -= skip;
		depth++;
	}
	/* The blank behind the marks, or the one that a flowed text has before a line that begins with a mark. */
	if (*n > 0 && **line == ' ' && (depth || p->flags & PLAIN_FLOWED)) {
		(*line)++;
		(*n)--;
	}
	return depth;
}

void
plain_markdown_add(struct md *m, const char *text, size_t n, unsigned flags)
{
	struct plain p = {.m = m, .flags = flags};
	const char *end = text + n;

	while (text < end && !m->full) {
		const char *line = text, *stop = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((stop ? stop : end) - line);

		text = stop ? stop + 1 : end;
		while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\f'))
			len--;
		set_quotes(&p, take_quotes(&p, &line, &len));
		if (strspn(line, " \t") >= len) {
			end_block(&p);
			continue;
		}
		buf_add(&p.block, line, len);
		buf_str(&p.block, "\n");
	}
	set_quotes(&p, 0);
	end_block(&p);
	buf_free(&p.block);
}
