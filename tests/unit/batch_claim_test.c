/* What batch_claim.c does: which process works on an item. */
#include "batching.h"

static void
claim_1_and_2(struct batch *b)
{
	NEED(batch_claim(b, 1, NULL) == CLAIM_OURS);
	NEED(batch_claim(b, 2, NULL) == CLAIM_OURS);
}

static void
claims_exclude_and_die_with_their_holder(void **state)
{
	struct batch *b = batching_make(state, 4), *other = batching_open(state, BATCH_WORK);

	assert_int_equal(batch_claim(b, 1, NULL), CLAIM_OURS);
	assert_int_equal(batch_state(other, 1), 'r');
	assert_int_equal(batch_claim(other, 1, NULL), CLAIM_HELD);
	assert_true(batch_is_claimed(other, 1));
	assert_false(batch_is_claimed(other, 2));
	assert_int_equal(batch_claim(other, 2, NULL), CLAIM_OURS);
	assert_int_equal(batch_claim(b, 2, NULL), CLAIM_HELD);
	batch_release(b, 1);
	assert_int_equal(batch_state(other, 1), 'p');
	assert_int_equal(batch_claim(other, 1, NULL), CLAIM_OURS);
	batch_close(other);
	assert_int_equal(batch_state(b, 2), 'r');
	batching_kill_in(state, claim_1_and_2);
	assert_false(batch_is_claimed(b, 1));
	assert_int_equal(batch_state(b, 1), 'r');
	assert_int_equal(batch_claim(b, 1, NULL), CLAIM_OURS);
	assert_int_equal(batch_claim(b, 2, NULL), CLAIM_OURS);
	assert_int_equal(batch_claim(b, 0, NULL), CLAIM_ERROR);
	assert_int_equal(batch_claim(b, 5, NULL), CLAIM_ERROR);
	assert_int_equal(errno, ENOENT);
	testing_assert_file("batches/b/state", "rrpp");
	batch_close(b);
}

static void
neighbours_are_claimed_by_one_lock(void **state)
{
	struct batch *b = batching_make(state, 10), *other = batching_open(state, BATCH_WORK);

	batching_end(b, 1, COMPLETED);
	batching_end(b, 9, PERMANENT);
	assert_int_equal(batch_claim_run(b, 1, 5), 0); /* the first is not pending */
	assert_false(batch_is_claimed(other, 2));
	assert_int_equal(batch_claim_run(b, 2, 3), 3);
	testing_assert_file("batches/b/state", "crrrppppfp");
	for (uint32_t k = 2; k <= 4; k++)
		assert_int_equal(batch_claim(other, k, NULL), CLAIM_HELD);
	assert_int_equal(batch_claim_run(other, 4, 3), 0); /* its first is held, and the others are free again */
	assert_false(batch_is_claimed(b, 5));
	batch_release(b, 3);
	assert_int_equal(batch_claim(other, 3, NULL), CLAIM_OURS);
	assert_int_equal(batch_claim(other, 2, NULL), CLAIM_HELD);
	assert_int_equal(batch_claim(other, 4, NULL), CLAIM_HELD);
	batching_record(b, 4, COMPLETED);
	assert_false(batch_is_claimed(other, 4));
	assert_int_equal(batch_claim_run(other, 7, 4), 2); /* up to one that has a result */
	assert_false(batch_is_claimed(b, 9));
	assert_false(batch_is_claimed(b, 10));
	testing_assert_file("batches/b/state", "crrcpprrfp");
	assert_int_equal(batch_claim_run(b, 10, 2), -1); /* there are not so many */
	assert_int_equal(errno, ENOENT);
	batch_close(other);
	batch_close(b);
}

static void
claim_a_run(struct batch *b)
{
	NEED(batch_claim_run(b, 1, BATCH_RUN_MAX) == BATCH_RUN_MAX);
}

/* Each is free at once, and is claimed one by one, since its byte says that it may have a result. */
static void
a_run_dies_with_its_holder(void **state)
{
	struct batch *b = batching_make(state, BATCH_RUN_MAX + 3);

	batching_kill_in(state, claim_a_run);
	assert_int_equal(batch_claim_run(b, 1, BATCH_RUN_MAX), 0);
	for (uint32_t k = 1; k <= BATCH_RUN_MAX; k++) {
		assert_int_equal(batch_state(b, k), 'r');
		assert_int_equal(batch_claim(b, k, NULL), CLAIM_OURS);
	}
	assert_int_equal(batch_claim_run(b, BATCH_RUN_MAX + 1, 3), 3);
	batch_close(b);
}

static void
a_completed_item_can_be_claimed(void **state)
{
	struct batch *b = batching_make(state, 2), *other = batching_open(state, BATCH_WORK);

	batching_end(b, 1, COMPLETED);
	assert_int_equal(batch_claim(b, 1, &all_failed), CLAIM_DONE);
	assert_int_equal(batch_claim_any(b, 1), CLAIM_OURS);
	assert_int_equal(batch_state(other, 1), 'c');
	assert_int_equal(batch_claim_any(other, 1), CLAIM_HELD);
	assert_int_equal(batch_claim(other, 1, NULL), CLAIM_HELD);
	batch_unclaim(b, 1);
	assert_int_equal(batch_claim_any(other, 1), CLAIM_OURS);
	batching_record(other, 1, PERMANENT);
	assert_int_equal(batch_state(b, 1), 'f');
	assert_int_equal(batch_claim_any(b, 1), CLAIM_OURS);
	assert_int_equal(batch_claim_any(b, 2), CLAIM_OURS);
	assert_int_equal(batch_claim_any(b, 3), CLAIM_ERROR);
	assert_int_equal(batch_claim_any(b, 0), CLAIM_ERROR);
	testing_assert_file("batches/b/state", "fp");
	batch_close(b);
	batch_close(other);
}

/* Every item has one result, and the index leads to it. */
static void
check_results(void **state, uint32_t n)
{
	struct batch *b = batching_open(state, BATCH_READ);
	char *results = testing_read("batches/b/results.ndjson"), *at = results, line[128];

	for (uint32_t k = 1; k <= n; k++) {
		batching_line(k, COMPLETED, line);
		assert_int_equal(batch_state(b, k), 'c');
		batching_assert_result(b, k, line);
		at = strchr(at, '\n');
		assert_non_null(at++);
	}
	assert_string_equal(at, "");
	free(results);
	batch_close(b);
}

static void
a_claim_is_one_among_many_processes(void **state)
{
	enum { PROCESSES = 6, ITEMS = 400 };
	pid_t pids[PROCESSES];
	int status, out;
	char *who;

	batch_close(batching_make(state, ITEMS));
	testing_write("who", "", 0);
	out = open("who", O_WRONLY | O_APPEND | O_CLOEXEC);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			struct batch *b = batch_open(batching_root(state), "b", BATCH_WORK, NULL);
			char line[128];

			NEED(b);
			for (uint32_t k = 1; k <= ITEMS; k++) {
				enum batch_claim claim = batch_claim(b, k, NULL);

				NEED(claim == CLAIM_OURS || claim == CLAIM_HELD || claim == CLAIM_DONE);
				if (claim != CLAIM_OURS)
					continue;
				batching_line(k, COMPLETED, line);
				NEED(batch_record(b, &(struct batch_outcome){k, true, line, strlen(line), NULL}, 1,
						  false) == 0);
				NEED(write(out, "x", 1) == 1);
			}
			batch_close(b);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	who = testing_read("who");
	assert_int_equal(strlen(who), ITEMS);
	free(who);
	check_results(state, ITEMS);
	close(out);
}

enum { MANY = 4000, REMAKES = 40 };

/* Opens the batch again and again, each time after a power cut that left a byte and took its result: the index of
 * results is made anew. */
static void
remake_the_index(void *arg)
{
	void **state = arg;
	int fd = open("batches/b/state", O_RDWR | O_CLOEXEC);
	char s = 'f';

	for (int i = 0; i < REMAKES; i++) {
		struct batch *b;

		NEED(pwrite(fd, &s, 1, MANY - 1) == 1);
		b = batch_open(batching_root(state), "b", BATCH_JOIN, NULL);
		NEED(b);
		/* The parent may be at it, too: then it brings the byte up. */
		for (int tries = 0; batch_state(b, MANY) != 'p'; tries++) {
			NEED(tries < 10000);
			usleep(1000);
		}
		batch_close(b);
	}
}

/* In a child, as the index is made anew by another: what has a result is never taken for what has none. */
static void
look_while_it_is_made(void **state, bool is_release)
{
	struct batch *b;
	uint32_t k = MANY / 2;
	int status, fd, tries;
	pid_t pid;

	b = batching_make(state, MANY);
	batching_end(b, k, is_release ? MAY_PASS : COMPLETED);
	batch_close(b);
	b = batching_open(state, BATCH_JOIN);
	fd = open("batches/b/state", O_RDWR | O_CLOEXEC);
	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		remake_the_index(state);
		_exit(0);
	}
	for (tries = 0; waitpid(pid, &status, WNOHANG) == 0; tries++) {
		enum batch_claim claim;

		if (!is_release)
			assert_int_equal(pwrite(fd, "p", 1, k - 1), 1); /* as a power cut may leave it */
		claim = batch_claim(b, k, NULL);
		if (claim == CLAIM_HELD)
			continue;
		assert_int_equal(claim, is_release ? CLAIM_OURS : CLAIM_DONE);
		if (is_release)
			batch_release(b, k);
		assert_int_equal(batch_state(b, k), is_release ? 'f' : 'c');
	}
	assert_int_equal(status, 0);
	assert_true(tries > 1);
	close(fd);
	batch_close(b);
}

static void
a_release_while_the_index_is_made_anew_keeps_the_result(void **state)
{
	look_while_it_is_made(state, true);
}

static void
a_claim_while_the_index_is_made_anew_sees_the_result(void **state)
{
	look_while_it_is_made(state, false);
}

static void
a_failed_item_is_tried_again_by_who_comes_later(void **state)
{
	struct batch *b = batching_make(state, 3), *later;

	batching_end(b, 1, MAY_PASS);
	batching_end(b, 2, PERMANENT);
	batching_end(b, 3, COMPLETED);
	/* Not by those who were there when it failed, whoever worked on it. */
	assert_int_equal(batch_claim(b, 1, NULL), CLAIM_FAILED);
	assert_int_equal(batch_claim(b, 1, &all_failed), CLAIM_FAILED);
	assert_int_equal(batch_claim(b, 2, &all_failed), CLAIM_FAILED);
	later = batching_open(state, BATCH_WORK);
	assert_int_equal(batch_claim(later, 2, NULL), CLAIM_FAILED);
	assert_int_equal(batch_claim(later, 2, &all_failed), CLAIM_OURS);
	assert_int_equal(batch_claim(later, 1, NULL), CLAIM_OURS);
	assert_int_equal(batch_claim(later, 3, &all_failed), CLAIM_DONE);
	batching_record(later, 1, MAY_PASS);
	batching_record(later, 2, COMPLETED);
	assert_int_equal(batch_claim(later, 1, &all_failed), CLAIM_FAILED);
	assert_false(batch_is_claimed(b, 1));
	batching_assert_result(b, 2, "completed");
	testing_assert_file("batches/b/state", "fcc");
	batch_close(b);
	batch_close(later);
	/* A failure without a result line is none. */
	testing_write("batches/b/state", "fff", 3);
	assert_int_equal(truncate("batches/b/results.ndjson", 0), 0);
	b = batching_open(state, BATCH_WORK);
	assert_int_equal(batch_claim(b, 1, NULL), CLAIM_OURS);
	batch_close(b);
}

/* For a process that removes the files of an item after its result says so. */
static void
a_claim_may_outlast_the_record(void **state)
{
	struct batch *b = batching_make(state, 2), *other = batching_open(state, BATCH_WORK);
	char line[128];

	assert_int_equal(batch_claim_any(b, 2), CLAIM_OURS);
	batching_line(2, MAY_PASS, line);
	assert_int_equal(batch_record_held(b, &(struct batch_outcome){2, false, line, strlen(line), NULL}, 1, true), 0);
	testing_assert_file("batches/b/state", "pf");
	assert_int_equal(batch_claim_any(other, 2), CLAIM_HELD);
	batch_unclaim(b, 2);
	assert_int_equal(batch_claim_any(other, 2), CLAIM_OURS);
	batch_close(b);
	batch_close(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(claims_exclude_and_die_with_their_holder, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(neighbours_are_claimed_by_one_lock, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_run_dies_with_its_holder, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_completed_item_can_be_claimed, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_claim_is_one_among_many_processes, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_release_while_the_index_is_made_anew_keeps_the_result, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(a_claim_while_the_index_is_made_anew_sees_the_result, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(a_failed_item_is_tried_again_by_who_comes_later, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(a_claim_may_outlast_the_record, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("batch_claim", tests, NULL, NULL);
}
