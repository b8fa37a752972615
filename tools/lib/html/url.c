#include "html/url.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/msg.h"
#include "confined/media.h"

enum { EXTENSION = 4 }; /* letters of the longest extension */

struct ending {
	const char *kind;
	const char *list; /* between spaces */
};

static const struct ending endings[] = {
	{"image", " jpg jpeg jpe png gif webp avif svg bmp tif tiff heic heif jxl jp2 "},
	{"video", " mp4 m4v webm mov mkv avi ogv mpg mpeg 3gp wmv flv "},
	{"audio", " mp3 ogg oga opus flac wav m4a aac aif aiff "},
};

/* Copies a URL as browsers do: without blanks around it and without tabs and line ends in it, with quotes and angle
 * brackets encoded, and with backslashes before the query turned into slashes. False if it is too long. */
static bool
clean_url(char *out, size_t room, const char *text, size_t n)
{
	size_t k = 0;
	bool path = true;

	while (n > 0 && (unsigned char)text[0] <= ' ') {
		text++;
		n--;
	}
	while (n > 0 && (unsigned char)text[n - 1] <= ' ')
		n--;
	for (size_t i = 0; i < n; i++) {
		if (strchr("\t\r\n", text[i]))
			continue;
		if (k + 3 >= room)
			return false;
		path = path && text[i] != '?' && text[i] != '#';
		if (strchr("\"<>`", text[i]))
			k += (size_t)snprintf(out + k, room - k, "%%%02X", (unsigned)text[i]);
		else
			out[k++] = path && text[i] == '\\' ? '/' : text[i];
	}
	out[k] = '\0';
	return true;
}

/* Whether the URL begins with a scheme other than http and https. */
static bool
is_of_other_scheme(const char *url)
{
	size_t n = strcspn(url, ":/?#");

	if (url[n] != ':' || !isalpha((unsigned char)url[0]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)url[i]) && !strchr("+-.", url[i]))
			return false;
	return !((n == 4 && strncasecmp(url, "http", n) == 0) || (n == 5 && strncasecmp(url, "https", n) == 0));
}

char *
url_resolve(CURLU *base, const char *text, size_t n)
{
	char relative[MEDIA_URL], *whole = NULL, *url = NULL;
	CURLU *u;

	if (!clean_url(relative, sizeof(relative), text, n) || relative[0] == '\0' || relative[0] == '#' ||
	    is_of_other_scheme(relative))
		return NULL;
	u = base ? curl_url_dup(base) : curl_url();
	if (!u)
		msg_die(EX_OSERR, "out of memory");
	if (curl_url_set(u, CURLUPART_URL, relative, CURLU_URLENCODE) == CURLUE_OK &&
	    curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_URL, &whole, CURLU_PUNYCODE) == CURLUE_OK && media_is_url(whole))
		url = buf_strdup(whole);
	curl_free(whole);
	curl_url_cleanup(u);
	return url;
}

char *
url_relative(const char *text, size_t n)
{
	char relative[MEDIA_URL];
	struct buf out = {0};

	if (!clean_url(relative, sizeof(relative), text, n) || relative[0] == '\0' || relative[0] == '#' ||
	    strncmp(relative, "//", 2) == 0 || strcspn(relative, ":") < strcspn(relative, "/?#"))
		return NULL;
	for (const char *c = relative; *c; c++)
		if (*c <= ' ' || *c > '~')
			buf_printf(&out, "%%%02X", (unsigned)(unsigned char)*c);
		else
			buf_add(&out, c, 1);
	if (out.len < MEDIA_URL)
		return out.data;
	buf_free(&out);
	return NULL;
}

char *
url_to_ascii(const char *url)
{
	const char *scheme = strstr(url, "://"), *path = scheme ? scheme + 3 + strcspn(scheme + 3, "/?#") : NULL;
	struct buf out = {0};
	bool idn = false, changed = false;
	char *whole = NULL;
	CURLU *u;

	for (const char *c = url; path && *c; c++) {
		unsigned char byte = (unsigned char)*c;

		if (byte < ' ' || byte == 0x7f || (byte == ' ' && c < path))
			path = NULL;
		else if (c < path || (byte > ' ' && byte < 0x7f))
			buf_add(&out, c, 1);
		else
			buf_printf(&out, "%%%02X", (unsigned)byte);
		idn = idn || (byte > 0x7f && c < path);
		changed = changed || byte > 0x7f || byte == ' ';
	}
	if (path && idn) {
		u = curl_url();
		if (!u || curl_url_set(u, CURLUPART_URL, out.data, 0) != CURLUE_OK ||
		    curl_url_get(u, CURLUPART_URL, &whole, CURLU_PUNYCODE) != CURLUE_OK)
			path = NULL;
		buf_clear(&out);
		buf_str(&out, whole ? whole : "");
		curl_free(whole);
		curl_url_cleanup(u);
	}
	if (path && changed)
		return out.data;
	buf_free(&out);
	return NULL;
}

struct server {
	char *scheme, *host, *port;
};

static bool
server_of(const char *url, struct server *out)
{
	CURLU *u = curl_url();
	bool good = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		    curl_url_get(u, CURLUPART_SCHEME, &out->scheme, 0) == CURLUE_OK &&
		    curl_url_get(u, CURLUPART_HOST, &out->host, 0) == CURLUE_OK &&
		    curl_url_get(u, CURLUPART_PORT, &out->port, CURLU_DEFAULT_PORT) == CURLUE_OK;

	curl_url_cleanup(u);
	return good;
}

static void
server_free(struct server *s)
{
	curl_free(s->scheme);
	curl_free(s->host);
	curl_free(s->port);
}

static bool
is_usual(const struct server *s, const char *scheme, const char *port)
{
	return strcasecmp(s->scheme, scheme) == 0 && strcmp(s->port, port) == 0;
}

bool
url_is_same_host(const char *a, const char *b)
{
	struct server x = {0}, y = {0};
	bool same = server_of(a, &x) && server_of(b, &y) && strcasecmp(x.host, y.host) == 0 &&
		    (is_usual(&y, x.scheme, x.port) || (is_usual(&x, "http", "80") && is_usual(&y, "https", "443")));

	server_free(&x);
	server_free(&y);
	return same;
}

/* A path with its query. */
static char *
path_of(const char *url)
{
	char *path = NULL, *query = NULL;
	struct buf whole = {0};
	CURLU *u = curl_url();

	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PATH, &path, 0) == CURLUE_OK) {
		curl_url_get(u, CURLUPART_QUERY, &query, 0);
		buf_printf(&whole, "%s%s%s", path, query ? "?" : "", query ? query : "");
	}
	curl_free(path);
	curl_free(query);
	curl_url_cleanup(u);
	return whole.data;
}

bool
url_is_same(const char *a, const char *b)
{
	char *x = path_of(a), *y = path_of(b);
	bool same = x && y && strcmp(x, y) == 0 && url_is_same_host(a, b) && url_is_same_host(b, a);

	free(x);
	free(y);
	return same;
}

/* The last part of the URL's path, and where it ends. NULL: it has no path. */
static const char *
name_of(const char *url, const char **end)
{
	const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL, *name;

	if (!path)
		return NULL;
	*end = path + strcspn(path, "?");
	for (name = *end; name[-1] != '/';)
		name--;
	return name;
}

/* Stores the extension of a name in lower case between spaces. False: it has no known extension. */
static bool
take_extension(const char *name, const char *end, char word[EXTENSION + 3])
{
	const char *dot = memrchr(name, '.', (size_t)(end - name));

	if (!dot || end - dot < 3 || end - dot > EXTENSION + 1)
		return false;
	word[0] = ' ';
	for (size_t i = 1; i < (size_t)(end - dot); i++)
		word[i] = (char)tolower((unsigned char)dot[i]);
	memcpy(word + (end - dot), " ", 2);
	return true;
}

const char *
url_kind(const char *url)
{
	const char *end, *name = name_of(url, &end);
	char word[EXTENSION + 3];

	if (!name || !take_extension(name, end, word))
		return NULL;
	for (const char *c = name; c < end; c++)
		if (*c == ':' || strncasecmp(c, "%3a", 3) == 0)
			return NULL; /* File:NAME.jpg is the page of a wiki about a file */
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (strstr(endings[i].list, word))
			return endings[i].kind;
	return NULL;
}

const char *
url_kind_of_type(const char *type)
{
	for (size_t i = 0; type && i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t n = strlen(endings[i].kind);

		if (strncasecmp(type, endings[i].kind, n) == 0 && type[n] == '/')
			return endings[i].kind;
	}
	return NULL;
}

bool
url_is_stream(const char *url)
{
	const char *end, *name = name_of(url, &end);
	char word[EXTENSION + 3];

	return name && take_extension(name, end, word) && strstr(" m3u8 mpd ", word);
}

bool
url_is_stream_type(const char *type)
{
	static const char *const types[] = {"application/vnd.apple.mpegurl",
					    "application/x-mpegurl",
					    "application/mpegurl",
					    "audio/x-mpegurl",
					    "audio/mpegurl",
					    "video/mpegurl",
					    "application/dash+xml"};
	size_t n = type ? strcspn(type, " \t\n\f\r;") : 0;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (n == strlen(types[i]) && strncasecmp(type, types[i], n) == 0)
			return true;
	return false;
}
