#include "testing.h"

#include <sys/resource.h>

#include "multi.h"

enum { PARALLEL = 4, KEPT = PARALLEL + 16, CONNECTIONS = 512 + 4 * KEPT, TRANSFERS = 300 };

/* That of the run, which is not needed. */
void
run_fail(struct run *run, const char *doing)
{
	(void)run;
	fail_msg("%s", doing);
}

/* Sets the number of files that may be open, the soft limit. False if the hard one is lower. */
static bool
limit_files(rlim_t n)
{
	struct rlimit l;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &l), 0);
	if (l.rlim_max < n)
		return false;
	l.rlim_cur = n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &l), 0);
	return true;
}

/* Transfers that do not end, each of which is followed by so many connections of others that the next one may get a new
 * handle. Returns the number of handles. */
static size_t
count_handles(void)
{
	static CURL *easy[TRANSFERS];
	static struct multi *handles[TRANSFERS];
	struct settings set = {.parallel = PARALLEL};
	struct run run = {.set = &set, .loop = loop_new()};
	struct multis *all = multis_open(&run);
	size_t n = 0;

	for (size_t i = 0; i < TRANSFERS; i++) {
		easy[i] = curl_easy_init();
		assert_non_null(easy[i]);
		handles[i] = multis_start(all, easy[i]);
		n += i == 0 || handles[i] != handles[i - 1];
		for (int k = 0; k < CONNECTIONS; k++)
			multi_count_connection(handles[i]);
	}
	for (size_t i = 0; i < TRANSFERS; i++) {
		multi_stop(handles[i], easy[i]);
		curl_easy_cleanup(easy[i]);
	}
	multis_close(all);
	loop_free(run.loop);
	return n;
}

static void
old_handles_keep_at_most_a_quarter_of_the_descriptors(void **state)
{
	static const rlim_t limits[] = {64, 256, 1024, 2000};

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		size_t old;

		if (!limit_files(limits[i]))
			break;
		old = count_handles() - 1;
		assert_true(old * KEPT <= limits[i] / 4);
		assert_true((old + 1) * KEPT >= limits[i] / 4); /* they make use of it */
	}
}

static void
old_handles_keep_at_most_4096(void **state)
{
	size_t old;

	(void)state;
	if (!limit_files(18000))
		skip("more files may not be open");
	old = count_handles() - 1;
	assert_true(old * KEPT <= 4096 && (old + 1) * KEPT >= 4096);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_handles_keep_at_most_a_quarter_of_the_descriptors),
		cmocka_unit_test(old_handles_keep_at_most_4096),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("multi", tests, NULL, NULL);
}
