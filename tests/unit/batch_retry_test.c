/* What batch_retry.c does: failed items become pending, others stay as they are. */
#include "batching.h"

static void
end_with(struct batch *b, uint32_t k, const char *error)
{
	char line[160];
	struct batch_outcome v = {k, false, line, 0, NULL};

	snprintf(line, sizeof(line), "{\"item\":%u,\"status\":\"failed\",\"error\":%s}", k, error);
	v.len = strlen(line);
	assert_int_equal(batch_claim(b, k, NULL), CLAIM_OURS);
	assert_int_equal(batch_record(b, &v, 1, true), 0);
}

static void
failed_items_become_pending(void **state)
{
	static const uint32_t some[] = {1, 2, 3, 4, 2};
	struct batch *b = batching_make(state, 6), *worker;
	struct batch_counts c;

	batching_end(b, 1, COMPLETED);
	batching_end(b, 2, PERMANENT);
	batching_end(b, 3, MAY_PASS);
	batching_end(b, 5, PERMANENT);
	assert_int_equal(batch_retry_failed(b, some, 5), 2);
	testing_assert_file("batches/b/state", "cpppfp");
	batching_assert_result(b, 1, "completed");
	batching_assert_result(b, 5, "failed");
	assert_int_equal(batch_retry_failed(b, some, 5), 0);
	assert_int_equal(batch_count(b, &c), 0);
	assert_int_equal(c.failed, 1);
	assert_int_equal(c.pending, 4);
	/* Only a result of the item's next try counts. */
	worker = batching_open(state, BATCH_JOIN);
	testing_assert_file("batches/b/state", "cpppfp");
	batching_end(worker, 2, COMPLETED);
	batching_end(worker, 3, PERMANENT);
	testing_assert_file("batches/b/state", "ccfpfp");
	batch_close(worker);
	batch_close(b);
}

static void
a_rebuild_keeps_them_pending(void **state)
{
	static const uint32_t one = 1;
	struct batch *b = batching_make(state, 2);
	struct buf where = {0};

	batching_end(b, 1, PERMANENT);
	assert_int_equal(batch_retry_failed(b, &one, 1), 1);
	batch_close(b);
	testing_write("batches/b/state", "ff", 2);
	b = batching_open(state, BATCH_ALONE);
	assert_int_equal(batch_rebuild(b, NULL, &where), 0);
	testing_assert_file("batches/b/state", "pp");
	batch_close(b);
	buf_free(&where);
}

static void
claimed_and_deleted_items_stay(void **state)
{
	static const uint32_t all[] = {1, 2, 3, 4};
	struct batch *b = batching_make(state, 3), *other = batching_open(state, BATCH_WORK);
	struct batch_ask upload = {.kind = "upload", .where = "u", .text = "{\"upload\":1}"};

	assert_int_equal(batch_add(b, &upload, 1), 0);
	end_with(b, 1, "{\"code\":\"deleted\",\"retryable\":false}");
	end_with(b, 2, "{\"code\":\"http_404\",\"retryable\":false}");
	end_with(b, 3, "{\"code\":\"http_404\",\"retryable\":false}");
	end_with(b, 4, "{\"code\":\"not_accepted\",\"retryable\":false}");
	assert_int_equal(batch_claim_any(other, 2), CLAIM_OURS);
	assert_int_equal(batch_retry_failed(b, all, 4), 1);
	testing_assert_file("batches/b/state", "ffpf");
	batch_unclaim(other, 2);
	assert_int_equal(batch_retry_failed(b, all, 4), 1);
	testing_assert_file("batches/b/state", "fppf");
	batch_close(other);
	batch_close(b);
}

static void
the_format_says_so(void **state)
{
	static const uint32_t one = 1;
	struct batch *b = batching_make(state, 1);
	struct buf about = {0};

	assert_int_equal(batch_retry_failed(b, &one, 1), 0); /* it is pending */
	assert_int_equal(batch_metadata(b, &about), 0);
	assert_null(strstr(about.data, "\"format\""));
	batching_end(b, 1, PERMANENT);
	assert_int_equal(batch_retry_failed(b, &one, 1), 1);
	buf_clear(&about);
	assert_int_equal(batch_metadata(b, &about), 0);
	assert_non_null(strstr(about.data, "\"format\":2"));
	buf_free(&about);
	batch_close(b);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, testing_enter, testing_leave)
	const struct CMUnitTest tests[] = {
		TEST(failed_items_become_pending),
		TEST(a_rebuild_keeps_them_pending),
		TEST(claimed_and_deleted_items_stay),
		TEST(the_format_says_so),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("batch_retry", tests, NULL, NULL);
}
