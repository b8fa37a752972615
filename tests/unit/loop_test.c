#include "testing.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/clock.h"
#include "base/loop.h"

enum { PATIENCE_MS = 20000, SOON_MS = 30 };

/* A pipe that is watched, and what its function saw. */
struct end {
	struct loop *loop;
	struct loop_watcher watcher;
	int in, out;
	int calls;
	uint32_t events;
	struct end *unwatch; /* the function unwatches this one */
};

static void
note_event(void *arg, uint32_t events)
{
	struct end *e = arg;

	e->calls++;
	e->events = events;
	if (e->unwatch)
		loop_unwatch(e->loop, &e->unwatch->watcher);
}

static struct end
end_open(struct loop *l)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	return (struct end){.loop = l, .in = fds[1], .out = fds[0]};
}

static void
end_watch(struct end *e, int fd, uint32_t events)
{
	e->watcher.call = note_event;
	e->watcher.arg = e;
	assert_int_equal(loop_watch(e->loop, &e->watcher, fd, events), 0);
}

static void
end_close(struct end *e)
{
	loop_unwatch(e->loop, &e->watcher);
	close(e->in);
	close(e->out);
}

struct alarm {
	struct loop *loop;
	struct loop_timer timer;
	int calls, *order, place;
	int64_t again; /* -1: it is not set again */
};

static void
note_alarm(void *arg)
{
	struct alarm *a = arg;

	a->calls++;
	if (a->order)
		a->place = (*a->order)++;
	if (a->again >= 0)
		loop_set_timer(a->loop, &a->timer, a->again);
}

static struct alarm
alarm_of(struct loop *l, int *order)
{
	return (struct alarm){.loop = l, .timer.call = note_alarm, .order = order, .again = -1};
}

static void
alarm_set(struct alarm *a, int64_t due)
{
	a->timer.arg = a;
	loop_set_timer(a->loop, &a->timer, due);
}

/* A turn that ends though nothing happens. */
static void
turn(struct loop *l)
{
	struct loop_timer end = {0};

	loop_set_timer(l, &end, clock_ms());
	assert_int_equal(loop_run_once(l), 0);
	loop_stop_timer(l, &end);
}

static void
a_descriptor_that_is_ready_calls_its_function_until_it_is_unwatched(void **state)
{
	struct loop *l = loop_new();
	struct end e = end_open(l);

	(void)state;
	end_watch(&e, e.out, EPOLLIN);
	turn(l);
	assert_int_equal(e.calls, 0);
	assert_int_equal(write(e.in, "x", 1), 1);
	turn(l);
	turn(l);
	assert_int_equal(e.calls, 2);
	assert_int_equal(e.events, EPOLLIN);
	loop_unwatch(l, &e.watcher);
	loop_unwatch(l, &e.watcher);
	turn(l);
	assert_int_equal(e.calls, 2);
	end_close(&e);
	loop_free(l);
}

static void
the_events_of_a_watcher_can_be_changed(void **state)
{
	struct loop *l = loop_new();
	int pair[2];
	struct end e = {.loop = l};

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	e.in = pair[0];
	e.out = pair[1];
	end_watch(&e, e.out, EPOLLIN);
	turn(l);
	assert_int_equal(e.calls, 0);
	end_watch(&e, e.out, EPOLLIN | EPOLLOUT);
	turn(l);
	assert_int_equal(e.events, EPOLLOUT);
	end_watch(&e, e.out, EPOLLIN);
	turn(l);
	assert_int_equal(e.calls, 1);
	end_watch(&e, e.out, 0); /* also what is reported in any case */
	assert_int_equal(shutdown(e.in, SHUT_RDWR), 0);
	turn(l);
	assert_int_equal(e.calls, 1);
	end_close(&e);
	loop_free(l);
}

static void
a_descriptor_that_was_closed_while_it_was_watched_is_watched_again_by_its_number(void **state)
{
	struct loop *l = loop_new();
	struct end e = end_open(l), next;
	int number = e.out;

	(void)state;
	end_watch(&e, e.out, EPOLLIN);
	close(e.out);
	close(e.in);
	next = end_open(l);
	assert_int_equal(next.out, number);
	e.in = next.in;
	end_watch(&e, e.out, EPOLLIN | EPOLLPRI);
	assert_int_equal(write(e.in, "x", 1), 1);
	turn(l);
	assert_int_equal(e.calls, 1);
	end_close(&e);
	loop_free(l);
}

static void
one_that_another_function_unwatches_in_the_same_turn_is_not_called(void **state)
{
	struct loop *l = loop_new();
	struct end a = end_open(l), b = end_open(l);

	(void)state;
	a.unwatch = &b;
	b.unwatch = &a;
	end_watch(&a, a.out, EPOLLIN);
	end_watch(&b, b.out, EPOLLIN);
	assert_int_equal(write(a.in, "x", 1), 1);
	assert_int_equal(write(b.in, "x", 1), 1);
	turn(l);
	assert_int_equal(a.calls + b.calls, 1);
	end_close(&a);
	end_close(&b);
	loop_free(l);
}

static void
a_regular_file_cannot_be_watched(void **state)
{
	struct loop *l = loop_new();
	struct loop_watcher w = {0};
	int fd = open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	(void)state;
	assert_int_equal(loop_watch(l, &w, fd, EPOLLIN), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(w.events, 0);
	loop_unwatch(l, &w);
	close(fd);
	loop_free(l);
}

static void
timers_are_called_once_each_in_the_order_of_their_moments(void **state)
{
	enum { N = 200 };
	struct loop *l = loop_new();
	struct alarm a[N];
	int64_t begun = clock_ms();
	int order = 0;

	(void)state;
	for (int i = 0; i < N; i++)
		a[i] = alarm_of(l, &order);
	for (int i = 0; i < N; i++)
		alarm_set(&a[i], begun + PATIENCE_MS);
	for (int i = 0; i < N; i++) /* moved, each to a moment of its own */
		alarm_set(&a[i], begun - 1000 + (i * 77) % N);
	for (int i = 0; i < N; i += 5)
		loop_stop_timer(l, &a[i].timer);
	turn(l);
	turn(l);
	for (int i = 0; i < N; i++)
		assert_int_equal(a[i].calls, i % 5 != 0);
	for (int i = 0; i < N; i++)
		for (int k = 0; k < N; k++)
			if (i % 5 && k % 5 && (i * 77) % N < (k * 77) % N)
				assert_true(a[i].place < a[k].place);
	loop_free(l);
}

static void
a_timer_is_waited_for_and_not_called_before_its_moment(void **state)
{
	struct loop *l = loop_new();
	struct alarm a = alarm_of(l, NULL);
	int64_t due = clock_ms() + SOON_MS;

	(void)state;
	alarm_set(&a, due);
	while (!a.calls) {
		assert_int_equal(loop_run_once(l), 0);
		assert_true(!a.calls || clock_ms() >= due);
		assert_true(clock_ms() < due + PATIENCE_MS);
	}
	loop_free(l);
}

static void
a_timer_that_sets_itself_again_at_once_ends_the_turn_and_lets_others_run(void **state)
{
	struct loop *l = loop_new();
	struct alarm eager = alarm_of(l, NULL), other = alarm_of(l, NULL);
	int64_t begun = clock_ms();

	(void)state;
	eager.again = 0;
	alarm_set(&eager, 0);
	alarm_set(&other, begun + SOON_MS);
	while (!other.calls) {
		assert_int_equal(loop_run_once(l), 0);
		assert_true(clock_ms() < begun + PATIENCE_MS);
	}
	assert_true(eager.calls > 1);
	loop_free(l);
}

static void
a_timer_is_called_once_a_turn_though_it_sets_itself_again_at_once(void **state)
{
	struct loop *l = loop_new();
	struct alarm eager = alarm_of(l, NULL), later[3] = {alarm_of(l, NULL), alarm_of(l, NULL), alarm_of(l, NULL)};

	(void)state;
	for (int i = 0; i < 3; i++)
		alarm_set(&later[i], clock_ms() + PATIENCE_MS);
	eager.again = 0;
	alarm_set(&eager, 0);
	for (int i = 1; i <= 5; i++) {
		assert_int_equal(loop_run_once(l), 0);
		assert_int_equal(eager.calls, i);
	}
	loop_free(l);
}

static void
ignore_signal(int signal)
{
	(void)signal;
}

static void
a_signal_that_is_caught_ends_the_wait(void **state)
{
	struct loop *l = loop_new();
	struct alarm a = alarm_of(l, NULL);
	struct sigaction as = {.sa_handler = ignore_signal}, before;
	struct itimerval soon = {.it_interval.tv_usec = 10000, .it_value.tv_usec = 10000}, never = {0};

	(void)state;
	assert_int_equal(sigaction(SIGALRM, &as, &before), 0);
	alarm_set(&a, clock_ms() + PATIENCE_MS);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	assert_int_equal(loop_run_once(l), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(a.calls, 0);
	assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
	loop_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_descriptor_that_is_ready_calls_its_function_until_it_is_unwatched),
		cmocka_unit_test(the_events_of_a_watcher_can_be_changed),
		cmocka_unit_test(a_descriptor_that_was_closed_while_it_was_watched_is_watched_again_by_its_number),
		cmocka_unit_test(one_that_another_function_unwatches_in_the_same_turn_is_not_called),
		cmocka_unit_test_setup_teardown(a_regular_file_cannot_be_watched, testing_enter, testing_leave),
		cmocka_unit_test(timers_are_called_once_each_in_the_order_of_their_moments),
		cmocka_unit_test(a_timer_is_waited_for_and_not_called_before_its_moment),
		cmocka_unit_test(a_timer_that_sets_itself_again_at_once_ends_the_turn_and_lets_others_run),
		cmocka_unit_test(a_timer_is_called_once_a_turn_though_it_sets_itself_again_at_once),
		cmocka_unit_test(a_signal_that_is_caught_ends_the_wait),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
