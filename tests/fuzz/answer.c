/* fuzz: tools/parse/answer.c */
#include "answer.h"

#include "fuzz.h"

#include <unistd.h>

#include "base/utf8.h"
#include "doc.h"

/* The next number, as the pool of processes takes it: it refuses what is larger. */
static size_t
number(char **at, size_t most)
{
	return (size_t)strtoul(*at, at, 10) % (most + 1);
}

/* What a confined process made of a document: the first line has the lengths of its images, text and description. */
FUZZ(answer, NULL)
{
	const char *line = memchr(bytes, '\n', n);
	size_t skip = line ? (size_t)(line + 1 - bytes) : n;
	char *text = fuzz_string(bytes, skip), *at = text;
	struct work w = {.out = fuzz_file(bytes + skip, n - skip)};
	struct answer a;

	w.images = number(&at, DOC_IMAGES);
	w.text = number(&at, DOC_TEXT);
	w.meta = number(&at, DOC_META);
	if (answer_read(&w, &a)) {
		FUZZ_WANT(utf8_valid_length(a.text.data, a.text.len) == a.text.len);
		for (size_t i = 0; i < a.image_count; i++) {
			const struct answer_image *image = &a.images[i];

			FUZZ_WANT(*image->name && !strchr(image->name, '/'));
			FUZZ_WANT(image->from >= 0 && (size_t)image->from + image->bytes <= w.images);
		}
	}
	answer_free(&a);
	close(w.out);
	free(text);
}
