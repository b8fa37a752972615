#include "http/multipart.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

/* The part of the form to which the next byte belongs. */
enum {
	AT_PREAMBLE, /* bytes before the first delimiter, which are ignored */
	AT_BYTES,    /* a part's */
	AT_DASH,     /* after a delimiter: CRLF, or two dashes that close the form */
	AT_DASHES,   /* the second of those */
	AT_PADDING,  /* blanks before the CRLF */
	AT_NEWLINE,  /* its LF */
	AT_HEADERS,  /* a part's */
};

/* --- parameters: name=token, name="quoted" --- */

static const char *
skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* Stores the value at AT in OUT: a token or a quoted string, in which a backslash escapes a quote or another backslash
 * (elsewhere it is an ordinary character, as browsers write it). Returns its end. NULL: a quote is not closed. */
static const char *
take_value(const char *at, struct buf *out)
{
	size_t n;

	if (*at != '"') {
		n = strcspn(at, "; \t");
		buf_add(out, at, n);
		return at + n;
	}
	for (at++; *at && *at != '"'; at++) {
		if (*at == '\\' && (at[1] == '"' || at[1] == '\\'))
			at++;
		buf_add(out, at, 1);
	}
	return *at ? at + 1 : NULL;
}

/* Stores the parameter NAME of the header VALUE in OUT, which is empty. 1 if it exists, 0 if not, -1 if the header is
 * malformed. */
static int
find_parameter(const char *value, const char *name, struct buf *out)
{
	const char *at = value + strcspn(value, ";");
	struct buf other = {0};

	while (at && *at == ';') {
		const char *key = at = skip_blanks(at + 1);
		size_t n = strcspn(at, "=; \t");
		bool is_it = n == strlen(name) && strncasecmp(key, name, n) == 0;

		at = skip_blanks(at + n);
		if (*at != '=')
			continue;
		buf_clear(&other);
		at = take_value(skip_blanks(at + 1), is_it ? out : &other);
		at = at ? skip_blanks(at) : NULL;
		if (is_it && at) {
			buf_add(out, "", 0);
			buf_free(&other);
			return 1;
		}
	}
	buf_free(&other);
	return at && !*at ? 0 : -1;
}

/* --- the boundary --- */

/* Whether it is a boundary by RFC 2046: bchars, not ending in a space. */
static bool
is_boundary(const char *s, size_t n)
{
	static const char chars[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ";

	return n > 0 && n <= MULTIPART_BOUNDARY_MAX && strspn(s, chars) == n && s[n] == '\0' && s[n - 1] != ' ';
}

const char *
multipart_boundary(const char *type, char boundary[MULTIPART_BOUNDARY_MAX + 1])
{
	static const char form[] = "multipart/form-data";
	const char *wrong = NULL;
	struct buf value = {0};
	int rc;

	if (!type || strncasecmp(type, form, sizeof(form) - 1) != 0 || !strchr("; \t", type[sizeof(form) - 1]))
		return "the request is not multipart/form-data";
	rc = find_parameter(type, "boundary", &value);
	if (rc <= 0 || !value.len)
		wrong = "the request's Content-Type names no boundary";
	else if (!is_boundary(value.data, value.len))
		wrong = "the boundary in the request's Content-Type is invalid by RFC 2046";
	else
		memcpy(boundary, value.data, value.len + 1);
	buf_free(&value);
	return wrong;
}

/* --- a part's headers --- */

static bool
refuse_form(struct multipart *m, const char *wrong)
{
	m->state = MULTIPART_BAD;
	m->wrong = wrong;
	return false;
}

/* The value of the header LINE if its name is NAME; otherwise NULL. */
static const char *
value_of(const char *line, const char *name)
{
	size_t n = strlen(name);

	if (strncasecmp(line, name, n) != 0)
		return NULL;
	line = skip_blanks(line + n);
	return *line == ':' ? skip_blanks(line + 1) : NULL;
}

/* Reads the headers into the buffers. False after marking M as bad. */
static bool
read_headers(struct multipart *m, const char **disposition, const char **type)
{
	char *text = m->headers.data;
	size_t n = m->headers.len;

	if (memchr(text, '\0', n))
		return refuse_form(m, "the headers of a part contain a NUL");
	/* Makes each header line a string, and joins folded lines. */
	for (size_t i = 0; i + 1 < n; i++) {
		if (text[i] != '\r' || text[i + 1] != '\n')
			continue;
		if (i + 2 < n && (text[i + 2] == ' ' || text[i + 2] == '\t'))
			text[i] = text[i + 1] = ' ';
		else
			text[i] = text[i + 1] = '\0';
	}
	for (char *line = text; line < text + n; line += strlen(line) + 1) {
		const char *v = value_of(line, "content-disposition");
		const char *coding = value_of(line, "content-transfer-encoding");

		*disposition = v ? v : *disposition;
		v = value_of(line, "content-type");
		*type = v ? v : *type;
		if (coding && (strncasecmp(coding, "base64", 6) == 0 || strncasecmp(coding, "quoted", 6) == 0))
			return refuse_form(m, "a part has a Content-Transfer-Encoding: send its bytes as they are");
	}
	return true;
}

/* The headers are complete. */
static bool
begin_part(struct multipart *m)
{
	static const char form[] = "form-data";
	struct buf name = {0}, filename = {0};
	const char *disposition = NULL, *type = NULL;
	int named, filed;
	bool goes_on = false;

	if (!read_headers(m, &disposition, &type))
		return false;
	if (!disposition || strncasecmp(disposition, form, sizeof(form) - 1) != 0)
		return refuse_form(m, "a part has no Content-Disposition: form-data");
	named = find_parameter(disposition, "name", &name);
	filed = find_parameter(disposition, "filename", &filename);
	if (named <= 0 || filed < 0) {
		refuse_form(m, "a part has no name, or its Content-Disposition is invalid");
	} else {
		goes_on =
			m->calls->part(&(struct multipart_part){name.data, filed ? filename.data : NULL, type}, m->arg);
		m->in_part = goes_on;
		if (!goes_on)
			m->state = MULTIPART_STOPPED;
	}
	buf_free(&name);
	buf_free(&filename);
	buf_clear(&m->headers);
	m->at = AT_BYTES;
	return goes_on;
}

/* Reads header bytes up to the empty line, which comes first if there are no headers. Returns their end. */
static const char *
take_headers(struct multipart *m, const char *at, const char *end)
{
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *to = newline ? newline + 1 : end;

		buf_add(&m->headers, at, (size_t)(to - at));
		at = to;
		if (m->headers.len > MULTIPART_HEADERS_MAX) {
			refuse_form(m, "the headers of a part are too long");
			return end;
		}
		if (!newline)
			break;
		if ((m->headers.len == 2 && memcmp(m->headers.data, "\r\n", 2) == 0) ||
		    (m->headers.len >= 4 && memcmp(m->headers.data + m->headers.len - 4, "\r\n\r\n", 4) == 0)) {
			begin_part(m);
			break;
		}
	}
	return at;
}

/* --- a part's bytes --- */

static bool
give_bytes(struct multipart *m, const char *bytes, size_t n)
{
	if (n == 0 || !m->in_part)
		return true;
	if (m->calls->bytes(bytes, n, m->arg))
		return true;
	m->state = MULTIPART_STOPPED;
	return false;
}

/* Bytes that looked like a delimiter belong to the part. */
static bool
give_back_match(struct multipart *m)
{
	size_t n = m->matched;

	m->matched = 0;
	return give_bytes(m, m->delimiter, n);
}

/* The next CR with which a delimiter may begin, as far as the bytes here show; other CRs are passed on as data. NULL:
 * there is none. */
static const char *
find_delimiter(const struct multipart *m, const char *at, const char *end)
{
	const char *cr;

	for (; (cr = memchr(at, '\r', (size_t)(end - at))); at = cr + 1) {
		size_t n = (size_t)(end - cr) < m->delimiter_len ? (size_t)(end - cr) : m->delimiter_len;

		if (memcmp(cr, m->delimiter, n) == 0)
			return cr;
	}
	return NULL;
}

/* Reads bytes up to the next delimiter. Returns their end. A delimiter has a CR only at its beginning, so after a
 * mismatch a new one can begin only at the byte that did not match. */
static const char *
take_bytes(struct multipart *m, const char *at, const char *end)
{
	while (at < end) {
		if (m->matched == 0) {
			const char *cr = find_delimiter(m, at, end);
			const char *to = cr ? cr : end;

			if (!give_bytes(m, at, (size_t)(to - at)) || !cr)
				return end;
			at = to + 1;
			m->matched = 1;
		} else if (*at == m->delimiter[m->matched]) {
			at++;
			if (++m->matched == m->delimiter_len) {
				bool was = m->in_part;

				/* The delimiter is complete. */
				m->matched = 0;
				m->in_part = false;
				m->at = AT_DASH;
				if (was && !m->calls->whole(m->arg))
					m->state = MULTIPART_STOPPED;
				return at;
			}
		} else if (!give_back_match(m)) {
			return end;
		}
	}
	return at;
}

/* --- all --- */

/* Handles one byte after a delimiter. */
static void
handle_after_delimiter(struct multipart *m, char c)
{
	if (m->at == AT_DASHES) {
		m->state = MULTIPART_END;
		if (c != '-')
			refuse_form(m, "a boundary is followed by one dash");
	} else if (m->at == AT_NEWLINE) {
		m->at = AT_HEADERS;
		if (c != '\n')
			refuse_form(m, "the line of a boundary does not end with CRLF");
	} else if (c == '-' && m->at == AT_DASH) {
		m->at = AT_DASHES;
	} else if (c == '\r') {
		m->at = AT_NEWLINE;
	} else if (c == ' ' || c == '\t') {
		m->at = AT_PADDING;
	} else {
		refuse_form(m, "a boundary is not followed by the end of its line");
	}
}

void
multipart_begin(struct multipart *m, const char *boundary, const struct multipart_calls *calls, void *arg)
{
	size_t n = strlen(boundary);

	*m = (struct multipart){.calls = calls, .arg = arg, .at = AT_PREAMBLE};
	memcpy(m->delimiter, "\r\n--", 4);
	memcpy(m->delimiter + 4, boundary, n + 1);
	m->delimiter_len = n + 4;
	m->matched = 2; /* the first one needs no line before it */
}

enum multipart_state
multipart_feed(struct multipart *m, const char *bytes, size_t n)
{
	const char *at = bytes, *end = bytes + n;

	while (at < end && m->state == MULTIPART_MORE) {
		if (m->at == AT_PREAMBLE || m->at == AT_BYTES)
			at = take_bytes(m, at, end);
		else if (m->at == AT_HEADERS)
			at = take_headers(m, at, end);
		else
			handle_after_delimiter(m, *at++);
	}
	return m->state;
}

const char *
multipart_error(const struct multipart *m)
{
	return m->wrong ? m->wrong : "it ends before its closing boundary";
}

void
multipart_free(struct multipart *m)
{
	buf_free(&m->headers);
}

/* --- labels --- */

void
multipart_label(const char *filename, struct buf *out)
{
	const char *from = filename + strlen(filename);
	struct buf name = {0}, label = {0};
	size_t n;

	while (from > filename && from[-1] != '/' && from[-1] != '\\')
		from--;
	buf_str(&name, from);
	utf8_replace_invalid(name.data);
	for (const char *at = name.data; *at; at += n) {
		uint32_t c = 0;

		n = utf8_decode(at, (size_t)(name.data + name.len - at), &c);
		if (strncmp(at, "%22", 3) == 0) {
			buf_str(&label, "\"");
			n = 3;
		} else if (utf8_class_of(c) == UTF8_TEXT) { /* the others can make a name look like another */
			buf_add(&label, at, n);
		}
	}
	buf_add(&label, "", 0);
	if (label.len > MULTIPART_LABEL_MAX) {
		/* Shortens NAME, which is longer than a label may be; a short extension is kept. */
		const char *dot = strrchr(label.data, '.');
		size_t cut = dot ? (size_t)(dot - label.data) : label.len;
		size_t ending = label.len - cut > 16 ? 0 : label.len - cut;
		size_t keep = utf8_whole_length(label.data, MULTIPART_LABEL_MAX - ending);

		memmove(label.data + keep, label.data + label.len - ending, ending + 1);
		label.len = keep + ending;
	}
	buf_str(out, !label.len || strcmp(label.data, ".") == 0 || strcmp(label.data, "..") == 0 ? "file" : label.data);
	buf_free(&name);
	buf_free(&label);
}
