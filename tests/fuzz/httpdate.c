/* fuzz: tools/lib/hosts/httpdate.c */
#include "fuzz.h"

#include "hosts/httpdate.h"

FUZZ(httpdate, NULL)
{
	char *text = fuzz_string(bytes, n);
	int64_t seconds = httpdate_retry_after(text, 1700000000);

	FUZZ_WANT(seconds >= -1 && seconds <= HTTPDATE_RETRY_MAX);
	FUZZ_WANT(httpdate_parse(text) >= -1);
	free(text);
}
