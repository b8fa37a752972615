#include "testing.h"

#include "http/allowed_hosts.h"

static struct allowed_hosts *
open_site(const char *address, char *const *names)
{
	struct buf pattern = {0};
	struct allowed_hosts *s;

	allowed_hosts_pattern(&pattern, address, names);
	s = allowed_hosts_open(pattern.data);
	assert_non_null(s);
	buf_free(&pattern);
	return s;
}

static void
only_allowed_names_are_let_in(void **state)
{
	static const char *const ours[] = {"localhost",      "localhost:8000",  "LOCALHOST:9", "127.0.0.1",
					   "127.0.0.1:1",    "[::1]:80",        "[::1]",       "192.0.2.7",
					   "192.0.2.7:8000", "box.example:443", "BOX.example"};
	static const char *const others[] = {"",
					     "evil.example",
					     "localhost.evil.example",
					     "evil.example:localhost",
					     "127.0.0.1.evil.example",
					     "127x0x0x1",
					     "localhost:",
					     "localhost:8000:1",
					     "localhost:80a",
					     "localhost\n",
					     "::1",
					     "192.0.2.8",
					     "boxxexample",
					     "abox.example"};
	char *names[] = {"Box.example", NULL};
	struct allowed_hosts *s = open_site("192.0.2.7", names);

	(void)state;
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		assert_true(allowed_hosts_contain(s, ours[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(allowed_hosts_contain(s, others[i]));
	assert_false(allowed_hosts_contain(s, NULL));
	allowed_hosts_close(s);
	s = open_site("fe80::1", NULL);
	assert_true(allowed_hosts_contain(s, "[fe80::1]:8000"));
	assert_false(allowed_hosts_contain(s, "box.example"));
	allowed_hosts_close(s);
	s = open_site("0.0.0.0", NULL);
	assert_true(allowed_hosts_contain(s, "10.0.0.1:8000"));
	assert_true(allowed_hosts_contain(s, "[2001:db8::1]"));
	assert_false(allowed_hosts_contain(s, "a.example"));
	allowed_hosts_close(s);
	assert_null(allowed_hosts_open("(")); /* which is no pattern */
}

static void
only_our_pages_write(void **state)
{
	static const struct {
		const char *host, *origin, *fetch_site;
		bool right;
	} cases[] = {
		{"localhost:8000", "http://localhost:8000", NULL, true},
		{"localhost:8000", "http://LOCALHOST:8000", "same-origin", true},
		{"localhost:8000", "https://localhost:8000", NULL, true},
		{"localhost:8000", NULL, NULL, true},
		{"localhost:8000", NULL, "none", true},
		{"localhost:8000", NULL, "same-origin", true},
		{"localhost:8000", NULL, "same-site", false},
		{"localhost:8000", NULL, "cross-site", false},
		{"localhost:8000", "http://localhost:8001", NULL, false},
		{"localhost:8000", "http://localhost", NULL, false},
		{"localhost:8000", "http://127.0.0.1:8000", NULL, false},
		{"localhost:8000", "http://evil.example", NULL, false},
		{"localhost:8000", "null", NULL, false},
		{"localhost:8000", "", NULL, false},
		{"localhost:8000", "ftp://localhost:8000", NULL, false},
		{"localhost:8000", "http://localhost:8000/", NULL, false},
		{"evil.example", "http://evil.example", NULL, false},
		{NULL, NULL, NULL, false},
	};
	struct allowed_hosts *s = open_site("127.0.0.1", NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(allowed_hosts_allow_origin(s, cases[i].host, cases[i].origin, cases[i].fetch_site),
				 cases[i].right);
	allowed_hosts_close(s);
}

static void
wrong_names_are_refused(void **state)
{
	static const char *const wrong[] = {"",   "a b", "a:80",      "*",  "a.",   ".a",
					    "-a", "a|b", "b\xc3\xbc", "(a", "[::1]"};
	char name[256];

	(void)state;
	assert_null(allowed_hosts_name_check("box.example"));
	assert_null(allowed_hosts_name_check("a-b"));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_non_null(allowed_hosts_name_check(wrong[i]));
	memset(name, 'a', sizeof(name));
	name[253] = '\0';
	assert_null(allowed_hosts_name_check(name));
	name[253] = 'a';
	name[254] = '\0';
	assert_non_null(allowed_hosts_name_check(name));
}

static void
wrong_origins_are_refused(void **state)
{
	static const char *const right[] = {"http://localhost:3000", "https://front.example", "http://10.0.0.7:8080",
					    "http://[::1]:5173", "https://localhost:80"};
	static const char *const wrong[] = {"",
					    "*",
					    "null",
					    "localhost:3000",
					    "ftp://a.example",
					    "http://",
					    "http://a.example/",
					    "http://a.example/x",
					    "http://A.example",
					    "HTTP://a.example",
					    "http://a.example:80",
					    "https://a.example:443",
					    "http://a.example:",
					    "http://a.example:0",
					    "http://a.example:65536",
					    "http://a.example:8x",
					    "http://me@a.example",
					    "http://[::1",
					    "http://[]:80",
					    "http://*.a.example"};

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++)
		assert_null(allowed_hosts_origin_check(right[i]));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_non_null(allowed_hosts_origin_check(wrong[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_allowed_names_are_let_in),
		cmocka_unit_test(only_our_pages_write),
		cmocka_unit_test(wrong_names_are_refused),
		cmocka_unit_test(wrong_origins_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("allowed_hosts", tests, NULL, NULL);
}
