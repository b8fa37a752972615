#include "testing.h"

#include "html/url.h"

static void
a_secret_goes_to_the_same_host_only(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} v[] = {
		{"http://h/a", "http://h/b?c", true},
		{"http://h:80/a", "HTTP://H/b", true},
		{"http://h:8000", "http://h:8000/x", true},
		{"https://h", "https://h:443/x", true},
		{"http://h/", "https://h/", true}, /* encrypted from here on */
		{"https://h/", "http://h/", false},
		{"http://h:8000/", "https://h:8000/", false},
		{"http://h:8000/", "https://h/", false},
		{"http://h/", "https://h:444/", false},
		{"http://h/", "http://h:81/", false},
		{"http://h/", "http://www.h/", false},
		{"http://www.h/", "http://h/", false},
		{"http://h/", "http://h.evil/", false},
		{"http://h/", "http://h@evil/", false},
		{"http://h/", "http://h./", false},
		{"http://127.0.0.1/", "http://localhost/", false},
		{"http://h/", "/relative", false},
		{"", "http://h/", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		if (url_is_same_host(v[i].a, v[i].b) != v[i].same)
			fail_msg("from %s to %s", v[i].a, v[i].b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_goes_to_the_same_host_only),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
