/*
 * plan: a path as the answer that it asks for; origin.c has the list of its words.
 */
#include <ctype.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../server/server.h"
#include "origin.h"

enum { SEEN_MAX = 65536 };

struct seen {
	char *path;
	long times;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct seen seen[SEEN_MAX]; /* open addressing by the path's hash */

static unsigned
hash_of(const char *s)
{
	unsigned h = 2166136261U;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619U;
	return h;
}

/* How often this path was asked for before. */
static long
times_before(const char *path)
{
	unsigned at = hash_of(path) % SEEN_MAX;
	long n;

	pthread_mutex_lock(&lock);
	for (unsigned tries = 0; seen[at].path && strcmp(seen[at].path, path) != 0; tries++) {
		if (tries == SEEN_MAX)
			die("more paths than it can count");
		at = (at + 1) % SEEN_MAX;
	}
	if (!seen[at].path && !(seen[at].path = strdup(path)))
		die("memory");
	n = seen[at].times++;
	pthread_mutex_unlock(&lock);
	return n;
}

/* Takes one word, up to the next slash, off the path. */
static void
word(const char **path, char *out, size_t room)
{
	const char *at = *path + (**path == '/');
	size_t n = strcspn(at, "/");

	snprintf(out, room, "%.*s", (int)(n < room ? n : room - 1), at);
	*path = at + n;
}

static long long
number(const char **path)
{
	char text[32];

	word(path, text, sizeof(text));
	return strtoll(text, NULL, 10);
}

static void
decode(const char *from, char *to, size_t room)
{
	while (*from && room > 1) {
		char hex[3] = {0};

		if (from[0] == '%' && isxdigit((unsigned char)from[1]) && isxdigit((unsigned char)from[2])) {
			memcpy(hex, from + 1, 2);
			*to++ = (char)strtol(hex, NULL, 16);
			from += 3;
		} else {
			*to++ = *from++;
		}
		room--;
	}
	*to = '\0';
}

static void
type_by_name(struct answer *a, const char *path)
{
	static const char *const types[][2] = {{".jpg", "image/jpeg"},  {".png", "image/png"},
					       {".webp", "image/webp"}, {".html", "text/html; charset=utf-8"},
					       {".txt", "text/plain"},  {".pdf", "application/pdf"}};
	const char *dot = strrchr(path, '.');

	if (a->type[0])
		return;
	snprintf(a->type, sizeof(a->type), "application/octet-stream");
	for (size_t i = 0; dot && i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(dot, types[i][0]) == 0)
			snprintf(a->type, sizeof(a->type), "%s", types[i][1]);
}

/* "redirect", with K and the rest still in PATH. */
static void
plan_redirect(struct answer *a, const char **path)
{
	long long k = number(path);

	if (k <= 0)
		return;
	a->status = 302;
	if (k == 1)
		snprintf(a->location, sizeof(a->location), "%s", **path ? *path : "/");
	else
		snprintf(a->location, sizeof(a->location), "/redirect/%lld%s", k - 1, *path);
}

/* "flaky", "later" and "refuse": TIMES requests are answered with STATUS. */
static void
plan_refusal(struct answer *a, int status, bool has_when, const char **path, long before)
{
	long long times = number(path);
	char retry[200] = "";

	if (has_when)
		word(path, retry, sizeof(retry));
	if (before >= times)
		return;
	a->status = status;
	decode(retry, a->retry, sizeof(a->retry));
}

static void
plan_type(struct answer *a, const char **path)
{
	char major[60], minor[60];

	word(path, major, sizeof(major));
	word(path, minor, sizeof(minor));
	snprintf(a->type, sizeof(a->type), "%s/%s", major, minor);
}

static void
plan_stall(struct answer *a, const char **path)
{
	a->cut = number(path);
	a->stall = true;
}

static void
plan_header(struct answer *a, const char **path)
{
	char text[1024];
	size_t used = strlen(a->header);

	word(path, text, sizeof(text));
	decode(text, a->header + used, sizeof(a->header) - used - 2);
	strcat(a->header, "\r\n");
}

static void
plan_cutfirst(struct answer *a, const char **path, long before)
{
	long long times = number(path), n = number(path);

	if (before < times)
		a->cut = n;
}

static void
plan_then(struct answer *a, const char **path, long before)
{
	int status = (int)number(path);

	if (before >= number(path))
		a->status = status;
}

static void
plan_emptyafter(struct answer *a, const char **path, long before)
{
	a->empty = before >= number(path);
}

static void
plan_misrange(struct answer *a, const char **path, long before, bool unasked)
{
	struct misrange *m = &a->misrange;
	char whole[12];

	m->status = (int)number(path);
	word(path, m->range, sizeof(m->range));
	word(path, m->validator, sizeof(m->validator));
	word(path, m->length, sizeof(m->length));
	word(path, whole, sizeof(whole));
	m->whole = strcmp(whole, "whole") == 0;
	m->unasked = unasked;
	m->before = before;
	a->ranged = true;
}

/* The words that spoil an answer. False when it is none of them. */
static bool
plan_nasty(struct answer *a, const char *what, const char **path, long before)
{
	if (strcmp(what, "ranged") == 0 || strcmp(what, "changing") == 0)
		a->ranged = true, a->seed += *what == 'c' ? (unsigned)before * 7 : 0;
	else if (strcmp(what, "changedafter") == 0)
		a->ranged = true, a->seed += before >= number(path) ? 7 : 0;
	else if (strcmp(what, "anyway") == 0)
		a->anyway = true;
	else if (strcmp(what, "once416") == 0)
		a->status = before == 1 ? 416 : 0;
	else if (strcmp(what, "cutfirst") == 0 || strcmp(what, "stallfirst") == 0)
		plan_cutfirst(a, path, before), a->stall = *what == 's';
	else if (strcmp(what, "emptyafter") == 0)
		plan_emptyafter(a, path, before);
	else if (strcmp(what, "upto") == 0)
		a->upto = number(path);
	else if (strcmp(what, "validator") == 0)
		word(path, a->validator, sizeof(a->validator));
	else if (strcmp(what, "newafter") == 0)
		a->seed += before >= number(path) ? 7 : 0;
	else if (strcmp(what, "then") == 0)
		plan_then(a, path, before);
	else if (strcmp(what, "header") == 0)
		plan_header(a, path);
	else if (strcmp(what, "longheader") == 0)
		a->longheader = (long)number(path);
	else if (strcmp(what, "slowhead") == 0)
		a->slowhead = (long)number(path);
	else if (strcmp(what, "reset") == 0)
		a->cut = number(path), a->reset = true;
	else if (strcmp(what, "badchunk") == 0)
		a->chunked = a->badchunk = true;
	else if (strcmp(what, "length") == 0)
		a->says = number(path);
	else if (strcmp(what, "misrange") == 0 || strcmp(what, "unasked") == 0)
		plan_misrange(a, path, before, *what == 'u');
	else if (strcmp(what, "endless") == 0)
		a->endless = a->nolength = true;
	else
		return false;
	return true;
}

static void
plan_auth(struct answer *a, const char **path, const char *request)
{
	char coded[256], wanted[256], given[256];

	word(path, coded, sizeof(coded));
	decode(coded, wanted, sizeof(wanted));
	if (!header_of(request, "\r\nAuthorization: Basic", given, sizeof(given)) || strcmp(given, wanted) != 0) {
		a->status = 401;
		snprintf(a->header, sizeof(a->header), "WWW-Authenticate: Basic realm=\"x\"\r\n");
	}
}

/* Any answer by Digest does; who has not given one is told of it. */
static void
plan_digest(struct answer *a, const char *request)
{
	char given[512];

	if (header_of(request, "\r\nAuthorization: Digest", given, sizeof(given)) && strstr(given, "nonce=\"n\""))
		return;
	a->status = 401;
	snprintf(a->header, sizeof(a->header),
		 "WWW-Authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\", algorithm=MD5\r\n");
}

/* Whoever has not both cookies gets one, and is sent here again. */
static void
plan_cookiewall(struct answer *a, const char **path, const char *request)
{
	char cookies[256] = "";

	header_of(request, "\r\nCookie:", cookies, sizeof(cookies));
	if (strstr(cookies, "first=yes") && strstr(cookies, "second=yes"))
		return;
	a->status = 302;
	snprintf(a->location, sizeof(a->location), "/cookiewall%s", *path);
	snprintf(a->header, sizeof(a->header), "Set-Cookie: %s=yes; Path=/\r\n",
		 strstr(cookies, "first=yes") ? "second" : "first");
}

/* One word of the path. False when it is no word of ours. */
static bool
plan_word(struct answer *a, const char *what, const char **path, long before, const char *request)
{
	if (strcmp(what, "auth") == 0)
		plan_auth(a, path, request);
	else if (strcmp(what, "redirect") == 0)
		plan_redirect(a, path);
	else if (strcmp(what, "flaky") == 0)
		plan_refusal(a, 503, false, path, before);
	else if (strcmp(what, "later") == 0)
		plan_refusal(a, 429, true, path, before);
	else if (strcmp(what, "refuse") == 0)
		plan_refusal(a, (int)number(path), true, path, before);
	else if (strcmp(what, "digest") == 0)
		plan_digest(a, request);
	else if (strcmp(what, "cookiewall") == 0)
		plan_cookiewall(a, path, request);
	else if (strcmp(what, "slow") == 0)
		a->wait = (long)number(path);
	else if (strcmp(what, "drip") == 0)
		a->drip = (long)number(path);
	else if (strcmp(what, "cut") == 0)
		a->cut = number(path);
	else if (strcmp(what, "stall") == 0)
		plan_stall(a, path);
	else if (strcmp(what, "nolength") == 0)
		a->nolength = true;
	else if (strcmp(what, "chunked") == 0)
		a->chunked = true;
	else if (strcmp(what, "jpeg") == 0)
		a->jpeg = true;
	else if (strcmp(what, "type") == 0)
		plan_type(a, path);
	else
		return plan_nasty(a, what, path, before);
	return true;
}

static char *
read_file(const char *path, long long *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	char *text = end < 0 ? NULL : malloc((size_t)end + 1);

	if (!text || pread(fd, text, (size_t)end, 0) != end)
		die(path);
	close(fd);
	*size = end;
	return text;
}

/* The last word: what the body is. */
static void
plan_body(struct answer *a, const char *what, const char *rest, const char *request)
{
	char text[4096];

	if (strcmp(what, "says") == 0) {
		char code[16];

		word(&rest, code, sizeof(code));
		a->status = atoi(code);
		decode(rest + (*rest == '/'), text, sizeof(text));
		a->text = strdup(text);
	} else if (strcmp(what, "echo") == 0) {
		a->status = 200;
		a->text = strdup(request);
	} else if (strcmp(what, "file") == 0) {
		a->status = 200;
		decode(rest + (*rest == '/'), text, sizeof(text));
		a->text = read_file(text, &a->bytes);
		return;
	}
	if (a->text)
		a->bytes = (long long)strlen(a->text);
}

struct answer
plan(const char *path, const char *request)
{
	struct answer a = {.cut = -1, .says = -1, .seed = hash_of(path)};
	const char *rest = path;
	long before = times_before(path);
	char what[32];

	do
		word(&rest, what, sizeof(what));
	while (plan_word(&a, what, &rest, before, request) && a.status == 0);
	if (a.status == 0 && strcmp(what, "bytes") == 0) {
		a.status = 200;
		a.bytes = number(&rest);
	} else if (a.status == 0 && (strcmp(what, "status") == 0 || strcmp(what, "to") == 0)) {
		a.status = (int)number(&rest);
		if (strcmp(what, "to") == 0)
			decode(rest + (*rest == '/'), a.location, sizeof(a.location));
	} else if (a.status == 0) {
		plan_body(&a, what, rest, request);
	}
	if (a.status == 0)
		a.status = 404;
	if (!a.text && a.status != 200 && a.status != 204 && a.status != 304)
		a.bytes = 64;
	a.before = before;
	type_by_name(&a, path);
	return a;
}

bool
header_of(const char *request, const char *name, char *room, size_t n)
{
	const char *at = strcasestr(request, name);

	if (!at)
		return false;
	at += strlen(name);
	at += strspn(at, ": ");
	snprintf(room, n, "%.*s", (int)strcspn(at, "\r\n"), at);
	return true;
}

void
plan_validator(struct answer *a, const char *request)
{
	const char *kind = a->validator;
	bool is_date = strcmp(kind, "date") == 0, both = strcmp(kind, "both") == 0;
	char etag[40], date[64], given[80];
	size_t used = strlen(a->header);
	bool same = false;

	if (!*kind || a->status != 200)
		return;
	snprintf(etag, sizeof(etag), "%s\"%x\"", strcmp(kind, "weak") == 0 ? "W/" : "",
		 strcmp(kind, "retag") == 0 ? (unsigned)a->before : a->seed);
	snprintf(date, sizeof(date), "Mon, 06 Jan 2020 10:%02u:%02u GMT", a->seed / 64 % 60, a->seed % 60);
	if (!is_date)
		used += (size_t)snprintf(a->header + used, sizeof(a->header) - used, "ETag: %s\r\n", etag);
	if (is_date || both)
		snprintf(a->header + used, sizeof(a->header) - used, "Last-Modified: %s\r\n", date);
	if (header_of(request, "\r\nIf-None-Match:", given, sizeof(given)))
		same = !is_date && strcmp(given, etag) == 0;
	else if (header_of(request, "\r\nIf-Modified-Since:", given, sizeof(given)))
		same = (is_date || both) && strcmp(given, date) == 0;
	if (!same || strcmp(kind, "deaf") == 0)
		return;
	a->status = 304;
	a->bytes = 0;
}

void
plan_range(struct answer *a, const char *request)
{
	char range[80], etag[80], ours[32];

	if (a->misrange.status) {
		misrange_plan(a, request);
		return;
	}
	snprintf(ours, sizeof(ours), "\"%x\"", a->seed);
	if (!a->ranged || a->status != 200 || !header_of(request, "\r\nRange:", range, sizeof(range)) ||
	    strncmp(range, "bytes=", 6) != 0 ||
	    (!a->anyway && header_of(request, "\r\nIf-Range:", etag, sizeof(etag)) && strcmp(etag, ours) != 0))
		return;
	a->from = strtoll(range + 6, NULL, 10);
	a->status = a->from < a->bytes ? 206 : 416;
	a->to = a->upto && a->from + a->upto < a->bytes ? a->from + a->upto : a->bytes;
}
