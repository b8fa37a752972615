#include "batch/error_codes.h"

#include <string.h>

/* Whether WORD ("404", "5xx", "timeout", N bytes) means the error code CODE ("http_404", "timeout"). */
static bool
word_means(const char *word, size_t n, const char *code)
{
	const char *status = strncmp(code, "http_", 5) == 0 ? code + 5 : NULL;

	if (status && n == 3 && strlen(status) == 3 && word[0] == status[0])
		return strncmp(word + 1, "xx", 2) == 0 || strncmp(word, status, 3) == 0;
	return strlen(code) == n && strncmp(word, code, n) == 0;
}

bool
error_codes_have(const char *words, const char *code)
{
	for (size_t n; code && *words; words += n + (words[n] == ',')) {
		n = strcspn(words, ",");
		if (word_means(words, n, code))
			return true;
	}
	return false;
}

/* Whether WORD (N bytes) is valid: a status, a class of statuses, or an error code. */
static bool
is_word(const char *word, size_t n)
{
	if (n == 0 || strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_") < n)
		return false;
	if (word[0] < '0' || word[0] > '9')
		return true;
	return n == 3 && word[0] >= '1' && word[0] <= '5' &&
	       (strncmp(word + 1, "xx", 2) == 0 || strspn(word, "0123456789") >= 3);
}

bool
error_codes_check(const char *words)
{
	for (;; words++) {
		size_t n = strcspn(words, ",");

		if (!is_word(words, n))
			return false;
		words += n;
		if (!*words)
			return true;
	}
}
