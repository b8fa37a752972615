#include "batching.h"

#include "batch_status.h"

enum { RESULT = 1000, MANY = 3000, LOOKS = 100 }; /* bytes of a result; results that one look does not read */

/* Makes the batch b of so many ITEMS, with so many RESULTS of the first. */
static void
make(void **state, int items, int results)
{
	FILE *f;

	batch_close(batching_make(state, (uint32_t)items));
	f = fopen("batches/b/results.ndjson", "a");
	assert_non_null(f);
	for (int i = 0; i < results; i++)
		fprintf(f,
			"{\"item\":1,\"status\":\"completed\",\"bytes\":5,\"finished_at\":\"2026-01-01T00:00:00Z\","
			"\"x\":\"%0*d\"}\n",
			RESULT, 0);
	assert_int_equal(fclose(f), 0);
}

static enum batch_status_found
look(void **state, struct batch_status *v)
{
	struct root *root = batching_root(state);
	struct batch_folders folders;
	enum batch_status_found found;

	assert_int_equal(batch_folders_open(root, &folders), 0);
	found = batch_status_look(v, root, &folders, 2000000000);
	batch_folders_close(&folders);
	return found;
}

static bool
says(struct batch_status *v, const char *what)
{
	return v->text.all.len && strstr(v->text.all.data, what);
}

/* Looks until all results are read; the text changes only in the end. */
static void
read_all(void **state, struct batch_status *v)
{
	enum batch_status_found found = look(state, v);

	for (int i = 0; i < LOOKS && found == BATCH_STATUS_MORE; i++)
		found = look(state, v);
	assert_int_equal(found, BATCH_STATUS_CHANGED);
	assert_true(says(v, "\"history\":"));
}

static void
long_results_are_read_in_several_looks(void **state)
{
	struct batch_status *v = batch_status_new("b");

	make(state, 1, MANY);
	assert_int_equal(look(state, v), BATCH_STATUS_BEGUN);
	assert_true(says(v, "\"total_items\":1,") && !says(v, "\"history\":"));
	assert_int_equal(look(state, v), BATCH_STATUS_MORE);
	read_all(state, v);
	assert_int_equal(look(state, v), BATCH_STATUS_SAME);
	batch_status_free(v);
}

/* What was known of the results is not taken back while more of them are read. */
static void
what_is_known_stays_while_more_is_read(void **state)
{
	struct batch_status *v = batch_status_new("b");

	make(state, 1, 1);
	read_all(state, v);
	make(state, 1, MANY);
	assert_int_equal(look(state, v), BATCH_STATUS_MORE);
	assert_true(says(v, "\"bytes\":5,") && says(v, "\"history\":"));
	read_all(state, v);
	batch_status_free(v);
}

/* RESULTS of the batch before. */
static void
assert_replaced(void **state, int results)
{
	struct batch_status *v = batch_status_new("b");

	make(state, 3, results);
	if (results > 1)
		assert_int_equal(look(state, v), BATCH_STATUS_BEGUN);
	read_all(state, v);
	assert_int_equal(rename("batches/b", "batches/c"), 0);
	make(state, 2, MANY);
	assert_int_equal(look(state, v), BATCH_STATUS_BEGUN);
	assert_true(says(v, "\"total_items\":2,") && !says(v, "\"history\":"));
	assert_int_equal(v->text.cut_len, 0);
	assert_int_equal(look(state, v), BATCH_STATUS_MORE);
	read_all(state, v);
	assert_true(says(v, "\"total_items\":2,"));
	batch_status_free(v);
}

static void
another_batch_of_the_name_is_shown_at_once(void **state)
{
	assert_replaced(state, 1);
}

static void
another_batch_of_the_name_is_shown_at_once_after_long_results(void **state)
{
	assert_replaced(state, MANY);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(long_results_are_read_in_several_looks, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(what_is_known_stays_while_more_is_read, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(another_batch_of_the_name_is_shown_at_once, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(another_batch_of_the_name_is_shown_at_once_after_long_results,
						testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("batch_status", tests, NULL, NULL);
}
