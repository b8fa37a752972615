/*
 * Most of it with two governors in one process, which are to each other as two processes are: the locks are those of
 * an open file. What is about death, and about many at once, is with processes.
 */
#include "testing.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>

#include "clock.h"
#include "governor.h"

enum { PROCESSES = 4, SOON_MS = 20000 };

static const char key[] = "host.example:80";
static const char file[] = "hosts/host.example_80";

static struct root root;
static struct governor *a, *b;

static int
enter(void **state)
{
	if (testing_enter(state) < 0)
		return -1;
	root_open(&root, ".", true);
	a = governor_open(&root);
	b = governor_open(&root);
	return a && b ? 0 : -1;
}

static int
leave(void **state)
{
	governor_close(a);
	governor_close(b);
	close(root.fd);
	free(root.path);
	return testing_leave(state);
}

static void
pause_ms(int64_t ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* Asks until there is a slot. */
static int
get(struct governed *h)
{
	int64_t until = clock_ms() + SOON_MS, wait;
	int slot;

	while ((slot = governor_ask(h, &wait)) == -1 && clock_ms() < until)
		pause_ms(wait);
	return slot;
}

static int
ask(struct governed *h)
{
	int64_t wait = -7;
	int slot = governor_ask(h, &wait);

	assert_true(slot >= 0 || slot == -2 || wait >= 1);
	return slot;
}

static struct governed *
use(struct governor *g, unsigned slots, double starts)
{
	struct governed *h = governor_enter(g, key, slots, starts);

	assert_non_null(h);
	return h;
}

/* --- processes --- */

/* Memory that children share with us. */
static void *
shared(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

static pid_t
start(void (*f)(struct governor *g, int me, void *arg), int me, void *arg)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct governor *g = governor_open(&root);

		if (!g)
			_exit(9);
		f(g, me, arg);
		governor_close(g);
		_exit(0);
	}
	return pid;
}

static void
run_all(void (*f)(struct governor *g, int me, void *arg), void *arg)
{
	pid_t pids[PROCESSES];
	int status;

	for (int i = 0; i < PROCESSES; i++)
		pids[i] = start(f, i, arg);
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
}

/* --- slots --- */

static void
each_slot_is_held_once(void **state)
{
	struct governed *x = use(a, 3, 0), *y = use(b, 3, 0);
	int one = ask(x), two = ask(y), three = ask(x);

	(void)state;
	assert_true(one >= 0 && one < 3 && two >= 0 && two < 3 && three >= 0 && three < 3);
	assert_true(one != two && two != three && one != three);
	assert_int_equal(ask(x), -1);
	assert_int_equal(ask(y), -1);
	governor_done(y, two);
	assert_int_equal(get(x), two);
	governor_leave(x);
	assert_true(ask(y) >= 0 || get(y) >= 0);
	governor_leave(y);
}

static void
hosts_are_each_for_itself(void **state)
{
	static const char *const keys[] = {"a:80", "a_80", "A:80",           "slots", "..", "../escaped", "a/b",
					   "",     ":",    "group-of-hosts", "a:81",  ".a", "a b",        "\n\xff"};
	enum { KEYS = sizeof(keys) / sizeof(*keys) };
	struct governed *h[KEYS + 2];
	char longs[2][300];
	int64_t wait;

	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		h[i] = governor_enter(a, keys[i], 1, 0);
	for (size_t i = 0; i < 2; i++) {
		memset(longs[i], 'a', sizeof(longs[i]));
		snprintf(longs[i] + 290, 10, "%zu", i);
		h[KEYS + i] = governor_enter(a, longs[i], 1, 0);
	}
	for (size_t i = 0; i < KEYS + 2; i++) {
		assert_non_null(h[i]);
		assert_int_equal(governor_held(h[i]), 0);
		assert_int_equal(governor_ask(h[i], &wait), 0);
		assert_int_equal(governor_hold(h[i], 60000), 0);
		assert_in_range(governor_held(h[i]), 1, 60000);
	}
	for (size_t i = 0; i < KEYS + 2; i++)
		governor_leave(h[i]);
	assert_int_equal(access("escaped", F_OK), -1);
	assert_int_equal(access("hosts/a_80", F_OK), 0);
}

static void
the_lowest_cap_of_the_living_counts(void **state)
{
	struct governed *x = use(a, 4, 0), *y = use(b, 2, 0);

	(void)state;
	assert_int_equal(ask(x), 0);
	assert_int_equal(ask(x), 1);
	assert_int_equal(ask(x), -1);
	assert_int_equal(ask(y), -1);
	governor_leave(y);
	assert_int_equal(ask(x), 2);
	assert_int_equal(ask(x), 3);
	assert_int_equal(ask(x), -1);
	governor_leave(x);
}

static void
slots_above_a_lowered_cap_count(void **state)
{
	struct governed *x = use(a, 4, 0), *y;
	int64_t wait;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(ask(x), i);
	y = use(b, 2, 0);
	governor_done(x, 0);
	governor_done(x, 1);
	for (int i = 0; i < 5; i++)
		assert_int_equal(governor_ask(y, &wait), -1);
	governor_done(x, 3);
	assert_true(get(y) >= 0);
	assert_int_equal(ask(y), -1);
	governor_done(x, 2);
	assert_true(get(y) >= 0);
	assert_int_equal(ask(y), -1);
	governor_leave(y);
	for (int i = 0; i < 4; i++)
		assert_true(get(x) >= 0);
	assert_int_equal(ask(x), -1);
	governor_leave(x);
}

/* Holds one slot with a cap of 1 until it is killed. */
static void
hold_a_slot(struct governor *g, int me, void *arg)
{
	struct governed *h = governor_enter(g, key, 1, 0.5);

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
	struct governed *x = use(a, 3, 0);
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
		assert_true(governor_ask(x, &wait) >= 0);
	assert_int_equal(ask(x), -1);
	governor_leave(x);
	munmap(ready, sizeof(*ready));
}

struct crowd {
	atomic_int now, most, total;
	unsigned cap;
};

static void
crowd_in(struct governor *g, int me, void *arg)
{
	struct crowd *c = arg;
	/* One of them was told a lower cap; with it alone is each of them safe. */
	struct governed *h = governor_enter(g, key, me == 0 ? c->cap : c->cap + (unsigned)me, 0);

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
		governor_done(h, slot);
	}
	/* The first stays until all are done: its cap counts as long as it lives. */
	for (int64_t until = clock_ms() + SOON_MS; me == 0 && atomic_load(&c->total) < 40 * PROCESSES;)
		if (clock_ms() < until)
			pause_ms(1);
		else
			_exit(2);
	governor_leave(h);
}

static void
many_processes_never_hold_more_than_the_cap(void **state)
{
	struct crowd *c = shared(sizeof(*c));
	struct governed *x;

	(void)state;
	c->cap = 2;
	x = use(a, c->cap, 0); /* from before they start */
	run_all(crowd_in, c);
	assert_int_equal(atomic_load(&c->total), 40 * PROCESSES);
	assert_int_equal(atomic_load(&c->most), 2);
	governor_leave(x);
	munmap(c, sizeof(*c));
}

/* --- fairness --- */

static void
who_waits_comes_first(void **state)
{
	struct governed *x = use(a, 1, 0), *y = use(b, 1, 0);

	(void)state;
	assert_int_equal(ask(x), 0);
	assert_false(governor_wanted(x));
	assert_int_equal(ask(y), -1);
	assert_true(governor_wanted(x));
	assert_false(governor_wanted(y)); /* not by another */
	governor_done(x, 0);
	assert_int_equal(ask(x), -1); /* it stands back */
	assert_int_equal(ask(y), 0);
	assert_false(governor_wanted(x));
	governor_done(y, 0);
	assert_int_equal(get(x), 0);
	governor_done(x, 0);
	assert_int_equal(ask(x), 0); /* nobody waits */
	governor_done(x, 0);
	governor_leave(x);
	governor_leave(y);
}

/* Who waits and does not come for it holds up nobody for long, and the dead wait for nothing. */
static void
standing_back_ends(void **state)
{
	struct governed *x = use(a, 1, 0), *y = use(b, 1, 0);
	int64_t begun;

	(void)state;
	assert_int_equal(ask(x), 0);
	assert_int_equal(ask(y), -1);
	governor_done(x, 0);
	begun = clock_ms();
	assert_int_equal(get(x), 0);
	assert_in_range(clock_ms() - begun, 10, SOON_MS / 2);
	assert_true(governor_wanted(x));
	governor_leave(y);
	assert_false(governor_wanted(x));
	governor_leave(x);
}

struct shares {
	atomic_int ready, total, of[PROCESSES];
};

/* Takes slots as fast as it can, with a host whose only slot all want. */
static void
grab(struct governor *g, int me, void *arg)
{
	struct shares *s = arg;
	struct governed *h = governor_enter(g, key, 1, 0);

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
		governor_done(h, slot);
	}
	governor_leave(h);
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

/* --- pace --- */

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
start_often(struct governor *g, int me, void *arg)
{
	struct starts *s = arg;
	struct governed *h = governor_enter(g, key, 8, me == 0 ? s->rate : s->rate * 2);
	int64_t until = clock_ms() + SOON_MS, wait;

	while (h && atomic_load(&s->count) < s->want && clock_ms() < until) {
		int64_t before = now_us();
		int slot = governor_ask(h, &wait);

		if (slot == -2)
			_exit(1);
		if (slot < 0) {
			pause_ms(wait);
			continue;
		}
		int i = atomic_fetch_add(&s->count, 1);

		s->at[i].before = before;
		s->at[i].after = now_us();
		governor_done(h, slot);
	}
	governor_leave(h);
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
	struct governed *x = use(a, 8, rate); /* the pace that counts, until the last of them has gone */
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
	governor_leave(x);
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
	struct governed *x = use(a, 9, 0), *y;
	int64_t wait;

	(void)state;
	assert_int_equal(governor_ask(x, &wait), 0);
	assert_int_equal(governor_ask(x, &wait), 1);
	y = use(b, 9, 0.01);
	assert_int_equal(governor_ask(x, &wait), 2);
	assert_int_equal(governor_ask(x, &wait), -1);
	assert_in_range(wait, 60000, 110000);
	assert_int_equal(governor_ask(y, &wait), -1);
	governor_leave(y);
	assert_int_equal(governor_ask(x, &wait), 3);
	governor_leave(x);
	/* A slower pace that has gone holds up nobody that has one. */
	x = use(a, 9, 10);
	assert_int_equal(governor_ask(x, &wait), -1);
	assert_in_range(wait, 1, 110);
	governor_leave(x);
}

/* --- bytes --- */

static void
bytes_are_counted_together(void **state)
{
	struct governed *x = use(a, 2, 0), *y = use(b, 2, 0);

	(void)state;
	assert_int_equal(governor_spend(x, 0, 1000000), 0);
	assert_int_equal(governor_spend(x, 1000, 0), 0);
	assert_in_range(governor_spend(x, 50000000, 1000000), 40000, 50000);
	assert_in_range(governor_spend(y, 50000000, 1000000), 80000, 100000);
	assert_in_range(governor_spend(y, UINT64_MAX, 1), 3590000, 3600000);
	assert_int_equal(governor_held(x), 0);
	assert_int_equal(ask(x), 0); /* they hold up no start */
	governor_leave(x);
	governor_leave(y);
}

/* --- holding back --- */

static void
a_hold_is_for_all_and_ends(void **state)
{
	struct governed *x = use(a, 2, 0), *y = use(b, 2, 0);
	int64_t wait, begun;

	(void)state;
	assert_int_equal(ask(y), 0);
	begun = clock_ms();
	assert_int_equal(governor_hold(x, 300), 0);
	assert_int_equal(governor_ask(y, &wait), -1);
	assert_in_range(wait, 1, 300);
	assert_in_range(governor_held(y), 1, 300);
	assert_int_equal(governor_hold(y, 50), 0); /* the one that lasts longer stands */
	assert_int_equal(governor_hold(y, 0), 0);
	assert_int_equal(governor_hold(y, -5), 0);
	assert_true(get(y) >= 0);
	assert_true(clock_ms() - begun >= 290);
	assert_int_equal(governor_held(x), 0);
	assert_int_equal(governor_hold(x, INT64_MAX), 0);
	assert_in_range(governor_held(y), 23 * 3600 * 1000, 24 * 3600 * 1000);
	governor_leave(x);
	governor_leave(y);
}

static void
hold_and_die(struct governor *g, int me, void *arg)
{
	struct governed *h = governor_enter(g, key, 2, 1);

	(void)me;
	(void)arg;
	if (!h || get(h) < 0 || governor_hold(h, 60000) < 0)
		_exit(1);
	raise(SIGKILL);
}

static void
a_hold_outlives_its_process(void **state)
{
	struct governed *x = use(a, 2, 0);
	pid_t pid = start(hold_and_die, 0, NULL);
	int status;

	(void)state;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_in_range(governor_held(x), 30000, 60000);
	assert_int_equal(ask(x), -1);
	governor_leave(x);
}

/* --- what is wrong with the file --- */

static void
wrong_clocks_hold_up_nobody(void **state)
{
	struct governed *x = use(a, 9, 5);
	int64_t now = (int64_t)time(NULL) * 1000000, year = INT64_C(365) * 24 * 3600 * 1000000, wait;
	char text[128];

	(void)state;
	snprintf(text, sizeof(text), "%lld %lld %lld\n", (long long)(now + year), (long long)(now + year),
		 (long long)(now + year));
	testing_write(file, text, strlen(text));
	assert_int_equal(governor_held(x), 0);
	assert_in_range(governor_spend(x, 1000, 1000000), 1, 1);
	testing_write(file, text, strlen(text));
	/* One start's time, no more. */
	assert_int_equal(governor_ask(x, &wait), -1);
	assert_in_range(wait, 1, 212);
	assert_true(get(x) >= 0);
	/* A clock that was behind. */
	snprintf(text, sizeof(text), "%lld %lld %lld\n", (long long)(now - year), (long long)(now - year),
		 (long long)(now - year));
	testing_write(file, text, strlen(text));
	assert_int_equal(governor_held(x), 0);
	assert_in_range(governor_spend(x, 1000, 1000000), 1, 1);
	assert_true(ask(x) >= 0);
	governor_leave(x);
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
	struct governed *x = use(a, GOVERNOR_SLOTS_MOST, 1000);
	static char much[100000];

	(void)state;
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(*rubbish); i++) {
		testing_write(file, rubbish[i], strlen(rubbish[i]));
		assert_int_equal(governor_held(x), 0);
		assert_true(get(x) >= 0);
		testing_write(file, rubbish[i], strlen(rubbish[i]));
		assert_int_equal(governor_hold(x, 60000), 0);
		assert_in_range(governor_held(x), 30000, 60000);
	}
	memset(much, '7', sizeof(much));
	testing_write(file, much, sizeof(much));
	assert_int_equal(governor_held(x), 0);
	assert_true(get(x) >= 0);
	governor_leave(x);
}

static void
what_is_no_file_is_an_error(void **state)
{
	struct governed *x = use(a, 2, 5);
	int64_t wait;

	(void)state;
	testing_write("precious", "keep this", 9);
	assert_int_equal(symlink("../precious", file), 0);
	for (int i = 0; i < 3; i++) { /* and no slot is lost */
		assert_int_equal(governor_ask(x, &wait), -2);
		assert_int_equal(errno, ELOOP);
	}
	assert_int_equal(governor_hold(x, 1000), -1);
	assert_int_equal(governor_spend(x, 1000, 1000), -1);
	assert_int_equal(governor_held(x), 0);
	testing_assert_file("precious", "keep this");
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkfifo(file, 0666), 0);
	assert_int_equal(governor_ask(x, &wait), -2);
	assert_int_equal(governor_hold(x, 1000), -1);
	assert_int_equal(governor_held(x), 0);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkdir(file, 0777), 0);
	assert_int_equal(governor_ask(x, &wait), -2);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(rmdir(file), 0);
	assert_int_equal(governor_ask(x, &wait), 0);
	governor_leave(x);
}

/* Somebody was stopped, or plays with flock(1), just where the file is locked: nothing waits for ever. */
static void
a_file_that_stays_locked_blocks_nobody(void **state)
{
	struct governed *x = use(a, 2, 5);
	int64_t wait, begun = clock_ms();
	int fd;

	(void)state;
	testing_write(file, "0 0 0\n", 6);
	fd = open(file, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(ask(x), -1);
	assert_true(governor_spend(x, 25000000, 1000000) >= 1);
	assert_int_equal(governor_hold(x, 1000), -1);
	assert_int_equal(errno, EAGAIN);
	assert_true(clock_ms() - begun < SOON_MS);
	close(fd);
	/* What was spent then is not forgotten. */
	assert_in_range(governor_spend(x, 25000000, 1000000), 45000, 50000);
	assert_int_equal(governor_ask(x, &wait), 0);
	governor_leave(x);
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
	return cmocka_run_group_tests_name("governor", tests, NULL, NULL);
}
