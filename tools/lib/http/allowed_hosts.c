#include "http/allowed_hosts.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NAME_LENGTH_MAX = 253 };

struct allowed_hosts {
	regex_t hosts;
};

/* Letters, digits, hyphens and colons stand for themselves; a dot does with a backslash. */
static void
add_literally(struct buf *out, const char *s)
{
	for (; *s; s++)
		buf_printf(out, *s == '.' ? "\\%c" : "%c", tolower((unsigned char)*s));
}

void
allowed_hosts_pattern(struct buf *out, const char *address, char *const *names)
{
	bool all = strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
	bool brackets = strchr(address, ':') != NULL;

	buf_str(out, "^(localhost|127\\.0\\.0\\.1|\\[::1\\]|");
	if (all) { /* by any address, but not by a name that could belong to another domain */
		buf_str(out, "[0-9.]+|\\[[0-9a-f:.]+\\]");
	} else {
		buf_str(out, brackets ? "\\[" : "");
		add_literally(out, address);
		buf_str(out, brackets ? "\\]" : "");
	}
	for (; names && *names; names++) {
		buf_str(out, "|");
		add_literally(out, *names);
	}
	buf_str(out, ")(:[0-9]+)?$");
}

const char *
allowed_hosts_name_check(const char *name)
{
	size_t n = strlen(name);

	if (n == 0)
		return "is empty";
	if (n > NAME_LENGTH_MAX)
		return "is longer than 253 bytes";
	for (size_t i = 0; i < n; i++)
		if (!isascii(name[i]) || (!isalnum((unsigned char)name[i]) && !strchr("-.", name[i])))
			return "may have only ASCII letters, digits, '-' and '.', and no port";
	if (!isalnum((unsigned char)name[0]) || !isalnum((unsigned char)name[n - 1]))
		return "must begin and end with a letter or digit";
	return NULL;
}

/* Why the host of an origin, which has N bytes, is invalid. */
static const char *
host_name_check(const char *host, size_t n)
{
	char name[NAME_LENGTH_MAX + 2];

	if (n >= sizeof(name))
		return "has a host that is too long";
	if (*host == '[')
		return n > 2 && host[n - 1] == ']' && strspn(host + 1, "0123456789abcdef:.") == n - 2
			       ? NULL
			       : "has a host in brackets that is no address in lower case";
	memcpy(name, host, n);
	name[n] = '\0';
	if (allowed_hosts_name_check(name))
		return "names no host";
	for (size_t i = 0; i < n; i++)
		if (isupper((unsigned char)name[i]))
			return "must be in lower case, as browsers have it";
	return NULL;
}

const char *
allowed_hosts_origin_check(const char *origin)
{
	bool tls = strncmp(origin, "https://", 8) == 0;
	const char *host = origin + (tls ? 8 : 7), *port, *wrong;
	char *end;
	long n;

	if (!tls && strncmp(origin, "http://", 7) != 0)
		return "must begin with http:// or https://";
	if (strchr(host, '/'))
		return "has a path: an origin is scheme, host and port";
	port = host + strcspn(host, *host == '[' ? "]" : ":");
	port += *port == ']';
	wrong = host_name_check(host, (size_t)(port - host));
	if (wrong || !*port)
		return wrong;
	n = port[0] == ':' && port[1] >= '1' && port[1] <= '9' ? strtol(port + 1, &end, 10) : 0;
	if (n < 1 || n > 65535 || *end)
		return "has an invalid port";
	return n == (tls ? 443 : 80) ? "has its scheme's own port, which browsers leave away: leave it away too" : NULL;
}

struct allowed_hosts *
allowed_hosts_open(const char *pattern)
{
	struct allowed_hosts *s = buf_alloc(sizeof(*s));

	if (regcomp(&s->hosts, pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB) == 0)
		return s;
	free(s);
	return NULL;
}

void
allowed_hosts_close(struct allowed_hosts *s)
{
	regfree(&s->hosts);
	free(s);
}

bool
allowed_hosts_contain(const struct allowed_hosts *s, const char *host)
{
	return host && regexec(&s->hosts, host, 0, NULL, 0) == 0;
}

bool
allowed_hosts_allow_origin(const struct allowed_hosts *s, const char *host, const char *origin, const char *fetch_site)
{
	static const char *const schemes[] = {"http://", "https://"};

	if (!allowed_hosts_contain(s, host))
		return false;
	if (!origin)
		return !fetch_site || strcmp(fetch_site, "none") == 0 || strcmp(fetch_site, "same-origin") == 0;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (strncmp(origin, schemes[i], strlen(schemes[i])) == 0)
			return strcasecmp(origin + strlen(schemes[i]), host) == 0;
	return false;
}
