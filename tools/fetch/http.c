/*
 * http: one attempt at a URL, as a libcurl easy handle in the run's multi handle.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/trouble.h"
#include "fetch.h"
#include "hosts/address.h"
#include "hosts/http_policy.h"
#include "hosts/httpdate.h"
#include "hosts/optout.h"
#include "robots_gate.h"

enum {
	SPARE_MAX = 64,
	ERROR_BODY = 2048,
	PAGE_MAX = 256 << 10,
	HEADERS_MAX = 256 << 10,
	HEADER_MAX = CURL_MAX_HTTP_HEADER
};

/* --- what comes --- */

static void
keep_text(char *room, size_t n, const char *value)
{
	if (strlen(value) < n)
		snprintf(room, n, "%s", value);
}

/* Content-Range: bytes FROM-TO/TOTAL (RFC 9110, 14.4). One without all three is of no use. */
static void
take_range(struct answer *a, const char *v)
{
	long long from, to, total;
	int end = 0;

	a->range_from = a->range_total = -1;
	if (sscanf(v, "bytes %18lld-%18lld/%18lld%n", &from, &to, &total, &end) != 3 || v[end] || from < 0 ||
	    to < from || total <= to)
		return;
	a->range_from = from;
	a->range_total = total;
}

/* Whether what this answer's headers forbid counts: it is the thing itself, and was not asked for by name. A page may
 * be had; what it shows may not. */
static bool
may_opt_out(const struct job *j)
{
	long status = 0;

	if ((!j->found && !j->page) || j->fetch->set->no_opt_out)
		return false;
	curl_easy_getinfo(j->easy, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status <= 299;
}

/* One header of an answer, or the line that begins one. */
static size_t
take_header(char *bytes, size_t one, size_t n, void *arg)
{
	struct job *j = arg;
	struct answer *a = &j->answer;
	char line[HEADER_MAX + 1], *colon;
	const char *v;

	(void)one;
	a->header_bytes += n;
	if (a->header_bytes > HEADERS_MAX) {
		a->too_much = true;
		return 0;
	}
	/* libcurl takes no header that is longer, or has a NUL in it; what cannot be read might forbid the file. */
	if (n > HEADER_MAX || memchr(bytes, '\0', n)) {
		a->too_much = true;
		return 0;
	}
	memcpy(line, bytes, n);
	line[n] = '\0';
	if (strncmp(line, "HTTP/", 5) == 0) {
		/* A further answer, such as after 100 Continue: what the one before said is over. */
		*a = (struct answer){.retry_after = -1,
				     .date = -1,
				     .range_from = -1,
				     .range_total = -1,
				     .header_bytes = a->header_bytes};
		return n;
	}
	if ((v = http_policy_header_value(line, "Retry-After")))
		a->retry_after = httpdate_retry_after(v, time(NULL));
	else if ((v = http_policy_header_value(line, "ETag"))) {
		a->weak = strncmp(v, "W/", 2) == 0;
		keep_text(a->validator, sizeof(a->validator), v);
	} else if ((v = http_policy_header_value(line, "Last-Modified")) && !a->validator[0])
		keep_text(a->validator, sizeof(a->validator), v);
	else if ((v = http_policy_header_value(line, "Date")))
		a->date = httpdate_parse(v);
	else if ((v = http_policy_header_value(line, "Content-Type")))
		keep_text(a->content_type, sizeof(a->content_type), v);
	else if ((v = http_policy_header_value(line, "Accept-Ranges")))
		a->ranges = strcasecmp(v, "bytes") == 0;
	else if ((v = http_policy_header_value(line, "Content-Range")))
		take_range(a, v);
	colon = may_opt_out(j) ? strchr(line, ':') : NULL;
	if (colon) {
		*colon = '\0';
		v = optout_header(line, colon + 1 + strspn(colon + 1, " \t"), OPTOUT_AGENT);
		if (v)
			keep_text(j->rule, sizeof(j->rule), v);
		if (v && !j->page)
			return 0;
	}
	return n;
}

/* Where a part is to go on, but all comes anew, it begins anew. */
static bool
begins_right(struct job *j, long status)
{
	if (j->answer.body_begun)
		return true;
	if (j->resume_from == 0)
		return j->body.bytes == 0 || body_restart(&j->body) == 0;
	/* A server that honours Range but not If-Range may go on with other bytes. */
	if (status == 206 && j->answer.range_from == j->resume_from &&
	    (!j->answer.validator[0] || strcmp(j->answer.validator, j->validator) == 0))
		return true;
	j->resume_from = 0;
	return status != 206 && body_restart(&j->body) == 0;
}

/* Bytes come in. Only what is the item itself is kept; of an error page the beginning is looked at. */
static size_t
take_bytes(char *bytes, size_t one, size_t n, void *arg)
{
	struct job *j = arg;
	struct answer *a = &j->answer;
	curl_off_t length = 0;
	long status = 0;

	(void)one;
	if (j->host->dry_until && clock_ms() < j->host->dry_until) {
		j->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	curl_easy_getinfo(j->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!host_spend(j->fetch, j->host, n))
		return CURL_WRITEFUNC_ERROR;
	if (status < 200 || status > 299) {
		size_t room = ERROR_BODY - a->error.len;

		buf_add(&a->error, bytes, n < room ? n : room);
		a->page_bytes += n;
		a->page_too_large = a->page_bytes > PAGE_MAX;
		return a->page_too_large ? CURL_WRITEFUNC_ERROR : n;
	}
	if (!begins_right(j, status)) {
		a->bad_range = true;
		return CURL_WRITEFUNC_ERROR;
	}
	if (!a->body_begun)
		curl_easy_getinfo(j->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	a->body_begun = true;
	if (j->fetch->set->max_filesize && j->body.bytes + n > (uint64_t)j->fetch->set->max_filesize) {
		a->too_much = true;
		return CURL_WRITEFUNC_ERROR;
	}
	if (body_add(&j->body, j, bytes, n, length > 0 ? (size_t)length : 0) < 0) {
		fetch_fail(j->fetch, "writing a download");
		return CURL_WRITEFUNC_ERROR;
	}
	j->fetch->tally.bytes += n;
	return n;
}

/* Whether hosts.conf allows the host in URL, by its name, to have any address. */
static bool
may_be_private(const struct job *j, const char *url)
{
	struct host_rule rule = {0};
	CURLU *u = curl_url();
	char *host = NULL, *port = NULL;

	if (u && url && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK)
		host_rules_find(j->fetch->rules, host, (unsigned)strtoul(port, NULL, 10), &rule);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	return rule.private_allowed;
}

/* Notes what is wrong with an address that J would have bytes from. */
static bool
is_blocked(struct job *j, const struct sockaddr *address)
{
	const char *wrong = address_check(address), *url = NULL;

	/* The URL under way: libcurl follows the redirects of a robots.txt itself. */
	curl_easy_getinfo(j->easy, CURLINFO_EFFECTIVE_URL, &url);
	if (!wrong || may_be_private(j, url))
		return false;
	keep_text(j->answer.blocked, sizeof(j->answer.blocked), wrong);
	return true;
}

/* The host in URL as it is asked for, with what IDNA makes of it; for curl_free(). NULL: there is none. */
static char *
host_in(const char *url)
{
	CURLU *u = curl_url();
	char *host = NULL;

	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, CURLU_PUNYCODE) != CURLUE_OK)
		curl_url_get(u, CURLUPART_HOST, &host, 0);
	curl_url_cleanup(u);
	return host;
}

bool
http_is_blocked_by_name(struct job *j, const char *url)
{
	const struct settings *set = j->fetch->set;
	bool unseen = job_is_public_only(j) && set->proxy && *set->proxy; /* http_guard() sees the others */
	char *host = unseen && url ? host_in(url) : NULL;
	const char *wrong = host ? address_of_host_check(host) : NULL;

	curl_free(host);
	if (!wrong || may_be_private(j, url))
		return false;
	keep_text(j->answer.blocked, sizeof(j->answer.blocked), wrong);
	return true;
}

bool
http_redirect_is_blocked(struct job *j, const char *location)
{
	const char *base = NULL;
	CURLU *u = curl_url();
	char *url = NULL;
	bool blocked;

	curl_easy_getinfo(j->easy, CURLINFO_EFFECTIVE_URL, &base);
	/* What cannot be resolved here cannot be followed by libcurl either. */
	blocked = u && base && curl_url_set(u, CURLUPART_URL, base, 0) == CURLUE_OK &&
		  curl_url_set(u, CURLUPART_URL, location, CURLU_URLENCODE) == CURLUE_OK &&
		  curl_url_get(u, CURLUPART_URL, &url, 0) == CURLUE_OK && http_is_blocked_by_name(j, url);
	curl_free(url);
	curl_url_cleanup(u);
	return blocked;
}

/* Whether each address that J's item leads to is looked at. */
static bool
is_guarded(const struct job *j)
{
	const struct settings *set = j->fetch->set;

	return job_is_public_only(j) && !(set->proxy && *set->proxy);
}

/* The moment at which an address is known and nothing was sent: for each connection, whatever the name said before. To
 * libcurl a socket that cannot be had is a host that cannot be reached. */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct job *j = arg;
	int fd;

	(void)purpose;
	if (is_guarded(j) && is_blocked(j, &address->addr))
		return CURL_SOCKET_BAD;
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (fd < 0 && trouble_is_local(errno))
		j->answer.no_socket = errno;
	return fd;
}

/* A connection that was there before may be one that another batch was allowed to make. */
static int
look_at_connection(void *arg, char *to, char *from, int to_port, int from_port)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = {0};

	(void)from;
	(void)to_port;
	(void)from_port;
	if (inet_pton(AF_INET, to, &address.v4.sin_addr) == 1)
		address.any.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, to, &address.v6.sin6_addr) == 1)
		address.any.sa_family = AF_INET6;
	return is_blocked(arg, &address.any) ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

void
http_guard(CURL *easy, struct job *j)
{
	const struct settings *set = j->fetch->set;
	bool guarded = is_guarded(j);

	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, j);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, guarded ? look_at_connection : NULL);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, j);
	/* Behind a proxy nobody sees where a name leads: one that the environment names is not used, and there is no
	 * way around one that was named by option. */
	curl_easy_setopt(easy, CURLOPT_NOPROXY, guarded ? "*" : job_is_public_only(j) ? "" : set->noproxy);
}

/* --- beginning and end --- */

static void
set_text(CURL *easy, CURLoption option, const char *value)
{
	if (value)
		curl_easy_setopt(easy, option, value);
}

/* What the user said of how to reach hosts, and who we are. */
static void
set_ways(CURL *easy, const struct settings *set)
{
	struct buf agent = {0};

	http_policy_user_agent(&agent, set->contact);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, set->user_agent ? set->user_agent : agent.data);
	buf_free(&agent);
	set_text(easy, CURLOPT_PROXY, set->proxy);
	set_text(easy, CURLOPT_CAINFO, set->cacert);
	set_text(easy, CURLOPT_COOKIEJAR, set->cookie_jar);
	set_text(easy, CURLOPT_COOKIEFILE, set->cookie_jar);
	if (set->cookie && !strchr(set->cookie, '='))
		curl_easy_setopt(easy, CURLOPT_COOKIEFILE, set->cookie);
	set_text(easy, CURLOPT_NETRC_FILE, set->netrc_file);
	if (set->insecure) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (set->compressed)
		curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
}

CURL *
http_easy(struct fetch *f)
{
	const struct settings *set = f->set;
	CURL *easy = curl_easy_init();

	if (!easy)
		msg_die(EX_OSERR, "libcurl could not make a transfer: out of memory");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a signal need not wait for a name server */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); /* we follow, so that the next host's turn is waited for */
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, set->connect_ms);
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 10L); /* libcurl goes through all it knows at each look */
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (set->stall_ms + 999) / 1000);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, set->max_ms);
	set_ways(easy, set);
	return easy;
}

static bool
has_scheme(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

bool
http_may_go_on(const struct job *j)
{
	if (j->fetch->set->compressed)
		return false;
	for (const struct curl_slist *h = j->fetch->set->headers; h; h = h->next)
		if (strncasecmp(h->data, "Range:", 6) == 0)
			return false;
	return true;
}

void
http_asked(const struct job *j, char hex[HASH_HEX + 1])
{
	const char *accept = j->host ? j->host->rule.accept : NULL;
	unsigned char digest[HASH_BYTES];
	struct buf text = {0};

	buf_printf(&text, "%s\n%s", j->at ? j->at : j->url, accept ? accept : "");
	for (const struct curl_slist *h = j->fetch->set->headers; h; h = h->next)
		if (strncasecmp(h->data, "Accept", 6) == 0)
			buf_printf(&text, "\n%s", h->data);
	hash_bytes(text.data, text.len, digest);
	hash_hex(digest, sizeof(digest), hex);
	buf_free(&text);
}

/* Where this attempt goes on. A body that is of no use for it may be for where a redirect leads: it stays. */
static int64_t
resume_from(struct job *j)
{
	char asked[HASH_HEX + 1];

	if (j->body.bytes == 0 || !j->validator[0] || !http_may_go_on(j)) {
		body_drop(&j->body);
		return 0;
	}
	http_asked(j, asked);
	return strcmp(asked, j->from) == 0 ? (int64_t)j->body.bytes : 0;
}

/* What was handed in over HTTP is the list of somebody else, who is not to use what a worker has. */
static bool
is_of_strangers(const struct job *j)
{
	return j->fetch->set->work && j->target->public_only;
}

/*
 * Whether this attempt may have what the command line gives for hosts: headers, cookies, names and passwords. Only
 * hosts that the list names get these, and none after a redirect to another host.
 */
static bool
may_have_secrets(const struct job *j)
{
	return j->named && !j->elsewhere && !is_of_strangers(j);
}

/* Whether the header is one by which a client says what it can read and who it is (RFC 9110, 12.5 and 10.1.5), which is
 * no secret. Any other may be one, whatever its name. */
static bool
is_public_header(const char *header)
{
	static const char *const names[] = {"Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language",
					    "User-Agent"};
	size_t n = strcspn(header, ":;");

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i]) == n && strncasecmp(header, names[i], n) == 0)
			return true;
	return false;
}

/* The name and password of this attempt: those of the item's URL, for its own host alone, or what .netrc has. */
static void
set_login(struct job *j)
{
	const struct settings *set = j->fetch->set;
	bool netrc = (set->netrc || set->netrc_file) && may_have_secrets(j);
	char *userinfo = j->userinfo && !j->elsewhere ? buf_strdup(j->userinfo) : NULL, *name = NULL, *password = NULL;
	char *colon = userinfo ? strchr(userinfo, ':') : NULL;

	if (colon)
		*colon = '\0';
	if (userinfo) {
		name = curl_easy_unescape(j->easy, userinfo, 0, NULL);
		password = curl_easy_unescape(j->easy, colon ? colon + 1 : "", 0, NULL);
	}
	curl_easy_setopt(j->easy, CURLOPT_NETRC, (long)(netrc ? CURL_NETRC_OPTIONAL : CURL_NETRC_IGNORED));
	curl_easy_setopt(j->easy, CURLOPT_USERNAME, name);
	curl_easy_setopt(j->easy, CURLOPT_PASSWORD, password);
	curl_free(name);
	curl_free(password);
	free(userinfo);
}

void
http_share_cookies(struct job *j)
{
	const struct fetch *f = j->fetch;

	if (f->share && is_of_strangers(j)) {
		curl_easy_setopt(j->easy, CURLOPT_SHARE, NULL);
		curl_easy_setopt(j->easy, CURLOPT_COOKIEFILE, NULL); /* no cookies at all */
	} else if (f->share) {
		curl_easy_setopt(j->easy, CURLOPT_SHARE, f->share);
	}
}

/* Cookies of earlier transfers and of files are sent to the hosts that they are for, wherever a redirect leads. */
static void
set_cookies(struct job *j)
{
	const struct fetch *f = j->fetch;

	http_share_cookies(j);
	if (f->set->cookie && strchr(f->set->cookie, '='))
		curl_easy_setopt(j->easy, CURLOPT_COOKIE, may_have_secrets(j) ? f->set->cookie : NULL);
}

/* The headers of this attempt: the user's, what the host's rule says, and where a part goes on. */
static void
set_headers(struct job *j)
{
	struct curl_slist *l = NULL;
	struct buf line = {0};
	bool secrets = may_have_secrets(j);

	for (const struct curl_slist *h = j->fetch->set->headers; h; h = h->next)
		if (secrets || is_public_header(h->data))
			l = curl_slist_append(l, h->data);
	if (j->host && j->host->rule.accept) {
		buf_printf(&line, "Accept: %s", j->host->rule.accept);
		l = curl_slist_append(l, line.data);
	}
	j->resume_from = resume_from(j);
	if (j->resume_from > 0) {
		buf_clear(&line);
		buf_printf(&line, "Range: bytes=%lld-", (long long)j->resume_from);
		l = curl_slist_append(l, line.data);
		buf_clear(&line);
		buf_printf(&line, "If-Range: %s", j->validator);
		l = curl_slist_append(l, line.data);
	}
	buf_free(&line);
	curl_easy_setopt(j->easy, CURLOPT_HTTPHEADER, l);
	curl_slist_free_all(j->headers);
	j->headers = l;
}

void
http_begin(struct job *j)
{
	struct fetch *f = j->fetch;
	const char *url = j->at ? j->at : j->url;

	if (left_begin(j))
		return;
	j->easy = f->spare_count ? f->spare[--f->spare_count] : http_easy(f);
	j->curl_error[0] = '\0';
	buf_free(&j->answer.error);
	j->rule[0] = '\0';
	j->answer = (struct answer){.retry_after = -1,
				    .date = -1,
				    .range_from = -1,
				    .range_total = -1,
				    .not_asked = j->host->refusal != NULL};
	j->paused = false;
	job_list_add(&f->http, j);
	curl_easy_setopt(j->easy, CURLOPT_WRITEDATA, j);
	curl_easy_setopt(j->easy, CURLOPT_HEADERDATA, j);
	http_guard(j->easy, j);
	curl_easy_setopt(j->easy, CURLOPT_PRIVATE, j);
	curl_easy_setopt(j->easy, CURLOPT_ERRORBUFFER, j->curl_error);
	/* What may turn out to be forbidden is read in smaller pieces, so that less of it was sent in vain. */
	curl_easy_setopt(j->easy, CURLOPT_BUFFERSIZE,
			 j->found && !f->set->no_opt_out ? 16L << 10 : (long)body_piece(f->set));
	set_login(j);
	set_cookies(j);
	set_headers(j);
	if (http_is_blocked_by_name(j, url)) {
		http_done(f, j->easy, CURLE_ABORTED_BY_CALLBACK);
		return;
	}
	/* A line that was bad from the start has no URL: libcurl need not see it, nor guess at a scheme. */
	if (!url || !has_scheme(url) || j->answer.not_asked ||
	    curl_easy_setopt(j->easy, CURLOPT_URL, url) != CURLE_OK) {
		http_done(f, j->easy, CURLE_URL_MALFORMAT);
		return;
	}
	if (curl_multi_add_handle(f->multi, j->easy) != CURLM_OK)
		msg_die(EX_OSERR, "libcurl could not begin a transfer: out of memory");
}

/* Takes the handle from the job, to be used again. */
static void
give_back(struct fetch *f, struct job *j)
{
	curl_multi_remove_handle(f->multi, j->easy);
	curl_easy_setopt(j->easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(j->headers);
	j->headers = NULL;
	if (!f->spare)
		f->spare = buf_alloc(SPARE_MAX * sizeof(*f->spare));
	if (f->spare_count < SPARE_MAX)
		f->spare[f->spare_count++] = j->easy;
	else
		curl_easy_cleanup(j->easy);
	j->easy = NULL;
	job_list_cut(&f->http, j);
}

/*
 * What was cut short goes on where the server can tell that it is the same: by a strong ETag, or a date that is
 * well before the server's own (RFC 9110, 8.8.2.2).
 */
const char *
http_validator(const struct job *j)
{
	const struct answer *a = &j->answer;
	long status = 0;

	curl_easy_getinfo(j->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!http_may_go_on(j) || !a->body_begun || a->weak)
		return "";
	if (status == 206 && j->resume_from > 0)
		return j->validator; /* begins_right() saw to it */
	if (status != 200 || !a->ranges)
		return "";
	if (a->validator[0] && a->validator[0] != '"') {
		time_t changed = httpdate_parse(a->validator);

		return changed >= 0 && a->date >= changed + 60 ? a->validator : "";
	}
	return a->validator;
}

/* An attempt that brought nothing leaves it as it was. */
static void
keep_validator(struct job *j, long status)
{
	const struct answer *a = &j->answer;
	bool again = j->verdict.kind == AGAIN && !a->bad_range && status != 416;

	if (j->verdict.kind == REDIRECTED || (again && !a->body_begun))
		return;
	if (!again) {
		j->validator[0] = '\0';
	} else if (http_validator(j) != j->validator) {
		snprintf(j->validator, sizeof(j->validator), "%s", http_validator(j));
		http_asked(j, j->from);
	}
}

void
http_turn(struct fetch *f)
{
	int64_t now = clock_ms();
	struct job *next;

	for (struct job *j = f->http.first; j; j = next) {
		next = j->next;
		if (!j->paused || now < j->host->dry_until)
			continue;
		j->paused = false;
		curl_easy_pause(j->easy, CURLPAUSE_CONT);
	}
}

int64_t
http_due(const struct fetch *f)
{
	int64_t due = -1;

	for (const struct job *j = f->http.first; j; j = j->next)
		if (j->paused && (due < 0 || j->host->dry_until < due))
			due = j->host->dry_until;
	return due;
}

void
http_done(struct fetch *f, CURL *easy, CURLcode code)
{
	struct job *j = NULL;
	const char *location = NULL;
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&j);
	if (j->asking) {
		robot_done(f, j, code);
		return;
	}
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &location);
	judge_http(j, code, status, location);
	keep_validator(j, status);
	give_back(f, j);
	if (j->verdict.kind == GOT && body_end(&j->body, j) < 0)
		fetch_fail(f, "writing a download");
	job_ended(j);
}

void
http_drop_all(struct fetch *f)
{
	while (f->http.first) {
		struct job *j = f->http.first;

		give_back(f, j);
		job_free(j);
	}
	while (f->spare_count)
		curl_easy_cleanup(f->spare[--f->spare_count]);
	free(f->spare);
}
