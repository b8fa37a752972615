#include "review/digests.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

void
digests_add(struct digests *d, const char *name, size_t n, const char hex[HASH_HEX])
{
	struct digest *one;

	d->v = buf_grow(d->v, d->n, sizeof(*d->v));
	one = &d->v[d->n++];
	*one = (struct digest){.name = buf_alloc(n + 1)};
	memcpy(one->name, name, n);
	memcpy(one->hex, hex, HASH_HEX);
}

void
digests_free(struct digests *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->v[i].name);
	free(d->v);
	*d = (struct digests){0};
}

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct digest *)a)->name, ((const struct digest *)b)->name);
}

void
digests_sort(struct digests *d)
{
	if (d->n > 1)
		qsort(d->v, d->n, sizeof(*d->v), compare);
}

const struct digest *
digests_find(const struct digests *d, const char *name)
{
	struct digest wanted = {.name = (char *)(size_t)name};

	return d->n ? bsearch(&wanted, d->v, d->n, sizeof(*d->v), compare) : NULL;
}

bool
digests_have_twice(const struct digests *d)
{
	for (size_t i = 1; i < d->n; i++)
		if (strcmp(d->v[i].name, d->v[i - 1].name) == 0)
			return true;
	return false;
}

bool
digests_is_line(const char *line, size_t n)
{
	return n > DIGESTS_NAME && strspn(line, "0123456789abcdef") == HASH_HEX && line[HASH_HEX] == ' ' &&
	       strchr(" *", line[HASH_HEX + 1]) && !memchr(line, '\0', n);
}

bool
digests_read(struct digests *d, const char *text, size_t n)
{
	const char *end = text + n;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t length = newline ? (size_t)(newline - text) : 0;

		if (!digests_is_line(text, length))
			return false;
		digests_add(d, text + DIGESTS_NAME, length - DIGESTS_NAME, text);
		text = newline + 1;
	}
	digests_sort(d);
	return !digests_have_twice(d);
}
