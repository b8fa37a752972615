/* Which hosts of a root are held back, and their release. */
#include "host_limiting.h"

#include <errno.h>

#include "hosts/held_hosts.h"

static void
hold_key(const char *name, int64_t ms)
{
	struct host_limit *h = host_limits_enter(a, name, 1, 0);

	assert_non_null(h);
	assert_int_equal(host_limits_hold(h, ms), 0);
	host_limits_leave(h);
}

static void
those_that_are_held_are_found_by_their_keys(void **state)
{
	static const char *const keys[] = {"[::1]:80", "a_b.example:8080", "group", "host.example:443"};
	struct host_limit *paced = host_limits_enter(b, "paced.example:80", 1, 100);
	struct held_hosts all;
	time_t now = time(NULL);

	(void)state;
	assert_int_equal(held_hosts_find(&root, &all), 0);
	assert_int_equal(all.n, 0);
	held_hosts_free(&all);
	for (size_t i = 0; i < 4; i++)
		hold_key(keys[3 - i], 60000);
	hold_key("over.example:80", 1);
	assert_true(get(paced) >= 0); /* it has a file, and is not held back */
	slot_release(paced, 0);
	host_limits_leave(paced);
	pause_ms(5);
	assert_int_equal(held_hosts_find(&root, &all), 0);
	assert_int_equal(all.n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(all.v[i].key, keys[i]);
		assert_in_range(all.v[i].until, now + 30, now + 70);
	}
	held_hosts_free(&all);
}

static void
a_released_host_may_be_asked_and_keeps_its_pace(void **state)
{
	struct host_limit *x = use(a, 8, 0.01), *y = use(b, 8, 0.01);
	struct held_hosts all;

	(void)state;
	assert_true(ask(x) >= 0);
	assert_int_equal(host_limits_hold(x, 3600000), 0);
	assert_int_equal(ask(y), -1);
	assert_int_equal(held_hosts_find(&root, &all), 0);
	assert_int_equal(all.n, 1);
	assert_int_equal(held_hosts_release(&root, &all.v[0]), 1);
	assert_int_equal(held_hosts_release(&root, &all.v[0]), 0);
	held_hosts_free(&all);
	assert_int_equal(host_limits_held(x), 0);
	assert_int_equal(host_limits_held(y), 0);
	assert_int_equal(ask(y), -1); /* one start in 100 seconds, as before */
	host_limits_leave(x);
	host_limits_leave(y);
}

static void
files_without_a_key_and_rubbish_are_read(void **state)
{
	struct held_hosts all;
	char text[128];
	long long until = ((long long)time(NULL) + 3000) * 1000000;

	(void)state;
	testing_write("hosts/rubbish", "what is this", 12);
	testing_write("hosts/empty", "", 0);
	snprintf(text, sizeof(text), "%-20lld %-20d %-20d\n", until, 0, 0);
	testing_write("hosts/old.example_443", text, strlen(text));
	testing_write("hosts/pictures", text, strlen(text));
	snprintf(text, sizeof(text), "%-20lld %-20d %-20d x.example:80", until, 0, 0); /* no newline */
	testing_write("hosts/x.example_80", text, strlen(text));
	/* A clock that was wrong. */
	snprintf(text, sizeof(text), "%-20lld %-20d %-20d far.example:80\n", until + 86400LL * 1000000, 0, 0);
	testing_write("hosts/far.example_80", text, strlen(text));
	assert_int_equal(held_hosts_find(&root, &all), 0);
	assert_int_equal(all.n, 3);
	assert_string_equal(all.v[0].key, "old.example:443");
	assert_string_equal(all.v[1].key, "pictures");
	assert_string_equal(all.v[2].key, "x.example:80");
	assert_int_equal(held_hosts_release(&root, &all.v[0]), 1);
	held_hosts_free(&all);
	assert_int_equal(held_hosts_find(&root, &all), 0);
	assert_int_equal(all.n, 2);
	held_hosts_free(&all);
}

static void
what_cannot_be_read_is_an_error_and_the_rest_is_known(void **state)
{
	struct held_hosts all;

	(void)state;
	hold_key("good.example:80", 60000);
	assert_int_equal(symlinkat("nowhere", root.fd, "hosts/link"), 0);
	assert_int_equal(held_hosts_find(&root, &all), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(all.n, 1);
	held_hosts_free(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(those_that_are_held_are_found_by_their_keys, enter, leave),
		cmocka_unit_test_setup_teardown(a_released_host_may_be_asked_and_keeps_its_pace, enter, leave),
		cmocka_unit_test_setup_teardown(files_without_a_key_and_rubbish_are_read, enter, leave),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_an_error_and_the_rest_is_known, enter, leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("held_hosts", tests, NULL, NULL);
}
