#include "reader_input.h"

#include <errno.h>
#include <expat.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/mman.h>

#include "base/utf8.h"
#include "files/file.h"
#include "charsets/charset.h"
#include "rtf_utf8.h"

enum { MOST = 64 << 20 /* bytes; a larger file stays as it is */ };

static struct charsets *charsets;

void
reader_input_load(void)
{
	charsets = charset_open();
}

/* The character set that an XML declaration states, or a byte order mark. */
static int
stated_charset(const struct buf *in, size_t *mark)
{
	int charset = charset_of_mark(charsets, in->data, in->len, mark);
	const char *end = memchr(in->data, '>', in->len), *at;

	if (charset != CHARSET_NONE || strncmp(in->data, "<?xml", 5) != 0 || !end)
		return charset;
	at = memmem(in->data, (size_t)(end - in->data), "encoding", 8);
	if (!at)
		return CHARSET_NONE;
	at += 8;
	at += strspn(at, " \t\r\n=\"'");
	return charset_of(charsets, at, strcspn(at, "\"' ?>"));
}

/* Sets OUT to IN with U+FFFD for its invalid bytes. Returns how many there are. */
static size_t
replace_invalid(const struct buf *in, struct buf *out)
{
	size_t count = 0;
	uint32_t c;

	for (size_t i = 0, n; i < in->len; i += n) {
		n = utf8_decode(in->data + i, in->len - i, &c);
		if (n > 0) {
			buf_add(out, in->data + i, n);
			continue;
		}
		buf_str(out, "\xef\xbf\xbd");
		n = 1;
		count++;
	}
	return count;
}

static bool
convert_rtf(const struct buf *in, struct buf *out, struct doc *d)
{
	struct rtf_found found;
	bool converted = rtf_utf8(charsets, in->data, in->len, out, &found);

	d->truncated = d->truncated || found.cut;
	if (found.hidden)
		doc_missing(d, "hidden text");
	if (found.headers)
		doc_missing(d, "headers and footers");
	if (found.pictures)
		doc_missing(d, "pictures");
	if (found.shapes)
		doc_missing(d, "text in shapes");
	return converted;
}

/* Sets OUT to IN as UTF-8. False: it is so already. */
static bool
convert(const struct request *q, const struct buf *in, struct buf *out, struct doc *d)
{
	size_t mark = 0;
	int charset;

	if (strncmp(in->data, "{\\rtf", 5) == 0)
		return convert_rtf(in, out, d);
	if (!strstr(q->mime, "xml") && !strstr(q->mime, "json") && strncmp(q->mime, "text/", 5) != 0)
		return false;
	charset = stated_charset(in, &mark);
	if (charset < 0)
		return replace_invalid(in, out) > 0;
	charset_convert(charsets, charset, in->data + mark, in->len - mark, out);
	doc_meta(d, "charset", charset_name(charset));
	return true;
}

int
reader_input(const struct request *q, struct doc *d)
{
	struct buf in = {0}, out = {0};
	bool cut = false;
	int fd = -1, rc;

	if (!request_read(q, d, MOST, &in, &cut)) {
		buf_free(&in);
		return file_fail(EIO);
	}
	/* pandoc leaves out the tables of FictionBook. */
	if (strstr(in.data, "<FictionBook") && strstr(in.data, "<table"))
		doc_missing(d, "tables");
	if (cut || !convert(q, &in, &out, d)) {
		fd = fcntl(q->in, F_DUPFD_CLOEXEC, 0);
	} else {
		fd = memfd_create("bi-reader", MFD_CLOEXEC);
		rc = fd < 0 ? -1 : file_write(fd, out.data, out.len);
		if (rc < 0)
			fd = file_close(fd, -1);
	}
	buf_free(&in);
	buf_free(&out);
	return fd;
}

/* An error of expat that the bytes are not to blame for is no damage. */
static bool
xml_is_damaged(const struct buf *in)
{
	XML_Parser parser = XML_ParserCreate(NULL);
	bool damaged = false;

	if (parser && XML_Parse(parser, in->data, (int)in->len, 1) == XML_STATUS_ERROR)
		switch (XML_GetErrorCode(parser)) {
		case XML_ERROR_SYNTAX:
		case XML_ERROR_NO_ELEMENTS:
		case XML_ERROR_INVALID_TOKEN:
		case XML_ERROR_UNCLOSED_TOKEN:
		case XML_ERROR_PARTIAL_CHAR:
		case XML_ERROR_TAG_MISMATCH:
		case XML_ERROR_DUPLICATE_ATTRIBUTE:
		case XML_ERROR_JUNK_AFTER_DOC_ELEMENT:
		case XML_ERROR_UNCLOSED_CDATA_SECTION:
		case XML_ERROR_UNBOUND_PREFIX:
			damaged = true;
			break;
		default:
			break;
		}
	XML_ParserFree(parser);
	return damaged;
}

static bool
json_is_damaged(const struct buf *in)
{
	struct json_tokener *tokener = json_tokener_new();
	bool damaged = false;

	if (tokener) {
		json_object_put(json_tokener_parse_ex(tokener, in->data, (int)in->len));
		damaged = json_tokener_get_error(tokener) != json_tokener_success &&
			  json_tokener_get_error(tokener) != json_tokener_error_depth;
	}
	json_tokener_free(tokener);
	return damaged;
}

bool
reader_input_is_damaged(const struct request *q, struct doc *d)
{
	struct buf in = {0};
	bool cut = false, damaged = false;

	if (request_read(q, d, MOST, &in, &cut) && !cut && in.len > 0) {
		size_t at = in.len > 3 && memcmp(in.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

		at += strspn(in.data + at, " \t\r\n");
		damaged = (in.data[at] == '<' && xml_is_damaged(&in)) || (in.data[at] == '{' && json_is_damaged(&in));
	}
	buf_free(&in);
	return damaged;
}
