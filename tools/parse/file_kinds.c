#include "file_kinds.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/words.h"

static const struct {
	const char *mime; /* how it begins */
	const char *format;
} by_mime[] = {
	{"text/", "text"},
	{"application/xhtml+xml", "text"},
	{"application/xml", "text"},
	{"application/json", "text"},
	{"application/x-ndjson", "text"},
	{"application/javascript", "text"},
	{"application/x-empty", "text"},
	{"application/x-shellscript", "text"},
	{"application/csv", "text"},
	{"application/yaml", "text"},
	{"application/x-subrip", "text"},
	{"application/ttml+xml", "text"},
	{"message/rfc822", "mail"},
	{"message/news", "mail"},
	{"message/global", "mail"},
	{"multipart/related", "mail"},
	{"multipart/mixed", "mail"},
	{"application/x-mimearchive", "mail"},
	{"application/mbox", "mail"},
	{"application/pdf", "pdf"},
	{"application/epub+zip", "packed"},
	{"application/vnd.openxmlformats-officedocument", "packed"},
	{"application/vnd.oasis.opendocument", "packed"},
	{"application/vnd.ms-excel.", "packed"}, /* with macros */
	{"application/vnd.ms-powerpoint.", "packed"},
	{"application/vnd.ms-word.", "packed"},
	{"application/zip", "packed"},
	{"application/java-archive", "packed"},
	{"application/gzip", "packed"},
	{"application/x-gzip", "packed"},
	{"application/x-7z-compressed", "packed"},
	{"application/x-rar", "packed"},
	{"application/x-tar", "packed"},
	{"application/x-cpio", "packed"},
	{"application/x-bzip2", "packed"},
	{"application/x-xz", "packed"},
	{"application/zstd", "packed"},
	{"application/x-iso9660-image", "packed"},
	{"application/vnd.ms-cab-compressed", "packed"},
	{"application/x-archive", "packed"},
	{"application/vnd.rar", "packed"},
	{"application/x-compress", "packed"},
	{"application/x-l", "packed"}, /* lha, lz4, lzip, lzma */
	{"application/x-rpm", "packed"},
	{"application/x-xar", "packed"},
	{"image/vnd.djvu", NULL},
	{"image/bmp", "picture_extra"},
	{"image/svg", "picture_extra"},
	{"image/vnd.adobe.photoshop", "picture_extra"},
	{"image/vnd.microsoft.icon", "picture_extra"},
	{"image/x-icon", "picture_extra"},
	{"image/x-ms-bmp", "picture_extra"},
	{"image/x-pcx", "picture_extra"},
	{"image/x-tga", "picture_extra"},
	{"image/x-xcf", "picture_extra"},
	{"image/", "picture"},
	{"audio/midi", NULL},
	{"audio/", "av"},
	{"video/", "av"},
	{"application/ogg", "av"},
	{"application/mxf", "av"},
};

static const char *const by_name[][2] = {
	{" txt text md markdown csv tsv tab psv srt vtt ass ssa sbv ttml dfxp json ndjson xml log yaml yml ini html "
	 "htm xhtml ",
	 "text"},
	{" pdf ", "pdf"},
	{" eml mht mhtml mbox ", "mail"},
	{" docx odt epub zip xlsx xlsm pptx pptm ppsx ods odp fodt fods fodp fodg ", "packed"},
	{" mp3 m4a aac ogg opus flac wav mp4 m4v mov mkv webm avi mpg mpeg ts ", "av"},
};

static const char *
format_of_type(const char *mime)
{
	for (size_t i = 0; i < sizeof(by_mime) / sizeof(by_mime[0]); i++)
		if (strncmp(mime, by_mime[i].mime, strlen(by_mime[i].mime)) == 0)
			return by_mime[i].format;
	return NULL;
}

static const char *
format_of_name(const char *name)
{
	const char *dot = strrchr(name, '.');
	char word[16];

	if (!dot || strlen(dot) < 2 || strlen(dot) > 10)
		return NULL;
	snprintf(word, sizeof(word), " %s ", dot + 1);
	for (size_t i = 0; i < sizeof(by_name) / sizeof(by_name[0]); i++)
		if (strcasestr(by_name[i][0], word))
			return by_name[i][1];
	return NULL;
}

const char *
file_kind_format_of(const char *mime, const char *name)
{
	const char *format = format_of_type(mime), *named = format_of_name(name);

	if (!format && strcmp(mime, "application/octet-stream") == 0)
		return named;
	/* Short magic numbers are also the beginning of texts: one in Japanese may be taken for a program of DOS. */
	if (!format && named && strcmp(named, "text") == 0)
		return named;
	/* Many mails begin with headers by which they cannot be told from text. */
	if (strncmp(mime, "text/", 5) == 0 && named && strcmp(named, "mail") == 0)
		return named;
	/* Flat OpenDocument is XML, and may have elements of SVG. */
	if (word_is_one_of(mime, "text/xml", "application/xml", "image/svg+xml") && word_is_one_of(named, "packed"))
		return named;
	return format;
}
