#include "hosts/http_policy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/msg.h"
#include "base/opt.h"
#include "base/words.h"

enum { BACKOFF_MAX_MS = 60000 };

const char http_policy_no_contact[] =
	"its rules ask for a contact in the User-Agent: give one with --contact or BI_CONTACT";

static bool
is_line(const char *s)
{
	while ((unsigned char)*s >= ' ' && *s != 0x7f)
		s++;
	return !*s;
}

const char *
http_policy_contact(const char *given)
{
	const char *contact = given ? given : getenv("BI_CONTACT");

	if (!contact || !*contact)
		return NULL;
	if (!is_line(contact))
		opt_die("the contact must be a URL or a mail address on one line");
	return contact;
}

/* Whether TEXT, after the scheme, is a host, with a port if one is NEEDED. */
static bool
is_host(const char *text, bool needed)
{
	CURLU *u = curl_url();
	struct buf url = {0};
	char *host = NULL, *port = NULL;
	bool good;

	buf_printf(&url, "http://%s", text);
	good = u && curl_url_set(u, CURLUPART_URL, url.data, 0) == CURLUE_OK &&
	       curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK && *host &&
	       (curl_url_get(u, CURLUPART_PORT, &port, 0) == CURLUE_OK || !needed);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	buf_free(&url);
	return good;
}

const char *
http_policy_proxy_check(const char *text)
{
	static const char *const schemes[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h", NULL};
	const char *behind = strstr(text, "://");
	size_t n = behind ? (size_t)(behind - text) : 0;

	if (!*text)
		return NULL;
	if (!behind)
		return is_host(text, true) ? NULL : "is no proxy: it is SCHEME://HOST:PORT or HOST:PORT";
	if (word_is_in_any_case(text, n, schemes))
		return is_host(behind + 3, false) ? NULL : "is no proxy: there is no host behind the scheme";
	return "is no proxy: its scheme is http, https, socks4, socks4a, socks5 or socks5h";
}

const char *
http_policy_proxy_shown(const char *text)
{
	const char *at = strrchr(text, '@');

	return at ? at + 1 : text;
}

void
http_policy_user_agent(struct buf *out, const char *contact)
{
	buf_printf(out, "%s/%s%s%s%s libcurl/%s", msg_name(), BI_VERSION, contact ? " (" : "", contact ? contact : "",
		   contact ? ")" : "", curl_version_info(CURLVERSION_NOW)->version);
}

bool
http_policy_host_key(const struct host_rules *rules, const char *url, struct buf *key, struct host_rule *rule)
{
	CURLU *u = url ? curl_url() : NULL;
	char *host = NULL, *port = NULL;

	buf_clear(key);
	buf_str(key, "");
	/* A libcurl without IDN, and a name that is not valid, leave the host as it is. */
	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    (curl_url_get(u, CURLUPART_HOST, &host, CURLU_PUNYCODE) == CURLUE_OK ||
	     curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK) &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
		size_t n = strlen(host);

		if (n > 1 && host[n - 1] == '.')
			host[n - 1] = '\0';
		host_rules_find(rules, host, (unsigned)strtoul(port, NULL, 10), rule);
		if (rule->group)
			buf_str(key, rule->group);
		else
			buf_printf(key, "%s:%s", host, port);
	}
	for (size_t i = 0; i < key->len; i++)
		if (key->data[i] >= 'A' && key->data[i] <= 'Z')
			key->data[i] = (char)(key->data[i] + 'a' - 'A');
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	return key->len > 0;
}

bool
http_policy_is_file(long status)
{
	return status >= 200 && status <= 299 && status != 202;
}

bool
http_policy_is_transient(long status)
{
	switch (status) {
	case 202: /* accepted: the resource is being made */
	case 408: /* request timeout */
	case 421: /* misdirected: another connection may succeed */
	case 425: /* too early */
	case 429: /* too many requests */
		return true;
	default:
		return status >= 500 && status != 501 && status != 505 && status != 511;
	}
}

const char *
http_policy_status_words(long status)
{
	switch (status) {
	case 202:
		return ": it is not ready yet";
	case 403:
		return ": it does not allow this";
	case 404:
		return ": there is nothing by that name";
	case 410:
		return ": it is gone for good";
	case 429:
		return ": too many requests";
	default:
		return "";
	}
}

/* The meaning of libcurl's codes. The others are permanent: another attempt would end the same way. */
static const struct {
	CURLcode code;
	const char *name;
	bool again;
} failures[] = {
	{CURLE_COULDNT_RESOLVE_HOST, "resolve_failed", true},
	{CURLE_COULDNT_RESOLVE_PROXY, "resolve_failed", true},
	{CURLE_COULDNT_CONNECT, "connect_failed", true},
	{CURLE_OPERATION_TIMEDOUT, "timeout", true},
	{CURLE_PARTIAL_FILE, "cut_short", true},
	{CURLE_RECV_ERROR, "cut_short", true},
	{CURLE_SEND_ERROR, "send_failed", true},
	{CURLE_GOT_NOTHING, "no_answer", true},
	{CURLE_HTTP2, "protocol_error", true},
	{CURLE_HTTP2_STREAM, "protocol_error", true},
	{CURLE_SSL_CONNECT_ERROR, "tls_failed", true},
	{CURLE_PEER_FAILED_VERIFICATION, "tls_untrusted", false},
	{CURLE_SSL_CACERT_BADFILE, "tls_untrusted", false},
	{CURLE_WEIRD_SERVER_REPLY, "protocol_error", false},
	{CURLE_BAD_CONTENT_ENCODING, "protocol_error", false},
	{CURLE_OUT_OF_MEMORY, "out_of_memory", true},
};

const char *
http_policy_curl_code(CURLcode code, bool *again)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++)
		if (failures[i].code == code) {
			*again = failures[i].again;
			return failures[i].name;
		}
	*again = false;
	return NULL;
}

enum http_policy_notice
http_policy_notice(long status, const char *text)
{
	if (text && strstr(text, "w.wiki/GHai"))
		return NOTICE_BAD_WIDTH;
	if (text && status == 403 && strstr(text, "w.wiki/4wJS"))
		return NOTICE_AGENT_REFUSED;
	return NOTICE_NONE;
}

char *
http_policy_header_value(char *line, const char *name)
{
	size_t n = strlen(name);
	char *end;

	if (strncasecmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	line += n + 1 + strspn(line + n + 1, " \t");
	end = line + strlen(line);
	while (end > line && strchr(" \t\r\n", end[-1]))
		*--end = '\0';
	return line;
}

long
http_policy_backoff(unsigned attempts, long first)
{
	unsigned doublings = attempts > 0 ? attempts - 1 : 0;
	long ms = first << (doublings < 10 ? doublings : 10);

	if (ms > BACKOFF_MAX_MS)
		ms = first > BACKOFF_MAX_MS ? first : BACKOFF_MAX_MS;
	return ms + (ms > 1 ? random() % (ms / 2 + 1) : 0);
}
