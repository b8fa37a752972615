#include "testing.h"

#include "html/refresh.h"

static void
content_is_read_as_browsers_do(void **state)
{
	static const struct {
		const char *content, *url; /* NULL: the page itself */
	} v[] = {
		{"0; url=/a", "/a"},
		{"0;URL=/a", "/a"},
		{"5 ; Url = /a", "/a"},
		{"0,url=/a", "/a"},
		{"0 /a", "/a"},
		{"0;/a", "/a"},
		{" \n3.5;url='/a b'rest", "/a b"},
		{"0;url=\"/a\"", "/a"},
		{"0;url='/a", "/a"},
		{"0;'/a'", "/a"},
		{".5;url=/a", "/a"},
		{"0;url=/a?url='x'", "/a?url='x'"},
		{"0;url /a", "url /a"}, /* a URL that begins so */
		{"0;urls=/a", "urls=/a"},
		{"0;ur", "ur"},
		{"0;url=", ""},
		{"0;url=''", ""},
		{"0;;url=/a", ";url=/a"},
		{"300", NULL},
		{"0; ", NULL},
		{"0;", NULL},
		{"0", NULL},
	};
	static const char *const invalid[] = {"",          " ",         "url=/a",    ";url=/a",
					      "-1;url=/a", "a0;url=/a", "0x;url=/a", "0/a"};
	const char *url;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		if (!refresh_parse(v[i].content, &url, &n) || !url != !v[i].url ||
		    (url && (strlen(v[i].url) != n || memcmp(url, v[i].url, n) != 0)))
			fail_msg("%s is %.*s", v[i].content, url ? (int)n : 4, url ? url : "none");
	for (size_t i = 0; i < sizeof(invalid) / sizeof(*invalid); i++)
		if (refresh_parse(invalid[i], &url, &n))
			fail_msg("obeyed: %s", invalid[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_is_read_as_browsers_do),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("refresh", tests, NULL, NULL);
}
