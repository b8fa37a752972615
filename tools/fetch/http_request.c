#include "http_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/msg.h"
#include "base/userinfo.h"
#include "base/words.h"
#include "host.h"
#include "html/url.h"
#include "input_file.h"
#include "item_headers.h"
#include "records/rec.h"
#include "resume.h"
#include "transfer.h"
#include "update.h"

/* A file of headers that hosts.conf names. */
struct host_headers {
	const char *path;
	struct curl_slist *lines;
	struct host_headers *next;
};

struct http_request {
	const struct settings *set;
	struct host_headers *files;
};

/* --- the files of hosts.conf --- */

static void
read_headers(struct host_headers *h)
{
	FILE *file = fopen(h->path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (!file)
		msg_die_errno(EX_CONFIG, "cannot read the headers in '%s', which hosts.conf names", h->path);
	for (unsigned number = 1; (n = getline(&line, &room, file)) >= 0; number++) {
		const char *wrong;

		if (strlen(line) != (size_t)n)
			msg_die(EX_CONFIG, "'%s', line %u: there is a NUL", h->path, number);
		line[strcspn(line, "\r\n")] = '\0';
		if (*line == '#' || !line[strspn(line, " \t")])
			continue;
		wrong = item_headers_check(line);
		if (wrong)
			msg_die(EX_CONFIG, "'%s', line %u: this header %s", h->path, number, wrong);
		h->lines = curl_slist_append(h->lines, line);
	}
	if (ferror(file))
		msg_die_errno(EX_CONFIG, "cannot read the headers in '%s', which hosts.conf names", h->path);
	free(line);
	fclose(file);
}

static void
see_rule(const struct host_rule *rule, void *arg)
{
	struct http_request *r = arg;
	struct host_headers *h;

	input_file_check_private(rule->netrc, "names and passwords");
	if (!rule->headers)
		return;
	input_file_check_private(rule->headers, "headers");
	h = buf_alloc(sizeof(*h));
	*h = (struct host_headers){.path = rule->headers, .next = r->files};
	r->files = h;
	read_headers(h);
}

struct http_request *
http_request_open(const struct settings *set, const struct host_rules *rules)
{
	struct http_request *r = buf_alloc(sizeof(*r));

	*r = (struct http_request){.set = set};
	input_file_check(set->netrc_file, "names and passwords");
	host_rules_each(rules, see_rule, r);
	return r;
}

void
http_request_close(struct http_request *r)
{
	while (r->files) {
		struct host_headers *h = r->files;

		r->files = h->next;
		curl_slist_free_all(h->lines);
		free(h);
	}
	free(r);
}

/* --- who may have what --- */

/*
 * Whether this attempt may have what the command line gives for hosts: headers, cookies, names and passwords. Only
 * hosts that the list names get these, and none after a redirect to another host.
 */
static bool
may_have_secrets(const struct job *j)
{
	return j->named && !j->elsewhere && !transfer_is_of_strangers(j);
}

/* Whether the header is one by which a client says what it can read and who it is (RFC 9110, 12.5 and 10.1.5), which is
 * no secret. Any other may be one, whatever its name. */
static bool
is_public_header(const char *header)
{
	static const char *const names[] = {"Accept",          "Accept-Charset", "Accept-Encoding",
					    "Accept-Language", "User-Agent",     NULL};

	return word_is_in_any_case(header, strcspn(header, ":;"), names);
}

/* The name and password of this attempt: those of the item's URL, for its own host alone, or what .netrc has. */
static void
set_login(CURL *easy, const struct job *j)
{
	const struct settings *set = j->run->set;
	const char *of_host = transfer_is_of_strangers(j) ? NULL : j->host->rule.netrc;
	bool netrc = of_host || ((set->netrc || set->netrc_file) && may_have_secrets(j));
	unsigned long schemes = set->any_auth    ? CURLAUTH_ANY
				: j->auth_scheme ? (unsigned long)j->auth_scheme
						 : CURLAUTH_BASIC;
	char *userinfo = j->userinfo && !j->elsewhere ? buf_strdup(j->userinfo) : NULL, *name = NULL, *password = NULL;
	char *colon = userinfo ? strchr(userinfo, ':') : NULL;

	if (colon)
		*colon = '\0';
	if (userinfo) {
		name = curl_easy_unescape(easy, userinfo, 0, NULL);
		password = curl_easy_unescape(easy, colon ? colon + 1 : "", 0, NULL);
	}
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)(netrc ? CURL_NETRC_OPTIONAL : CURL_NETRC_IGNORED));
	curl_easy_setopt(easy, CURLOPT_NETRC_FILE, of_host ? of_host : set->netrc_file);
	curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)schemes);
	curl_easy_setopt(easy, CURLOPT_USERNAME, name);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, password);
	curl_free(name);
	curl_free(password);
	free(userinfo);
}

/* --- headers --- */

static bool
is_named(const char *header, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(header, name, n) == 0 && header[n] == ':';
}

/* Adds a header, unless one of that name is there: what is nearer to the item comes first. */
static void
add_header(struct curl_slist **all, const char *line)
{
	size_t n = strcspn(line, ":;");

	for (const struct curl_slist *h = *all; h; h = h->next)
		if (strncasecmp(h->data, line, n) == 0 && (h->data[n] == ':' || h->data[n] == ';'))
			return;
	*all = curl_slist_append(*all, line);
}

static void
add_cookies(struct buf *cookies, const char *more)
{
	buf_printf(cookies, "%s%s", cookies->len ? "; " : "", more + strspn(more, " \t"));
}

/* The item's own, which its URL's host alone may have. */
static void
add_own(struct curl_slist **all, struct buf *cookies, const struct job *j)
{
	char *copy = j->headers && !j->elsewhere ? buf_strdup(j->headers) : NULL, *left = copy, *line;

	while ((line = strsep(&left, "\n"))) {
		if (is_named(line, "Cookie"))
			add_cookies(cookies, strchr(line, ':') + 1);
		else
			*all = curl_slist_append(*all, line);
	}
	free(copy);
}

static void
add_of_host(struct curl_slist **all, struct buf *cookies, const struct http_request *r, const struct job *j)
{
	const char *path = transfer_is_of_strangers(j) ? NULL : j->host->rule.headers;
	const struct host_headers *h = r->files;

	while (h && (!path || h->path != path))
		h = h->next;
	for (const struct curl_slist *l = h ? h->lines : NULL; l; l = l->next) {
		if (is_named(l->data, "Cookie"))
			add_cookies(cookies, strchr(l->data, ':') + 1);
		else
			add_header(all, l->data);
	}
}

static bool
is_printable(const char *s)
{
	while (*s > ' ' && *s < 0x7f)
		s++;
	return !*s;
}

/* The page that a browser would name: that of the item, or that on which it was found. Of a page on another host that
 * is its origin alone, and nothing of an https page where no TLS is (Referrer Policy, strict-origin-when-cross-origin).
 * What the item itself names is sent as it is. */
static void
add_referer(struct curl_slist **all, const struct job *j)
{
	const char *named = rec_string(j->asked, "referer"), *url = job_url(j);
	char *page = named ? url_to_ascii(named) : j->found ? url_to_ascii(j->found) : NULL;
	struct buf line = {0};
	char *host;

	if (!page && (named || j->found))
		page = buf_strdup(named ? named : j->found);
	if (!page)
		return;
	userinfo_extract(page, NULL);
	page[strcspn(page, "#")] = '\0';
	host = strstr(page, "://");
	if (host && strncasecmp(page, "http", 4) == 0 && is_printable(page) &&
	    !(strncasecmp(page, "https:", 6) == 0 && strncasecmp(url, "http:", 5) == 0)) {
		if (!named && !url_is_same_host(page, url))
			strcpy(host + 3 + strcspn(host + 3, "/?"), host[3 + strcspn(host + 3, "/?")] ? "/" : "");
		buf_printf(&line, "Referer: %s", page);
		add_header(all, line.data);
	}
	buf_free(&line);
	free(page);
}

struct curl_slist *
http_request_prepare(const struct http_request *r, CURL *easy, struct job *j)
{
	int64_t from = resume_from(j);
	struct curl_slist *all = NULL;
	struct buf line = {0}, cookies = {0};
	bool secrets = may_have_secrets(j);

	add_own(&all, &cookies, j);
	add_of_host(&all, &cookies, r, j);
	for (const struct curl_slist *h = r->set->headers; h; h = h->next)
		if (secrets || is_public_header(h->data))
			add_header(&all, h->data);
	add_referer(&all, j);
	if (j->host->rule.accept) {
		buf_printf(&line, "Accept: %s", j->host->rule.accept);
		all = curl_slist_append(all, line.data);
	}
	if (r->set->compressed && from == 0)
		all = curl_slist_append(all, "Accept-Encoding: gzip");
	if (from == 0)
		all = update_add_conditions(j, all);
	if (from > 0) {
		buf_clear(&line);
		buf_printf(&line, "Range: bytes=%lld-", (long long)from);
		all = curl_slist_append(all, line.data);
		buf_clear(&line);
		buf_printf(&line, "If-Range: %s", j->validator);
		all = curl_slist_append(all, line.data);
	}
	/* Cookies of earlier transfers and of files are sent to the hosts that they are for, wherever a redirect leads.
	 */
	if (secrets && r->set->cookie && strchr(r->set->cookie, '='))
		add_cookies(&cookies, r->set->cookie);
	j->answer.resumed_from = from;
	set_login(easy, j);
	curl_easy_setopt(easy, CURLOPT_COOKIE, cookies.len ? cookies.data : NULL);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, all);
	buf_free(&line);
	buf_free(&cookies);
	return all;
}
