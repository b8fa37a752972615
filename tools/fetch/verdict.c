#include "verdict.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/trouble.h"
#include "base/userinfo.h"
#include "base/utf8.h"
#include "host.h"
#include "hosts/http_policy.h"
#include "html/url.h"
#include "job.h"
#include "open_batches.h"
#include "records/rec.h"
#include "update.h"

enum { REDIRECTS_MAX = 10, HOLD_MIN_MS = 1000 };

void
verdict_fail(struct job *j, bool again, const char *code, const char *fmt, ...)
{
	va_list ap;

	j->verdict = (struct verdict){.kind = again ? AGAIN : FAILED, .retryable = again};
	snprintf(j->code, sizeof(j->code), "%s", code);
	j->verdict.code = j->code;
	va_start(ap, fmt);
	vsnprintf(j->verdict.message, sizeof(j->verdict.message), fmt, ap);
	va_end(ap);
	utf8_replace_invalid(j->verdict.message);
	userinfo_strip(j->verdict.message, strlen(j->verdict.message));
}

void
verdict_trouble(struct job *j, const char *what)
{
	verdict_fail(j, false, TROUBLE_CODE, "%s", what);
	j->verdict.retryable = true;
	body_drop(&j->body);
}

void
verdict_over_total(struct job *j)
{
	if (!j->over_total)
		return;
	j->over_total = false;
	verdict_fail(j, false, "too_large", "it alone has more than the %ld bytes that --max-total allows for the run",
		     j->run->set->max_total);
	j->verdict.retryable = true;
}

bool
verdict_cancel(struct job *j)
{
	if (j->target->cancelled)
		verdict_fail(j, false, "cancelled", "the batch was cancelled before it was fetched");
	return j->target->cancelled;
}

/* Who cannot be reached may be the proxy, not the host. */
static const char *
by_proxy(const struct settings *set)
{
	return set->proxy && *set->proxy && !(set->noproxy && *set->noproxy) ? " (--proxy is given: does that work?)"
									     : "";
}

/* What people have beside a URL that is none. */
static const char *
bad_in_url(const char *url)
{
	if (strstr(url, "://") &&
	    url[strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-")] == ':' &&
	    strncasecmp(url, "http", 4) != 0)
		return ": URLs of other protocols are not fetched";
	if (strchr(url, '\t'))
		return ": it has a tab in it; a line is one URL, tables (--list-format tsv) and records may have more";
	return strchr(url, ' ') ? ": it has a space in it; a line is one URL, records may have more" : "";
}

static void
judge_curl(struct job *j)
{
	CURLcode code = j->answer.code;
	const char *why = j->answer.why[0] ? j->answer.why : curl_easy_strerror(code), *name;
	bool again;

	if (code == CURLE_UNSUPPORTED_PROTOCOL && strstr(why, "HTTP/0.9")) {
		/* On a connection that was used before, it may be what a wrong answer had too much. */
		verdict_fail(j, j->answer.reused, "protocol_error",
			     "what answers there does not speak HTTP/1.0 or later: another service may have this port");
		return;
	}
	name = http_policy_curl_code(code, &again);
	if (name) {
		verdict_fail(j, again, name, "%s%s", why, code == CURLE_COULDNT_CONNECT ? by_proxy(j->run->set) : "");
		j->verdict.network = true;
		j->verdict.unreachable = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST;
		return;
	}
	if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
		if (j->at)
			verdict_fail(j, false, "bad_redirect", "the server sends us on to '%.200s', which is not a URL",
				     j->at);
		else
			verdict_fail(j, false, "bad_url", "'%.200s' is not a URL of http or https%s", j->url,
				     bad_in_url(j->url));
		return;
	}
	verdict_fail(j, false, "transfer_failed", "%s", why);
}

static const char unfit_range[] = "the server sends a part that does not fit what was asked for, or what came before";

/* What we stopped ourselves. False: nothing. */
static bool
judge_ours(struct job *j)
{
	const struct answer *a = &j->answer;
	CURLcode code = a->code;

	if (a->not_asked) {
		verdict_fail(j, false, "host_given_up", "nothing is asked of this host: %s", j->host->refusal);
		j->verdict.retryable = true;
	} else if (a->blocked[0] &&
		   (code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK || code == CURLE_WRITE_ERROR)) {
		verdict_fail(j, false, "blocked_address", "it leads to %s, and %s", a->blocked,
			     j->target->public_only ? "its batch is fetched from public addresses alone, but for hosts "
						      "that have private=allow in bi-hosts(5)"
						    : "--public-only allows public addresses alone");
	} else if (code == CURLE_COULDNT_CONNECT && a->no_socket) {
		verdict_fail(j, true, TROUBLE_CODE, "no socket can be had on this machine now: %s",
			     strerror(a->no_socket));
	} else if (j->rule[0] && !j->page) {
		verdict_fail(j, false, "opted_out", "the site forbids it: %s", j->rule);
		j->verdict.opted_out = true;
	} else if (a->damaged) {
		verdict_fail(j, true, "cut_short", "its Content-Encoding is damaged, or ends too early");
	} else if (a->bad_range) {
		verdict_fail(j, true, "cut_short", "%s", unfit_range);
	} else if ((a->too_much || code == CURLE_OUT_OF_MEMORY) && !a->body_begun) {
		/* libcurl has no other code for a header line of more than 100 KB; our own memory ends the program. */
		verdict_fail(j, false, "protocol_error", "the answer's headers are too long");
	} else if (a->too_much) {
		verdict_fail(j, false, "too_large", "it has more than the %ld bytes that --max-filesize allows",
			     j->run->set->max_filesize);
	} else {
		return false;
	}
	return true;
}

static void
judge_location(struct job *j, long status, const char *location)
{
	if (!location) {
		verdict_fail(j, false, "bad_redirect", "the server answers %ld without a Location that is a URL",
			     status);
		return;
	}
	if (strncasecmp(location, "http://", 7) != 0 && strncasecmp(location, "https://", 8) != 0) {
		verdict_fail(j, false, "bad_redirect",
			     "the server sends us on to '%.200s': only http and https are followed", location);
		return;
	}
	if (++j->redirects > REDIRECTS_MAX) {
		verdict_fail(j, false, "too_many_redirects", "the server sends us on more than %d times",
			     REDIRECTS_MAX);
		return;
	}
	j->elsewhere = j->elsewhere || !url_is_same_host(job_url(j), location);
	free(j->at);
	j->at = buf_strdup(location);
	j->verdict = (struct verdict){.kind = REDIRECTED};
}

/* A name and password in a Location are the server's words, not the user's: they are not used. */
static void
judge_redirect(struct job *j, long status, const char *location)
{
	char *to = location ? url_to_ascii(location) : NULL;

	if (location && !to)
		to = buf_strdup(location);
	if (to)
		userinfo_extract(to, NULL);
	judge_location(j, status, to);
	free(to);
}

/*
 * What Wikimedia's servers say in words, whatever the status: a width that is no step, which no waiting
 * mends, and a User-Agent that tells nobody to turn to, after which nothing should be asked.
 */
static bool
judge_words(struct job *j, long status)
{
	switch (http_policy_notice(status, j->answer.error.data)) {
	case NOTICE_BAD_WIDTH:
		verdict_fail(j, false, "bad_width",
			     "the server answers %ld: it makes thumbnails of certain widths only", status);
		return true;
	case NOTICE_AGENT_REFUSED:
		verdict_fail(j, false, "agent_refused",
			     "the server answers 403: its policy asks for a contact in the User-Agent (--contact)");
		j->verdict.refusal = "its policy asks for a contact in the User-Agent: give one with --contact";
		return true;
	case NOTICE_NONE:
		break;
	}
	return false;
}

/* What helps where the server asks for a name and a password, or for others. */
static const char *
words_for_401(const struct job *j)
{
	if (j->elsewhere)
		return ": a name, a password and headers are not sent on to another host; give this URL itself";
	if (j->userinfo)
		return ": it does not take the name and password of this URL; give the URL with others, and --retry "
		       "status=401";
	if (json_object_get_boolean(json_object_object_get(j->asked, "userinfo")))
		return ": the name and password of this URL are not in the batch any more; give the URL with them, and "
		       "--retry status=401";
	return "";
}

/* Whether J is asked for once more, since its server takes the name and password of its URL by another scheme than
 * Basic (RFC 7616, RFC 4559). */
static bool
try_other_scheme(struct job *j)
{
	static const unsigned long schemes[] = {CURLAUTH_DIGEST, CURLAUTH_NEGOTIATE, CURLAUTH_NTLM};

	if (j->auth_scheme || j->run->set->any_auth || !j->userinfo || j->elsewhere)
		return false;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes) && !j->auth_scheme; i++)
		j->auth_scheme = (long)((unsigned long)j->answer.schemes & schemes[i]);
	if (j->auth_scheme)
		j->verdict = (struct verdict){.kind = REDIRECTED};
	return j->auth_scheme != 0;
}

/* Fails a job whose item alone has to wait, if that is longer than --max-wait allows. */
static void
end_if_wait_too_long(struct job *j)
{
	struct verdict *v = &j->verdict;
	long most = j->run->set->max_wait_ms;
	size_t n = strlen(v->message);

	if (most < 0 || v->wait_ms <= most)
		return;
	v->kind = FAILED;
	snprintf(v->message + n, sizeof(v->message) - n,
		 "; it asks us to come back in %ld s (Retry-After), and --max-wait allows %ld s: the next run tries "
		 "again",
		 v->wait_ms / 1000, most / 1000);
}

static void
judge_status(struct job *j, long status)
{
	char name[32];
	bool again;

	if (judge_words(j, status))
		return;
	if (status == 401 && try_other_scheme(j))
		return;
	snprintf(name, sizeof(name), "http_%ld", status);
	/* A server that says when to come back has not refused for good, whatever its status. */
	again = http_policy_is_transient(status) || j->answer.retry_after >= 0;
	verdict_fail(j, again, name, "the server answers %ld%s", status,
		     status == 401 ? words_for_401(j) : http_policy_status_words(status));
	/* Too many requests are too many of all: the host is left alone, by every process. */
	j->verdict.hold = status == 429 || status == 503;
	if (j->answer.retry_after >= 0 && j->verdict.kind == AGAIN) {
		j->verdict.hold = j->verdict.hold || status == 403 || status >= 500;
		j->verdict.wait_ms = (long)j->answer.retry_after * 1000;
		if (j->verdict.wait_ms < HOLD_MIN_MS)
			j->verdict.wait_ms = HOLD_MIN_MS;
		if (!j->verdict.hold)
			end_if_wait_too_long(j);
	}
}

/* What an earlier attempt brought does not count for this answer. */
static void
judge_no_bytes(struct job *j, long status)
{
	if (status == 206) {
		j->answer.bad_range = true;
		verdict_fail(j, true, "cut_short", "%s", unfit_range);
	} else {
		verdict_fail(j, false, "empty", "the server answers %ld with no bytes", status);
	}
}

/* What came of an answer that we did not stop ourselves. */
static void
judge_answer(struct job *j)
{
	const struct answer *a = &j->answer;
	long status = a->status;

	if (a->page_too_large)
		judge_status(j, status);
	else if (a->code != CURLE_OK)
		judge_curl(j);
	else if (status == 416 && a->resumed_from > 0)
		verdict_fail(j, true, "cut_short", "the server answers 416: it does not go on where it stopped");
	else if (status == 304 && update_take_304(j))
		return; /* with its verdict */
	else if (status >= 300 && status <= 399 && status != 304)
		judge_redirect(j, status, a->location);
	else if (!http_policy_is_file(status))
		judge_status(j, status);
	else if (!a->body_begun || j->body.bytes == 0)
		judge_no_bytes(j, status);
	else if (a->missing)
		verdict_fail(j, true, "cut_short", "%s", a->missing);
	else
		j->verdict = (struct verdict){.kind = GOT};
	j->verdict.reached = a->code == CURLE_OK || status > 0;
}

void
verdict_http(struct job *j)
{
	const char *code, *wrong;

	if (j->url) {
		if (!judge_ours(j))
			judge_answer(j);
		return;
	}
	/* A line that could not be read as an item says itself what is wrong with it. */
	code = rec_string(j->asked, "code");
	wrong = rec_string(j->asked, "wrong");
	verdict_fail(j, false, code ? code : "no_url", "%s",
		     wrong ? wrong : "the item has neither \"url\" nor \"file\"");
}

void
verdict_refresh(struct job *j, const char *url)
{
	judge_redirect(j, j->answer.status, url);
}
