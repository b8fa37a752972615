/*
 * robots.txt by RFC 9309, its examples among the tests, and robots.txt that nobody should have written.
 */
#include "hosts/robots.h"

#include <stdbool.h>
#include <time.h>

#include "testing.h"

#define AGENT "bi-fetch/0.1"

static struct robots *
parse(const char *text)
{
	return robots_parse(text, strlen(text), AGENT);
}

/* Whether TEXT allows PATH. */
static bool
allows(const char *text, const char *path)
{
	struct robots *r = parse(text);
	bool yes = !robots_rule(r, path);

	robots_free(r);
	return yes;
}

/* Whether the one rule "Disallow: PATTERN" forbids PATH. */
static bool
rule_matches(const char *pattern, const char *path)
{
	char text[512];

	snprintf(text, sizeof(text), "User-agent: *\nDisallow: %s\n", pattern);
	return !allows(text, path);
}

/* RFC 9309, 5.1: its three groups, read as each crawler. */
static void
rfc_simple_example(void **state)
{
	static const char text[] = "User-Agent: *\n"
				   "Disallow: *.gif$\n"
				   "Disallow: /example/\n"
				   "Allow: /publications/\n"
				   "\n"
				   "User-Agent: foobot\n"
				   "Disallow:/\n"
				   "Allow:/example/page.html\n"
				   "Allow:/example/allowed.gif\n"
				   "\n"
				   "User-Agent: barbot\n"
				   "User-Agent: bazbot\n"
				   "Disallow: /example/page.html\n"
				   "\n"
				   "User-Agent: quxbot\n"
				   "\n";
	static const struct {
		const char *agent, *path;
		bool allowed;
	} cases[] = {
		{"foobot", "/", false},
		{"foobot", "/example/page.html", true},
		{"foobot", "/example/allowed.gif", true},
		{"foobot", "/publications/", false},
		{"barbot", "/example/page.html", false},
		{"barbot", "/example/x.gif", true},
		{"bazbot", "/example/page.html", false},
		{"bazbot", "/example/", true},
		{"quxbot", "/example/page.html", true},
		{"quxbot", "/x.gif", true},
		{"bi-fetch", "/x.gif", false},
		{"bi-fetch", "/x.gif?y", true},
		{"bi-fetch", "/example/page.html", false},
		{"bi-fetch", "/publications/a", true},
		{"bi-fetch", "/publications/a.gif", true},
		{"FooBot/2.1", "/", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct robots *r = robots_parse(text, sizeof(text) - 1, cases[i].agent);

		if (!robots_rule(r, cases[i].path) != cases[i].allowed)
			fail_msg("%s and %s", cases[i].agent, cases[i].path);
		robots_free(r);
	}
}

/* RFC 9309, 5.2 and 2.2.2. */
static void
rfc_longest_match(void **state)
{
	static const char text[] = "User-Agent: foobot\n"
				   "Allow: /example/page/\n"
				   "Disallow: /example/page/disallowed.gif\n";
	struct robots *r = robots_parse(text, sizeof(text) - 1, "foobot");

	(void)state;
	assert_non_null(robots_rule(r, "/example/page/disallowed.gif"));
	assert_null(robots_rule(r, "/example/page/allowed.gif"));
	robots_free(r);
	assert_true(allows("user-agent: *\ndisallow: /page\nallow: /page\n", "/page"));
	assert_true(allows("user-agent: *\nallow: /page\ndisallow: /page\n", "/page"));
	assert_false(allows("user-agent: *\nallow: /page\ndisallow: /*.htm\n", "/page.htm"));
	assert_true(allows("user-agent: *\nallow: /$\ndisallow: /\n", "/"));
	assert_false(allows("user-agent: *\nallow: /$\ndisallow: /\n", "/a"));
}

/* RFC 9309, 2.2.1: groups of the same agent are one. */
static void
rfc_groups_are_merged(void **state)
{
	static const char text[] = "user-agent: ExampleBot\ndisallow: /foo\ndisallow: /bar\n\n"
				   "user-agent: *\ndisallow: /all\n\n"
				   "user-agent: ExampleBot\ndisallow: /baz\n";
	struct robots *r = robots_parse(text, sizeof(text) - 1, "examplebot");

	(void)state;
	assert_non_null(robots_rule(r, "/foo"));
	assert_non_null(robots_rule(r, "/bar"));
	assert_non_null(robots_rule(r, "/baz"));
	assert_null(robots_rule(r, "/all"));
	robots_free(r);
	assert_false(allows("user-agent: *\ndisallow: /a\nuser-agent: *\ndisallow: /b\n", "/a"));
	assert_false(allows("user-agent: *\ndisallow: /a\nuser-agent: *\ndisallow: /b\n", "/b"));
}

/* RFC 9309, 2.2.2, its table: each path matches each way to write it. */
static void
rfc_encoding(void **state)
{
	static const char *const same[][3] = {
		{"/foo/bar?baz=quz", "/foo/bar?baz=quz", "/foo/bar?baz=quz"},
		{"/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar",
		 "/foo/bar?baz=https%3a%2f%2ffoo.bar"},
		{"/foo/bar/\xe3\x83\x84", "/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84"},
		{"/foo/bar/%62%61%7A", "/foo/bar/baz", "/foo/b%61r/baz"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		for (size_t j = 0; j < 9; j++)
			if (!rule_matches(same[i][j / 3], same[i][j % 3]))
				fail_msg("%s and %s", same[i][j / 3], same[i][j % 3]);
	assert_false(rule_matches("/a%2Fb", "/a/b")); /* reserved */
	assert_false(rule_matches("/a/b", "/a%2Fb"));
	assert_true(rule_matches("/a%2fb", "/a%2Fb"));
	assert_true(rule_matches("/a%", "/a%zz"));
}

/* RFC 9309, 2.2.3. */
static void
rfc_special_characters(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool matches;
	} cases[] = {
		{"/", "/x", true},
		{"/*", "/x", true},
		{"/$", "/", true},
		{"/$", "/x", false},
		{"/this/path/exactly$", "/this/path/exactly", true},
		{"/this/path/exactly$", "/this/path/exactly/", false},
		{"/this/*/exactly", "/this/path/exactly", true},
		{"/this/*/exactly", "/this/exactly", false},
		{"/path/file-with-a-%2A.html", "/path/file-with-a-*.html", true},
		{"/path/file-with-a-%2A.html", "/path/file-with-a-x.html", false},
		{"/path/foo-%24", "/path/foo-$", true},
		{"/path/foo-%24", "/path/foo-", false},
		{"/fish", "/fish.html", true},
		{"/fish", "/Fish.asp", false},
		{"/fish", "/catfish", false},
		{"/fish*", "/fishheads/yummy.html", true},
		{"/fish/", "/fish", false},
		{"/*.php", "/folder/any.php.file.html", true},
		{"/*.php", "/windows.PHP", false},
		{"/*.php$", "/filename.php", true},
		{"/*.php$", "/filename.php?parameters", false},
		{"/*.php$", "/a.php/b.php", true},
		{"/fish*.php", "/fishheads/catfish.php?parameters", true},
		{"/a**b***c$", "/axbxc", true},
		{"/a$b", "/a$bc", true},
		{"/a$b", "/ac", false},
		{"/a*aa$", "/aa", false},
		{"/a*aa$", "/aaa", true},
		{"*", "/", true},
		{"*$", "/anything", true},
		{"$", "/", false},
		{"fish", "/fish", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (rule_matches(cases[i].pattern, cases[i].path) != cases[i].matches)
			fail_msg("%s and %s", cases[i].pattern, cases[i].path);
}

static void
the_group_of_the_agent_counts(void **state)
{
	(void)state;
	assert_false(allows("User-agent: BI-FETCH\nDisallow: /\n", "/x"));
	assert_false(allows("User-agent: bi-fetch/2.0 (x)\nDisallow: /\n", "/x"));
	assert_true(allows("User-agent: bi-fetch-images\nDisallow: /\n", "/x"));
	assert_true(allows("User-agent: bi\nDisallow: /\n", "/x"));
	assert_true(allows("Disallow: /\n", "/x"));
	assert_true(allows("Disallow: /\nUser-agent: *\n", "/x"));
	/* One's own group counts alone, wherever it stands and though nothing is in it. */
	assert_true(allows("User-agent: *\nDisallow: /\n\nUser-agent: bi-fetch\nDisallow:\n", "/x"));
	assert_true(allows("User-agent: bi-fetch\nDisallow:\n\nUser-agent: *\nDisallow: /\n", "/x"));
	assert_false(allows("User-agent: a\nUser-agent: *\nUser-agent: b\nDisallow: /\n", "/x"));
	/* A sitemap or an empty line between does not end the list of agents; a rule does. */
	assert_false(allows("User-agent: *\n\nSitemap: http://x/\nUser-agent: b\nDisallow: /\n", "/x"));
	assert_true(allows("User-agent: *\nAllow: /\nUser-agent: b\nDisallow: /x\n", "/x"));
}

static void
lines_may_have_blanks_and_any_end(void **state)
{
	struct robots *r;

	(void)state;
	assert_false(allows("\xef\xbb\xbfUser-agent: *\r\nDisallow: /x # why\r\n", "/x"));
	assert_false(allows("User-agent: *\rDisallow: /x", "/x"));
	assert_false(allows("  user-AGENT\t:\t*  \n \tDISALLOW :/x\t\n", "/x"));
	assert_true(allows("User-agent: *\n#Disallow: /x\n", "/x"));
	assert_true(allows("User-agent: *\nDisallow: # all\n", "/x"));
	assert_true(allows("<html><body>Disallow: /</body></html>", "/x"));
	assert_true(allows("", "/x"));
	assert_true(allows("\n\n:\n::\n: /\nDisallow\n", "/x"));
	assert_true(allows("User-agent: *\nDisallow: /\n", "/robots.txt"));
	assert_false(allows("User-agent: *\nDisallow: /\n", ""));
	assert_false(allows("User-agent: *\nDisallow: /\n", "?q"));
	assert_true(allows("User-agent: *\nDisallow: /x\n", "/#/x"));
	r = parse("User-agent: *\nDisallow: /priv%61te/\n");
	assert_string_equal(robots_rule(r, "/private/1"), "/private/");
	assert_null(robots_rule(r, "/1"));
	robots_free(r);
}

static double
delay(const char *text)
{
	struct robots *r = parse(text);
	double d = robots_delay(r);

	robots_free(r);
	return d;
}

static void
crawl_delays_are_bounded(void **state)
{
	(void)state;
	assert_true(delay("User-agent: *\nCrawl-delay: 10\n") == 10);
	assert_true(delay("User-agent: *\nDisallow:\ncrawl-DELAY: 0.5\n") == 0.5);
	assert_true(delay("User-agent: *\nCrawl-delay: 1\n\nUser-agent: bi-fetch\nCrawl-delay: 2\n") == 2);
	assert_true(delay("User-agent: *\nCrawl-delay: 86400\n") == ROBOTS_DELAY_MAX);
	assert_true(delay("User-agent: *\nCrawl-delay: 99999999999999999999\n") == ROBOTS_DELAY_MAX);
	assert_true(delay("User-agent: other\nCrawl-delay: 5\n") == 0);
	for (size_t i = 0; i < 6; i++) {
		char text[80];

		snprintf(text, sizeof(text), "User-agent: *\nCrawl-delay: %s\n",
			 ((const char *[]){"-1", "nan", "inf", "0x10", "", "soon"})[i]);
		assert_true(delay(text) == 0);
	}
}

static void
statuses_mean_what_rfc_9309_says(void **state)
{
	static const char text[] = "User-agent: *\nDisallow: /x\n";
	static const struct {
		int status;
		bool x, y;
	} cases[] = {{200, false, true},  {204, false, true},  {301, true, true}, {401, true, true},
		     {403, true, true},   {404, true, true},   {410, true, true}, {429, false, false},
		     {500, false, false}, {503, false, false}, {0, false, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct robots *r = robots_answer(cases[i].status, text, sizeof(text) - 1, AGENT);

		assert_int_equal(!robots_rule(r, "/x"), cases[i].x);
		assert_int_equal(!robots_rule(r, "/y"), cases[i].y);
		assert_null(robots_rule(r, "/robots.txt"));
		robots_free(r);
	}
	assert_int_equal(robots_lifetime(200, -1), 24 * 3600);
	assert_int_equal(robots_lifetime(200, 3600), 3600);
	assert_int_equal(robots_lifetime(404, 1000000), 24 * 3600);
	assert_int_equal(robots_lifetime(200, 0), 60);
	assert_int_equal(robots_lifetime(503, 1000000), ROBOTS_LIFETIME_DOWN);
	assert_int_equal(robots_lifetime(0, -1), ROBOTS_LIFETIME_DOWN);
}

/* What is beyond 500 KiB does not count, nor the line that is cut there: "/" of "/only/this" would forbid all. */
static void
what_is_beyond_the_limit_does_not_count(void **state)
{
	static const char begin[] = "User-agent: *\nDisallow: /first\n", end[] = "\nDisallow: /only/this\n";
	size_t n = ROBOTS_SIZE + 100;
	char *text = malloc(n);
	struct robots *r;

	(void)state;
	assert_non_null(text);
	memset(text, '#', n);
	memcpy(text, begin, sizeof(begin) - 1);
	memcpy(text + ROBOTS_SIZE - 12, end, sizeof(end) - 1);
	r = robots_parse(text, n, AGENT);
	assert_non_null(robots_rule(r, "/first"));
	assert_null(robots_rule(r, "/x"));
	assert_null(robots_rule(r, "/only/this"));
	robots_free(r);
	memcpy(text + ROBOTS_SIZE - sizeof(end) + 1, end, sizeof(end) - 1);
	r = robots_parse(text, n, AGENT);
	assert_non_null(robots_rule(r, "/only/this"));
	robots_free(r);
	free(text);
}

/* Long lines, many rules, NULs and stars: right, and in proportion to their length. */
static void
hostile_patterns_take_linear_time(void **state)
{
	enum { N = 1 << 20, PATH = 8000 };
	char *text = malloc(N), *path = malloc(PATH + 1);
	struct timespec before, after;
	struct robots *r;
	size_t n = 0;

	(void)state;
	assert_true(text && path);
	memset(path, 'a', PATH);
	path[0] = '/';
	path[PATH] = '\0';
	clock_gettime(CLOCK_MONOTONIC, &before);
	memset(text, 'x', N);
	memcpy(text, "User-agent: *\nDisallow: /", 25);
	r = robots_parse(text, N, AGENT);
	assert_null(robots_rule(r, path));
	robots_free(r);
	for (size_t i = 25; i < N; i++)
		text[i] = "*a"[i % 2];
	r = robots_parse(text, 25 + 2 * PATH - 60, AGENT);
	assert_non_null(robots_rule(r, path));
	robots_free(r);
	for (n = 14; n + 14 < ROBOTS_SIZE; n += 14)
		memcpy(text + n, "Disallow:/*ab\n", 14);
	r = robots_parse(text, n, AGENT);
	assert_null(robots_rule(r, path));
	robots_free(r);
	memset(text, 0, N);
	memcpy(text, "\0\0User-agent: *\nUser-agent: *\nDisallow: /a\0b\n", 46);
	r = robots_parse(text, N, AGENT);
	assert_null(robots_rule(r, "/a"));
	assert_non_null(robots_rule(r, "/a%00b"));
	robots_free(r);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec < 20);
	free(text);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_simple_example),
		cmocka_unit_test(rfc_longest_match),
		cmocka_unit_test(rfc_groups_are_merged),
		cmocka_unit_test(rfc_encoding),
		cmocka_unit_test(rfc_special_characters),
		cmocka_unit_test(the_group_of_the_agent_counts),
		cmocka_unit_test(lines_may_have_blanks_and_any_end),
		cmocka_unit_test(crawl_delays_are_bounded),
		cmocka_unit_test(statuses_mean_what_rfc_9309_says),
		cmocka_unit_test(what_is_beyond_the_limit_does_not_count),
		cmocka_unit_test(hostile_patterns_take_linear_time),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
