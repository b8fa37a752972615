#include "word_binary.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

/* Places in the header (FIB), which begins at a sector of the compound file. */
enum {
	SECTOR = 512,
	FIRST_SECTORS = 1 << 16,
	FLAGS = 10,
	COUNT_OF_WORDS = 32,
	COUNT_OF_LONGS = 62,
	HEADERS = 0x54, /* characters in headers and footers */
	COMMENTS = 0x5c,
	ENCRYPTED = 0x100,
	SEPARATORS = 16, /* characters that stand above footnotes count as headers */
};

static unsigned
word_at(const unsigned char *s)
{
	return s[0] | (unsigned)s[1] << 8;
}

static unsigned
long_at(const unsigned char *s)
{
	return word_at(s) | word_at(s + 2) << 16;
}

static const unsigned char *
find_header(const unsigned char *bytes, size_t n)
{
	size_t last = n / SECTOR < FIRST_SECTORS ? n / SECTOR : FIRST_SECTORS;

	for (size_t i = 1; i < last; i++) {
		const unsigned char *s = bytes + i * SECTOR;

		if (word_at(s) == 0xa5ec && word_at(s + COUNT_OF_WORDS) == 14 && word_at(s + COUNT_OF_LONGS) >= 22)
			return s;
	}
	return NULL;
}

bool
word_binary_look(const struct request *q, struct doc *d)
{
	size_t n;
	unsigned char *bytes = request_map(q, d, &n);
	const unsigned char *header;
	bool encrypted;

	if (!bytes)
		return false;
	header = n > SECTOR && memcmp(bytes, "\xd0\xcf\x11\xe0", 4) == 0 ? find_header(bytes, n) : NULL;
	encrypted = header && (word_at(header + FLAGS) & ENCRYPTED);
	if (header && long_at(header + HEADERS) > SEPARATORS)
		doc_missing(d, "headers and footers");
	if (header && long_at(header + COMMENTS) > 0)
		doc_missing(d, "comments");
	munmap(bytes, n);
	return encrypted ? doc_fail(d, "encrypted", "it is encrypted") : true;
}
