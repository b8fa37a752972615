#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "pictures/picture_file.h"

static const char MAGICK_SAYS[] = "libMagick error: ";

/* Whether a library says that it does not know this variant of a format. */
static bool
is_unsupported(const char *cause)
{
	return strcasestr(cause, "support") || strcasestr(cause, "implemented") || strstr(cause, "out of range") ||
	       strcasestr(cause, "unknown");
}

static bool
is_too_large(const char *cause)
{
	return strstr(cause, "exceeds limit") || strstr(cause, "pixel cache") || strstr(cause, "exhausted");
}

/* What the messages TEXT of libvips say is wrong: its last one, which is closest to the cause, or that of ImageMagick
 * before it. Each begins with the part of libvips that wrote it, and ends with a newline. TEXT is changed. */
static const char *
find_cause(char *text)
{
	char *line, *said = strstr(text, MAGICK_SAYS);

	if (said) {
		said += strlen(MAGICK_SAYS);
		if ((line = strstr(said, " `"))) /* a name and a place in its source follow */
			*line = '\0';
		said[strcspn(said, "\n")] = '\0';
		return said;
	}
	while ((line = strrchr(text, '\n')) && !line[1])
		*line = '\0';
	line = line ? line + 1 : text;
	said = strstr(line, ": ");
	return said ? said + 2 : line;
}

enum picture_fault
picture_fault(char *why, size_t room)
{
	char *text = vips_error_buffer_copy();
	enum picture_fault fault = PICTURE_CUT;
	const char *cause, *words;

	/* The text is from GLib, and is all that is known about the cause. */
	if (strstr(text, "creating thread")) {
		g_free(text);
		snprintf(why, room, "there is no thread for it");
		return PICTURE_NO_THREAD;
	}
	cause = find_cause(text);
	if (is_too_large(cause)) {
		words = "decoding it takes more memory than ImageMagick may use";
		fault = PICTURE_UNKNOWN;
	} else if (is_unsupported(cause)) {
		words = "this variant of its format is not decoded here";
		fault = PICTURE_UNKNOWN;
	} else {
		words = *cause ? "the picture is cut short or damaged" : "it cannot be decoded";
	}
	snprintf(why, room, *cause ? "%s (%.*s)" : "%s", words, PICTURE_WHY / 2, cause);
	g_free(text);
	return fault;
}
