#include "base/member.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

/* Appends N bytes, and escapes those that need it. */
static void
add_part(struct buf *out, const char *part, size_t n)
{
	uint32_t c = 0;

	for (size_t len; n > 0; part += len, n -= len) {
		len = utf8_decode(part, n, &c);
		if (len == 0 || c < 0x20 || c == 0x7f) {
			buf_printf(out, "\\x%02x", (unsigned char)*part);
			len = 1;
		} else if (utf8_class_of(c) != UTF8_TEXT) {
			buf_printf(out, "\\u%04lx", (unsigned long)c);
		} else {
			buf_add(out, part, len);
		}
	}
}

/* Whether one part of the name, between slashes or backslashes, is "..". */
static bool
goes_up(const char *name, size_t n)
{
	size_t start = 0;

	for (size_t i = 0; i <= n; i++) {
		if (i < n && name[i] != '/' && name[i] != '\\')
			continue;
		if (i - start == 2 && name[start] == '.' && name[start + 1] == '.')
			return true;
		start = i + 1;
	}
	return false;
}

static bool
is_absolute(const char *name, size_t n)
{
	bool drive = n > 2 && name[1] == ':' && (name[2] == '/' || name[2] == '\\') &&
		     ((name[0] >= 'a' && name[0] <= 'z') || (name[0] >= 'A' && name[0] <= 'Z'));

	return drive || (n > 0 && (name[0] == '/' || name[0] == '\\'));
}

/* Cuts OUT to at most MOST bytes, between characters. */
static void
cut_label(struct buf *out, size_t most)
{
	if (out->len <= most)
		return;
	out->len = utf8_whole_length(out->data, most);
	out->data[out->len] = '\0';
}

const char *
member_label(struct buf *out, const char *name, size_t n)
{
	const char *why = is_absolute(name, n) ? "its name is absolute"
			  : goes_up(name, n)   ? "its name has .. in it"
					       : NULL;

	buf_clear(out);
	if (why) {
		add_part(out, name, n);
	} else {
		for (size_t at = 0, len; at < n; at += len + 1) {
			const char *slash = memchr(name + at, '/', n - at);

			len = slash ? (size_t)(slash - name) - at : n - at;
			if (len == 0 || (len == 1 && name[at] == '.'))
				continue;
			if (out->len)
				buf_str(out, "/");
			add_part(out, name + at, len);
		}
	}
	if (!why && out->len == 0)
		why = "it has no name";
	if (!why && out->len > MEMBER_LABEL_MAX)
		why = "its name is longer than 4096 bytes";
	cut_label(out, MEMBER_LABEL_MAX);
	if (!out->data)
		buf_str(out, "");
	return why;
}
