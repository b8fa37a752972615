#include "userinfo.h"

#include <string.h>

/* Where the authority begins that stands behind a scheme in TEXT, which ends at END; NULL: there is no scheme. */
static char *
find_authority(char *text, const char *end)
{
	char *at = memmem(text, (size_t)(end - text), "://", 3);

	if (!at)
		return NULL;
	at += 3;
	while (at < end && *at == '/')
		at++; /* libcurl takes three slashes for two */
	return at;
}

bool
userinfo_take(char *url, struct buf *out)
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
userinfo_put(const char *url, const char *userinfo, struct buf *out)
{
	const char *from = find_authority((char *)(size_t)url, url + strlen(url));

	if (!from) {
		buf_str(out, url);
		return;
	}
	buf_add(out, url, (size_t)(from - url));
	buf_printf(out, "%s@%s", userinfo, from);
}

const char userinfo_torn[] = "has a '/', '?' or '#' in its name or password: write it as %2F, %3F or %23";

bool
userinfo_hide_torn(char *url)
{
	static const char rest[] = "…";
	char *from = find_authority(url, url + strlen(url)), *port;
	size_t n = from ? strcspn(from, "/?#") : 0;

	if (!n || *from == '[' || memchr(from, '@', n) || !strchr(from + n, '@'))
		return false;
	port = memchr(from, ':', n);
	if (!port || strspn(port + 1, "0123456789") == (size_t)(from + n - port - 1))
		return false;
	memcpy(from, rest, sizeof(rest)); /* "a:b/@" is longer */
	return true;
}

/* How many bytes from AT on can belong to an authority that stands in a text. */
static size_t
authority_length(const char *at, const char *end)
{
	const char *p = at;

	while (p < end && (unsigned char)*p > ' ' && !strchr("/?#\\\"<>", *p))
		p++;
	return (size_t)(p - at);
}

size_t
userinfo_cut(char *text, size_t n)
{
	char *end = text + n, *from = text, *at;

	while ((from = find_authority(from, end))) {
		at = memrchr(from, '@', authority_length(from, end));
		if (!at)
			continue;
		memmove(from, at + 1, (size_t)(end - at - 1));
		end -= at + 1 - from;
	}
	if (end < text + n)
		*end = '\0';
	return (size_t)(end - text);
}
