/* fuzz: tools/lib/html/url.c */
#include "fuzz.h"

#include "html/url.h"

static void
resolve(CURLU *base, const char *text, size_t n)
{
	char *one = url_resolve(base, text, n), *two = one ? url_resolve(NULL, one, strlen(one)) : NULL;

	FUZZ_WANT(!one || (two && strcmp(one, two) == 0));
	FUZZ_WANT(!one || url_is_same(one, one));
	free(one);
	free(two);
}

/* What was resolved or converted once stays as it is. */
FUZZ(url, NULL)
{
	CURLU *base = curl_url();
	char *text = fuzz_string(bytes, n), *ascii = url_to_ascii(text), *relative = url_relative(bytes, n);

	FUZZ_WANT(base && !curl_url_set(base, CURLUPART_URL, "http://h.x/d/p?q", 0));
	resolve(base, bytes, n);
	resolve(NULL, bytes, n);
	if (ascii)
		FUZZ_WANT(!url_to_ascii(ascii));
	url_kind(text);
	url_is_stream(text);
	url_is_same_host(text, "https://h.x/");
	curl_url_cleanup(base);
	free(text);
	free(ascii);
	free(relative);
}
