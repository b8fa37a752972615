#include "hosts/disposition.h"

#include <string.h>
#include <strings.h>

#include "base/file_name.h"
#include "base/hex.h"
#include "base/utf8.h"

static const char blanks[] = " \t";

/* A quoted string (RFC 9110, 5.6.4) at V, behind its first quote, into OUT. A backslash before anything but a quote or
 * a backslash is one of a path, which old servers do not escape. Returns where it ends. */
static const char *
read_quoted(const char *v, struct buf *out)
{
	for (; *v && *v != '"'; v++) {
		if (*v == '\\' && (v[1] == '"' || v[1] == '\\'))
			v++;
		buf_add(out, v, 1);
	}
	return *v ? v + 1 : v;
}

/* The next parameter from V on: its name, N bytes at NAME, and its value in OUT. Returns where it ends; NULL: there is
 * none. */
static const char *
next_parameter(const char *v, const char **name, size_t *n, struct buf *out)
{
	size_t end;

	buf_clear(out);
	buf_str(out, "");
	v += strspn(v, " \t;");
	if (!*v)
		return NULL;
	*name = v;
	*n = strcspn(v, "=;\"");
	v += *n;
	while (*n > 0 && strchr(blanks, (*name)[*n - 1]))
		--*n;
	if (*v != '=')
		return *v == '"' ? read_quoted(v + 1, out) : v; /* a type, or what nobody can mean */
	v += 1 + strspn(v + 1, blanks);
	if (*v == '"') {
		v = read_quoted(v + 1, out);
		return v + strcspn(v, ";");
	}
	end = strcspn(v, ";");
	buf_add(out, v, end);
	v += end;
	while (out->len > 0 && strchr(blanks, out->data[out->len - 1]))
		out->data[--out->len] = '\0';
	return v;
}

/* Decodes CHARSET'LANGUAGE'VALUE (RFC 8187, 3.2) into OUT, as bytes of that charset. False: it is not valid. */
static bool
decode_extended(const char *v, struct buf *out)
{
	static const char *const charsets[] = {"UTF-8", "ISO-8859-1"};
	size_t n = strcspn(v, "'"), which = 0;
	const char *second = v[n] ? strchr(v + n + 1, '\'') : NULL;

	while (which < 2 && !(strlen(charsets[which]) == n && strncasecmp(v, charsets[which], n) == 0))
		which++;
	if (!second || which == 2)
		return false;
	for (v = second + 1; *v; v++) {
		int octet = *v == '%' ? hex_octet(v, strnlen(v, 3)) : (unsigned char)*v;
		char c = (char)octet;

		if (octet <= 0)
			return false;
		v += *v == '%' ? 2 : 0;
		buf_add(out, &c, 1);
	}
	if (which == 0)
		return out->len == 0 || utf8_valid_length(out->data, out->len) == out->len;
	/* Bytes that could be UTF-8 by chance are not: they are made UTF-8 one by one. */
	for (size_t i = 0; i < out->len; i++) {
		unsigned char c = (unsigned char)out->data[i];

		if (c < 0x80)
			continue;
		buf_add(out, "", 1);
		memmove(out->data + i + 2, out->data + i + 1, out->len - i - 2);
		out->data[i] = (char)(0xc0 | c >> 6);
		out->data[++i] = (char)(0x80 | (c & 0x3f));
	}
	return true;
}

bool
disposition_filename(struct buf *out, const char *value)
{
	struct buf one = {0}, plain = {0}, extended = {0};
	const char *name = NULL;
	size_t n = 0;
	bool found = false;

	while ((value = next_parameter(value, &name, &n, &one))) {
		if (n == 8 && strncasecmp(name, "filename", n) == 0 && plain.len == 0)
			buf_add(&plain, one.data, one.len);
		else if (n == 9 && strncasecmp(name, "filename*", n) == 0 && extended.len == 0 &&
			 !decode_extended(one.data, &extended))
			buf_clear(&extended);
	}
	if (extended.len)
		found = file_name_clean(out, extended.data, extended.len);
	if (!found && plain.len)
		found = file_name_clean(out, plain.data, plain.len);
	if (!found)
		buf_clear(out);
	buf_free(&one);
	buf_free(&plain);
	buf_free(&extended);
	return found;
}
