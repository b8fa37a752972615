#include "file_kind.h"

#include <string.h>

#include "base/words.h"

const char *
file_kind(const struct candidate *c)
{
	static const struct {
		const char *mime, *kind;
	} names[] = {
		{"application/epub+zip", "Book (EPUB)"},
		{"application/gzip", "Archive"},
		{"application/json", "JSON"},
		{"application/msword", "Word document"},
		{"application/rtf", "RTF document"},
		{"application/vnd.oasis.opendocument.text", "Text document (ODT)"},
		{"application/vnd.openxmlformats-officedocument.presentationml.presentation", "Slides (PPTX)"},
		{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Spreadsheet (XLSX)"},
		{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word document"},
		{"application/x-tar", "Archive"},
		{"application/xml", "XML"},
		{"application/zip", "Archive"},
		{"text/csv", "Table (CSV)"},
		{"text/plain", "Text"},
		{"text/rtf", "RTF document"},
		{"text/xml", "XML"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(c->mime, names[i].mime) == 0)
			return names[i].kind;
	if (strcmp(c->mime, "image/svg+xml") == 0)
		return "SVG drawing";
	if (strncmp(c->mime, "image/", 6) == 0)
		return "No picture";
	if (strncmp(c->mime, "video/", 6) == 0)
		return "Video";
	if (strncmp(c->mime, "audio/", 6) == 0)
		return "Sound";
	if (c->document)
		return "PDF";
	if (strcmp(c->mime, "text/html") == 0)
		return "Web page";
	if (strcmp(c->mime, "application/x-empty") == 0)
		return "Empty file";
	return "File";
}

bool
file_kind_is_shown(const char *mime)
{
	return word_is_one_of(mime, "image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "image/svg+xml",
			      "image/bmp", "image/x-ms-bmp");
}

const char *
file_kind_player(const char *mime)
{
	return strncmp(mime, "video/", 6) == 0 ? "video" : strncmp(mime, "audio/", 6) == 0 ? "audio" : NULL;
}
