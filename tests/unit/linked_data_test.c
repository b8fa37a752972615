#include "testing.h"

#include "base/buf.h"
#include "html/linked_data.h"

static void
add(void *arg, const char *kind, const char *url, size_t n, const char *title)
{
	struct buf *out = arg;

	buf_printf(out, "%s%s:", out->len ? " " : "", kind ? kind : "?");
	buf_add(out, url, n);
	if (title)
		buf_printf(out, "(%s)", title);
}

static void
check(const char *json, const char *found)
{
	struct buf out = {0};

	linked_data_find(json, strlen(json), add, &out);
	if (strcmp(out.data ? out.data : "", found) != 0)
		fail_msg("%.200s\nhas: %.200s\nnot: %s", json, out.data ? out.data : "", found);
	buf_free(&out);
}

static void
media_are_found(void **state)
{
	static const struct {
		const char *json, *found;
	} v[] = {
		{"{\"image\":\"a\"}", "image:a"},
		{"{\"image\":[\"a\",\"b\",[\"c\"]]}", "image:a image:b image:c"},
		{"{\"image\":{\"url\":\"a\"}}", "image:a"},
		{"{\"image\":{\"@type\":\"ImageObject\",\"url\":\"page\",\"contentUrl\":\"a\",\"caption\":\"c\"}}",
		 "image:a(c) image:a(c)"},
		{"{\"image\":[{\"url\":\"a\",\"name\":\"n\"},\"b\"]}", "image:a(n) image:b"},
		{"{\"image\":{\"@value\":\"a\"}}", "image:a"},
		{"{\"thumbnailUrl\":\"a\"}", "image:a"},
		{"{\"thumbnailUrl\":[\"a\",\"b\"]}", "image:a image:b"},
		{"{\"@type\":\"VideoObject\",\"contentUrl\":\"a\",\"name\":\"n\",\"embedUrl\":\"e\",\"url\":\"u\"}",
		 "video:a(n)"},
		{"{\"@type\":\"AudioObject\",\"contentUrl\":[\"a\",1,\"b\"]}", "audio:a audio:b"},
		{"{\"@type\":[\"Thing\",\"schema:VideoObject\"],\"contentUrl\":\"a\"}", "video:a"},
		{"{\"@type\":\"https://schema.org/VideoObject\",\"contentUrl\":\"a\"}", "video:a"},
		{"{\"@type\":\"NoVideoObject\",\"contentUrl\":\"a\"}", "?:a"},
		{"{\"@type\":\"MediaObject\",\"encodingFormat\":\"audio/mpeg\",\"contentUrl\":\"a\"}", "audio:a"},
		{"{\"@type\":\"ImageObject\",\"url\":\"a\"}", "image:a"},
		{"{\"@graph\":[{\"@type\":\"WebPage\",\"url\":\"u\"},{\"image\":\"a\"}]}", "image:a"},
		{"[{\"video\":{\"@type\":\"VideoObject\",\"contentUrl\":\"a\"}},{\"image\":\"b\"}]", "video:a image:b"},
		{"{\"@context\":{\"image\":\"x\",\"a\":{\"image\":\"y\"}},\"image\":\"a\"}", "image:a"},
		{"\n//<![CDATA[\n{\"image\":\"a\"}\n//]]>", "image:a"},
		{"<!-- {\"image\":\"a\"}; -->", "image:a"},
		{"{\"description\":\"two\nlines\",\"image\":\"a\"}", "image:a"},
		{"{\"image\":\"\\u00e9\\/\"}", "image:\xc3\xa9/"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		check(v[i].json, v[i].found);
}

static void
what_is_no_medium_is_skipped(void **state)
{
	static const char *const v[] = {
		"",
		"null",
		"{",
		"{\"image\":\"a\"",
		"{\"image\" \"a\"}",
		"{\"image\":null}",
		"{\"image\":7}",
		"{\"image\":{}}",
		"{\"image\":[[],{},null,true]}",
		"{\"image\":{\"url\":[\"a\"]}}",
		"{\"image\":\"\",\"contentUrl\":\"\",\"images\":\"a\",\"Image\":\"b\",\"url\":\"c\"}",
		"{\"@type\":7,\"url\":\"a\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		check(v[i], "");
}

static void
limits_hold(void **state)
{
	struct buf json = {0};

	(void)state;
	for (int depth = LINKED_DATA_DEPTH - 1; depth <= 100000; depth = depth < 1000 ? depth + 1000 : depth * 10) {
		buf_clear(&json);
		for (int i = 1; i < depth; i++)
			buf_str(&json, "{\"a\":");
		buf_str(&json, "{\"image\":\"x\"}");
		for (int i = 1; i < depth; i++)
			buf_str(&json, "}");
		check(json.data, depth < LINKED_DATA_DEPTH ? "image:x" : "");
	}
	buf_clear(&json);
	buf_str(&json, "{\"image\":\"x\",\"a\":\"");
	while (json.len < LINKED_DATA_MAX)
		buf_str(&json, "0123456789");
	buf_str(&json, "\"}");
	check(json.data, "");
	buf_free(&json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(media_are_found),
		cmocka_unit_test(what_is_no_medium_is_skipped),
		cmocka_unit_test(limits_hold),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("linked_data", tests, NULL, NULL);
}
