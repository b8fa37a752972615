#include "reader_input.h"

#include <errno.h>
#include <fcntl.h>
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
