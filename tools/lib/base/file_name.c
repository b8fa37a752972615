#include "base/file_name.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "base/words.h"

enum { EXTENSION_MAX = 20 };

size_t
file_name_extension(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t n = strlen(name);

	if (!dot || dot == name || !dot[1] || n - (size_t)(dot - name) > EXTENSION_MAX || strpbrk(dot, " \t"))
		return n;
	return (size_t)(dot - name);
}

/* The characters of TEXT that can be seen. */
static void
add_seen(struct buf *out, const char *text, size_t n)
{
	bool is_utf8 = utf8_valid_length(text, n) == n;
	char bytes[4];
	uint32_t c;

	for (size_t len; n > 0; text += len, n -= len) {
		if (!is_utf8 && (unsigned char)*text >= 0xa0) {
			len = 1;
			if ((unsigned char)*text != 0xad) /* the soft hyphen */
				buf_add(out, bytes, utf8_encode((unsigned char)*text, bytes));
			continue;
		}
		len = is_utf8 ? utf8_decode(text, n, &c) : 1;
		c = is_utf8 ? c : (unsigned char)*text;
		if (utf8_class_of(c) == UTF8_TEXT)
			buf_add(out, text, len);
	}
}

/* Cuts what is longer than MAX bytes before the extension, not inside a character. */
static void
cut_to(struct buf *name, size_t max)
{
	size_t dot, ext, keep;

	if (name->len <= max)
		return;
	dot = file_name_extension(name->data);
	ext = name->len - dot;
	keep = utf8_whole_length(name->data, max - ext);
	memmove(name->data + keep, name->data + dot, ext + 1);
	name->len = keep + ext;
}

static void
cut_off_end(struct buf *name, const char *chars)
{
	while (name->len > 0 && strchr(chars, name->data[name->len - 1]))
		name->data[--name->len] = '\0';
}

static void
cut_off_start(struct buf *name, const char *chars)
{
	size_t n = strspn(name->data, chars);

	memmove(name->data, name->data + n, name->len - n + 1);
	name->len -= n;
}

bool
file_name_clean(struct buf *out, const char *text, size_t n)
{
	const char *from = text + n;

	while (from > text && from[-1] != '/' && from[-1] != '\\')
		from--;
	buf_clear(out);
	buf_str(out, "");
	add_seen(out, from, (size_t)(text + n - from));
	cut_off_start(out, ". ");
	cut_to(out, FILE_NAME_MAX);
	cut_off_end(out, " ");
	return out->len > 0;
}

/* Whether the name, up to its first dot, is that of a device of Windows, such as CON or LPT1. */
static bool
is_device(const char *name)
{
	static const char *const devices[] = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", NULL};
	size_t n = strcspn(name, ".");

	while (n > 0 && name[n - 1] == ' ')
		n--;
	if (word_is_in_any_case(name, n, devices))
		return true;
	if (n < 4 || (strncasecmp(name, "COM", 3) != 0 && strncasecmp(name, "LPT", 3) != 0))
		return false;
	/* The superscripts 1, 2 and 3 count as digits there. */
	return (n == 4 && name[3] >= '0' && name[3] <= '9') ||
	       (n == 5 && name[3] == '\xc2' && strchr("\xb9\xb2\xb3", name[4]));
}

bool
file_name_portable(struct buf *out, const char *text)
{
	buf_clear(out);
	buf_str(out, "");
	add_seen(out, text, strlen(text));
	cut_off_start(out, ". ");
	for (size_t i = 0; i < out->len; i++)
		if (strchr("<>:\"/\\|?*", out->data[i]))
			out->data[i] = '_';
	if (is_device(out->data)) {
		buf_str(out, "_");
		memmove(out->data + 1, out->data, out->len - 1);
		*out->data = '_';
	}
	cut_to(out, FILE_NAME_PORTABLE_MAX);
	cut_off_end(out, ". ");
	return out->len > 0;
}
