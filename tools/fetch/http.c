#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "decoder.h"
#include "host.h"
#include "hosts/http_policy.h"
#include "hosts/optout.h"
#include "http_request.h"
#include "resume.h"

enum {
	SPARE_MAX = 64,
	ERROR_BODY = 2048,
	PAGE_MAX = 256 << 10,
	HEADERS_MAX = 256 << 10,
	HEADER_MAX = CURL_MAX_HTTP_HEADER
};

/* An attempt under way; later its handle is used again. */
struct attempt {
	struct transfer transfer; /* first, so that one is the other */
	struct http *http;
	struct curl_slist *headers;
	struct decoder *decoder; /* NULL: the body is as it comes */
	struct loop_timer pause; /* set: until its host may be received from again */
	struct attempt *next, *prev;
};

struct http {
	struct run *run;
	struct transfers *all;
	struct http_request *request;
	struct job_list *answered;
	struct attempt *first; /* of those under way */
	struct attempt *spare[SPARE_MAX];
	size_t spare_count;
};

struct http *
http_new(struct run *run, struct transfers *all, const struct host_rules *rules, struct job_list *answered)
{
	struct http *h = buf_alloc(sizeof(*h));

	*h = (struct http){.run = run, .all = all, .request = http_request_open(run->set, rules), .answered = answered};
	return h;
}

/* --- what comes --- */

/* Whether what this answer's headers forbid counts: it is the thing itself, and was not asked for by name. A page may
 * be had; what it shows may not. */
static bool
may_opt_out(const struct transfer *t)
{
	const struct job *j = t->job;
	long status = 0;

	if ((!j->found && !j->page) || j->run->set->no_opt_out)
		return false;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status <= 299;
}

/* One header of an answer, or the line that begins one. */
static size_t
on_header(char *bytes, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct job *j = t->job;
	struct answer *a = &j->answer;
	char line[HEADER_MAX + 1], *colon;
	const char *rule;

	(void)one;
	a->header_bytes += n;
	/* libcurl takes no header that is longer, or has a NUL in it; what cannot be read might forbid the file. */
	if (a->header_bytes > HEADERS_MAX || n > HEADER_MAX || memchr(bytes, '\0', n)) {
		a->too_much = true;
		return 0;
	}
	memcpy(line, bytes, n);
	line[n] = '\0';
	answer_add_header(a, line);
	colon = may_opt_out(t) ? strchr(line, ':') : NULL;
	if (colon) {
		*colon = '\0';
		rule = optout_header(line, colon + 1 + strspn(colon + 1, " \t"), OPTOUT_AGENT);
		if (rule && strlen(rule) < sizeof(j->rule))
			strcpy(j->rule, rule);
		if (rule && !j->page)
			return 0;
	}
	return n;
}

/* The first bytes of a body come: whether they fit what was asked for. */
static bool
begins_right(struct attempt *t)
{
	struct job *j = t->transfer.job;
	struct answer *a = &j->answer;
	curl_off_t length = -1;

	curl_easy_getinfo(t->transfer.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	a->length = length;
	if (a->encoding[0] && decoder_is_for_file(job_url(j), a->content_type))
		a->encoding[0] = '\0';
	t->decoder = a->encoding[0] ? decoder_new(a->encoding) : NULL;
	a->bad_range = !resume_check_answer(j);
	return !a->bad_range && !j->run->fatal;
}

/* Adds to the body of an attempt. */
static bool
add_bytes(void *arg, const char *bytes, size_t n)
{
	struct attempt *t = arg;
	struct run *run = t->http->run;
	struct job *j = t->transfer.job;
	int rc;

	if (run->set->max_filesize && j->body.bytes + n > (uint64_t)run->set->max_filesize) {
		j->answer.too_much = true;
		return false;
	}
	if (!stop_allows(j, n, n, j->total > 0 ? (uint64_t)j->total : 0))
		return false;
	rc = body_add(&j->body, bytes, n, j->total > 0 ? (size_t)j->total : 0);
	if (rc < 0)
		run_fail(run, "writing a download");
	else if (rc > 0)
		resume_name_part(j);
	return rc >= 0;
}

static void
on_pause_over(void *arg)
{
	struct attempt *t = arg;
	int64_t dry_until = t->transfer.job->host->dry_until;

	if (clock_ms() < dry_until)
		loop_set_timer(t->http->run->loop, &t->pause, dry_until);
	else
		curl_easy_pause(t->transfer.easy, CURLPAUSE_CONT);
}

/* Bytes come in. Only what is the item itself is kept; of an error page the beginning is looked at. */
static size_t
on_bytes(char *bytes, size_t one, size_t n, void *arg)
{
	struct attempt *t = arg;
	struct run *run = t->http->run;
	struct job *j = t->transfer.job;
	struct answer *a = &j->answer;
	enum decoder_result decoded;

	(void)one;
	if (j->host->dry_until && clock_ms() < j->host->dry_until) {
		loop_set_timer(run->loop, &t->pause, j->host->dry_until);
		return CURL_WRITEFUNC_PAUSE;
	}
	curl_easy_getinfo(t->transfer.easy, CURLINFO_RESPONSE_CODE, &a->status);
	if (!host_spend(j->host, n))
		return CURL_WRITEFUNC_ERROR;
	if (!http_policy_is_file(a->status)) {
		size_t room = ERROR_BODY - a->error.len;

		buf_add(&a->error, bytes, n < room ? n : room);
		a->page_bytes += n;
		a->page_too_large = a->page_bytes > PAGE_MAX;
		return a->page_too_large ? CURL_WRITEFUNC_ERROR : n;
	}
	if (!a->body_begun && !begins_right(t))
		return CURL_WRITEFUNC_ERROR;
	a->body_begun = true;
	run->bytes += n;
	if (!t->decoder)
		return add_bytes(t, bytes, n) ? n : CURL_WRITEFUNC_ERROR;
	decoded = decoder_add(t->decoder, bytes, n, add_bytes, t);
	a->damaged = decoded == DECODER_DAMAGED;
	return decoded == DECODER_OK ? n : CURL_WRITEFUNC_ERROR;
}

/* --- beginning and end --- */

/* Takes the attempt out of those under way; its handle may be used again. */
static void
give_back(struct attempt *t)
{
	struct http *h = t->http;

	transfer_stop(&t->transfer);
	loop_stop_timer(h->run->loop, &t->pause);
	curl_easy_setopt(t->transfer.easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(t->headers);
	t->headers = NULL;
	decoder_free(t->decoder);
	t->decoder = NULL;
	*(t->prev ? &t->prev->next : &h->first) = t->next;
	if (t->next)
		t->next->prev = t->prev;
	if (h->spare_count < SPARE_MAX) {
		h->spare[h->spare_count++] = t;
	} else {
		transfer_free(&t->transfer);
		free(t);
	}
}

/* Its answer is what it is now. */
static void
end_attempt(struct attempt *t, CURLcode code)
{
	struct job_list *answered = t->http->answered;
	struct job *j = t->transfer.job;

	j->answer.code = code;
	give_back(t);
	job_list_add(answered, j);
}

static void
on_done(struct transfer *t, CURLcode code)
{
	struct attempt *attempt = (struct attempt *)t;
	struct job *j = t->job;
	struct answer *a = &j->answer;
	const char *location = NULL;
	long connects = 1;

	if (code == CURLE_OK && attempt->decoder)
		a->damaged = decoder_finish(attempt->decoder, add_bytes, attempt) == DECODER_DAMAGED;
	if (code == CURLE_OK && a->body_begun)
		a->missing = resume_check_end(j);
	if (code != CURLE_OK)
		memcpy(a->why, t->why, sizeof(a->why));
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &a->status);
	curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &location);
	curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects);
	a->reused = connects == 0;
	curl_easy_getinfo(t->easy, CURLINFO_HTTPAUTH_AVAIL, &a->schemes);
	a->location = location ? buf_strdup(location) : NULL;
	if (location) {
		curl_slist_free_all(j->cookies);
		j->cookies = NULL;
		curl_easy_getinfo(t->easy, CURLINFO_COOKIELIST, &j->cookies);
	}
	end_attempt(attempt, code);
}

static struct attempt *
take_spare(struct http *h)
{
	struct attempt *t;

	if (h->spare_count)
		return h->spare[--h->spare_count];
	t = buf_alloc(sizeof(*t));
	*t = (struct attempt){
		.transfer.done = on_done,
		.http = h,
		.pause = {.call = on_pause_over, .arg = t},
	};
	transfer_init(&t->transfer, h->all, on_bytes, on_header);
	return t;
}

void
http_begin(struct http *h, struct job *j)
{
	struct attempt *t = take_spare(h);
	CURL *easy = t->transfer.easy;
	const char *url = job_url(j);

	answer_reset(&j->answer);
	j->answer.not_asked = j->host->refusal != NULL;
	j->rule[0] = '\0';
	t->prev = NULL;
	t->next = h->first;
	if (h->first)
		h->first->prev = t;
	h->first = t;
	transfer_prepare(&t->transfer, j);
	/* What may turn out to be forbidden is read in smaller pieces, so that less of it was sent in vain. */
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
			 j->found && !h->run->set->no_opt_out ? 16L << 10 : (long)h->run->bodies->receive);
	t->headers = http_request_prepare(h->request, easy, j);
	/* A line that was bad from the start has no URL: libcurl need not see it, nor guess at a scheme. */
	if (transfer_is_blocked_by_name(h->all, j, url))
		end_attempt(t, CURLE_ABORTED_BY_CALLBACK);
	else if (!url || (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0) ||
		 j->answer.not_asked || curl_easy_setopt(easy, CURLOPT_URL, url) != CURLE_OK)
		end_attempt(t, CURLE_URL_MALFORMAT);
	else
		transfer_start(&t->transfer);
}

void
http_cancel(struct http *h, const struct target *target)
{
	struct attempt *next;

	for (struct attempt *t = h->first; t; t = next) {
		next = t->next;
		if (t->transfer.job->target == target)
			on_done(&t->transfer, CURLE_ABORTED_BY_CALLBACK);
	}
}

void
http_end(struct http *h)
{
	while (h->first) {
		struct job *j = h->first->transfer.job;

		give_back(h->first);
		job_free(j);
	}
	while (h->spare_count) {
		struct attempt *t = h->spare[--h->spare_count];

		transfer_free(&t->transfer);
		free(t);
	}
	http_request_close(h->request);
	free(h);
}
