/* What batch_rebuild.c does: states and indexes from items and results. */
#include "batching.h"

/* The truth of rebuilding: 20 items, of three kinds and some with several results. */
static void
make_results(void **state)
{
	struct batch *b = batching_make(state, 20);
	char name[64];

	for (uint32_t k = 1; k <= 20; k++) {
		snprintf(name, sizeof(name), "batches/b/files/i%u_1.jpg", k);
		testing_write(name, "", 0);
	}

	for (uint32_t k = 1; k <= 15; k++)
		batching_end(b, k, k % 3 == 0 ? MAY_PASS : k % 5 == 0 ? PERMANENT : COMPLETED);
	batch_close(b);
	b = batching_open(state, BATCH_WORK);
	for (uint32_t k = 6; k <= 12; k += 3)
		batching_end(b, k, k == 9 ? PERMANENT : COMPLETED);
	assert_int_equal(batch_claim(b, 18, NULL), CLAIM_OURS);
	batch_release(b, 18);
	batch_close(b);
}

static void
rebuilding_gives_the_truth_after_any_damage(void **state)
{
	static const char *const names[] = {"batches/b/state", "batches/b/items.index", "batches/b/results.index"};
	static const char truth[] = "ccfcfcccffccccfppppp";
	char rubbish[512];
	char *right[3];
	size_t sizes[3];
	unsigned seed = 7;

	make_results(state);
	for (int i = 0; i < 3; i++) {
		struct stat st;

		right[i] = testing_read(names[i]);
		assert_int_equal(stat(names[i], &st), 0);
		sizes[i] = (size_t)st.st_size;
	}
	assert_string_equal(right[0], truth);
	for (int round = 0; round < 60; round++) {
		size_t n = (size_t)rand_r(&seed) % sizeof(rubbish);
		struct batch *b;
		struct buf where = {0};
		uint64_t changed = 99;

		for (size_t i = 0; i < n; i++)
			rubbish[i] = (char)(round % 2 ? rand_r(&seed) : "\0pcfrx"[rand_r(&seed) % 6]);
		if (round % 5 == 4)
			assert_int_equal(unlink(names[round % 3]), 0);
		else if (round % 5 == 3)
			assert_int_equal(truncate(names[round % 3], rand_r(&seed) % 30), 0);
		else if (round)
			testing_write(names[round % 3], rubbish, n);
		b = batching_open(state, BATCH_ALONE);
		assert_int_equal(batch_rebuild(b, &changed, &where), 0);
		if (round == 0 || round % 3)
			assert_int_equal(changed, 0);
		for (uint32_t k = 1; k <= 15; k++)
			batching_assert_result(b, k, truth[k - 1] == 'c' ? "completed" : "failed");
		for (int i = 0; i < 3; i++) {
			char *now = testing_read(names[i]);
			struct stat st;

			assert_int_equal(stat(names[i], &st), 0);
			assert_int_equal(st.st_size, sizes[i]);
			assert_memory_equal(now, right[i], sizes[i]);
			free(now);
		}
		batch_close(b);
	}
	for (int i = 0; i < 3; i++)
		free(right[i]);
}

static void
rebuilding_counts_what_it_changed(void **state)
{
	struct batch *b;
	struct buf where = {0};
	uint64_t changed;

	make_results(state);
	testing_write("batches/b/state", "cccccccccfccccfrp\0p", 19);
	b = batching_open(state, BATCH_ALONE);
	assert_int_equal(batch_rebuild(b, &changed, &where), 0);
	assert_int_equal(changed, 4); /* 3, 5, 9 and the r; a NUL or a missing byte is as good as p */
	testing_assert_file("batches/b/state", "ccfcfcccffccccfppppp");
	assert_int_equal(batch_rebuild(b, NULL, &where), 0);
	batch_close(b);
}

static void
rebuilding_has_lost_files_tried_again(void **state)
{
	struct batch *b;
	struct buf where = {0};
	uint64_t changed;

	make_results(state);
	assert_int_equal(unlink("batches/b/files/i1_1.jpg"), 0);
	assert_int_equal(unlink("batches/b/files/i3_1.jpg"), 0); /* of one that failed: nobody misses it */
	b = batching_open(state, BATCH_ALONE);
	assert_int_equal(batch_rebuild(b, &changed, &where), 0);
	assert_int_equal(changed, 1);
	batch_close(b);
	testing_assert_file("batches/b/state", "fcfcfcccffccccfppppp");
	for (int i = 0; i < 2; i++) { /* what was said once stays so, and is not said again */
		b = batching_open(state, BATCH_ALONE);
		batching_assert_result(b, 1, "failed");
		assert_int_equal(batch_rebuild(b, &changed, &where), 0);
		assert_int_equal(changed, 0);
		batch_close(b);
	}
	b = batching_open(state, BATCH_WORK);
	assert_int_equal(batch_claim(b, 1, false), CLAIM_OURS);
	assert_int_equal(batch_claim(b, 2, false), CLAIM_DONE);
	batching_record(b, 1, COMPLETED);
	batch_close(b);
	testing_assert_file("batches/b/state", "ccfcfcccffccccfppppp");
}

/* Where a file cannot be looked at, nothing is said of any: not of those that are gone either. */
static void
rebuilding_stops_at_what_it_cannot_look_at(void **state)
{
	struct batch *b;
	struct buf where = {0};
	char *before;

	make_results(state);
	before = testing_read("batches/b/results.ndjson");
	assert_int_equal(unlink("batches/b/files/i1_1.jpg"), 0);
	assert_int_equal(unlink("batches/b/files/i7_1.jpg"), 0);
	assert_int_equal(symlink("i7_1.jpg", "batches/b/files/i7_1.jpg"), 0); /* ELOOP, as root too */
	b = batching_open(state, BATCH_ALONE);
	assert_int_equal(batch_rebuild(b, NULL, &where), -1);
	assert_int_equal(errno, ELOOP);
	assert_string_equal(where.data, "files/i7_1.jpg");
	batch_close(b);
	testing_assert_file("batches/b/results.ndjson", before);
	testing_assert_file("batches/b/state", "ccfcfcccffccccfppppp");

	assert_int_equal(rename("batches/b/files", "batches/b/else"), 0);
	assert_int_equal(symlink("files", "batches/b/files"), 0);
	b = batching_open(state, BATCH_ALONE);
	assert_int_equal(batch_filesfd(b), -1);
	assert_int_not_equal(errno, ENOENT);
	assert_int_equal(batch_rebuild(b, NULL, &where), -1);
	assert_string_equal(where.data, "files/");
	batch_close(b);
	testing_assert_file("batches/b/results.ndjson", before);

	/* That it is not there is an answer. */
	assert_int_equal(unlink("batches/b/files"), 0);
	b = batching_open(state, BATCH_ALONE);
	assert_int_equal(batch_rebuild(b, NULL, &where), 0);
	batch_close(b);
	testing_assert_file("batches/b/state", "fffffffffffffffppppp");
	buf_free(&where);
	free(before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rebuilding_gives_the_truth_after_any_damage, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(rebuilding_counts_what_it_changed, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(rebuilding_has_lost_files_tried_again, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(rebuilding_stops_at_what_it_cannot_look_at, testing_enter,
						testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("batch_rebuild", tests, NULL, NULL);
}
