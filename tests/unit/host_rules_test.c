#include "testing.h"

#include "base/msg.h"
#include "hosts/host_rules.h"

/* The rules in a file of this text; for host_rules_free(). */
static struct host_rules *
rules(const char *text)
{
	static const char *const path = "rules.conf";

	testing_write(path, text, strlen(text));
	return host_rules_read(&path, 1);
}

static struct host_rule
of(const struct host_rules *h, const char *host, unsigned port)
{
	struct host_rule r;

	host_rules_find(h, host, port, &r);
	return r;
}

static void
settings_are_read(void **state)
{
	struct host_rules *h = rules("# a comment\n"
				     "\n"
				     "  \t\r\n"
				     "a.example slots=3 rate=2.5/s bandwidth=25k contact=required\t group=g-1 "
				     "robots=ignore /api/ /v2 accept=image/jpeg,*/*;q=0.5#x # slots=9\r\n"
				     "rates.example rate=120/m bandwidth=1.5M # to be set\n"
				     "hours.example rate=7200/h bandwidth=3125000\n"
				     "bare.example rate=5 bandwidth=2G");
	struct host_rule r = of(h, "a.example", 80);

	(void)state;
	assert_int_equal(r.slots, 3);
	assert_true(r.rate > 2.499 && r.rate < 2.501);
	assert_int_equal(r.bandwidth, 25600);
	assert_true(r.contact);
	assert_string_equal(r.group, "g-1");
	assert_string_equal(r.accept, "image/jpeg,*/*;q=0.5#x");
	assert_true(host_rules_exempt_path(&r, "/api/x"));
	assert_true(host_rules_exempt_path(&r, "/v2"));
	assert_false(host_rules_exempt_path(&r, "/api"));
	assert_false(host_rules_exempt_path(&r, "/"));
	assert_false(host_rules_exempt_path(&r, "/x/api/"));
	r = of(h, "rates.example", 80);
	assert_true(r.rate > 1.999 && r.rate < 2.001);
	assert_int_equal(r.bandwidth, 1536 * 1024);
	r = of(h, "hours.example", 80);
	assert_true(r.rate > 1.999 && r.rate < 2.001);
	assert_int_equal(r.bandwidth, 3125000);
	r = of(h, "bare.example", 80);
	assert_true(r.rate > 4.999 && r.rate < 5.001);
	assert_int_equal(r.bandwidth, INT64_C(2) << 30);
	r = of(h, "other.example", 80);
	assert_int_equal(r.slots, 0);
	assert_true(r.rate < 0);
	assert_int_equal(r.bandwidth, -1);
	assert_false(r.contact);
	assert_null(r.group);
	assert_null(r.accept);
	assert_false(host_rules_exempt_path(&r, "/"));
	host_rules_free(h);
	host_rules_free(NULL);
}

static void
patterns_of_hosts_match(void **state)
{
	struct host_rules *h = rules("*               slots=1\n"
				     "*.Example.COM   slots=2\n"
				     "example.com     slots=3\n"
				     "example.com:81  slots=4\n"
				     "*.b.example:82  slots=5\n"
				     "*:83            slots=6\n"
				     "192.0.2.7       slots=7\n"
				     "[2001:DB8::1]   slots=8\n"
				     "[::1]:84        slots=9\n"
				     "xn--bcher-kva.example slots=10\n"
				     "under_score.example   slots=11\n");

	(void)state;
	assert_int_equal(of(h, "elsewhere", 80).slots, 1);
	assert_int_equal(of(h, "badexample.com", 80).slots, 1);
	assert_int_equal(of(h, "a.example.com", 80).slots, 2);
	assert_int_equal(of(h, "A.B.EXAMPLE.com.", 80).slots, 2);
	assert_int_equal(of(h, ".example.com", 80).slots, 1);
	assert_int_equal(of(h, "example.com.evil", 80).slots, 1);
	assert_int_equal(of(h, "Example.com", 80).slots, 3);
	assert_int_equal(of(h, "example.com.", 443).slots, 3);
	assert_int_equal(of(h, "example.com", 81).slots, 4);
	assert_int_equal(of(h, "a.b.example", 82).slots, 5);
	assert_int_equal(of(h, "a.b.example", 80).slots, 1);
	assert_int_equal(of(h, "b.example", 82).slots, 1);
	assert_int_equal(of(h, "example.com", 83).slots, 6);
	assert_int_equal(of(h, "192.0.2.7", 80).slots, 7);
	assert_int_equal(of(h, "[2001:db8::1]", 80).slots, 8);
	assert_int_equal(of(h, "2001:db8::1", 80).slots, 8);
	assert_int_equal(of(h, "[::1]", 84).slots, 9);
	assert_int_equal(of(h, "[::1]", 80).slots, 1);
	assert_int_equal(of(h, "xn--bcher-kva.example", 80).slots, 10);
	assert_int_equal(of(h, "under_score.example", 80).slots, 11);
	assert_int_equal(of(h, "", 80).slots, 1);
	assert_int_equal(of(h, ".", 80).slots, 1);
	assert_int_equal(of(h, "[]", 80).slots, 1);
	host_rules_free(h);
}

static void
the_last_that_sets_a_key_counts(void **state)
{
	struct host_rules *h =
		rules("a.example slots=1 rate=1/s group=g contact=required robots=ignore /a accept=x/y private=allow\n"
		      "*.example rate=2/s slots=2 slots=3\n"
		      "b.example slots=9 group=h\n"
		      "a.example group=none contact=optional robots=obey bandwidth=0 rate=0\n");
	struct host_rule r = of(h, "a.example", 80);

	(void)state;
	assert_int_equal(r.slots, 3);
	assert_true(r.rate == 0);
	assert_int_equal(r.bandwidth, 0);
	assert_null(r.group);
	assert_false(r.contact);
	assert_false(host_rules_exempt_path(&r, "/a"));
	assert_string_equal(r.accept, "x/y");
	assert_true(r.private_allowed);
	host_rules_free(h);
	h = rules("* private=allow\n*.example private=deny\n10.0.0.1:81 private=allow\n");
	assert_true(of(h, "10.0.0.1", 80).private_allowed);
	assert_false(of(h, "a.example", 80).private_allowed);
	host_rules_free(h);
	h = rules("10.0.0.1:81 private=allow\na.example slots=1\n");
	assert_true(of(h, "10.0.0.1", 81).private_allowed);
	assert_false(of(h, "10.0.0.1", 80).private_allowed);
	assert_false(of(h, "a.example", 80).private_allowed);
	host_rules_free(h);
}

static void
load(void *arg)
{
	(void)arg;
	msg_program("bi-x");
	host_rules_free(host_rules_load("root"));
}

static void
files_are_read_in_order(void **state)
{
	struct host_rules *h;
	struct host_rule r;

	(void)state;
	assert_int_equal(mkdir("share", 0777) + mkdir("config", 0777) + mkdir("config/bi", 0777) + mkdir("root", 0777),
			 0);
	testing_write("share/hosts.conf", "a.test slots=1 rate=1 group=one accept=a/a\n", 43);
	testing_write("config/bi/hosts.conf", "a.test rate=2 group=two accept=b/b\n", 35);
	testing_write("root/hosts.conf", "a.test group=three accept=c/c\n", 30);
	testing_write("named.conf", "a.test accept=d/d\n", 18);
	setenv("BI_SHARE", "share", 1);
	unsetenv("BI_HOSTS_CONF");
	{
		char config[4096];

		assert_non_null(getcwd(config, sizeof(config) - 20));
		strcat(config, "/config");
		setenv("XDG_CONFIG_HOME", config, 1);
	}
	h = host_rules_load("root");
	r = of(h, "a.test", 80);
	assert_int_equal(r.slots, 1);
	assert_true(r.rate == 2);
	assert_string_equal(r.group, "three");
	assert_string_equal(r.accept, "c/c");
	host_rules_free(h);
	setenv("BI_HOSTS_CONF", "named.conf", 1);
	h = host_rules_load(NULL);
	r = of(h, "a.test", 80);
	assert_string_equal(r.group, "two");
	assert_string_equal(r.accept, "d/d");
	host_rules_free(h);
	assert_int_equal(testing_child(load, NULL, "out"), 0);
	setenv("BI_HOSTS_CONF", "missing.conf", 1);
	assert_int_equal(testing_child(load, NULL, "out"), EX_CONFIG);
	testing_assert_file("err", "bi-x: cannot open the host rules 'missing.conf': No such file or directory\n");
	setenv("BI_HOSTS_CONF", "root", 1);
	assert_int_equal(testing_child(load, NULL, "out"), EX_CONFIG);
	unsetenv("BI_HOSTS_CONF");
	unsetenv("XDG_CONFIG_HOME");
}

static void
read_rules(void *text)
{
	msg_program("bi-x");
	host_rules_free(rules(text));
}

struct wrong {
	const char *line, *said;
};

static const struct wrong wrong_rules[] = {
	{"a.example", "no KEY=VALUE for 'a.example'"},
	{"* # slots=1", "no KEY=VALUE for"},
	{"a.example slots", "not KEY=VALUE"},
	{"a.example slot=1", "no key 'slot'"},
	{"a.example =1", "no key ''"},
	{"a.example slots=", "slots="},
	{"a.example slots=0", "slots=0"},
	{"a.example slots=1025", "slots=1025"},
	{"a.example slots=-1", "slots=-1"},
	{"a.example slots=2x", "slots=2x"},
	{"a.example slots=99999999999999999999", "slots=9999"},
	{"a.example rate=", "rate="},
	{"a.example rate=-1/s", "rate=-1/s"},
	{"a.example rate=1/d", "rate=1/d"},
	{"a.example rate=1.2.3/s", "rate=1.2.3/s"},
	{"a.example rate=nan", "rate=nan"},
	{"a.example rate=./s", "rate=./s"},
	{"a.example bandwidth=1T", "bandwidth=1T"},
	{"a.example bandwidth=k", "bandwidth=k"},
	{"a.example bandwidth=0.1", "bandwidth=0.1"},
	{"a.example bandwidth=1kk", "bandwidth=1kk"},
	{"a.example bandwidth=9999999G", "bandwidth=9999999G"},
	{"a.example contact=yes", "contact=yes"},
	{"a.example group=", "group="},
	{"a.example group=a:80", "group=a:80"},
	{"a.example group=-a", "group=-a"},
	{"a.example accept=", "accept="},
	{"a.example accept=\x01", "accept="},
	{"a.example private=yes", "private=yes"},
	{"a.example robots=ignore", "needs paths"},
	{"a.example robots=ignore api/", "needs paths"},
	{"a.example robots=maybe /x", "robots=maybe"},
	{"a.example robots=ignore /x y", "'y' is not KEY=VALUE"},
};

static const struct wrong wrong_hosts[] = {
	{"http://a.example/ slots=1", "is not a port"},
	{"a.example/x slots=1", "is not a host"},
	{"b\xc3\xbc.example slots=1", "xn--"},
	{"*. slots=1", "is not a host"},
	{"*a.example slots=1", "is not a host"},
	{"a.*.example slots=1", "is not a host"},
	{"a..example slots=1", "is not a host"},
	{".example slots=1", "is not a host"},
	{":80 slots=1", "is not a host"},
	{"a.example: slots=1", "'' is not a port"},
	{"a.example:0 slots=1", "'0' is not a port"},
	{"a.example:65536 slots=1", "'65536' is not a port"},
	{"a.example:+1 slots=1", "'+1' is not a port"},
	{"a.example:80:80 slots=1", "'80:80' is not a port"},
	{"[::1 slots=1", "IPv6"},
	{"[::1]80 slots=1", "IPv6"},
	{"[] slots=1", "is not a host"},
	{"[a.example] slots=1", "is not a host"},
};

/* A file with that line ends the program, by one message that names file and line. */
static void
assert_wrong(const struct wrong *w)
{
	char text[300], *said;
	int code;

	snprintf(text, sizeof(text), "# first\nok.example slots=1\n%s\n", w->line);
	code = testing_child(read_rules, text, "out");
	said = testing_read("err");
	if (code != EX_CONFIG || strncmp(said, "bi-x: rules.conf, line 3: ", 26) != 0 || !strstr(said, w->said) ||
	    strchr(said, '\n') != said + strlen(said) - 1)
		fail_msg("'%s': code %d, %s", w->line, code, said);
	free(said);
}

static void
wrong_rules_end_the_program(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong_rules) / sizeof(*wrong_rules); i++)
		assert_wrong(&wrong_rules[i]);
}

static void
wrong_hosts_end_the_program(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong_hosts) / sizeof(*wrong_hosts); i++)
		assert_wrong(&wrong_hosts[i]);
}

static void
read_nul(void *arg)
{
	static const char *const path = "nul.conf";

	(void)arg;
	host_rules_free(host_rules_read(&path, 1));
}

static void
files_that_are_not_text_end_the_program(void **state)
{
	static char endless[200000];
	static const char *const missing = "missing.conf";

	(void)state;
	testing_write("nul.conf", "a.example slots=1\0\nb\n", 21);
	assert_int_equal(testing_child(read_nul, NULL, "out"), EX_CONFIG);
	memset(endless, 'a', sizeof(endless) - 1);
	assert_int_equal(testing_child(read_rules, endless, "out"), EX_CONFIG);
	host_rules_free(host_rules_read(&missing, 1));
	host_rules_free(rules(""));
}

/* The file that comes with the programs. */
static void
the_rules_of_share_hold_for_wikimedia(void **state)
{
	const char *share = getenv("BI_SHARE");
	char path[4096];
	const char *const paths[] = {path};
	struct host_rule r;
	struct host_rules *h;

	(void)state;
	if (!share)
		skip("BI_SHARE is not set");
	snprintf(path, sizeof(path), "%s/hosts.conf", share);
	assert_int_equal(access(path, R_OK), 0);
	h = host_rules_read(paths, 1);
	r = of(h, "upload.wikimedia.org", 443);
	assert_int_equal(r.slots, 2);
	assert_true(r.rate == 0);
	assert_int_equal(r.bandwidth, 3125000);
	assert_true(r.contact);
	assert_string_equal(r.group, "wikimedia-media");
	assert_null(strstr(r.accept, "webp"));
	assert_false(host_rules_exempt_path(&r, "/w/api.php"));
	assert_string_equal(of(h, "maps.wikimedia.org", 443).group, "wikimedia-media");
	r = of(h, "commons.wikimedia.org", 443);
	assert_int_equal(r.slots, 1);
	assert_true(r.rate > 3.3 && r.rate < 5);
	assert_int_equal(r.bandwidth, -1);
	assert_true(r.contact);
	assert_string_equal(r.group, "wikimedia-api");
	assert_null(r.accept);
	assert_true(host_rules_exempt_path(&r, "/w/api.php?action=query"));
	assert_false(host_rules_exempt_path(&r, "/wiki/Special:FilePath/x.jpg"));
	assert_string_equal(of(h, "de.m.wikipedia.org", 443).group, "wikimedia-api");
	assert_string_equal(of(h, "www.wikidata.org", 443).group, "wikimedia-api");
	assert_null(of(h, "wikimedia.org.example", 443).group);
	assert_null(of(h, "example.org", 443).group);
	host_rules_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(settings_are_read, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(patterns_of_hosts_match, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(the_last_that_sets_a_key_counts, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(the_rules_of_share_hold_for_wikimedia, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(files_are_read_in_order, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(wrong_rules_end_the_program, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(wrong_hosts_end_the_program, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(files_that_are_not_text_end_the_program, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("host_rules", tests, NULL, NULL);
}
