/*
 * wiki: a MediaWiki with pictures that never were, for tests and the demo. Loopback only.
 *
 *     wiki LOG [DIR BASE]    binds a free port of 127.0.0.1, prints it, and serves until its stdin ends
 *
 * It answers the search of /w/api.php, and serves what that finds: originals below /o/, thumbnails below /t/. Without
 * DIR each name that is searched for has six pictures, made up; with it, DIR/index.tsv has a line for each picture, the
 * name, the file, width, height and title with tabs between, and BASE/FILE and BASE/thumb/960px-FILE are theirs.
 *
 * A name may have words in it that say how it is answered:
 *
 *     Lag N          the API is behind for the first N requests (200, maxlag, Retry-After: 1); Lag 0: always
 *     Status C N     that status for the first N requests; Later C N: with Retry-After: 1; N 0: always
 *     Apierror       another error, with status 200; Html, Half, Void: no JSON, half of one, no bytes
 *     Nobody         nothing is found; Agent: 403, the User-Agent is refused; Slow: after 1.2 s; Held: after a minute
 *     Elsewhere      a redirect to another host; Moved: to the same
 *     Pages          what is found comes in two replies; Endless: in replies without end
 *     Old            one page, and an offer of its older versions; Many: 50 pages, and there are more
 *     Version1       the format's first version
 *     Gone, Nonfree, Sound, Odd, Small, Broken, Narrow
 *                    the first picture was deleted, is not free, is none, has a thumbnail of another width, is
 *                    smaller than a thumbnail, has none, is 200 pixels wide
 *     Markup, Several, Bare
 *                    HTML in all fields; several licences and languages; no author and no licence
 *     Lost, Wrong    the originals are not there, or are others; Busy: the first request for each is answered 429
 *     Few            one picture; Twice: what another search finds is the same files
 *
 * Other paths than /w/api.php are other wikis:
 *
 *     /stock/api.php    one without extensions: a query with Cirrus's words finds nothing, and is logged as BAD; what
 * is asked for with gsrwhat=title finds one picture, and among the others two are no candidates /silent/api.php   does
 * not say what it is (503), but is searched as /w/api.php /private/api.php  needs a user; /json/api.php: another API;
 * /void/api.php: no bytes /page             a web page of the wiki; /bare: one that does not name the API; /gone: one
 * with 404 /away/api.php     a redirect to another host
 *
 * The log has a line for each request, as that of origin.c, and one that begins with BAD for what Wikimedia's rules
 * forbid: a User-Agent without a contact, no maxlag, more than 50 results, a width that is no step, a second request at
 * once, iistart.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "server/server.h"

enum { SEEN_MAX = 8192, USUAL = 6, MANY = 50, ASKED_WIDTH = 960 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	char *what;
	long times;
} seen[SEEN_MAX];
static atomic_int under_way, api_under_way;
static int log_fd, port;
static const char *dir, *base;
static char own[64];

/* How often this was asked for before. */
static long
times_before(const char *what)
{
	size_t i = 0;
	long n;

	pthread_mutex_lock(&lock);
	while (i < SEEN_MAX && seen[i].what && strcmp(seen[i].what, what) != 0)
		i++;
	if (i == SEEN_MAX)
		die("more requests than it can count");
	if (!seen[i].what)
		seen[i].what = buf_strdup(what);
	n = seen[i].times++;
	pthread_mutex_unlock(&lock);
	return n;
}

static void
note(const char *fmt, const char *what)
{
	struct timespec now;
	struct buf line = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	if (strncmp(fmt, "BAD", 3) != 0)
		buf_printf(&line, "%lld %d ", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000,
			   atomic_load(&under_way));
	buf_str(&line, fmt);
	buf_printf(&line, " %s\n", what);
	if (write(log_fd, line.data, line.len) != (ssize_t)line.len)
		die("log");
	buf_free(&line);
}

static void
bad(const char *what)
{
	note("BAD", what);
}

/* --- requests --- */

static char *
decoded(const char *from, size_t n)
{
	char *out = buf_alloc(n + 1), *to = out;

	for (const char *end = from + n; from < end; from++) {
		unsigned c;

		if (*from == '%' && end - from > 2 && sscanf(from + 1, "%2x", &c) == 1) {
			*to++ = (char)c;
			from += 2;
		} else {
			*to++ = *from == '+' ? ' ' : *from;
		}
	}
	return out;
}

/* The last value of a parameter, for free(); "" where there is none. */
static char *
parameter(const char *query, const char *name)
{
	char *value = buf_strdup("");

	for (const char *at = query; at && *at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL) {
		size_t n = strlen(name);

		if (strncmp(at, name, n) != 0 || at[n] != '=')
			continue;
		free(value);
		value = decoded(at + n + 1, strcspn(at + n + 1, "&"));
	}
	return value;
}

static bool
has(const char *query, const char *name, const char *want)
{
	char *value = parameter(query, name);
	bool same = want ? strcmp(value, want) == 0 : *value != '\0';

	free(value);
	return same;
}

/* The name that is searched for: what is between quotes, else the words that are no filter. */
static char *
name_of(const char *search)
{
	const char *from = strchr(search, '"'), *to = from ? strchr(from + 1, '"') : NULL;
	char *copy, *at = NULL;
	struct buf name = {0};

	if (to) {
		buf_add(&name, from + 1, (size_t)(to - from - 1));
		return name.data;
	}
	copy = buf_strdup(search);
	for (char *w = strtok_r(copy, " ", &at); w; w = strtok_r(NULL, " ", &at))
		if (!strchr(w, ':'))
			buf_printf(&name, "%s%s", name.len ? " " : "", w);
	free(copy);
	buf_str(&name, "");
	return name.data;
}

/* Whether the name has the word, and the N numbers behind it. */
static bool
says(const char *name, const char *word, int n, long *numbers)
{
	size_t len = strlen(word);

	for (const char *at = strstr(name, word); at; at = strstr(at + 1, word)) {
		if ((at > name && at[-1] != ' ' && at[-1] != '_') || (at[len] && !strchr(" _", at[len])))
			continue;
		at += len;
		for (int i = 0; i < n; i++) {
			char *end;

			numbers[i] = strtol(at + strspn(at, " _"), &end, 10);
			at = end;
		}
		return true;
	}
	return false;
}

/* --- pictures --- */

struct picture {
	char file[400]; /* as in its URL */
	char title[400];
	long width, height;
	struct buf original; /* its bytes */
	char sha1[41];
};

static void
sha1_of(struct picture *p)
{
	unsigned char digest[20];

	if (EVP_Digest(p->original.data, p->original.len, digest, NULL, EVP_sha1(), NULL) != 1)
		die("SHA-1");
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(p->sha1 + 2 * i, 3, "%02x", digest[i]);
}

/* A JPEG of 8 x 8 black pixels with TEXT as its comment: no two texts give the same bytes. */
static void
draw(struct buf *out, const char *text)
{
	static const unsigned char tail[] = {0xff, 0xc0, 0, 11, 8, 0, 8,    0,    8,    1,    1,    0x11, 0, 0xff, 0xc4,
					     0,    20,   0, 1,  0, 0, 0,    0,    0,    0,    0,    0,    0, 0,    0,
					     0,    0,    0, 0,  0, 3, 0xff, 0xc4, 0,    20,   0x10, 1,    0, 0,    0,
					     0,    0,    0, 0,  0, 0, 0,    0,    0,    0,    0,    0,    0, 0xff, 0xda,
					     0,    8,    1, 1,  0, 0, 0x3f, 0,    0x37, 0xff, 0xd9};
	size_t n = strlen(text) + 2;
	unsigned char head[] = {0xff, 0xd8, 0xff, 0xfe, (unsigned char)(n >> 8), (unsigned char)n};

	buf_add(out, head, sizeof(head));
	buf_str(out, text);
	buf_add(out, "\xff\xdb\0\x43\0", 5);
	memset(buf_room(out, 64), 0xff, 64);
	out->len += 64;
	buf_add(out, tail, sizeof(tail));
}

static void
make_up(struct picture *p, const char *name, int k)
{
	*p = (struct picture){.width = 3000 - 100 * k, .height = 2000};
	snprintf(p->title, sizeof(p->title), "%.300s %d", name, k);
	snprintf(p->file, sizeof(p->file), "%.300s_%d.jpg", name, k);
	for (char *c = p->file; *c; c++)
		*c = *c == ' ' ? '_' : *c;
	if (k == 1 && says(name, "Small", 0, NULL))
		p->width = 640;
	if (k == 1 && says(name, "Narrow", 0, NULL))
		p->width = 200;
	draw(&p->original, p->file);
	sha1_of(p);
}

static void
read_file(struct buf *out, const char *file)
{
	struct buf path = {0};
	FILE *in;
	size_t n;

	buf_printf(&path, "%s/%s", dir, file);
	in = fopen(path.data, "re");
	if (!in)
		die(path.data);
	while ((n = fread(buf_room(out, 65536), 1, 65536, in)) > 0)
		out->len += n;
	fclose(in);
	buf_free(&path);
}

/* Whether the names are the same but for what is no letter or digit: searches leave that out. */
static bool
is_same_name(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a && (unsigned char)*a < 0x80 && !isalnum((unsigned char)*a))
			a++;
		while (*b && (unsigned char)*b < 0x80 && !isalnum((unsigned char)*b))
			b++;
		if (*a != *b || !*a)
			return *a == *b;
	}
}

/* Those of index.tsv that are of NAME. */
static size_t
listed(struct picture *v, const char *name)
{
	struct buf all = {0};
	char *line, *at = NULL;
	size_t n = 0;

	read_file(&all, "index.tsv");
	buf_str(&all, "");
	for (line = strtok_r(all.data, "\n", &at); line && n < MANY; line = strtok_r(NULL, "\n", &at)) {
		char *cell[5] = {line};
		size_t i = 1;

		while (i < 5 && (cell[i] = strchr(cell[i - 1], '\t')))
			*cell[i++]++ = '\0';
		if (i < 5 || !is_same_name(cell[0], name))
			continue;
		v[n] = (struct picture){.width = atol(cell[2]), .height = atol(cell[3])};
		snprintf(v[n].file, sizeof(v[n].file), "%s", cell[1]);
		snprintf(v[n].title, sizeof(v[n].title), "%s", cell[4]);
		read_file(&v[n].original, v[n].file);
		sha1_of(&v[n++]);
	}
	buf_free(&all);
	return n;
}

static size_t
find(struct picture *v, const char *name)
{
	size_t n = !*name || says(name, "Nobody", 0, NULL) ? 0
		   : says(name, "Few", 0, NULL)            ? 1
		   : says(name, "Old", 0, NULL)            ? 1
		   : says(name, "Many", 0, NULL)           ? MANY
							   : USUAL;

	if (dir)
		return listed(v, name);
	for (size_t i = 0; i < n; i++)
		make_up(&v[i], name, (int)i + 1);
	return n;
}

/* --- the API's replies --- */

static void
add_field(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, "%s\"%s\":{\"value\":", out->data[out->len - 1] == '{' ? "" : ",", key);
	buf_json(out, value);
	buf_str(out, ",\"source\":\"commons-desc-page\"}");
}

static void
add_metadata(struct buf *out, const struct picture *p, const char *name, bool first)
{
	buf_str(out, "\"extmetadata\":");
	if (says(name, "Bare", 0, NULL)) {
		buf_str(out, "[]");
		return;
	}
	buf_str(out, "{");
	add_field(out, "ObjectName", p->title);
	if (says(name, "Markup", 0, NULL)) {
		add_field(out, "Artist",
			  "<a href=\"//commons.wikimedia.org/wiki/User:X\" onclick=\"x()\"><b>Anna &amp; "
			  "Berta</b></a><script>alert(1)</script>");
		add_field(out, "Attribution", "<i>Photo: Anna</i> &lt;x&gt;");
		add_field(out, "Credit", "<p>Own <br>work</p>");
	} else {
		add_field(out, "Artist", "Anna Example");
		add_field(out, "Credit", "Own work");
	}
	if (says(name, "Several", 0, NULL)) {
		add_field(out, "LicenseShortName", "CC BY-SA 3.0 or GFDL");
		buf_str(out, ",\"UsageTerms\":{\"value\":{\"_type\":\"lang\",\"de\":\"Namensnennung\",\"en\":"
			     "\"Attribution\"}}"
			     ",\"AuthorCount\":{\"value\":2}");
	} else {
		add_field(out, "LicenseShortName", "CC BY-SA 4.0");
		add_field(out, "License", "cc-by-sa-4.0");
		add_field(out, "LicenseUrl", "https://creativecommons.org/licenses/by-sa/4.0");
		add_field(out, "AttributionRequired", "true");
	}
	if (first && says(name, "Nonfree", 0, NULL))
		add_field(out, "NonFree", "true");
	buf_str(out, "}");
}

static void
add_thumb(struct buf *out, const struct picture *p, const char *name, bool first)
{
	long width = first && says(name, "Odd", 0, NULL) ? 640 : ASKED_WIDTH;

	if (first && says(name, "Broken", 0, NULL))
		buf_str(out, "\"thumberror\":\"no\",");
	else if (p->width <= width)
		buf_printf(out, "\"thumburl\":\"%s/%s%s\",\"thumbwidth\":%ld,", base, dir ? "" : "o/", p->file,
			   p->width);
	else if (dir)
		buf_printf(out, "\"thumburl\":\"%s/thumb/%ldpx-%s\",\"thumbwidth\":%ld,", base, width, p->file, width);
	else
		buf_printf(out, "\"thumburl\":\"%s/t/%s/%ldpx-%s\",\"thumbwidth\":%ld,", base, p->file, width, p->file,
			   width);
}

static void
add_imageinfo(struct buf *out, const struct picture *p, const char *name, bool first)
{
	/* What has no thumbnail of a usual width is too large to be looked at itself. */
	bool large = first && (says(name, "Odd", 0, NULL) || says(name, "Broken", 0, NULL));

	buf_str(out, ",\"imageinfo\":[{");
	if (first && says(name, "Gone", 0, NULL)) {
		buf_str(out, "\"filemissing\":true}]");
		return;
	}
	add_thumb(out, p, name, first);
	buf_printf(out, "\"size\":%zu,\"width\":%ld,\"height\":%ld,\"url\":\"%s/%s%s\",",
		   large ? (size_t)90000000 : p->original.len, p->width, p->height, base, dir ? "" : "o/", p->file);
	buf_printf(out, "\"descriptionurl\":\"https://commons.wikimedia.org/wiki/File:%s\",", p->file);
	buf_printf(out, "\"sha1\":\"%s\",\"mime\":\"image/%s\",\"mediatype\":\"%s\",", p->sha1,
		   strstr(p->file, ".png")    ? "png"
		   : strstr(p->file, ".webp") ? "webp"
					      : "jpeg",
		   first && says(name, "Sound", 0, NULL) ? "AUDIO" : "BITMAP");
	add_metadata(out, p, name, first);
	buf_str(out, "}]");
}

/* Page K of N; INFO: with what is known of its file. */
static void
add_page(struct buf *out, const struct picture *p, const char *name, size_t k, bool info, bool keyed, bool templates)
{
	unsigned id = 5381;
	char title[420];

	for (const char *c = p->file; *c; c++)
		id = id * 33 + (unsigned char)*c;
	id &= 0xffffff;
	if (keyed)
		buf_printf(out, "\"%u\":", id);
	snprintf(title, sizeof(title), "File:%s.jpg", p->title);
	buf_printf(out, "{\"pageid\":%u,\"ns\":6,\"title\":", id);
	buf_json(out, title);
	buf_printf(out, ",\"index\":%zu,\"imagerepository\":\"local\"", k + 1);
	if (info)
		add_imageinfo(out, p, name, k == 0);
	if (templates)
		buf_printf(out, ",\"templates\":[{\"ns\":10,\"title\":\"Template:Information\"}%s]",
			   k == 0   ? ",{\"ns\":10,\"title\":\"Vorlage:Cc-by-sa-4.0\"},{\"ns\":10,\"title\":"
				      "\"Vorlage:Cc-by-sa-layout\"}"
			   : k == 1 ? ",{\"ns\":10,\"title\":\"Template:PD-old\"},{\"ns\":10,\"title\":\"Template:"
				      "GFDL\"}"
				    : "");
	buf_str(out, "}");
}

/* The pages in another order than that of their rank, as MediaWiki gives them. */
static void
add_pages(struct buf *out, const struct picture *v, size_t n, const char *name, const char *query)
{
	bool pages = says(name, "Pages", 0, NULL), endless = says(name, "Endless", 0, NULL);
	bool second = has(query, "iicontinue", NULL), keyed = says(name, "Version1", 0, NULL);

	buf_str(out, keyed ? "\"query\":{\"pages\":{" : "\"query\":{\"pages\":[");
	for (size_t i = n; i-- > 0;) {
		bool info = (!pages && !endless) || (second ? i >= 3 : i < 3);

		add_page(out, &v[i], name, i, info, keyed, strstr(query, "templates") != NULL);
		buf_str(out, i ? "," : "");
	}
	buf_str(out, keyed ? "}}" : "]}");
}

static void
reply(struct buf *out, const char *name, const char *query)
{
	struct picture v[MANY];
	size_t n = find(v, name);
	bool second = has(query, "iicontinue", NULL);

	buf_str(out, "{");
	if (says(name, "Endless", 0, NULL))
		buf_printf(out, "\"continue\":{\"iicontinue\":\"x|%ld\",\"continue\":\"gsroffset||\"},",
			   times_before(name));
	else if (says(name, "Pages", 0, NULL) && !second)
		buf_str(out, "\"continue\":{\"iicontinue\":\"Four|20221209222801\",\"continue\":\"gsroffset||\"},");
	else if (says(name, "Old", 0, NULL))
		buf_str(out, "\"continue\":{\"iistart\":\"2018-01-01T00:00:00Z\",\"continue\":\"||\"},");
	else if (says(name, "Many", 0, NULL))
		buf_str(out, "\"batchcomplete\":true,\"continue\":{\"gsroffset\":50,\"continue\":\"gsroffset||\"},");
	else if (says(name, "Version1", 0, NULL))
		buf_str(out, "\"batchcomplete\":\"\",");
	else
		buf_str(out, "\"batchcomplete\":true,");
	if (n > 0)
		add_pages(out, v, n, name, query);
	else
		out->len--; /* the comma: no hits, no query */
	buf_str(out, "}");
	for (size_t i = 0; i < n; i++)
		buf_free(&v[i].original);
}

/* --- HTTP --- */

struct answer {
	int status;
	const char *type;
	char header[256];
	struct buf body;
	bool half;
};

static void
look_at_rules(const char *query, const char *agent, const char *request)
{
	static const char *const steps[] = {"20",  "40",  "60",   "120",  "250", "330",
					    "500", "960", "1280", "1920", "3840"};
	char *limit = parameter(query, "gsrlimit"), *width = parameter(query, "iiurlwidth");
	char *props = parameter(query, "iiprop");
	bool step = false;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		step = step || strcmp(width, steps[i]) == 0;
	if (!strstr(agent, "/") || !strstr(agent, " (") || !(strstr(agent, "@") || strstr(agent, "://")) ||
	    !strstr(agent, ") libcurl/"))
		bad("User-Agent");
	if (!has(query, "maxlag", "5"))
		bad("maxlag");
	if (!has(query, "format", "json") || !has(query, "formatversion", "2") || !has(query, "gsrnamespace", "6"))
		bad("format");
	if (atoi(limit) != 50)
		bad("gsrlimit");
	if (!step)
		bad("iiurlwidth");
	if (has(query, "iistart", NULL))
		bad("iistart");
	if (strncmp(props, "metadata", 8) == 0 || strstr(props, "|metadata"))
		bad("iiprop");
	if (!strcasestr(request, "\r\nAccept-Encoding: gzip"))
		bad("no gzip");
	if (atomic_load(&api_under_way) > 1)
		bad("two requests at once");
	free(limit);
	free(width);
	free(props);
}

static void
set(struct answer *a, int status, const char *type, const char *header, const char *body)
{
	a->status = status;
	a->type = type;
	snprintf(a->header, sizeof(a->header), "%s", header);
	buf_clear(&a->body);
	buf_str(&a->body, body);
}

/* The words that spoil an answer. False: none. */
static bool
spoil(struct answer *a, const char *name, const char *search)
{
	long n[2] = {0}, before = 0;
	bool lag = says(name, "Lag", 1, n + 1);
	bool status = says(name, "Status", 2, n) || says(name, "Later", 2, n);

	if (lag || status)
		before = times_before(search);
	if ((lag || status) && n[1] > 0 && before >= n[1])
		return false;
	if (lag)
		set(a, 200, "application/json",
		    "Retry-After: 1\r\nX-Database-Lag: 7\r\nMediaWiki-API-Error: maxlag\r\n",
		    "{\"error\":{\"code\":\"maxlag\",\"info\":\"Waiting for db1: 7 seconds lagged\",\"lag\":7}}");
	else if (status)
		set(a, (int)n[0], "text/html", strstr(name, "Later") ? "Retry-After: 1\r\n" : "",
		    "<html>Sensitive client information IP address: 192.0.2.1</html>");
	else if (says(name, "Apierror", 0, NULL))
		set(a, 200, "application/json", "MediaWiki-API-Error: cirrussearch-backend-error\r\n",
		    "{\"error\":{\"code\":\"cirrussearch-backend-error\",\"info\":\"We could not complete your "
		    "search.\"}}");
	else if (says(name, "Html", 0, NULL))
		set(a, 200, "text/html", "", "<!DOCTYPE html><title>Wikimedia Error</title>");
	else if (says(name, "Half", 0, NULL))
		set(a, 200, "application/json", "", "{\"batchcomplete\":true,\"query\":{\"pages\":[{\"pageid\":1,");
	else if (says(name, "Void", 0, NULL))
		set(a, 200, "application/json", "", "");
	else if (says(name, "Agent", 0, NULL))
		set(a, 403, "text/plain", "", "Please respect our robot policy https://w.wiki/4wJS");
	else if (says(name, "Elsewhere", 0, NULL))
		set(a, 302, "text/html", "Location: http://elsewhere.invalid/w/api.php\r\n", "");
	else
		return false;
	return true;
}

static void
answer_api(struct answer *a, const char *query, const char *agent, const char *request)
{
	char *search = parameter(query, "gsrsearch"), *name = name_of(search);

	atomic_fetch_add(&api_under_way, 1);
	look_at_rules(query, agent, request);
	/* Long enough for a second one to be seen. */
	poll(NULL, 0, says(name, "Held", 0, NULL) ? 60000 : says(name, "Slow", 0, NULL) ? 1200 : 20);
	if (!spoil(a, name, search)) {
		if (says(name, "Moved", 0, NULL) && !has(query, "moved", NULL)) {
			set(a, 301, "text/html", "", "");
			snprintf(a->header, sizeof(a->header),
				 "Location: /w/api.php?moved=1&gsrsearch=%%22Plain%%22&maxlag=5"
				 "&format=json&formatversion=2&gsrnamespace=6&gsrlimit=50&iiurlwidth=960\r\n");
		} else {
			set(a, 200, "application/json", "", "");
			reply(&a->body, name, query);
		}
	}
	atomic_fetch_sub(&api_under_way, 1);
	free(search);
	free(name);
}

/* What the wiki is: Commons, or one as it is installed. */
static void
answer_siteinfo(struct answer *a, bool stock)
{
	set(a, 200, "application/json", "", "{\"batchcomplete\":true,\"query\":{\"general\":{\"sitename\":");
	buf_printf(&a->body, "\"%s\",\"generator\":\"MediaWiki %s\",\"server\":\"%s\"},\"extensions\":[",
		   stock ? "Our wiki" : "Wikimedia Commons", stock ? "1.39.0" : "1.45.0-wmf.5",
		   stock ? own : "https://commons.wikimedia.org");
	buf_str(&a->body, "{\"type\":\"parserhook\",\"name\":\"ParserFunctions\"}");
	if (!stock)
		buf_str(&a->body, ",{\"type\":\"other\",\"name\":\"CirrusSearch\"},{\"type\":\"wikibase\",\"name\":"
				  "\"WikibaseMediaInfo\"}");
	buf_str(&a->body, "]}}");
}

/* MediaWiki's own search knows phrases and words, and takes the rest for words, which are nowhere. */
static void
answer_stock(struct answer *a, const char *query)
{
	char *search = parameter(query, "gsrsearch"), *name = name_of(search);

	set(a, 200, "application/json", "", "");
	if (strchr(search, ':')) {
		bad(search);
		buf_str(&a->body, "{\"batchcomplete\":true}");
	} else {
		reply(&a->body, name, query);
	}
	free(search);
	free(name);
}

static const char page_of_wiki[] =
	"<!DOCTYPE html>\n<html><head><title>Main Page</title>\n"
	"<link rel=\"stylesheet\" href=\"/load.php\"/><link rel=\"EditURI\" type=\"application/rsd+xml\" "
	"href=\"/stock/api.php?action=rsd&amp;x=1\"/></head><body>a wiki</body></html>";

/* The other wikis. False: it is the one of /w/. */
static bool
answer_elsewhere(struct answer *a, const char *path, const char *query)
{
	bool siteinfo = has(query, "meta", "siteinfo");

	if (strncmp(path, "/stock/api.php?", 15) == 0 && !siteinfo)
		answer_stock(a, query);
	else if (strncmp(path, "/silent/api.php?", 16) == 0 && siteinfo)
		set(a, 503, "text/html", "", "<html>overloaded</html>");
	else if (strncmp(path, "/private/", 9) == 0)
		set(a, 200, "application/json", "",
		    "{\"error\":{\"code\":\"readapidenied\",\"info\":\"You need read permission to use this "
		    "module.\"}}");
	else if (strncmp(path, "/json/", 6) == 0)
		set(a, 200, "application/json", "", "{\"hello\":[1,2]}");
	else if (strncmp(path, "/void/", 6) == 0)
		set(a, 200, "application/json", "", "");
	else if (strncmp(path, "/page", 5) == 0)
		set(a, 200, "text/html", "", page_of_wiki);
	else if (strncmp(path, "/gone", 5) == 0)
		set(a, 404, "text/html", "", page_of_wiki);
	else if (strncmp(path, "/bare", 5) == 0)
		set(a, 200, "text/html", "", "\n<html><title>Welcome</title><a href=/w/api.php>API</a></html>");
	else if (strncmp(path, "/away/", 6) == 0)
		set(a, 302, "text/html", "Location: http://elsewhere.invalid/w/api.php\r\n", "");
	else if (siteinfo && (strncmp(path, "/stock/", 7) == 0 || strncmp(path, "/w/", 3) == 0))
		answer_siteinfo(a, strncmp(path, "/stock/", 7) == 0);
	else
		return false;
	return true;
}

/* Originals below /o/, thumbnails below /t/. */
static void
answer_media(struct answer *a, const char *path)
{
	char *file = decoded(path + 3, strlen(path + 3));
	struct buf text = {0};

	if (path[1] == 't' && !strstr(file, "/960px-")) {
		set(a, 429, "text/html", "", "Use thumbnail steps/sizes listed on https://w.wiki/GHai");
	} else if (path[1] == 'o' && says(file, "Lost", 0, NULL)) {
		set(a, 404, "text/html", "", "<html>File not found</html>");
	} else if (path[1] == 'o' && says(file, "Busy", 0, NULL) && times_before(path) == 0) {
		set(a, 429, "text/html", "Retry-After: 1\r\n", "Too many requests (76af2b0)");
	} else {
		set(a, 200, "image/jpeg", "", "");
		buf_printf(&text, "%s%s", file, path[1] == 'o' && says(file, "Wrong", 0, NULL) ? " another" : "");
		draw(&a->body, text.data);
	}
	buf_free(&text);
	free(file);
}

static int
serve(int fd, char *request)
{
	char *path = strchr(request, ' '), *end = path ? strchr(path + 1, ' ') : NULL, *agent, *query;
	struct answer a = {.status = 404, .type = "text/plain"};
	struct buf head = {0};
	char agent_text[300] = "";
	int rc;

	if (!end)
		return -1;
	agent = strcasestr(end, "\r\nUser-Agent:");
	if (agent)
		snprintf(agent_text, sizeof(agent_text), "%.*s", (int)strcspn(agent + 14, "\r\n"), agent + 14);
	*path++ = *end = '\0';
	atomic_fetch_add(&under_way, 1);
	note("GET", path);
	query = strchr(path, '?');
	if (query && answer_elsewhere(&a, path, query + 1))
		;
	else if (query && (strncmp(path, "/w/api.php?", 11) == 0 || strncmp(path, "/silent/api.php?", 16) == 0))
		answer_api(&a, query + 1, agent_text, end + 1);
	else if (strncmp(path, "/o/", 3) == 0 || strncmp(path, "/t/", 3) == 0)
		answer_media(&a, path);
	atomic_fetch_sub(&under_way, 1);
	buf_printf(&head, "HTTP/1.1 %d Test\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n", a.status, a.type,
		   a.body.len, a.header);
	rc = send_all(fd, head.data, head.len);
	if (rc == 0 && a.body.len)
		rc = send_all(fd, a.body.data, a.body.len);
	buf_free(&head);
	buf_free(&a.body);
	return rc;
}

int
main(int argc, char **argv)
{
	int listening;

	if (argc != 2 && argc != 4) {
		fprintf(stderr, "usage: wiki LOG [DIR BASE]\n");
		return 2;
	}
	log_fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (log_fd < 0)
		die(argv[1]);
	listening = server_listen(&port);
	snprintf(own, sizeof(own), "http://127.0.0.1:%d", port);
	dir = argc == 4 ? argv[2] : NULL;
	base = argc == 4 ? argv[3] : own;
	server_run(listening, port, serve);
	return 0;
}
