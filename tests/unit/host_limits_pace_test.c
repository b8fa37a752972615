/* Pace, bytes and hold-backs: what is kept in hosts/KEY. */
#include "host_limiting.h"

static const char file[] = "hosts/host.example_80";

struct starts {
	atomic_int count;
	struct {
		int64_t before, after; /* the start was between these moments */
	} at[1000];
	int want;
	double rate;
};

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
start_often(struct host_limits *g, int me, void *arg)
{
	struct starts *s = arg;
	struct host_limit *h = host_limits_enter(g, key, 8, me == 0 ? s->rate : s->rate * 2);
	int64_t until = clock_ms() + SOON_MS, wait;

	while (h && atomic_load(&s->count) < s->want && clock_ms() < until) {
		int64_t before = now_us();
		int slot = slot_acquire(h, &wait);

		if (slot == -2)
			_exit(1);
		if (slot < 0) {
			pause_ms(wait);
			continue;
		}
		int i = atomic_fetch_add(&s->count, 1);

		s->at[i].before = before;
		s->at[i].after = now_us();
		slot_release(h, slot);
	}
	host_limits_leave(h);
}

/* The most starts that were in one second for sure. */
static int
most_in_a_second(const struct starts *s, int n)
{
	int most = 0;

	for (int i = 0; i < n; i++) {
		int within = 0;

		for (int j = 0; j < n; j++)
			within += s->at[j].before >= s->at[i].before && s->at[j].after < s->at[i].before + 1000000;
		if (within > most)
			most = within;
	}
	return most;
}

static void
check_pace(double rate, int want)
{
	struct starts *s = shared(sizeof(*s));
	struct host_limit *x = use(a, 8, rate); /* the pace that counts, until the last of them has gone */
	int64_t begun = now_us(), took;
	int n;

	s->rate = rate;
	s->want = want;
	run_all(start_often, s);
	took = now_us() - begun;
	n = atomic_load(&s->count);
	assert_true(n >= want);
	assert_true(most_in_a_second(s, n) <= (int)rate);
	assert_true(took > (int64_t)((want - rate) / rate * 1e6));
	host_limits_leave(x);
	munmap(s, sizeof(*s));
}

static void
no_second_sees_more_starts_than_the_pace(void **state)
{
	(void)state;
	check_pace(5, 8);
	check_pace(40, 70);
	check_pace(300, 450);
}

static void
the_slowest_pace_of_the_living_counts(void **state)
{
	struct host_limit *x = use(a, 9, 0), *y;
	int64_t wait;

	(void)state;
	assert_int_equal(slot_acquire(x, &wait), 0);
	assert_int_equal(slot_acquire(x, &wait), 1);
	y = use(b, 9, 0.01);
	assert_int_equal(slot_acquire(x, &wait), 2);
	assert_int_equal(slot_acquire(x, &wait), -1);
	assert_in_range(wait, 60000, 110000);
	assert_int_equal(slot_acquire(y, &wait), -1);
	host_limits_leave(y);
	assert_int_equal(slot_acquire(x, &wait), 3);
	host_limits_leave(x);
	/* A slower pace that has gone holds up nobody that has one. */
	x = use(a, 9, 10);
	assert_int_equal(slot_acquire(x, &wait), -1);
	assert_in_range(wait, 1, 110);
	host_limits_leave(x);
}

/* --- bytes --- */

static void
bytes_are_counted_together(void **state)
{
	struct host_limit *x = use(a, 2, 0), *y = use(b, 2, 0);

	(void)state;
	assert_int_equal(host_limits_spend(x, 0, 1000000), 0);
	assert_int_equal(host_limits_spend(x, 1000, 0), 0);
	assert_in_range(host_limits_spend(x, 50000000, 1000000), 40000, 50000);
	assert_in_range(host_limits_spend(y, 50000000, 1000000), 80000, 100000);
	assert_in_range(host_limits_spend(y, UINT64_MAX, 1), 3590000, 3600000);
	assert_int_equal(host_limits_held(x), 0);
	assert_int_equal(ask(x), 0); /* they hold up no start */
	host_limits_leave(x);
	host_limits_leave(y);
}

/* --- holding back --- */

static void
a_hold_is_for_all_and_ends(void **state)
{
	struct host_limit *x = use(a, 2, 0), *y = use(b, 2, 0);
	int64_t wait, begun;

	(void)state;
	assert_int_equal(ask(y), 0);
	begun = clock_ms();
	assert_int_equal(host_limits_hold(x, 300), 0);
	assert_int_equal(slot_acquire(y, &wait), -1);
	assert_in_range(wait, 1, 300);
	assert_in_range(host_limits_held(y), 1, 300);
	assert_int_equal(host_limits_hold(y, 50), 0); /* the one that lasts longer stands */
	assert_int_equal(host_limits_hold(y, 0), 0);
	assert_int_equal(host_limits_hold(y, -5), 0);
	assert_true(get(y) >= 0);
	assert_true(clock_ms() - begun >= 290);
	assert_int_equal(host_limits_held(x), 0);
	assert_int_equal(host_limits_hold(x, INT64_MAX), 0);
	assert_in_range(host_limits_held(y), 23 * 3600 * 1000, 24 * 3600 * 1000);
	host_limits_leave(x);
	host_limits_leave(y);
}

static void
hold_and_die(struct host_limits *g, int me, void *arg)
{
	struct host_limit *h = host_limits_enter(g, key, 2, 1);

	(void)me;
	(void)arg;
	if (!h || get(h) < 0 || host_limits_hold(h, 60000) < 0)
		_exit(1);
	raise(SIGKILL);
}

static void
a_hold_outlives_its_process(void **state)
{
	struct host_limit *x = use(a, 2, 0);
	pid_t pid = start(hold_and_die, 0, NULL);
	int status;

	(void)state;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_in_range(host_limits_held(x), 30000, 60000);
	assert_int_equal(ask(x), -1);
	host_limits_leave(x);
}

/* --- what is wrong with the file --- */

static void
wrong_clocks_hold_up_nobody(void **state)
{
	struct host_limit *x = use(a, 9, 5);
	int64_t now = (int64_t)time(NULL) * 1000000, year = INT64_C(365) * 24 * 3600 * 1000000, wait;
	char text[128];

	(void)state;
	snprintf(text, sizeof(text), "%lld %lld %lld\n", (long long)(now + year), (long long)(now + year),
		 (long long)(now + year));
	testing_write(file, text, strlen(text));
	assert_int_equal(host_limits_held(x), 0);
	assert_in_range(host_limits_spend(x, 1000, 1000000), 1, 1);
	testing_write(file, text, strlen(text));
	/* One start's time, no more. */
	assert_int_equal(slot_acquire(x, &wait), -1);
	assert_in_range(wait, 1, 220);
	assert_true(get(x) >= 0);
	/* A clock that was behind. */
	snprintf(text, sizeof(text), "%lld %lld %lld\n", (long long)(now - year), (long long)(now - year),
		 (long long)(now - year));
	testing_write(file, text, strlen(text));
	assert_int_equal(host_limits_held(x), 0);
	assert_in_range(host_limits_spend(x, 1000, 1000000), 1, 1);
	assert_true(ask(x) >= 0);
	host_limits_leave(x);
}

static void
rubbish_is_nothing(void **state)
{
	static const char *const rubbish[] = {"",
					      "\n",
					      "rubbish",
					      "1",
					      "1 2",
					      "1 x 3",
					      "-1 -1 -1",
					      "99999999999999999999999999 9999999999999999999999999 9",
					      "nan inf 0x7fffffffffff"};
	struct host_limit *x = use(a, HOST_LIMITS_SLOTS_MAX, 1000);
	static char much[100000];

	(void)state;
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(*rubbish); i++) {
		testing_write(file, rubbish[i], strlen(rubbish[i]));
		assert_int_equal(host_limits_held(x), 0);
		assert_true(get(x) >= 0);
		testing_write(file, rubbish[i], strlen(rubbish[i]));
		assert_int_equal(host_limits_hold(x, 60000), 0);
		assert_in_range(host_limits_held(x), 30000, 60000);
	}
	memset(much, '7', sizeof(much));
	testing_write(file, much, sizeof(much));
	assert_int_equal(host_limits_held(x), 0);
	assert_true(get(x) >= 0);
	host_limits_leave(x);
}

static void
what_is_no_file_is_an_error(void **state)
{
	struct host_limit *x = use(a, 2, 5);
	int64_t wait;

	(void)state;
	testing_write("precious", "keep this", 9);
	assert_int_equal(symlink("../precious", file), 0);
	for (int i = 0; i < 3; i++) { /* and no slot is lost */
		assert_int_equal(slot_acquire(x, &wait), -2);
		assert_int_equal(errno, ELOOP);
	}
	assert_int_equal(host_limits_hold(x, 1000), -1);
	assert_int_equal(host_limits_spend(x, 1000, 1000), -1);
	assert_int_equal(host_limits_held(x), -1);
	assert_int_equal(errno, ELOOP);
	testing_assert_file("precious", "keep this");
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkfifo(file, 0666), 0);
	assert_int_equal(slot_acquire(x, &wait), -2);
	assert_int_equal(host_limits_hold(x, 1000), -1);
	assert_int_equal(host_limits_held(x), -1);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkdir(file, 0777), 0);
	assert_int_equal(slot_acquire(x, &wait), -2);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(host_limits_held(x), -1); /* it can be opened, and not be read */
	assert_int_equal(errno, EISDIR);
	assert_int_equal(rmdir(file), 0);
	assert_int_equal(host_limits_held(x), 0);
	assert_int_equal(slot_acquire(x, &wait), 0);
	host_limits_leave(x);
}

/* Somebody was stopped, or plays with flock(1), just where the file is locked: nothing waits for ever. */
static void
a_file_that_stays_locked_blocks_nobody(void **state)
{
	struct host_limit *x = use(a, 2, 5);
	int64_t wait, begun = clock_ms();
	int fd;

	(void)state;
	testing_write(file, "0 0 0\n", 6);
	fd = open(file, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(ask(x), -1);
	assert_true(host_limits_spend(x, 25000000, 1000000) >= 1);
	assert_int_equal(host_limits_hold(x, 1000), -1);
	assert_int_equal(errno, EAGAIN);
	assert_true(clock_ms() - begun < SOON_MS);
	close(fd);
	/* What was spent then is not forgotten. */
	assert_in_range(host_limits_spend(x, 25000000, 1000000), 45000, 50000);
	assert_int_equal(slot_acquire(x, &wait), 0);
	host_limits_leave(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_second_sees_more_starts_than_the_pace, enter, leave),
		cmocka_unit_test_setup_teardown(the_slowest_pace_of_the_living_counts, enter, leave),
		cmocka_unit_test_setup_teardown(bytes_are_counted_together, enter, leave),
		cmocka_unit_test_setup_teardown(a_hold_is_for_all_and_ends, enter, leave),
		cmocka_unit_test_setup_teardown(a_hold_outlives_its_process, enter, leave),
		cmocka_unit_test_setup_teardown(wrong_clocks_hold_up_nobody, enter, leave),
		cmocka_unit_test_setup_teardown(rubbish_is_nothing, enter, leave),
		cmocka_unit_test_setup_teardown(what_is_no_file_is_an_error, enter, leave),
		cmocka_unit_test_setup_teardown(a_file_that_stays_locked_blocks_nobody, enter, leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("host_limits_pace", tests, NULL, NULL);
}
