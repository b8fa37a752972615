#include "names_decode.h"

#include <archive_entry.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "charsets/charset_names.h"
#include "confined/unpack.h"
#include "packets.h"

/* What is read ahead of names. */
enum { SAMPLE = 16 << 10, ENTRIES = 2000, BYTES = 32 << 20 };

static struct {
	struct charsets *charsets; /* NULL: names_load() was not called */
	bool guessed;
	int charset;
	double confidence;
	struct buf name;
} names;

void
names_load(void)
{
	names.charsets = charset_open();
}

static bool
is_utf8(const char *name)
{
	size_t n = strlen(name);

	return utf8_valid_length(name, n) == n;
}

/* Collects the names of the archive that are not UTF-8, a line each. */
static void
collect(struct unpack *ahead, int fd, struct buf *out)
{
	struct archive *a = unpack_new(ahead, fd);
	struct archive_entry *entry;
	const char *name;

	if (a && archive_read_open1(a) == ARCHIVE_OK)
		for (int i = 0; i < ENTRIES && out->len < SAMPLE && archive_filter_bytes(a, 0) < BYTES; i++) {
			if (archive_read_next_header(a, &entry) < ARCHIVE_WARN)
				break;
			name = archive_entry_pathname(entry);
			if (name && !is_utf8(name)) {
				buf_str(out, name);
				buf_str(out, "\n");
			}
		}
	archive_read_free(a);
}

static void
guess(int fd, const char *name)
{
	static struct unpack ahead;
	struct buf sample = {0};

	collect(&ahead, fd, &sample);
	if (sample.len == 0)
		buf_str(&sample, name);
	names.guessed = true;
	names.charset = charset_names_guess(names.charsets, sample.data, sample.len, &names.confidence);
	buf_free(&sample);
}

const char *
names_decode(int fd, const char *name)
{
	char packet[64];
	int n;

	if (is_utf8(name))
		return name;
	if (!names.charsets)
		packets_end_restart("names");
	if (!names.guessed)
		guess(fd, name);
	if (names.charset == CHARSET_NONE)
		return name;
	charset_convert(names.charsets, names.charset, name, strlen(name), &names.name);
	n = snprintf(packet, sizeof(packet), "N%s %d", charset_name(names.charset),
		     (int)(names.confidence * 100 + 0.5));
	packets_say(packet, (size_t)n, NULL, 0);
	return names.name.data;
}
