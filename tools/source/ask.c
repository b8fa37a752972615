#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/userinfo.h"
#include "base/utf8.h"
#include "hosts/host_limits.h"
#include "hosts/http_policy.h"
#include "hosts/httpdate.h"
#include "html/url.h"
#include "source.h"

enum { REDIRECTS_MAX = 5, HOLD_MIN_MS = 1000, RELEASED_LOOK_MS = 1000, WORDS = 64 << 10 };

struct asker {
	const struct settings *set;
	const struct conf *conf;
	struct host_rules *rules;
	struct host_limits *limits;
	CURL *easy;
	struct curl_slist *headers;
	/* The host of the last request. */
	struct buf key;
	struct host_rule rule;
	struct host_limit *limit;
	char refusal[200]; /* why it gets no more requests */
	/* The current request. */
	struct buf *body;
	size_t most;         /* bytes of a reply */
	bool too_long;       /* it had more */
	int64_t retry_after; /* seconds; -1: the header is missing */
	char curl_error[CURL_ERROR_SIZE];
};

void
verdict_set(struct verdict *v, enum verdict_kind kind, const char *code, const char *fmt, ...)
{
	va_list ap;

	*v = (struct verdict){.kind = kind, .retryable = kind == AGAIN};
	snprintf(v->code, sizeof(v->code), "%s", code);
	va_start(ap, fmt);
	vsnprintf(v->message, sizeof(v->message), fmt, ap);
	va_end(ap);
	utf8_replace_invalid(v->message);
	userinfo_strip(v->message, strlen(v->message));
}

/* --- what comes --- */

static size_t
take_header(char *bytes, size_t one, size_t n, void *arg)
{
	struct asker *a = arg;
	char line[1024];
	const char *value;

	(void)one;
	if (n >= sizeof(line))
		return n;
	memcpy(line, bytes, n);
	line[n] = '\0';
	if (strncmp(line, "HTTP/", 5) == 0)
		a->retry_after = -1;
	else if ((value = http_policy_header_value(line, "Retry-After")))
		a->retry_after = httpdate_retry_after(value, time(NULL));
	return n;
}

static size_t
take_bytes(char *bytes, size_t one, size_t n, void *arg)
{
	struct asker *a = arg;

	(void)one;
	a->too_long = a->body->len + n > a->most;
	if (a->too_long)
		return 0;
	buf_add(a->body, bytes, n);
	return n;
}

/* --- beginning and end --- */

static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)arg;
	(void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void
set_up_easy(struct asker *a)
{
	CURL *e = a->easy;
	struct buf agent = {0};

	http_policy_user_agent(&agent, a->set->contact);
	curl_easy_setopt(e, CURLOPT_USERAGENT, a->set->user_agent ? a->set->user_agent : agent.data);
	buf_free(&agent);
	a->headers = curl_slist_append(NULL, "Accept: application/json");
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, a->headers);
	curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, a);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, a);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, 30000L);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(1000 * conf_number(a->conf, "timeout", 60)));
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, a->curl_error);
	if (a->set->proxy)
		curl_easy_setopt(e, CURLOPT_PROXY, a->set->proxy);
	if (a->set->cacert)
		curl_easy_setopt(e, CURLOPT_CAINFO, a->set->cacert);
}

struct asker *
asker_open(const struct root *root, const struct settings *set, const struct conf *conf)
{
	struct asker *a = buf_alloc(sizeof(*a));

	*a = (struct asker){.set = set, .conf = conf, .limits = host_limits_open(root)};
	a->most = (size_t)(1 << 20) * (size_t)conf_number(conf, "reply_megabytes", 16);
	if (!a->limits)
		msg_die_errno(msg_exit_code(errno), "cannot make the directory hosts in %s", root->path);
	a->rules = host_rules_load(root->path);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(a->easy = curl_easy_init()))
		msg_die(EX_OSERR, "cannot start libcurl");
	set_up_easy(a);
	return a;
}

void
asker_close(struct asker *a)
{
	if (!a)
		return;
	host_limits_leave(a->limit);
	host_limits_close(a->limits);
	host_rules_free(a->rules);
	buf_free(&a->key);
	curl_slist_free_all(a->headers);
	curl_easy_cleanup(a->easy);
	curl_global_cleanup();
	free(a);
}

void
asker_check(struct asker *a, const char *url)
{
	struct host_rule rule = {0};
	struct buf key = {0};

	if (!http_policy_host_key(a->rules, url, &key, &rule))
		msg_die(EX_CONFIG, "the source '%s' has api = %s, which is not a URL", a->conf->name, url);
	if (rule.contact && !a->set->contact && !a->set->user_agent)
		opt_die("%s requires a contact in the User-Agent: give your URL or mail address with "
			"--contact "
			"or BI_CONTACT",
			conf_title(a->conf));
	buf_free(&key);
}

/* --- the host's turn --- */

/* Selects the host of URL. False if it gets no requests, with the reason in V. */
static bool
enter(struct asker *a, const char *url, struct verdict *v)
{
	struct host_rule rule = {.rate = -1, .bandwidth = -1};
	struct buf key = {0};

	if ((strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0) ||
	    !http_policy_host_key(a->rules, url, &key, &rule)) {
		verdict_set(v, FAILED, "bad_url", "'%.200s' is not a URL of http or https", url);
		buf_free(&key);
		return false;
	}
	if (!a->limit || strcmp(key.data, a->key.data) != 0) {
		host_limits_leave(a->limit);
		buf_free(&a->key);
		a->key = key;
		a->rule = rule;
		a->refusal[0] = '\0';
		a->limit = host_limits_enter(a->limits, key.data, rule.slots ? rule.slots : 1,
					     rule.rate > 0 ? rule.rate : 0);
		if (!a->limit)
			msg_die_errno(msg_exit_code(errno), "cannot record the host in hosts/");
		if (rule.contact && !a->set->contact && !a->set->user_agent)
			snprintf(a->refusal, sizeof(a->refusal), "%s", http_policy_no_contact);
	} else {
		buf_free(&key);
	}
	if (a->refusal[0]) {
		verdict_set(v, FAILED, "host_given_up", "no requests are sent to %s: %s", conf_title(a->conf),
			    a->refusal);
		v->retryable = true;
		return false;
	}
	return true;
}

/* Waits for a slot and returns it. -1 if that would take too long, with the reason in V. */
static int
wait_for_slot(struct asker *a, struct verdict *v)
{
	int64_t longest = (int64_t)(1000 * conf_number(a->conf, "longest_wait", 300)), until = clock_ms() + longest;

	for (;;) {
		int64_t wait = 0, held = host_limits_held(a->limit), left = until - clock_ms();
		int slot;

		if (held < 0)
			msg_die_errno(msg_exit_code(errno), "cannot read from hosts/ whether the host is held back");
		if (held > longest || left <= 0) {
			if (held > 0)
				verdict_set(v, FAILED, "host_busy", "%s asks for no requests for %lld s more",
					    conf_title(a->conf), (long long)(held + 999) / 1000);
			else
				verdict_set(v, FAILED, "host_busy", "other processes have kept %s busy for %lld s",
					    conf_title(a->conf), (long long)longest / 1000);
			v->retryable = true;
			return -1;
		}
		slot = slot_acquire(a->limit, &wait);
		if (slot >= 0)
			return slot;
		if (slot < -1)
			msg_die_errno(msg_exit_code(errno), "cannot take a slot for the host in hosts/");
		/* The host may be released in the meantime. */
		wait = wait < RELEASED_LOOK_MS ? wait : RELEASED_LOOK_MS;
		poll(NULL, 0, (int)(wait < left ? wait : left));
	}
}

void
ask_hold(struct asker *a, int64_t ms)
{
	if (a->limit && ms > 0 && host_limits_hold(a->limit, ms) < 0)
		msg_warn_errno("cannot record in hosts/ that the host is held back");
}

/* --- what an answer means --- */

static void
judge_curl(struct asker *a, CURLcode code, struct verdict *v)
{
	const char *why = a->curl_error[0] ? a->curl_error : curl_easy_strerror(code), *name;
	bool again = false;

	if (a->too_long) {
		verdict_set(v, FAILED, "too_large", "its reply has more than %zu bytes", a->most);
		return;
	}
	name = http_policy_curl_code(code, &again);
	verdict_set(v, again ? AGAIN : FAILED, name ? name : "transfer_failed", "the request to %s failed: %s",
		    conf_title(a->conf), why);
}

static void
judge_status(struct asker *a, long status, struct verdict *v)
{
	char name[32];

	snprintf(name, sizeof(name), "http_%ld", status);
	a->body->len = a->body->len < WORDS ? a->body->len : WORDS;
	if (a->body->data)
		a->body->data[a->body->len] = '\0';
	if (http_policy_notice(status, a->body->data) == NOTICE_AGENT_REFUSED) {
		snprintf(a->refusal, sizeof(a->refusal),
			 "its policy requires a contact in the User-Agent, and it refuses this one (--contact)");
		verdict_set(v, FAILED, "agent_refused", "%s answers 403: %s", conf_title(a->conf), a->refusal);
		v->retryable = true;
		return;
	}
	verdict_set(v, http_policy_is_transient(status) ? AGAIN : FAILED, name, "%s answers %ld%s", conf_title(a->conf),
		    status, http_policy_status_words(status));
	if (v->kind == AGAIN && a->retry_after >= 0)
		v->wait_ms = a->retry_after * 1000 > HOLD_MIN_MS ? a->retry_after * 1000 : HOLD_MIN_MS;
}

/* One transfer in a slot of the host. */
static void
transfer(struct asker *a, const char *url, struct verdict *v)
{
	int64_t begun, took;
	CURLcode code;
	long status = 0;
	int slot;
	double slow;
	curl_off_t bytes = 0;

	if (!enter(a, url, v) || (slot = wait_for_slot(a, v)) < 0)
		return;
	buf_clear(a->body);
	a->too_long = false;
	a->retry_after = -1;
	a->curl_error[0] = '\0';
	begun = clock_ms();
	code = curl_easy_setopt(a->easy, CURLOPT_URL, url);
	if (code == CURLE_OK)
		code = curl_easy_perform(a->easy);
	slot_release(a->limit, slot);
	/* The bytes count for the rate limit of the host; a slow answer shows that the host is overloaded. */
	took = clock_ms() - begun;
	slow = conf_number(a->conf, "slow", 0);
	curl_easy_getinfo(a->easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
	if (a->rule.bandwidth > 0 && bytes > 0)
		ask_hold(a, host_limits_spend(a->limit, (uint64_t)bytes, (uint64_t)a->rule.bandwidth));
	if (slow > 0 && (double)took > 1000 * slow)
		ask_hold(a, (int64_t)(1000 * conf_number(a->conf, "slow_wait", 5)));
	curl_easy_getinfo(a->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK) {
		judge_curl(a, code, v);
	} else if (status < 200 || status > 299) {
		judge_status(a, status, v);
	} else {
		*v = (struct verdict){.kind = ANSWERED};
		/* An API that reports in its body that it is overloaded says here for how long. */
		v->wait_ms = a->retry_after > 0 ? a->retry_after * 1000 : 0;
	}
}

void
asker_ask(struct asker *a, const char *url, struct buf *body, struct verdict *v)
{
	char *at = buf_strdup(url);

	a->body = body;
	for (int i = 0;; i++) {
		char *location = NULL;
		long status = 0;

		transfer(a, at, v);
		curl_easy_getinfo(a->easy, CURLINFO_RESPONSE_CODE, &status);
		curl_easy_getinfo(a->easy, CURLINFO_REDIRECT_URL, &location);
		if (v->kind != FAILED || strncmp(v->code, "http_3", 6) != 0)
			break;
		if (!location || i >= REDIRECTS_MAX || !url_is_same_host(at, location)) {
			verdict_set(v, FAILED, "bad_redirect",
				    "%s redirects to '%.200s': only redirects to the same host are followed",
				    conf_title(a->conf), location ? location : "");
			break;
		}
		free(at);
		at = buf_strdup(location);
	}
	free(at);
}
