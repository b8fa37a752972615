#include "member.h"

#include <stdbool.h>
#include <string.h>

/* The length of the UTF-8 character at S, of N bytes, and its number in CODE; 0 where none is (RFC 3629). */
static size_t
decode(const unsigned char *s, size_t n, unsigned long *code)
{
	static const unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	if (len == 0 || len > n)
		return 0;
	*code = len == 1 ? s[0] : s[0] & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	return *code < least[len] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff) ? 0 : len;
}

/* Line and paragraph separators, and what changes the direction of the text behind it. */
static bool
misleads(unsigned long code)
{
	return code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

/* Appends N bytes, escaped where they must be. */
static void
add_part(struct buf *out, const char *part, size_t n)
{
	const unsigned char *s = (const unsigned char *)part;
	unsigned long code = 0;

	for (size_t len; n > 0; s += len, n -= len) {
		len = decode(s, n, &code);
		if (len == 0 || code < 0x20 || code == 0x7f) {
			buf_printf(out, "\\x%02x", (unsigned)*s);
			len = 1;
		} else if ((code >= 0x80 && code < 0xa0) || misleads(code)) {
			buf_printf(out, "\\u%04lx", code);
		} else {
			buf_add(out, s, len);
		}
	}
}

/* Whether one part of the name is "..", be it between slashes or backslashes. */
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

/* Appends the name without what says nothing. */
static void
add_normal(struct buf *out, const char *name, size_t n)
{
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

/* Cuts OUT to at most MOST bytes, between characters. */
static void
cut(struct buf *out, size_t most)
{
	if (out->len <= most)
		return;
	while (((unsigned char)out->data[most] & 0xc0) == 0x80)
		most--;
	out->len = most;
	out->data[most] = '\0';
}

const char *
member_label(struct buf *out, const char *name, size_t n)
{
	const char *why = is_absolute(name, n) ? "its name is absolute"
			  : goes_up(name, n)   ? "its name has .. in it"
					       : NULL;

	buf_clear(out);
	if (why)
		add_part(out, name, n);
	else
		add_normal(out, name, n);
	if (!why && out->len == 0)
		why = "it has no name";
	if (!why && out->len > MEMBER_LONGEST)
		why = "its name is longer than 4096 bytes";
	cut(out, MEMBER_LONGEST);
	if (!out->data)
		buf_str(out, "");
	return why;
}
