/*
 * retry: which failures of earlier runs --retry means.
 */
#include <stdlib.h>
#include <string.h>

#include "records/rec.h"
#include "settings.h"

/* Whether WORD ("404", "5xx", "timeout", N bytes) means the error code CODE ("http_404", "timeout"). */
static bool
word_means(const char *word, size_t n, const char *code)
{
	const char *status = strncmp(code, "http_", 5) == 0 ? code + 5 : NULL;

	if (status && n == 3 && strlen(status) == 3 && word[0] == status[0])
		return strncmp(word + 1, "xx", 2) == 0 || strncmp(word, status, 3) == 0;
	return strlen(code) == n && strncmp(word, code, n) == 0;
}

static bool
wanted(struct json_object *error, const void *arg)
{
	const char *words = arg, *code = rec_string(error, "code");

	if (!words)
		return true;
	for (size_t n; code && *words; words += n + (words[n] == ',')) {
		n = strcspn(words, ",");
		if (word_means(words, n, code))
			return true;
	}
	return false;
}

/* Whether WORD (N bytes) can be what it is to be: a status, a class of them, or an error code. */
static bool
word_right(const char *word, size_t n)
{
	if (n == 0 || strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_") < n)
		return false;
	if (word[0] < '0' || word[0] > '9')
		return true;
	return n == 3 && word[0] >= '1' && word[0] <= '5' &&
	       (strncmp(word + 1, "xx", 2) == 0 || strspn(word, "0123456789") >= 3);
}

bool
retry_parse(const char *what, struct batch_retry *out)
{
	*out = (struct batch_retry){.too = wanted};
	if (strcmp(what, "failed") == 0)
		return true;
	if (strncmp(what, "status=", 7) != 0)
		return false;
	out->arg = what += 7;
	for (;; what++) {
		size_t n = strcspn(what, ",");

		if (!word_right(what, n))
			return false;
		what += n;
		if (!*what)
			return true;
	}
}
