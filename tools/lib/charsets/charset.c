#include "charsets/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { CHUNK = 64 << 10 };

/* A label of the Encoding Standard, or of a set that only files have, and the C library's name of the character set
 * that browsers use for it. */
struct label {
	const char *label, *name;
};

static const struct label labels[] = {
	{"utf-8", NULL},
	{"utf8", NULL},
	{"unicode-1-1-utf-8", NULL},
	{"windows-1252", "CP1252"},
	{"cp1252", "CP1252"},
	{"x-cp1252", "CP1252"},
	{"iso-8859-1", "CP1252"},
	{"iso8859-1", "CP1252"},
	{"iso_8859-1", "CP1252"},
	{"latin1", "CP1252"},
	{"l1", "CP1252"},
	{"ascii", "CP1252"},
	{"us-ascii", "CP1252"},
	{"windows-1250", "CP1250"},
	{"cp1250", "CP1250"},
	{"windows-1251", "CP1251"},
	{"cp1251", "CP1251"},
	{"windows-1253", "CP1253"},
	{"cp1253", "CP1253"},
	{"windows-1254", "CP1254"},
	{"cp1254", "CP1254"},
	{"iso-8859-9", "CP1254"},
	{"latin5", "CP1254"},
	{"windows-1255", "CP1255"},
	{"windows-1256", "CP1256"},
	{"windows-1257", "CP1257"},
	{"windows-1258", "CP1258"},
	{"windows-874", "CP874"},
	{"tis-620", "CP874"},
	{"iso-8859-11", "CP874"},
	{"ibm866", "CP866"},
	{"cp866", "CP866"},
	{"iso-8859-2", "ISO-8859-2"},
	{"iso8859-2", "ISO-8859-2"},
	{"latin2", "ISO-8859-2"},
	{"iso-8859-3", "ISO-8859-3"},
	{"iso-8859-4", "ISO-8859-4"},
	{"iso-8859-5", "ISO-8859-5"},
	{"iso-8859-6", "ISO-8859-6"},
	{"iso-8859-7", "ISO-8859-7"},
	{"greek", "ISO-8859-7"},
	{"iso-8859-8", "ISO-8859-8"},
	{"iso-8859-8-i", "ISO-8859-8"},
	{"hebrew", "ISO-8859-8"},
	{"iso-8859-10", "ISO-8859-10"},
	{"iso-8859-13", "ISO-8859-13"},
	{"iso-8859-14", "ISO-8859-14"},
	{"iso-8859-15", "ISO-8859-15"},
	{"latin-9", "ISO-8859-15"},
	{"iso-8859-16", "ISO-8859-16"},
	{"koi8-r", "KOI8-R"},
	{"koi8", "KOI8-R"},
	{"koi8-u", "KOI8-U"},
	{"macintosh", "MACINTOSH"},
	{"x-mac-roman", "MACINTOSH"},
	{"x-mac-ce", "MAC-CENTRALEUROPE"},
	{"x-mac-cyrillic", "MAC-CYRILLIC"},
	{"ibm437", "CP437"},
	{"ibm850", "CP850"},
	{"ibm852", "CP852"},
	{"ibm855", "CP855"},
	{"ibm865", "CP865"},
	{"gbk", "GB18030"},
	{"gb2312", "GB18030"},
	{"gb_2312-80", "GB18030"},
	{"x-gbk", "GB18030"},
	{"gb18030", "GB18030"},
	{"big5", "BIG5-HKSCS"},
	{"big5-hkscs", "BIG5-HKSCS"},
	{"x-x-big5", "BIG5-HKSCS"},
	{"euc-jp", "EUC-JP"},
	{"x-euc-jp", "EUC-JP"},
	{"iso-2022-jp", "ISO-2022-JP-2"},
	{"iso-2022-kr", "ISO-2022-KR"},
	{"iso-2022-cn", "ISO-2022-CN-EXT"},
	{"shift_jis", "WINDOWS-31J"},
	{"shift-jis", "WINDOWS-31J"},
	{"sjis", "WINDOWS-31J"},
	{"x-sjis", "WINDOWS-31J"},
	{"windows-31j", "WINDOWS-31J"},
	{"ms932", "WINDOWS-31J"},
	{"euc-kr", "UHC"},
	{"ks_c_5601-1987", "UHC"},
	{"windows-949", "UHC"},
	{"utf-16le", "UTF-16LE"},
	{"utf-16", "UTF-16LE"},
	{"utf-16be", "UTF-16BE"},
	{"utf-32le", "UTF-32LE"},
	{"utf-32be", "UTF-32BE"},
};

enum { COUNT = sizeof(labels) / sizeof(labels[0]) };

struct charsets {
	iconv_t converters[COUNT]; /* of the first label of each character set */
};

static const iconv_t no_converter = (iconv_t)-1;

/* Labels of one character set are adjacent. */
static bool
is_same(int a, int b)
{
	return labels[a].name && labels[b].name && strcmp(labels[a].name, labels[b].name) == 0;
}

struct charsets *
charset_open(void)
{
	struct charsets *c = buf_alloc(sizeof(*c));

	for (int i = 0; i < COUNT; i++)
		c->converters[i] = labels[i].name && !(i > 0 && is_same(i, i - 1)) ? iconv_open("UTF-8", labels[i].name)
										   : no_converter;
	return c;
}

int
charset_of(const struct charsets *c, const char *label, size_t n)
{
	int i = 0;

	while (i < COUNT && (strlen(labels[i].label) != n || strncasecmp(labels[i].label, label, n) != 0))
		i++;
	if (i == COUNT)
		return CHARSET_NONE;
	if (!labels[i].name)
		return CHARSET_UTF8;
	while (i > 0 && is_same(i, i - 1))
		i--;
	return c->converters[i] == no_converter ? CHARSET_NONE : i;
}

const char *
charset_name(int charset)
{
	return charset < 0 ? "utf-8" : labels[charset].label;
}

int
charset_of_type(const struct charsets *c, const char *content_type)
{
	const char *at = content_type;

	while ((at = strcasestr(at, "charset"))) {
		at += 7;
		at += strspn(at, " \t");
		if (*at != '=')
			continue;
		at++;
		at += strspn(at, " \t\"'");
		return charset_of(c, at, strcspn(at, " \t\"';,"));
	}
	return CHARSET_NONE;
}

int
charset_of_mark(const struct charsets *c, const char *bytes, size_t n, size_t *mark)
{
	*mark = 4;
	if (n >= 4 && n % 4 == 0 && memcmp(bytes, "\xff\xfe\0", 4) == 0)
		return charset_of(c, "utf-32le", 8);
	if (n >= 4 && memcmp(bytes, "\0\0\xfe\xff", 4) == 0)
		return charset_of(c, "utf-32be", 8);
	*mark = 2;
	if (n >= 2 && memcmp(bytes, "\xff\xfe", 2) == 0)
		return charset_of(c, "utf-16le", 8);
	if (n >= 2 && memcmp(bytes, "\xfe\xff", 2) == 0)
		return charset_of(c, "utf-16be", 8);
	*mark = n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	return *mark ? CHARSET_UTF8 : CHARSET_NONE;
}

void
charset_convert(const struct charsets *c, int charset, const char *bytes, size_t n, struct buf *out)
{
	iconv_t converter = charset < 0 ? no_converter : c->converters[charset];
	char *in = (char *)(size_t)bytes, *to;
	size_t room;

	buf_clear(out);
	if (charset < 0) {
		buf_add(out, bytes, n);
		buf_str(out, "");
		return;
	}
	iconv(converter, NULL, NULL, NULL, NULL);
	while (n > 0) {
		size_t rc;

		to = buf_room(out, CHUNK);
		room = CHUNK;
		rc = iconv(converter, &in, &n, &to, &room);

		out->len += CHUNK - room;
		if (rc != (size_t)-1 || errno == E2BIG)
			continue;
		buf_str(out, "\xef\xbf\xbd");
		if (errno == EINVAL) /* the page ends inside a character */
			break;
		in++;
		n--;
	}
	room = CHUNK; /* some converters wait for an accent behind the last letter */
	to = buf_room(out, CHUNK);
	iconv(converter, NULL, NULL, &to, &room);
	out->len += CHUNK - room;
	buf_str(out, "");
}
