#include "base/words.h"

#include <string.h>
#include <strings.h>

bool
word_is_in(const char *word, const char *const *list)
{
	for (; word && *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

bool
word_is_in_any_case(const char *word, size_t n, const char *const *list)
{
	for (; *list; list++)
		if (strlen(*list) == n && strncasecmp(word, *list, n) == 0)
			return true;
	return false;
}

bool
word_ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n > k && strcmp(name + n - k, end) == 0;
}

size_t
word_distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], n = strlen(b);

	if (strlen(a) > WORD_MAX || n > WORD_MAX)
		return WORD_MAX + 1;
	for (size_t k = 0; k <= n; k++)
		row[k] = k;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t k = 0; k < n; k++) {
			size_t replaced = diagonal + (a[i] != b[k]);

			diagonal = row[k + 1];
			row[k + 1] = (row[k] < diagonal ? row[k] : diagonal) + 1;
			if (replaced < row[k + 1])
				row[k + 1] = replaced;
		}
	}
	return row[n];
}
