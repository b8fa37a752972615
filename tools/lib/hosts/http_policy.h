/*
 * http_policy: what every HTTP client of ours does alike: who it says it is, which host's limits count, what an answer
 * means for whether to ask again.
 */
#ifndef BI_HTTP_POLICY_H
#define BI_HTTP_POLICY_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/buf.h"
#include "hosts/host_rules.h"

/* The contact for the User-Agent: GIVEN, else $BI_CONTACT; NULL: nobody. A text that no header can have ends the
 * program (EX_WRONG_USE). */
const char *http_policy_contact(const char *given);

/* What is wrong with TEXT as a proxy of libcurl's, to stand behind it; NULL: nothing. It is SCHEME://HOST[:PORT] or
 * HOST:PORT, each with USER:PASSWORD@ before the host or not; "" is none. */
const char *http_policy_proxy_check(const char *text);

/* TEXT as it can be shown: without USER:PASSWORD@. */
const char *http_policy_proxy_shown(const char *text);

/* Appends the User-Agent of this program (msg_name()) in the form that Wikimedia's policy has:
 * "bi-fetch/0.1 (ops@example.org) libcurl/7.88.1". CONTACT may be NULL. */
void http_policy_user_agent(struct buf *out, const char *contact);

/* What the rules ask for where nobody can be turned to, to stand behind a host and a colon. */
extern const char http_policy_no_contact[];

/*
 * The governor's key of the host of URL into KEY: HOST:PORT as libcurl reads it, in lower case, or the group that RULES
 * have it in; RULE is what they say of it. False, and KEY is "", for what is no URL with a host.
 */
bool http_policy_host_key(const struct host_rules *rules, const char *url, struct buf *key, struct host_rule *rule);

/* Whether an answer of this status may be another one later (RFC 9110 section 15, RFC 6585, RFC 8470). */
bool http_policy_is_transient(long status);

/* Words behind "the server answers 404" for what people meet most, "" for the rest. */
const char *http_policy_status_words(long status);

/* The error code that we have for a failure of libcurl's, NULL for one without; AGAIN is set to whether it may pass. */
const char *http_policy_curl_code(CURLcode code, bool *again);

/* What Wikimedia's servers say in words, whatever the status. TEXT is the beginning of the answer, or NULL. */
enum http_policy_notice {
	NOTICE_NONE,
	NOTICE_BAD_WIDTH,    /* a thumbnail's width is no step: no waiting mends that */
	NOTICE_AGENT_REFUSED /* the User-Agent tells nobody to turn to: nothing more should be asked */
};
enum http_policy_notice http_policy_notice(long status, const char *text);

/* The value of the header in LINE if its name is NAME, cut free of what surrounds it in LINE; else NULL. */
char *http_policy_header_value(char *line, const char *name);

/* The milliseconds before attempt number ATTEMPTS + 1: FIRST, doubled each time, at most a minute (or FIRST), by up to
 * a half longer at random(). */
long http_policy_backoff(unsigned attempts, long first);

#endif
