#include "base/userinfo.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Whether clients (libcurl and browsers) take three slashes for two after the scheme that ends at COLON in TEXT. After
 * any other scheme, as in file:///a@b, the authority is empty and a path follows. */
static bool
takes_more_slashes(const char *text, const char *colon)
{
	static const char *const schemes[] = {"http", "https", "ftp", "ftps", "ws", "wss"};
	const char *from = colon;

	while (from > text && (isalnum((unsigned char)from[-1]) || strchr("+-.", from[-1])))
		from--;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (strlen(schemes[i]) == (size_t)(colon - from) &&
		    strncasecmp(from, schemes[i], (size_t)(colon - from)) == 0)
			return true;
	return false;
}

/* Where the authority after the scheme begins in TEXT, which ends at END; NULL: there is no scheme. */
static char *
find_authority(char *text, const char *end)
{
	char *colon = text < end ? memmem(text, (size_t)(end - text), "://", 3) : NULL, *at = colon;

	if (!colon)
		return NULL;
	at += 3;
	while (at < end && *at == '/' && takes_more_slashes(text, colon))
		at++;
	return at;
}

bool
userinfo_extract(char *url, struct buf *out)
{
	char *end = url + strlen(url), *from = find_authority(url, end), *at;
	size_t n = from ? strcspn(from, "/?#") : 0;

	at = n ? memrchr(from, '@', n) : NULL;
	if (!at)
		return false;
	if (out)
		buf_add(out, from, (size_t)(at - from));
	memmove(from, at + 1, (size_t)(end - at));
	return true;
}

void
userinfo_insert(const char *url, const char *userinfo, struct buf *out)
{
	const char *from = find_authority((char *)(size_t)url, url + strlen(url));

	if (!from) {
		buf_str(out, url);
		return;
	}
	buf_add(out, url, (size_t)(from - url));
	buf_printf(out, "%s@%s", userinfo, from);
}

const char userinfo_torn[] =
	"has a name or password that cannot be told apart: write https://NAME:PASSWORD@HOST/, with "
	"%2F, %3F, %23 for '/', '?', '#'";

/* Whether the N bytes AUTHORITY, which have no '@', cannot be a host and a port, because the port is not a number. */
static bool
is_no_host(const char *authority, size_t n)
{
	const char *port = n && *authority != '[' ? memchr(authority, ':', n) : NULL;

	return port && port + 1 + strspn(port + 1, "0123456789") < authority + n;
}

bool
userinfo_hide_torn(char *url)
{
	static const char rest[] = "…";
	char *from = find_authority(url, url + strlen(url));
	size_t n = from ? strcspn(from, "/?#") : 0;

	if (from ? !n || memchr(from, '@', n) || !strchr(from + n, '@') || !is_no_host(from, n) : !strchr(url, '@'))
		return false;
	from = from ? from : url;
	/* "a:b/@" is longer; "a@" is not. */
	memcpy(from, strlen(from) < sizeof(rest) ? "" : rest, strlen(from) < sizeof(rest) ? 1 : sizeof(rest));
	return true;
}

/* How many bytes from AT on can belong to an authority in a text. */
static size_t
authority_length(const char *at, const char *end)
{
	const char *p = at;

	while (p < end && (unsigned char)*p > ' ' && !strchr("/?#\\\"<>", *p))
		p++;
	return (size_t)(p - at);
}

/* Whether the URL whose authority begins at FROM is the first in TEXT, or in a JSON string: the text after it then more
 * likely belongs to the URL than to a sentence. */
static bool
begins_string(const char *text, const char *from)
{
	while (from > text && from[-1] == '/')
		from--;
	while (from > text && !strchr(" \t\"'<>()", from[-1]))
		from--;
	return from == text || (from[-1] == '"' && (from - 1 == text || from[-2] != '\\'));
}

/* The '@' after the userinfo of the authority that begins at FROM in TEXT. NULL: there is no userinfo. A password may
 * have characters that an authority cannot have, such as blanks, quotes and slashes; a port that is not a number
 * reveals it. */
static char *
find_at(const char *text, char *from, const char *end)
{
	size_t n = authority_length(from, end), host = n;
	char *at = memrchr(from, '@', n);
	bool blanks = begins_string(text, from);

	/* A sentence may continue after the URL: "http://h:80, ...". */
	while (host > 0 && strchr(",.;:!)", from[host - 1]))
		host--;
	if (at || !is_no_host(from, host))
		return at;
	for (at = from + n; at < end && *at != '@'; at++) {
		if (*at == '\\' && end - at > 1 && at[1] != '@')
			at++; /* an escape of JSON */
		else if (*at == '"' || *at == '\n' || (!blanks && (unsigned char)*at <= ' '))
			return NULL;
	}
	return at < end ? memrchr(at, '@', authority_length(at, end)) : NULL;
}

size_t
userinfo_strip(char *text, size_t n)
{
	char *end = text + n, *from = n && memchr(text, '@', n) ? text : NULL, *at;

	while (from && (from = find_authority(from, end))) {
		at = find_at(text, from, end);
		if (!at)
			continue;
		memmove(from, at + 1, (size_t)(end - at - 1));
		end -= at + 1 - from;
	}
	if (end < text + n)
		*end = '\0';
	return (size_t)(end - text);
}
