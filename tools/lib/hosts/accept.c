#include "hosts/accept.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { MIME_MAX = 128 };

/* A media type without parameters, in lower case and under its usual name; "" if it is too long. */
struct plain {
	char type[MIME_MAX];
};

static struct plain
plain_type(const char *mime, size_t n)
{
	static const char *const others[][2] = {
		{"application/x-gzip", "application/gzip"},
		{"application/x-pdf", "application/pdf"},
		{"application/x-zip-compressed", "application/zip"},
		{"audio/mp3", "audio/mpeg"},
		{"audio/wav", "audio/x-wav"},
		{"image/jpg", "image/jpeg"},
		{"image/pjpeg", "image/jpeg"},
		{"image/svg", "image/svg+xml"},
		{"image/x-icon", "image/vnd.microsoft.icon"},
		{"image/x-ms-bmp", "image/bmp"},
		{"image/x-png", "image/png"},
		{"text/xml", "application/xml"},
		{"video/avi", "video/x-msvideo"},
	};
	struct plain p = {""};

	for (; n && isspace((unsigned char)*mime); n--)
		mime++;
	for (size_t i = 0; i < n; i++)
		if (mime[i] == ';')
			n = i;
	while (n && isspace((unsigned char)mime[n - 1]))
		n--;
	for (size_t i = 0; n < MIME_MAX && i < n; i++)
		p.type[i] = (char)tolower((unsigned char)mime[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (strcmp(p.type, others[i][0]) == 0)
			snprintf(p.type, sizeof(p.type), "%s", others[i][1]);
	return p;
}

/* Reads the next pattern at *AT and moves *AT past it; false at the end. */
static bool
next_pattern(const char **at, struct plain *out)
{
	size_t n = strcspn(*at, ",");

	if (!**at)
		return false;
	*out = plain_type(*at, n);
	*at += n + ((*at)[n] == ',');
	return true;
}

static bool
is_any(const struct plain *pattern)
{
	return strcmp(pattern->type, "*/*") == 0 || strcmp(pattern->type, "*") == 0;
}

static bool
type_matches(const struct plain *pattern, const struct plain *mime)
{
	size_t n = strlen(pattern->type);

	if (is_any(pattern))
		return true;
	if (n > 2 && strcmp(pattern->type + n - 2, "/*") == 0)
		return strncmp(pattern->type, mime->type, n - 1) == 0;
	return n > 0 && strcmp(pattern->type, mime->type) == 0;
}

const char *
accept_patterns_check(const char *patterns)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789!#$&-^_.+*/";
	struct plain p;

	if (!patterns[strspn(patterns, " \t,")])
		return "names no media type";
	while (next_pattern(&patterns, &p)) {
		const char *slash = strchr(p.type, '/'), *star = strchr(p.type, '*');

		if (is_any(&p))
			continue;
		if (!p.type[0])
			return "has an empty or endless media type";
		if (p.type[strspn(p.type, good)])
			return "has a character that no media type has";
		if (!slash || slash == p.type || !slash[1] || strchr(slash + 1, '/'))
			return "is not made of media types as image/jpeg or image/*";
		if (star && (star != slash + 1 || star[1]))
			return "may have a star only as image/* and */*";
	}
	return NULL;
}

bool
accept_matches(const char *patterns, const char *mime)
{
	struct plain type = plain_type(mime, strlen(mime)), p;

	if (!patterns)
		return true;
	while (next_pattern(&patterns, &p))
		if (type_matches(&p, &type))
			return true;
	return false;
}

/* --- pages in place of something --- */

enum kind { KIND_OTHER, KIND_PICTURE, KIND_DRAWING, KIND_DOCUMENT, KIND_VIDEO, KIND_SOUND, KIND_ARCHIVE, KINDS };
enum page { PAGE_NONE, PAGE_HTML, PAGE_JSON, PAGE_XML, PAGE_TEXT, PAGE_EMPTY, PAGES };

#define INSTEAD(of)                                                                                  \
	{                                                                                            \
		NULL, "an HTML page in place of " of, "JSON in place of " of, "XML in place of " of, \
			"plain text in place of " of, "nothing in place of " of,                     \
	}

static const char *const words[KINDS][PAGES] = {
	[KIND_PICTURE] = INSTEAD("a picture"),
	/* SVG is XML, and may be taken for text. */
	[KIND_DRAWING] = {NULL, "an HTML page in place of a picture", "JSON in place of a picture", NULL, NULL,
			  "nothing in place of a picture"},
	[KIND_DOCUMENT] = INSTEAD("a document"),
	[KIND_VIDEO] = INSTEAD("a video"),
	[KIND_SOUND] = INSTEAD("a sound"),
	[KIND_ARCHIVE] = INSTEAD("an archive"),
};

static enum page
page_of(const char *mime)
{
	static const struct {
		const char *mime;
		enum page page;
	} pages[] = {
		{"text/html", PAGE_HTML},
		{"application/xhtml+xml", PAGE_HTML},
		{"application/json", PAGE_JSON},
		{"application/x-ndjson", PAGE_JSON},
		{"application/xml", PAGE_XML},
		{"text/plain", PAGE_TEXT},
		{"application/x-empty", PAGE_EMPTY},
		{"inode/x-empty", PAGE_EMPTY},
	};
	struct plain type = plain_type(mime, strlen(mime));

	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		if (strcmp(type.type, pages[i].mime) == 0)
			return pages[i].page;
	return PAGE_NONE;
}

static enum kind
kind_of_mime(const struct plain *mime)
{
	static const struct {
		const char *begins;
		enum kind kind;
	} kinds[] = {
		{"image/svg", KIND_DRAWING},
		{"image/", KIND_PICTURE},
		{"video/", KIND_VIDEO},
		{"audio/", KIND_SOUND},
		{"application/pdf", KIND_DOCUMENT},
		{"application/epub+zip", KIND_DOCUMENT},
		{"application/vnd.openxmlformats-", KIND_DOCUMENT},
		{"application/vnd.oasis.opendocument.", KIND_DOCUMENT},
		{"application/zip", KIND_ARCHIVE},
		{"application/gzip", KIND_ARCHIVE},
		{"application/x-tar", KIND_ARCHIVE},
		{"application/x-7z-compressed", KIND_ARCHIVE},
		{"application/x-rar", KIND_ARCHIVE},
		{"application/vnd.rar", KIND_ARCHIVE},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strncmp(mime->type, kinds[i].begins, strlen(kinds[i].begins)) == 0)
			return kinds[i].kind;
	return KIND_OTHER;
}

/* The kind of all patterns, if they have the same kind. */
static enum kind
kind_of_patterns(const char *patterns)
{
	enum kind kind = KINDS;
	struct plain p;

	while (next_pattern(&patterns, &p)) {
		enum kind k = kind_of_mime(&p);

		if (kind != KINDS && kind != k)
			return KIND_OTHER;
		kind = k;
	}
	return kind == KINDS ? KIND_OTHER : kind;
}

static enum kind
kind_of_url(const char *url)
{
	/* Without doc and xls, which are sometimes really HTML, and ts, which is sometimes a program. */
	static const struct {
		const char *extensions;
		enum kind kind;
	} kinds[] = {
		{" avif bmp gif heic heif ico jfif jp2 jpe jpeg jpg jxl png psd tif tiff webp ", KIND_PICTURE},
		{" svg svgz ", KIND_DRAWING},
		{" djvu docx epub odp ods odt pdf pptx xlsx ", KIND_DOCUMENT},
		{" 3gp avi flv m4v mkv mov mp4 mpeg mpg ogv webm wmv ", KIND_VIDEO},
		{" aac aiff flac m4a mp3 oga ogg opus wav wma ", KIND_SOUND},
		{" 7z bz2 cpio gz rar tar tgz xz zip zst ", KIND_ARCHIVE},
	};
	const char *scheme = strstr(url, "://"), *path = scheme ? scheme + 3 + strcspn(scheme + 3, "/?#") : url;
	size_t n = strcspn(path, "?#"), dot = n;
	char word[8] = " ";

	while (dot && path[dot - 1] != '.' && path[dot - 1] != '/')
		dot--;
	if (!dot || path[dot - 1] != '.' || n - dot < 1 || n - dot > sizeof(word) - 3)
		return KIND_OTHER;
	for (size_t i = dot; i < n; i++) {
		if (!isalnum((unsigned char)path[i]))
			return KIND_OTHER;
		word[1 + i - dot] = (char)tolower((unsigned char)path[i]);
	}
	word[1 + n - dot] = ' ';
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strstr(kinds[i].extensions, word))
			return kinds[i].kind;
	return KIND_OTHER;
}

/* Whether patterns name the type itself; a pattern for any type does not count. */
static bool
is_asked_for(const char *patterns, const struct plain *mime)
{
	struct plain p;

	while (next_pattern(&patterns, &p))
		if (!is_any(&p) && type_matches(&p, mime))
			return true;
	return false;
}

/* The kind of a Content-Type, except for types whose files are text. */
static enum kind
kind_of_declared(const char *declared)
{
	static const char *const texts[] = {
		"audio/mpegurl",   "audio/x-mpegurl", "audio/x-scpls", "image/vnd.dxf",
		"image/x-xbitmap", "image/x-xpixmap", "video/mp2t", /* servers use it for TypeScript */
	};
	struct plain type = plain_type(declared, strlen(declared));

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcmp(type.type, texts[i]) == 0)
			return KIND_OTHER;
	return strncmp(type.type, "image/x-portable-", 17) == 0 ? KIND_OTHER : kind_of_mime(&type);
}

const char *
accept_page_check(const char *url, const char *asked, const char *patterns, const char *declared, const char *mime)
{
	enum kind kind;
	enum page page = page_of(mime);
	struct plain type = plain_type(mime, strlen(mime)), want;

	if (page == PAGE_NONE)
		return NULL;
	if (asked && *asked) {
		want = plain_type(asked, strlen(asked));
		return words[kind_of_mime(&want)][page];
	}
	if (patterns && is_asked_for(patterns, &type))
		return NULL;
	if (patterns && kind_of_patterns(patterns) != KIND_OTHER)
		return words[kind_of_patterns(patterns)][page];
	kind = url ? kind_of_url(url) : KIND_OTHER;
	if (kind == KIND_OTHER && declared)
		kind = kind_of_declared(declared);
	return words[kind][page];
}
