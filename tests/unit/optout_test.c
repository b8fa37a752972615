/*
 * Which headers and meta elements forbid, for whom, and that everything else forbids nothing.
 */
#include "hosts/optout.h"

#include "testing.h"

struct one {
	const char *name, *value, *rule;
};

static void
headers_hold(const struct one *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *rule = optout_header(list[i].name, list[i].value, OPTOUT_AGENT);

		if (!rule != !list[i].rule || (rule && strcmp(rule, list[i].rule) != 0))
			fail_msg("%s: %s gives %s", list[i].name, list[i].value, rule ? rule : "nothing");
	}
}

#define HEADERS(...)                                                \
	do {                                                        \
		const struct one list[] = {__VA_ARGS__};            \
		headers_hold(list, sizeof(list) / sizeof(list[0])); \
	} while (0)

#define XRT "X-Robots-Tag"

static void
words_forbid(void **state)
{
	(void)state;
	HEADERS({XRT, "noai", "x-robots-tag: noai"}, {XRT, "noimageai", "x-robots-tag: noimageai"},
		{XRT, "noml", "x-robots-tag: noml"}, {XRT, "noindex", "x-robots-tag: noindex"},
		{XRT, "noimageindex", "x-robots-tag: noimageindex"}, {XRT, "none", "x-robots-tag: none"},
		{"x-ROBOTS-tag", " NoAI ", "x-robots-tag: noai"},
		{XRT, "nofollow, noarchive ,\tNOIMAGEAI", "x-robots-tag: noimageai"},
		{XRT, ",,,noai", "x-robots-tag: noai"}, {XRT, "all,noindex,noai", "x-robots-tag: noindex"});
}

static void
other_words_allow(void **state)
{
	(void)state;
	HEADERS({XRT, "", NULL}, {XRT, "all", NULL}, {XRT, "nofollow", NULL}, {XRT, "noaix", NULL},
		{XRT, "xnoai", NULL}, {XRT, "no ai", NULL}, {XRT, "noai noindex", NULL}, {XRT, ":", NULL},
		{XRT, ",", NULL}, {XRT, "max-snippet: -1, max-image-preview:large", NULL}, {"X-Robots", "noai", NULL},
		{"Robots", "noai", NULL}, {"", "noai", NULL}, {"Content-Type", "none", NULL});
}

static void
agents_are_told_apart(void **state)
{
	(void)state;
	HEADERS({XRT, "bi-fetch: noai", "x-robots-tag: noai"}, {XRT, "BI-Fetch : noai", "x-robots-tag: noai"},
		{XRT, "bi-fetch/0.1: noai", "x-robots-tag: noai"}, {XRT, "*: noai", "x-robots-tag: noai"},
		{XRT, "bi-fetch:nofollow,noai", "x-robots-tag: noai"}, {XRT, "googlebot: noai", NULL},
		{XRT, "googlebot: nofollow, noai", NULL}, {XRT, "bi-fetcher: noai", NULL}, {XRT, "bi: noai", NULL},
		{XRT, "googlebot: noindex, bi-fetch: noai", "x-robots-tag: noai"},
		{XRT, "bi-fetch: nofollow, googlebot: noai", NULL},
		{XRT, "noindex, googlebot: noai", "x-robots-tag: noindex"});
}

/* Words with values are no agents, and neither are the pieces of a date. */
static void
values_are_no_agents(void **state)
{
	(void)state;
	HEADERS({XRT, "unavailable_after: 25 Jun 2010 15:00:00 PST, noai", "x-robots-tag: noai"},
		{XRT, "unavailable_after: Wed, 03 Jul 2030 13:09:53 GMT, noai", "x-robots-tag: noai"},
		{XRT, "unavailable_after: Wednesday, 03-Jul-30 13:09:53 GMT", NULL},
		{XRT, "unavailable_after: 2030-07-03T13:09:53Z, noindex", "x-robots-tag: noindex"},
		{XRT, "max-snippet:20, noai", "x-robots-tag: noai"}, {XRT, "googlebot: max-snippet:20, noai", NULL});
}

static void
tdm_forbids(void **state)
{
	(void)state;
	HEADERS({"tdm-reservation", "1", "tdm-reservation: 1"}, {"TDM-Reservation", " 1 ", "tdm-reservation: 1"},
		{"tdm-reservation", "0", NULL}, {"tdm-reservation", "", NULL}, {"tdm-reservation", "11", NULL},
		{"tdm-policy", "https://example.org/policy.json", NULL});
}

static void
meta_forbids(void **state)
{
	static const struct one list[] = {
		{"robots", "index, noimageai", "meta robots: noimageai"},
		{"ROBOTS", "None", "meta robots: none"},
		{"bi-fetch", "noai", "meta bi-fetch: noai"},
		{"tdm-reservation", "1", "meta tdm-reservation: 1"},
		{"tdm-reservation", "0", NULL},
		{"googlebot", "noai", NULL},
		{"*", "noai", NULL},
		{"description", "none", NULL},
		{"", "", NULL},
		{"robots", "index, follow", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		const char *rule = optout_meta(list[i].name, list[i].value, OPTOUT_AGENT);

		if (list[i].rule)
			assert_string_equal(rule ? rule : "nothing", list[i].rule);
		else
			assert_null(rule);
		assert_true(!rule || strlen(rule) < OPTOUT_RULE);
	}
}

/* A megabyte of anything is looked through once. */
static void
long_values_are_read_to_their_end(void **state)
{
	enum { N = 1 << 20 };
	char *value = calloc(1, N + 8);

	(void)state;
	assert_non_null(value);
	for (const char *c = ",: a"; *c; c++) {
		memset(value, *c, N);
		assert_null(optout_header(XRT, value, OPTOUT_AGENT));
	}
	memset(value, ',', N);
	memcpy(value + N, "noai", 5);
	assert_string_equal(optout_header(XRT, value, OPTOUT_AGENT), "x-robots-tag: noai");
	free(value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_forbid),
		cmocka_unit_test(other_words_allow),
		cmocka_unit_test(agents_are_told_apart),
		cmocka_unit_test(values_are_no_agents),
		cmocka_unit_test(tdm_forbids),
		cmocka_unit_test(meta_forbids),
		cmocka_unit_test(long_values_are_read_to_their_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
