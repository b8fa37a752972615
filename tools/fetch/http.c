/*
 * http: one attempt at a URL, as a libcurl easy handle in the run's multi handle.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch.h"
#include "msg.h"

enum { SPARE_MOST = 64 };

/* Bytes come in. Only what is the item itself is kept, not what an error page says. */
static size_t
take_bytes(char *bytes, size_t one, size_t n, void *arg)
{
	struct job *j = arg;
	long status = 0;

	(void)one;
	curl_easy_getinfo(j->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299)
		return n;
	if (body_add(&j->body, j, bytes, n) < 0) {
		fetch_fail(j->fetch, "writing a download");
		return CURL_WRITEFUNC_ERROR;
	}
	j->fetch->tally.bytes += n;
	return n;
}

static CURL *
new_easy(const struct settings *set)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		msg_die(EX_OSERR, "libcurl could not make a transfer: out of memory");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a signal need not wait for a name server */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); /* we follow, so that the next host's turn is waited for */
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "bi-fetch/" BI_VERSION " libcurl/" LIBCURL_VERSION);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, set->connect_ms);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (set->stall_ms + 999) / 1000);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, set->max_ms);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 64L << 10);
	return easy;
}

static bool
has_scheme(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

void
http_begin(struct job *j)
{
	struct fetch *f = j->fetch;

	j->easy = f->spare_count ? f->spare[--f->spare_count] : new_easy(f->set);
	j->curl_error[0] = '\0';
	job_list_add(&f->http, j);
	curl_easy_setopt(j->easy, CURLOPT_WRITEDATA, j);
	curl_easy_setopt(j->easy, CURLOPT_PRIVATE, j);
	curl_easy_setopt(j->easy, CURLOPT_ERRORBUFFER, j->curl_error);
	/* A line that was bad from the start has no URL: libcurl need not see it, nor guess at a scheme. */
	if (!j->url || !has_scheme(j->at ? j->at : j->url) ||
	    curl_easy_setopt(j->easy, CURLOPT_URL, j->at ? j->at : j->url) != CURLE_OK) {
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
	if (!f->spare)
		f->spare = buf_alloc(SPARE_MOST * sizeof(*f->spare));
	if (f->spare_count < SPARE_MOST)
		f->spare[f->spare_count++] = j->easy;
	else
		curl_easy_cleanup(j->easy);
	j->easy = NULL;
	job_list_cut(&f->http, j);
}

void
http_done(struct fetch *f, CURL *easy, CURLcode code)
{
	struct job *j = NULL;
	const char *location = NULL;
	curl_off_t retry_after = 0;
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&j);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &location);
	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after);
	judge_http(j, code, status, location, retry_after);
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
