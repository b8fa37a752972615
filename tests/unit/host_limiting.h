/*
 * host_limiting: what the tests of host_limits share.
 *
 * Most of them work with two of them in one process, which are to each other as two processes are: the locks are
 * those of an open file. What is about death, and about many at once, is with processes.
 */
#ifndef HOST_LIMITING_H
#define HOST_LIMITING_H

#include "testing.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>

#include "base/clock.h"
#include "hosts/host_limits.h"

enum { PROCESSES = 4, SOON_MS = 20000 };

static const char key[] = "host.example:80";

static struct root root;
static struct host_limits *a, *b;

static inline int
enter(void **state)
{
	if (testing_enter(state) < 0)
		return -1;
	root_open(&root, ".", true);
	a = host_limits_open(&root);
	b = host_limits_open(&root);
	return a && b ? 0 : -1;
}

static inline int
leave(void **state)
{
	host_limits_close(a);
	host_limits_close(b);
	close(root.fd);
	free(root.path);
	return testing_leave(state);
}

static inline void
pause_ms(int64_t ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* Asks until there is a slot. */
static inline int
get(struct host_limit *h)
{
	int64_t until = clock_ms() + SOON_MS, wait;
	int slot;

	while ((slot = slot_acquire(h, &wait)) == -1 && clock_ms() < until)
		pause_ms(wait);
	return slot;
}

static inline int
ask(struct host_limit *h)
{
	int64_t wait = -7;
	int slot = slot_acquire(h, &wait);

	assert_true(slot >= 0 || slot == -2 || wait >= 1);
	return slot;
}

static inline struct host_limit *
use(struct host_limits *g, unsigned slots, double starts)
{
	struct host_limit *h = host_limits_enter(g, key, slots, starts);

	assert_non_null(h);
	return h;
}

/* --- processes --- */

/* Memory that children share with us. */
static inline void *
shared(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

static inline pid_t
start(void (*f)(struct host_limits *g, int me, void *arg), int me, void *arg)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct host_limits *g = host_limits_open(&root);

		if (!g)
			_exit(9);
		f(g, me, arg);
		host_limits_close(g);
		_exit(0);
	}
	return pid;
}

static inline void
run_all(void (*f)(struct host_limits *g, int me, void *arg), void *arg)
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

#endif
