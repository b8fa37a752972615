/* Slots. */
#include "host_limiting.h"

static void
each_slot_is_held_once(void **state)
{
	struct host_limit *x = use(a, 3, 0), *y = use(b, 3, 0);
	int one = ask(x), two = ask(y), three = ask(x);

	(void)state;
	assert_true(one >= 0 && one < 3 && two >= 0 && two < 3 && three >= 0 && three < 3);
	assert_true(one != two && two != three && one != three);
	assert_int_equal(ask(x), -1);
	assert_int_equal(ask(y), -1);
	slot_release(y, two);
	assert_int_equal(get(x), two);
	host_limits_leave(x);
	assert_true(ask(y) >= 0 || get(y) >= 0);
	host_limits_leave(y);
}

static void
hosts_are_each_for_itself(void **state)
{
	static const char *const keys[] = {"a:80", "a_80", "A:80",           "slots", "..", "../escaped", "a/b",
					   "",     ":",    "group-of-hosts", "a:81",  ".a", "a b",        "\n\xff"};
	enum { KEYS = sizeof(keys) / sizeof(*keys) };
	struct host_limit *h[KEYS + 2];
	char longs[2][300];
	int64_t wait;

	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		h[i] = host_limits_enter(a, keys[i], 1, 0);
	for (size_t i = 0; i < 2; i++) {
		memset(longs[i], 'a', sizeof(longs[i]));
		snprintf(longs[i] + 290, 10, "%zu", i);
		h[KEYS + i] = host_limits_enter(a, longs[i], 1, 0);
	}
	for (size_t i = 0; i < KEYS + 2; i++) {
		assert_non_null(h[i]);
		assert_int_equal(host_limits_held(h[i]), 0);
		assert_int_equal(slot_acquire(h[i], &wait), 0);
		assert_int_equal(host_limits_hold(h[i], 60000), 0);
		assert_in_range(host_limits_held(h[i]), 1, 60000);
	}
	for (size_t i = 0; i < KEYS + 2; i++)
		host_limits_leave(h[i]);
	assert_int_equal(access("escaped", F_OK), -1);
	assert_int_equal(access("hosts/a_80", F_OK), 0);
}

static void
the_lowest_cap_of_the_living_counts(void **state)
{
	struct host_limit *x = use(a, 4, 0), *y = use(b, 2, 0);

	(void)state;
	assert_int_equal(ask(x), 0);
	assert_int_equal(ask(x), 1);
	assert_int_equal(ask(x), -1);
	assert_int_equal(ask(y), -1);
	host_limits_leave(y);
	assert_int_equal(ask(x), 2);
	assert_int_equal(ask(x), 3);
	assert_int_equal(ask(x), -1);
	host_limits_leave(x);
}

static void
slots_above_a_lowered_cap_count(void **state)
{
	struct host_limit *x = use(a, 4, 0), *y;
	int64_t wait;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(ask(x), i);
	y = use(b, 2, 0);
	slot_release(x, 0);
	slot_release(x, 1);
	for (int i = 0; i < 5; i++)
		assert_int_equal(slot_acquire(y, &wait), -1);
	slot_release(x, 3);
	assert_true(get(y) >= 0);
	assert_int_equal(ask(y), -1);
	slot_release(x, 2);
	assert_true(get(y) >= 0);
	assert_int_equal(ask(y), -1);
	host_limits_leave(y);
	for (int i = 0; i < 4; i++)
		assert_true(get(x) >= 0);
	assert_int_equal(ask(x), -1);
	host_limits_leave(x);
}

/* Holds one slot with a cap of 1 until it is killed. */
static void
hold_a_slot(struct host_limits *g, int me, void *arg)
{
	struct host_limit *h = host_limits_enter(g, key, 1, 0.5);

	(void)me;
	if (!h || get(h) < 0)
		_exit(1);
	atomic_store((atomic_int *)arg, 1);
	for (;;)
		pause();
}

static void
the_killed_hold_nothing(void **state)
{
	atomic_int *ready = shared(sizeof(*ready));
	struct host_limit *x = use(a, 3, 0);
	int64_t until = clock_ms() + SOON_MS, wait;
	pid_t pid = start(hold_a_slot, 0, ready);

	(void)state;
	while (!atomic_load(ready) && clock_ms() < until)
		pause_ms(1);
	assert_int_equal(atomic_load(ready), 1);
	assert_int_equal(ask(x), -1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* Its slot, its cap and its pace are gone at once. */
	for (int i = 0; i < 3; i++)
		assert_true(slot_acquire(x, &wait) >= 0);
	assert_int_equal(ask(x), -1);
	host_limits_leave(x);
	munmap(ready, sizeof(*ready));
}

struct crowd {
	atomic_int now, most, total;
	unsigned cap;
};

static void
crowd_in(struct host_limits *g, int me, void *arg)
{
	struct crowd *c = arg;
	/* One of them was told a lower cap; with it alone is each of them safe. */
	struct host_limit *h = host_limits_enter(g, key, me == 0 ? c->cap : c->cap + (unsigned)me, 0);

	for (int i = 0; h && i < 40; i++) {
		int slot = get(h), now, most;

		if (slot < 0)
			_exit(1);
		now = atomic_fetch_add(&c->now, 1) + 1;
		most = atomic_load(&c->most);
		while (now > most && !atomic_compare_exchange_weak(&c->most, &most, now))
			;
		pause_ms(1);
		atomic_fetch_add(&c->total, 1);
		atomic_fetch_sub(&c->now, 1);
		slot_release(h, slot);
	}
	/* The first stays until all are done: its cap counts as long as it lives. */
	for (int64_t until = clock_ms() + SOON_MS; me == 0 && atomic_load(&c->total) < 40 * PROCESSES;)
		if (clock_ms() < until)
			pause_ms(1);
		else
			_exit(2);
	host_limits_leave(h);
}

static void
many_processes_never_hold_more_than_the_cap(void **state)
{
	struct crowd *c = shared(sizeof(*c));
	struct host_limit *x;

	(void)state;
	c->cap = 2;
	x = use(a, c->cap, 0); /* from before they start */
	run_all(crowd_in, c);
	assert_int_equal(atomic_load(&c->total), 40 * PROCESSES);
	assert_int_equal(atomic_load(&c->most), 2);
	host_limits_leave(x);
	munmap(c, sizeof(*c));
}

/* --- fairness --- */

static void
who_waits_comes_first(void **state)
{
	struct host_limit *x = use(a, 1, 0), *y = use(b, 1, 0);

	(void)state;
	assert_int_equal(ask(x), 0);
	assert_false(slot_contended(x));
	assert_int_equal(ask(y), -1);
	assert_true(slot_contended(x));
	assert_false(slot_contended(y)); /* not by another */
	slot_release(x, 0);
	assert_int_equal(ask(x), -1); /* it stands back */
	assert_int_equal(ask(y), 0);
	assert_false(slot_contended(x));
	slot_release(y, 0);
	assert_int_equal(get(x), 0);
	slot_release(x, 0);
	assert_int_equal(ask(x), 0); /* nobody waits */
	slot_release(x, 0);
	host_limits_leave(x);
	host_limits_leave(y);
}

/* Who waits and does not come for it holds up nobody for long, and the dead wait for nothing. */
static void
standing_back_ends(void **state)
{
	struct host_limit *x = use(a, 1, 0), *y = use(b, 1, 0);
	int64_t begun;

	(void)state;
	assert_int_equal(ask(x), 0);
	assert_int_equal(ask(y), -1);
	slot_release(x, 0);
	begun = clock_ms();
	assert_int_equal(get(x), 0);
	assert_in_range(clock_ms() - begun, 10, SOON_MS / 2);
	assert_true(slot_contended(x));
	host_limits_leave(y);
	assert_false(slot_contended(x));
	host_limits_leave(x);
}

struct shares {
	atomic_int ready, total, of[PROCESSES];
};

/* Takes slots as fast as it can, with a host whose only slot all want. */
static void
grab(struct host_limits *g, int me, void *arg)
{
	struct shares *s = arg;
	struct host_limit *h = host_limits_enter(g, key, 1, 0);

	atomic_fetch_add(&s->ready, 1);
	for (int64_t until = clock_ms() + SOON_MS; atomic_load(&s->ready) < PROCESSES && clock_ms() < until;)
		pause_ms(1);
	while (h && atomic_load(&s->total) < 80) {
		int slot = get(h);

		if (slot < 0)
			_exit(1);
		pause_ms(2);
		atomic_fetch_add(&s->total, 1);
		atomic_fetch_add(&s->of[me], 1);
		slot_release(h, slot);
	}
	host_limits_leave(h);
}

static void
none_is_left_out(void **state)
{
	struct shares *s = shared(sizeof(*s));

	(void)state;
	run_all(grab, s);
	for (int i = 0; i < PROCESSES; i++)
		assert_in_range(atomic_load(&s->of[i]), 4, 60);
	munmap(s, sizeof(*s));
}

/* Of those that wait, one looks often; the others may take what they find. */
static void
the_first_in_line_looks_most_often(void **state)
{
	struct host_limits *c = host_limits_open(&root), *d = host_limits_open(&root);
	struct host_limit *x = use(a, 1, 0), *first = use(b, 1, 0), *second = use(c, 1, 0), *third = use(d, 1, 0);
	int64_t often = 0, seldom = 0, wait = 0;

	(void)state;
	assert_int_equal(get(x), 0);
	assert_int_equal(slot_acquire(first, &often), -1);
	assert_int_equal(slot_acquire(second, &seldom), -1);
	assert_true(often < seldom);
	assert_int_equal(slot_acquire(first, &wait), -1);
	assert_int_equal(wait, often);
	host_limits_leave(first); /* as if it had died: the next that looks is the first */
	assert_int_equal(slot_acquire(second, &wait), -1);
	assert_int_equal(wait, often);
	assert_int_equal(slot_acquire(third, &wait), -1);
	assert_int_equal(wait, seldom);
	slot_release(x, 0);
	assert_int_equal(slot_acquire(third, &wait), 0); /* whether the first looks or not */
	slot_release(third, 0);
	assert_true(slot_contended(x));
	slot_stop_waiting(second);
	assert_false(slot_contended(x));
	assert_int_equal(get(x), 0);
	slot_release(x, 0);
	host_limits_leave(third);
	host_limits_leave(second);
	host_limits_leave(x);
	host_limits_close(d);
	host_limits_close(c);
}

/* Whatever lies between the slots of others. */
static void
slots_between_those_of_others_are_found(void **state)
{
	enum { CAP = 40 };
	struct host_limits *c = host_limits_open(&root);
	struct host_limit *x = use(a, CAP, 0), *y = use(b, CAP, 0), *z = use(c, CAP, 0);

	(void)state;
	for (int i = 0; i < CAP; i++)
		assert_int_equal(ask(i % 3 ? x : y), i);
	assert_int_equal(ask(z), -1);
	slot_release(x, 5);
	slot_release(y, 18);
	slot_release(x, 38);
	slot_stop_waiting(z);
	assert_int_equal(ask(z), 5);
	assert_int_equal(ask(z), 18);
	assert_int_equal(ask(z), 38);
	assert_int_equal(ask(z), -1);
	host_limits_leave(x); /* as if it had died */
	for (int i = 0; i < CAP; i++)
		if (i % 3 && i != 5 && i != 38)
			assert_int_equal(get(z), i);
	host_limits_leave(y);
	host_limits_leave(z);
	host_limits_close(c);
}

/* How long slot_retake() does not look again, and some more. */
enum { BELIEVED_MS = 60 };

/* A slot that is asked for again stays held, unless somebody waits, or has a lower cap. */
static void
a_slot_goes_on_to_the_next(void **state)
{
	struct host_limit *x = use(a, 2, 0), *y = use(b, 2, 0), *z;
	int64_t wait = 0;
	int slot = get(x);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(slot_retake(x, slot, &wait), slot);
	assert_int_not_equal(get(y), slot);
	assert_int_equal(ask(y), -1); /* both are held: it waits, and comes first */
	pause_ms(BELIEVED_MS);
	assert_int_equal(slot_retake(x, slot, &wait), -1);
	assert_true(wait >= 1);
	assert_int_equal(get(y), slot);
	slot_release(y, 0);
	slot_release(y, 1);
	host_limits_leave(y);
	slot = get(x);
	assert_int_equal(host_limits_hold(x, 60000), 0);
	assert_int_equal(slot_retake(x, slot, &wait), -1);
	assert_in_range(wait, 1, 60000);
	assert_int_equal(unlink("hosts/host.example_80"), 0);
	assert_int_equal(get(x), 0);
	assert_int_equal(get(x), 1);
	z = use(b, 1, 0);
	pause_ms(BELIEVED_MS);
	assert_int_equal(slot_retake(x, 1, &wait), -1); /* the other one is all that may be held by now */
	assert_int_equal(slot_retake(x, 0, &wait), 0);
	host_limits_leave(z);
	slot_release(x, 0);
	host_limits_leave(x);
}

static void
a_slot_is_given_back_where_the_pace_cannot_be_read(void **state)
{
	struct host_limit *x = use(a, 1, 0), *y = use(b, 1, 0);
	int slot = get(x);
	int64_t wait;

	(void)state;
	assert_int_equal(mkdir("hosts/host.example_80", 0777), 0);
	assert_int_equal(slot_retake(x, slot, &wait), -2);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(rmdir("hosts/host.example_80"), 0);
	assert_int_equal(get(y), slot);
	slot_release(y, slot);
	host_limits_leave(x);
	host_limits_leave(y);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_slot_is_held_once, enter, leave),
		cmocka_unit_test_setup_teardown(hosts_are_each_for_itself, enter, leave),
		cmocka_unit_test_setup_teardown(the_lowest_cap_of_the_living_counts, enter, leave),
		cmocka_unit_test_setup_teardown(slots_above_a_lowered_cap_count, enter, leave),
		cmocka_unit_test_setup_teardown(the_killed_hold_nothing, enter, leave),
		cmocka_unit_test_setup_teardown(many_processes_never_hold_more_than_the_cap, enter, leave),
		cmocka_unit_test_setup_teardown(who_waits_comes_first, enter, leave),
		cmocka_unit_test_setup_teardown(standing_back_ends, enter, leave),
		cmocka_unit_test_setup_teardown(none_is_left_out, enter, leave),
		cmocka_unit_test_setup_teardown(the_first_in_line_looks_most_often, enter, leave),
		cmocka_unit_test_setup_teardown(slots_between_those_of_others_are_found, enter, leave),
		cmocka_unit_test_setup_teardown(a_slot_goes_on_to_the_next, enter, leave),
		cmocka_unit_test_setup_teardown(a_slot_is_given_back_where_the_pace_cannot_be_read, enter, leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("host_limits", tests, NULL, NULL);
}
