/* fuzz: tools/lib/records/list_line.c */
#include "fuzz.h"

#include "records/list_line.h"

/* A URL that is clean stays as it is. */
FUZZ(list_line, NULL)
{
	struct buf line = {0}, url = {0}, again = {0};

	buf_add(&line, bytes, n);
	buf_add(&url, bytes, n);
	FUZZ_WANT(list_line_clean(&line) || line.len == 0);
	list_url_clean(&url);
	buf_add(&again, url.data, url.len);
	FUZZ_WANT(!list_url_clean(&again));
	buf_free(&line);
	buf_free(&url);
	buf_free(&again);
}
