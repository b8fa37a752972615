/* fuzz: tools/lib/html/srcset.c tools/lib/html/refresh.c */
#include "fuzz.h"

#include "html/refresh.h"
#include "html/srcset.h"

FUZZ(srcset, NULL)
{
	char *text = fuzz_string(bytes, n);
	struct srcset s = {.at = text};
	const char *url;
	size_t len;

	while (srcset_next(&s))
		FUZZ_WANT(s.url >= text && s.url + s.len <= text + strlen(text) && s.len > 0);
	if (refresh_parse(text, &url, &len) && url)
		FUZZ_WANT(url >= text && url + len <= text + strlen(text));
	free(text);
}
