#include "mail/mail_reader.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/msg.h"

static GMimeParserOptions *options;
static bool cut; /* the mail that is read ends before its last boundary */

static void
on_warning(gint64 offset, GMimeParserWarning code, const gchar *item, gpointer arg)
{
	(void)offset;
	(void)item;
	(void)arg;
	cut = cut || code == GMIME_WARN_TRUNCATED_MESSAGE;
}

/* Opens the converters of the character sets that headers are in, and leaves them open: libgmime opens them by the same
 * names, and their modules are then loaded. */
static void
open_converters(void)
{
	static const char *const labels[] = {
		"us-ascii",     "iso-8859-1",   "iso-8859-2",   "iso-8859-3",   "iso-8859-4",   "iso-8859-5",
		"iso-8859-6",   "iso-8859-7",   "iso-8859-8",   "iso-8859-9",   "iso-8859-10",  "iso-8859-11",
		"iso-8859-13",  "iso-8859-14",  "iso-8859-15",  "iso-8859-16",  "windows-1250", "windows-1251",
		"windows-1252", "windows-1253", "windows-1254", "windows-1255", "windows-1256", "windows-1257",
		"windows-1258", "koi8-r",       "koi8-u",       "cp866",        "macintosh",    "big5",
		"big5-hkscs",   "gb2312",       "gbk",          "gb18030",      "euc-kr",       "ks_c_5601-1987",
		"windows-949",  "iso-2022-kr",  "iso-2022-jp",  "shift_jis",    "windows-31j",  "euc-jp",
		"tis-620",      "windows-874",  "utf-7",        "utf-16",       "utf-16be",     "utf-16le",
	};

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (iconv_open("UTF-8", g_mime_charset_iconv_name(labels[i])) == (iconv_t)-1 && errno != EINVAL)
			msg_die_errno(EX_UNAVAILABLE, "cannot convert text from %s", labels[i]);
}

void
mail_reader_load(void)
{
	/* Of headers that state no character set. */
	static const char *charsets[] = {"utf-8", "windows-1252", NULL};
	static const char sample[] = "Subject: =?iso-8859-2?q?a?=\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n"
				     "From: =?utf-8?q?a?= <a@example>\n\na\n";
	GMimeStream *s;
	GMimeParser *p;
	GMimeMessage *m;

	g_mime_init();
	open_converters();
	options = g_mime_parser_options_new();
	g_mime_parser_options_set_fallback_charsets(options, charsets);
	g_mime_parser_options_set_warning_callback(options, on_warning, NULL);
	s = g_mime_stream_mem_new_with_buffer(sample, sizeof(sample) - 1);
	p = g_mime_parser_new_with_stream(s);
	m = mail_next(p, &cut);
	if (!m || !g_mime_message_get_subject(m) || !g_mime_message_get_date(m))
		msg_die(EX_UNAVAILABLE, "libgmime cannot read a mail: is libgmime-3.0-0 installed completely?");
	g_object_unref(m);
	g_object_unref(p);
	g_object_unref(s);
}

/* --- encoded words (RFC 2047) with a wrong character set --- */

/* RAW with CHARSET in place of the character set of each encoded word: =?CHARSET?q?...?= */
static void
relabel(const char *raw, const char *charset, struct buf *out)
{
	const char *word;

	buf_clear(out);
	while ((word = strstr(raw, "=?"))) {
		size_t label = strcspn(word + 2, "? \t\r\n");
		const char *end = word + 2 + label;

		buf_add(out, raw, (size_t)(word - raw) + 2);
		if (label > 0 && *end == '?' && end[1] && strchr("qQbB", end[1]) && end[2] == '?') {
			buf_str(out, charset);
			raw = end;
		} else {
			raw = word + 2;
		}
	}
	buf_str(out, raw);
}

/* How many question marks a text has, each of which may stand for what could not be decoded. */
static size_t
count_doubts(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '?';
	return n;
}

static bool
is_ascii(const char *text)
{
	while (*text && (unsigned char)*text < 0x80)
		text++;
	return !*text;
}

/* The text of the header if its words were in CHARSET; for g_free(). OUT gets the header with that label. */
static char *
decode_as(const char *raw, const char *charset, struct buf *out)
{
	relabel(raw, charset, out);
	return g_mime_utils_header_decode_text(options, out->data);
}

static void
mend_header(GMimeHeader *header)
{
	const char *raw = g_mime_header_get_raw_value(header);
	struct buf in_utf8 = {0}, in_1252 = {0};
	char *stated, *utf8, *western;

	if (!raw || !strstr(raw, "=?"))
		return;
	stated = g_mime_utils_header_decode_text(options, raw);
	utf8 = decode_as(raw, "utf-8", &in_utf8);
	western = decode_as(raw, "windows-1252", &in_1252);
	if (count_doubts(utf8) == count_doubts(western) && !is_ascii(utf8)) {
		if (strcmp(stated, utf8) != 0)
			g_mime_header_set_raw_value(header, in_utf8.data);
	} else if (count_doubts(stated) > count_doubts(western)) {
		g_mime_header_set_raw_value(header, in_1252.data);
	}
	g_free(stated);
	g_free(utf8);
	g_free(western);
	buf_free(&in_utf8);
	buf_free(&in_1252);
}

GMimeMessage *
mail_next(GMimeParser *parser, bool *is_cut)
{
	static const char *const names[] = {"Subject", "From", "To", "Cc", "Reply-To"};
	GMimeHeaderList *headers;
	GMimeMessage *m;

	cut = false;
	m = g_mime_parser_construct_message(parser, options);
	headers = m ? g_mime_object_get_header_list(GMIME_OBJECT(m)) : NULL;
	for (size_t i = 0; headers && i < sizeof(names) / sizeof(names[0]); i++) {
		GMimeHeader *header = g_mime_header_list_get_header(headers, names[i]);

		if (header)
			mend_header(header);
	}
	*is_cut = *is_cut || cut;
	return m;
}

/* --- the headers --- */

bool
mail_has_headers(GMimeMessage *m)
{
	static const char *const names[] = {"From",       "Subject",      "Date",        "To",          "Received",
					    "Message-ID", "MIME-Version", "Return-Path", "Content-Type"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (mail_header(m, names[i]))
			return true;
	return false;
}

const char *
mail_header(GMimeMessage *m, const char *name)
{
	return g_mime_object_get_header(GMIME_OBJECT(m), name);
}

bool
mail_is_type(GMimeObject *part, const char *type, const char *subtype)
{
	GMimeContentType *ct = g_mime_object_get_content_type(part);

	return ct && g_mime_content_type_is_type(ct, type, subtype);
}

bool
mail_is_attached(GMimeObject *part)
{
	GMimeContentDisposition *d = g_mime_object_get_content_disposition(part);

	return d && g_mime_content_disposition_is_attachment(d);
}

char *
mail_addresses(GMimeMessage *m, GMimeAddressType type)
{
	InternetAddressList *list = g_mime_message_get_addresses(m, type);

	return list && internet_address_list_length(list) > 0 ? internet_address_list_to_string(list, NULL, FALSE)
							      : NULL;
}
