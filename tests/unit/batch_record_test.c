/* What batch_record.c does: the results of a group. */
#include "batching.h"

#include <sys/resource.h>

static void
a_group_is_recorded_in_its_order(void **state)
{
	struct batch *b = batching_make(state, 5), *other = batching_open(state, BATCH_WORK);
	struct batch_outcome v[3];
	static const uint32_t items[] = {5, 1, 3};
	char lines[3][128], want[512];

	for (int i = 0; i < 3; i++) {
		assert_int_equal(batch_claim(b, items[i], NULL), CLAIM_OURS);
		batching_line(items[i], i == 1 ? PERMANENT : COMPLETED, lines[i]);
		v[i] = (struct batch_outcome){items[i], i != 1, lines[i], strlen(lines[i]), NULL};
	}
	assert_int_equal(batch_record(b, v, 0, true), 0);
	testing_assert_file("batches/b/results.ndjson", "");
	assert_int_equal(batch_record(b, v, 3, true), 0);
	snprintf(want, sizeof(want), "%s\n%s\n%s\n", lines[0], lines[1], lines[2]);
	testing_assert_file("batches/b/results.ndjson", want);
	testing_assert_file("batches/b/state", "fpcpc");
	for (int i = 0; i < 3; i++) {
		struct buf out = {0};

		assert_int_equal(batch_result(other, items[i], &out), 0);
		assert_string_equal(out.data, lines[i]);
		assert_false(batch_is_claimed(other, items[i]));
		buf_free(&out);
	}
	/* The last line counts, also where others recorded in between. */
	batching_end(other, 2, COMPLETED);
	batch_close(b);
	b = batching_open(state, BATCH_WORK);
	batching_end(b, 1, COMPLETED);
	batching_assert_result(other, 1, "completed");
	batching_assert_result(other, 2, "completed");
	batch_close(b);
	batch_close(other);
}

static void
a_torn_result_is_cut(void **state)
{
	struct batch *b = batching_make(state, 2);
	int fd = openat(batch_dirfd(b), "results.ndjson", O_WRONLY | O_APPEND | O_CLOEXEC);
	struct buf out = {0};

	batching_end(b, 1, COMPLETED);
	assert_int_equal(write(fd, "{\"item\":2,\"status\":\"completed\"", 30), 30);
	assert_int_equal(batch_result(b, 2, &out), -1);
	assert_int_equal(errno, ENOENT);
	batching_end(b, 2, MAY_PASS);
	batching_assert_result(b, 1, "completed");
	batching_assert_result(b, 2, "failed");
	close(fd);
	buf_free(&out);
	batch_close(b);
}

static void
record_on_a_full_disk(void *arg)
{
	struct batch *b = arg;
	struct batch_outcome v[40];
	char lines[40][128];
	struct rlimit limit = {1024, 1024};

	signal(SIGXFSZ, SIG_IGN);
	for (uint32_t i = 0; i < 40; i++) {
		NEED(batch_claim(b, i + 1, NULL) == CLAIM_OURS);
		batching_line(i + 1, COMPLETED, lines[i]);
		v[i] = (struct batch_outcome){i + 1, true, lines[i], strlen(lines[i]), NULL};
	}
	NEED(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	errno = 0;
	NEED(batch_record(b, v, 40, false) < 0 && errno == EFBIG);
	NEED(batch_state(b, 1) == 'r');
	NEED(batch_record(b, v + 1, 2, false) == 0);
	NEED(batch_state(b, 2) == 'c' && batch_state(b, 3) == 'c');
}

static void
a_full_disk_records_nothing_of_the_group(void **state)
{
	struct batch *b;

	batch_close(batching_make(state, 40));
	b = batching_open(state, BATCH_WORK);
	assert_int_equal(testing_child(record_on_a_full_disk, b, "out"), 0);
	batch_close(b);
	b = batching_open(state, BATCH_WORK);
	for (uint32_t k = 1; k <= 40; k++)
		assert_int_equal(batch_claim(b, k, NULL), k == 2 || k == 3 ? CLAIM_DONE : CLAIM_OURS);
	batching_assert_result(b, 3, "completed");
	batch_close(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_group_is_recorded_in_its_order, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_torn_result_is_cut, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_full_disk_records_nothing_of_the_group, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("batch_record", tests, NULL, NULL);
}
