#include "html/refresh.h"

#include <string.h>
#include <strings.h>

#define SPACE " \t\n\f\r"
#define DIGITS "0123456789"

/* The text after "url=", if TEXT begins with that, otherwise TEXT. */
static const char *
skip_label(const char *text)
{
	const char *at = text + 3;

	if (strncasecmp(text, "url", 3) != 0)
		return text;
	at += strspn(at, SPACE);
	if (*at != '=')
		return text;
	at++;
	return at + strspn(at, SPACE);
}

bool
refresh_parse(const char *content, const char **url, size_t *n)
{
	const char *at = content + strspn(content, SPACE);

	*url = NULL;
	*n = 0;
	if (*at == '\0' || !strchr(DIGITS ".", *at))
		return false;
	at += strspn(at, DIGITS ".");
	if (*at == '\0')
		return true;
	if (!strchr(",;" SPACE, *at))
		return false;
	at += strspn(at, SPACE);
	at += *at == ',' || *at == ';';
	at += strspn(at, SPACE);
	if (*at == '\0')
		return true;
	at = skip_label(at);
	*n = strlen(at);
	if (*at == '"' || *at == '\'') {
		const char *end = strchr(at + 1, *at);

		at++;
		*n = end ? (size_t)(end - at) : *n - 1;
	}
	*url = at;
	return true;
}
