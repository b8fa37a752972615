#include "testing.h"

#include "base/msg.h"
#include "hosts/http_policy.h"

static void
the_user_agent_names_program_and_contact(void **state)
{
	struct buf agent = {0};

	(void)state;
	http_policy_user_agent(&agent, "https://example.org/us");
	assert_int_equal(strncmp(agent.data, "manners_test/", 13), 0);
	assert_non_null(strstr(agent.data, " (https://example.org/us) libcurl/"));
	buf_clear(&agent);
	http_policy_user_agent(&agent, NULL);
	assert_null(strchr(agent.data, '('));
	buf_free(&agent);
	setenv("BI_CONTACT", "ops@example.org", 1);
	assert_string_equal(http_policy_contact(NULL), "ops@example.org");
	assert_string_equal(http_policy_contact("other@example.org"), "other@example.org");
	assert_null(http_policy_contact(""));
	setenv("BI_CONTACT", "", 1);
	assert_null(http_policy_contact(NULL));
}

static void
wrong_proxies_are_refused(void **state)
{
	static const char *const good[] = {
		"",           "http://proxy",         "HTTPS://proxy:3128/", "socks5h://me:secret@[::1]:9",
		"proxy:3128", "me:secret@10.0.0.1:80"};
	static const char *const bad[] = {"16",     "proxy",          "proxy:",    "proxy:x",       "proxy:70000",
					  ":80",    "http://",        "ftp://a:1", "gopher://a:70", "a proxy:3128",
					  "://a:1", "me:secret@proxy"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (http_policy_proxy_check(good[i]))
			fail_msg("'%s' %s", good[i], http_policy_proxy_check(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!http_policy_proxy_check(bad[i]))
			fail_msg("'%s' is taken for a proxy", bad[i]);
}

static void
what_is_shown_of_a_proxy_has_no_password(void **state)
{
	(void)state;
	assert_string_equal(http_policy_proxy_shown("http://me:secret@proxy:99999"), "proxy:99999");
	assert_string_equal(http_policy_proxy_shown("me:s@cret@proxy"), "proxy");
	assert_string_equal(http_policy_proxy_shown("ftp://proxy:1"), "ftp://proxy:1");
}

static void
a_host_has_the_key_of_its_group(void **state)
{
	static const char text[] = "*.example.org slots=1 rate=200/m contact=required group=example\n";
	struct host_rules *rules;
	struct host_rule rule;
	struct buf key = {0};

	(void)state;
	testing_write("hosts", text, sizeof(text) - 1);
	rules = host_rules_read((const char *const[]){"hosts"}, 1);
	assert_true(http_policy_host_key(rules, "https://API.Example.org/w/api.php?x", &key, &rule));
	assert_string_equal(key.data, "example");
	assert_true(rule.contact);
	assert_true(http_policy_host_key(rules, "http://Other.example/", &key, &rule));
	assert_string_equal(key.data, "other.example:80");
	assert_false(rule.contact);
	assert_false(http_policy_host_key(rules, "no url", &key, &rule));
	assert_string_equal(key.data, "");
	assert_false(http_policy_host_key(rules, NULL, &key, &rule));
	buf_free(&key);
	host_rules_free(rules);
}

static void
only_transient_answers_are_tried_again(void **state)
{
	static const long pass[] = {408, 421, 425, 429, 500, 502, 503, 504},
			  stay[] = {400, 401, 403, 404, 410, 501, 505};
	char line[] = "Retry-After: \t 5 \r\n";
	bool again = false;

	(void)state;
	for (size_t i = 0; i < sizeof(pass) / sizeof(*pass); i++)
		assert_true(http_policy_is_transient(pass[i]));
	for (size_t i = 0; i < sizeof(stay) / sizeof(*stay); i++)
		assert_false(http_policy_is_transient(stay[i]));
	assert_string_equal(http_policy_curl_code(CURLE_PARTIAL_FILE, &again), "cut_short");
	assert_true(again);
	assert_null(http_policy_curl_code(CURLE_URL_MALFORMAT, &again));
	assert_false(again);
	assert_int_equal(http_policy_notice(429, "see w.wiki/GHai"), NOTICE_BAD_WIDTH);
	assert_int_equal(http_policy_notice(403, "see https://w.wiki/4wJS"), NOTICE_AGENT_REFUSED);
	assert_int_equal(http_policy_notice(429, "see https://w.wiki/4wJS"), NOTICE_NONE);
	assert_int_equal(http_policy_notice(403, NULL), NOTICE_NONE);
	assert_null(http_policy_header_value(line, "Retry"));
	assert_string_equal(http_policy_header_value(line, "retry-after"), "5");
}

/* What follows "the server answers 404" says nothing that the next attempt contradicts. */
static void
statuses_are_explained_as_they_are_taken(void **state)
{
	static const struct {
		long status;
		const char *words;
		bool again;
	} known[] = {{202, ": it is not ready yet", true},
		     {403, ": it does not allow this", false},
		     {404, ": there is nothing by that name", false},
		     {410, ": it is gone for good", false},
		     {429, ": too many requests", true}};
	size_t explained = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		assert_string_equal(http_policy_status_words(known[i].status), known[i].words);
		assert_int_equal(http_policy_is_transient(known[i].status), known[i].again);
	}
	for (long status = 0; status < 1000; status++)
		explained += *http_policy_status_words(status) != '\0';
	assert_int_equal(explained, sizeof(known) / sizeof(*known));
}

static void
waits_double_up_to_a_minute(void **state)
{
	(void)state;
	for (unsigned i = 1; i < 20; i++) {
		long least = i < 7 ? 1000L << (i - 1) : 60000, ms = http_policy_backoff(i, 1000);

		least = least > 60000 ? 60000 : least;
		assert_true(ms >= least && ms <= least + least / 2);
	}
	assert_int_equal(http_policy_backoff(1, 0), 0);
	assert_true(http_policy_backoff(9, 120000) >= 120000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_user_agent_names_program_and_contact),
		cmocka_unit_test(wrong_proxies_are_refused),
		cmocka_unit_test(what_is_shown_of_a_proxy_has_no_password),
		cmocka_unit_test_setup_teardown(a_host_has_the_key_of_its_group, testing_enter, testing_leave),
		cmocka_unit_test(only_transient_answers_are_tried_again),
		cmocka_unit_test(statuses_are_explained_as_they_are_taken),
		cmocka_unit_test(waits_double_up_to_a_minute),
	};

	msg_program("manners_test");
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("http_policy", tests, NULL, NULL);
}
