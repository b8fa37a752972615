/*
 * http_policy: what all our HTTP clients do alike: the User-Agent, the key for a host's limits, and whether a failed
 * request is tried again.
 */
#ifndef BI_HTTP_POLICY_H
#define BI_HTTP_POLICY_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/buf.h"
#include "hosts/host_rules.h"

/* Returns the contact for the User-Agent: GIVEN, else $BI_CONTACT, else NULL. A text that cannot be in a header ends
 * the program (EX_WRONG_USE). */
const char *http_policy_contact(const char *given);

/* Returns NULL if TEXT is a valid proxy for libcurl, else the reason, which continues TEXT. Valid is
 * SCHEME://HOST[:PORT] or HOST:PORT, each with or without USER:PASSWORD@ before the host; "" means no proxy. */
const char *http_policy_proxy_check(const char *text);

/* Returns TEXT as it may be shown: without USER:PASSWORD@. */
const char *http_policy_proxy_shown(const char *text);

/* Appends the User-Agent of this program (msg_name()) in the form that Wikimedia's policy has:
 * "bi-fetch/0.1 (ops@example.org) libcurl/7.88.1". CONTACT may be NULL. */
void http_policy_user_agent(struct buf *out, const char *contact);

/* The message that a host requires a contact, to follow the host and a colon. */
extern const char http_policy_no_contact[];

/*
 * Stores the key of URL's host for host_limits.h in KEY, and the rules for the host in RULE. The key is HOST:PORT as
 * libcurl reads it, in lower case, without a final dot, in Punycode (RFC 3492) if msg_use_utf8() was called, or the
 * group that RULES name. Returns false, and KEY is "", if URL has no host.
 */
bool http_policy_host_key(const struct host_rules *rules, const char *url, struct buf *key, struct host_rule *rule);

/* Returns whether the body of an answer with this status is what was asked for: 2xx but for 202, by which the server
 * says that it is still being made (RFC 9110, 15.3.3). */
bool http_policy_is_file(long status);

/* Returns whether a request with this status may succeed later (RFC 9110 section 15, RFC 6585, RFC 8470). */
bool http_policy_is_transient(long status);

/* Returns an explanation of the usual statuses, which follows "the server answers 404"; "" for the others. */
const char *http_policy_status_words(long status);

/* Returns our error code for a failure of libcurl, or NULL if there is none. Sets AGAIN to whether the failure is
 * transient. */
const char *http_policy_curl_code(CURLcode code, bool *again);

/* Notices that Wikimedia's servers give in words, with any status. TEXT is the beginning of the answer, or NULL. */
enum http_policy_notice {
	NOTICE_NONE,
	NOTICE_BAD_WIDTH,    /* the width of a thumbnail is not allowed; a later request fails too */
	NOTICE_AGENT_REFUSED /* the User-Agent has no contact: send no more requests */
};
enum http_policy_notice http_policy_notice(long status, const char *text);

/* Returns the value of the header in LINE if its name is NAME, else NULL. The value is in LINE, which is cut behind
 * it. */
char *http_policy_header_value(char *line, const char *name);

/* Returns the milliseconds to wait before attempt number ATTEMPTS + 1: FIRST, doubled each time up to a minute (or
 * FIRST), and up to a half longer at random(). */
long http_policy_backoff(unsigned attempts, long first);

#endif
