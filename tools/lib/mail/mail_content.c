#include "mail/mail_content.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 16 << 10, SIGNED_MAX = 32 << 20, MARKS_MAX = 100 };

struct mail_content {
	GMimeStream *raw; /* NULL: it is at its end */
	GMimeFilter *decoder;
	bool base64, in_box;
	bool padded; /* the end of its base64 was there */
	size_t base64_letters;
	int marks, letters; /* IN_BOX, held back from the beginning of a line: '>' and letters of "From "; -1: none */
	struct buf line;
	char block[BLOCK];
};

struct mail_content *
mail_content_open(GMimePart *part, bool in_box)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeContentEncoding encoding = content ? g_mime_data_wrapper_get_encoding(content) : 0;
	struct mail_content *c = buf_alloc(sizeof(*c));

	*c = (struct mail_content){.in_box = in_box, .base64 = encoding == GMIME_CONTENT_ENCODING_BASE64};
	c->raw = content ? g_mime_data_wrapper_get_stream(content) : NULL;
	if (c->raw) {
		g_object_ref(c->raw);
		g_mime_stream_reset(c->raw);
	}
	c->decoder = g_mime_filter_basic_new(encoding, FALSE);
	return c;
}

/* --- marks of mailboxes --- */

static const char from[] = "From ";

static void
give_held(struct mail_content *c)
{
	for (int i = 0; i < c->marks; i++)
		buf_add(&c->line, ">", 1);
	buf_add(&c->line, from, c->letters > 0 ? (size_t)c->letters : 0);
	c->marks = 0;
	c->letters = -1;
}

/* Adds the bytes to LINE, without the first '>' of each line that has only '>' before "From ". */
static void
remove_marks(struct mail_content *c, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (c->letters == 0 && bytes[i] == '>' && c->marks < MARKS_MAX) {
			c->marks++;
		} else if (c->letters >= 0 && c->marks > 0 && bytes[i] == from[c->letters]) {
			c->letters++;
			if (c->letters < (int)sizeof(from) - 1)
				continue;
			c->marks--;
			give_held(c);
		} else {
			size_t rest = n - i;
			const char *end = memchr(bytes + i, '\n', rest);

			give_held(c);
			rest = end ? (size_t)(end - bytes) - i + 1 : rest;
			buf_add(&c->line, bytes + i, rest);
			c->letters = end ? 0 : -1;
			i += rest - 1;
		}
	}
}

/* --- bytes --- */

/* Counts the letters of base64 up to the first '=', which is its end. */
static void
count_base64(struct mail_content *c, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n && !c->padded; i++) {
		c->padded = bytes[i] == '=';
		c->base64_letters += g_ascii_isalnum(bytes[i]) || bytes[i] == '+' || bytes[i] == '/';
	}
}

size_t
mail_content_next(struct mail_content *c, const char **bytes)
{
	size_t len = 0, before;
	char *out = NULL;

	while (c->raw && len == 0) {
		ssize_t n = g_mime_stream_read(c->raw, c->block, sizeof(c->block));
		char *in = c->block;
		size_t some = n > 0 ? (size_t)n : 0;

		if (c->in_box) {
			buf_clear(&c->line);
			remove_marks(c, in, some);
			if (n <= 0)
				give_held(c);
			in = c->line.data ? c->line.data : in;
			some = c->line.len;
		}
		if (c->base64)
			count_base64(c, in, some);
		if (n > 0) {
			g_mime_filter_filter(c->decoder, in, some, 0, &out, &len, &before);
			continue;
		}
		g_mime_filter_complete(c->decoder, in, some, 0, &out, &len, &before);
		g_object_unref(c->raw);
		c->raw = NULL;
	}
	*bytes = out;
	return len;
}

bool
mail_content_is_cut(const struct mail_content *c)
{
	return c->base64 && !c->padded && c->base64_letters % 4 != 0;
}

void
mail_content_close(struct mail_content *c)
{
	if (c->raw)
		g_object_unref(c->raw);
	g_object_unref(c->decoder);
	buf_free(&c->line);
	free(c);
}

void
mail_content_read(GMimePart *part, bool in_box, size_t max, struct buf *out, bool *cut)
{
	struct mail_content *c = mail_content_open(part, in_box);
	const char *bytes;

	buf_clear(out);
	for (size_t n; out->len <= max && (n = mail_content_next(c, &bytes)) > 0;)
		buf_add(out, bytes, n);
	mail_content_close(c);
	*cut = *cut || out->len > max;
	out->len = out->len > max ? max : out->len;
	buf_str(out, "");
}

/* --- what it is --- */

bool
mail_content_is_pgp(GMimePart *part)
{
	static const char mark[] = "-----BEGIN PGP MESSAGE-----";
	struct buf head = {0};
	bool cut = false, pgp;

	mail_content_read(part, false, 1000, &head, &cut);
	pgp = strncmp(head.data + strspn(head.data, " \t\r\n"), mark, sizeof(mark) - 1) == 0;
	buf_free(&head);
	return pgp;
}

GMimeObject *
mail_content_signed(GMimePart *part)
{
	struct buf bytes = {0};
	const unsigned char *at;
	CMS_ContentInfo *cms;
	ASN1_OCTET_STRING **content;
	GMimeObject *object = NULL;
	bool cut = false;

	mail_content_read(part, false, SIGNED_MAX, &bytes, &cut);
	at = (const unsigned char *)bytes.data;
	cms = d2i_CMS_ContentInfo(NULL, &at, (long)bytes.len);
	if (cms && OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed && (content = CMS_get0_content(cms)) &&
	    *content) {
		GMimeStream *s = g_mime_stream_mem_new_with_buffer((const char *)ASN1_STRING_get0_data(*content),
								   (size_t)ASN1_STRING_length(*content));
		GMimeParser *p = g_mime_parser_new_with_stream(s);

		object = g_mime_parser_construct_part(p, NULL);
		g_object_unref(p);
		g_object_unref(s);
	}
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	buf_free(&bytes);
	return object;
}
