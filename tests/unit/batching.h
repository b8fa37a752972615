/*
 * batching: what the tests of the batch store share. The root is the test's working directory.
 */
#ifndef BATCHING_H
#define BATCHING_H

#include "testing.h"

#include <signal.h>

#include "batch/batch.h"

static inline bool
whatever_it_was(struct json_object *error, const void *arg)
{
	(void)error;
	(void)arg;
	return true;
}

static const struct batch_retry all_failed = {.too = whatever_it_was};

/* In a child, where cmocka's assertions must not be: ends it with a code that tells the line. */
#define NEED(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			_exit(1);                                                       \
		}                                                                       \
	} while (0)

/* The root; its path is good until the next call. */
static inline struct root *
batching_root(void **state)
{
	static struct root root;
	static char path[4096];

	assert_non_null(getcwd(path, sizeof(path)));
	root = (struct root){testing_dirfd(state), path};
	return &root;
}

static inline struct batch *
batching_open(void **state, enum batch_mode mode)
{
	struct batch *b = batch_open(batching_root(state), "b", mode, NULL);

	assert_non_null(b);
	return b;
}

/* Adds a URL and returns its number. */
static inline uint32_t
batching_add(struct batch *b, const char *subject, const char *url)
{
	struct buf text = {0};
	struct batch_ask ask = {.subject = subject, .kind = "url", .where = url};

	buf_str(&text, "{\"url\":");
	buf_json(&text, url);
	buf_str(&text, "}");
	ask.text = text.data;
	assert_int_equal(batch_add(b, &ask, 1), 0);
	buf_free(&text);
	return ask.item;
}

/* A batch with the items 1 to N: http://a/1 and so on. */
static inline struct batch *
batching_make(void **state, uint32_t n)
{
	struct batch *b = batching_open(state, BATCH_WORK);
	char url[32];

	for (uint32_t k = 1; k <= n; k++) {
		snprintf(url, sizeof(url), "http://a/%u", k);
		assert_int_equal(batching_add(b, NULL, url), k);
	}
	return b;
}

enum batching_end { COMPLETED, MAY_PASS, PERMANENT };

static inline void
batching_line(uint32_t k, enum batching_end end, char line[128])
{
	if (end == COMPLETED)
		snprintf(line, 128, "{\"item\":%u,\"status\":\"completed\",\"path\":\"files/i%u_1.jpg\"}", k, k);
	else
		snprintf(line, 128, "{\"item\":%u,\"status\":\"failed\",\"error\":{\"code\":\"e\",\"retryable\":%s}}",
			 k, end == MAY_PASS ? "true" : "false");
}

/* Records the end of an item that is claimed. */
static inline void
batching_record(struct batch *b, uint32_t k, enum batching_end end)
{
	char line[128];
	struct batch_outcome v = {k, end == COMPLETED, line, 0, NULL};

	batching_line(k, end, line);
	v.len = strlen(line);
	assert_int_equal(batch_record(b, &v, 1, true), 0);
}

static inline void
batching_end(struct batch *b, uint32_t k, enum batching_end end)
{
	assert_int_equal(batch_claim(b, k, &all_failed), CLAIM_OURS);
	batching_record(b, k, end);
}

/* What is in the last result of item K. */
static inline void
batching_assert_result(const struct batch *b, uint32_t k, const char *part)
{
	struct buf line = {0};

	assert_int_equal(batch_result(b, k, &line), 0);
	assert_non_null(strstr(line.data, part));
	buf_free(&line);
}

static inline void
batching_assert_item(const struct batch *b, uint32_t k, const char *part)
{
	struct buf line = {0};
	struct batch_place place;

	assert_int_equal(batch_item(b, k, &line), 0);
	assert_int_equal(batch_place(line.data, line.len, &place), 0);
	assert_int_equal(place.item, k);
	assert_non_null(strstr(line.data, part));
	buf_free(&line);
}

/* Runs F in a child until it says so by a byte on FD; then kills it. */
static inline void
batching_kill_in(void **state, void (*f)(struct batch *b))
{
	int pipes[2], status;
	char byte = 'r';
	pid_t pid;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct batch *b = batch_open(batching_root(state), "b", BATCH_WORK, NULL);

		NEED(b);
		f(b);
		NEED(write(pipes[1], &byte, 1) == 1);
		for (;;)
			pause();
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(pipes[0]);
}

#endif
