#include "hosts/httpdate.h"

#include <ctype.h>
#include <curl/curl.h>
#include <string.h>

static const char *
skip_spaces(const char *s)
{
	return s + strspn(s, " \t");
}

time_t
httpdate_parse(const char *value)
{
	time_t moment = -1;

	value = skip_spaces(value);
	/* libcurl also accepts 20040911 as a date, and takes a date without a time as midnight. */
	if (isalpha((unsigned char)*value) && strchr(value, ':'))
		moment = curl_getdate(value, NULL);
	return moment < -1 ? 0 : moment;
}

int64_t
httpdate_retry_after(const char *value, time_t now)
{
	const char *p = value = skip_spaces(value);
	int64_t seconds = 0;
	time_t moment;

	for (; *p >= '0' && *p <= '9'; p++)
		if (seconds <= HTTPDATE_RETRY_MAX)
			seconds = seconds * 10 + (*p - '0');
	if (p == value) {
		moment = httpdate_parse(value);
		if (moment < 0)
			return -1;
		seconds = moment > now ? (int64_t)(moment - now) : 0;
	} else if (*skip_spaces(p)) {
		return -1;
	}
	return seconds < HTTPDATE_RETRY_MAX ? seconds : HTTPDATE_RETRY_MAX;
}
