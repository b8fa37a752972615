/*
 * http_request: what is sent with an attempt: headers, cookies, the name and password, and the Referer; and which of
 * them the host of its URL may have. bi-fetch(1), Secrets.
 */
#ifndef BI_HTTP_REQUEST_H
#define BI_HTTP_REQUEST_H

#include <curl/curl.h>

#include "hosts/host_rules.h"
#include "job.h"

struct http_request; /* of all attempts of a run */

/* Reads the files of headers that RULES name. Ends the program where one cannot be read, can be read by others, or has
 * a wrong line. http_request_close() frees it. */
struct http_request *http_request_open(const struct settings *set, const struct host_rules *rules);
void http_request_close(struct http_request *r);

/* Sets on EASY what J's next attempt sends. Also notes in J's answer from which byte it goes on. Returns the headers,
 * which the caller frees with curl_slist_free_all() after the attempt. */
struct curl_slist *http_request_prepare(const struct http_request *r, CURL *easy, struct job *j);

#endif
