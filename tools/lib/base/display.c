#include "base/display.h"

#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "base/utf8.h"

/* The length of the escape sequence at the beginning of TEXT; 0: none. */
static size_t
escape_length(const char *text)
{
	size_t n = text[0] == '\033' ? strcspn(text, "m") : 0;

	return n && text[n] ? n + 1 : 0;
}

/* The length of the character at the beginning of TEXT, and its width in *COLUMNS. */
static size_t
next_character(const char *text, int *columns)
{
	uint32_t c;
	size_t n = utf8_decode(text, strnlen(text, 4), &c);
	int width = n ? wcwidth((wchar_t)c) : 1;

	*columns = width < 0 ? 1 : width;
	return n ? n : 1;
}

int
display_width(const char *text)
{
	int all = 0, columns;

	while (*text) {
		size_t n = escape_length(text);

		columns = 0;
		text += n ? n : next_character(text, &columns);
		all += columns;
	}
	return all;
}

void
display_cut(struct buf *out, const char *text, int columns, bool utf8)
{
	int room = columns - (utf8 ? 1 : 3), used = 0, width;

	buf_str(out, "");
	if (display_width(text) <= columns) {
		buf_str(out, text);
		return;
	}
	while (*text) {
		size_t n = next_character(text, &width);

		if (used + width > room)
			break;
		buf_add(out, text, n);
		used += width;
		text += n;
	}
	buf_str(out, utf8 ? "\u2026" : "...");
}

void
display_break(struct buf *text, int columns)
{
	struct buf out = {0};
	const char *p = text->len ? text->data : "";
	int used = 0, width;

	while (*p) {
		size_t n = escape_length(p);

		width = 0;
		if (!n)
			n = next_character(p, &width);
		if (*p != '\n' && used + width > columns) {
			buf_str(&out, "\n");
			used = 0;
		}
		used = *p == '\n' ? 0 : used + width;
		buf_add(&out, p, n);
		p += n;
	}
	buf_free(text);
	*text = out;
}

void
display_fold(struct buf *out, const char *text, int indent, int columns)
{
	int used = indent;
	struct buf word = {0};

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t n = strcspn(text, " ");
		int width;

		buf_clear(&word);
		buf_add(&word, text, n);
		width = display_width(word.data);
		if (used > indent && used + 1 + width > columns) {
			buf_printf(out, "\n%*s", indent, "");
			used = indent;
		}
		buf_printf(out, "%s%s", used > indent ? " " : "", word.data);
		used += width + (used > indent);
		text += n;
	}
	buf_str(out, "\n");
	buf_free(&word);
}
