#include "batching.h"

#include "batch/batch_look.h"

static enum batch_looked
look(struct batch_look *l, const char *subject, const char *url, uint32_t *item, char *state)
{
	struct batch_ask ask = {.subject = subject, .kind = "url", .where = url, .text = "{}"};
	enum batch_looked looked = batch_look(l, &ask);

	*item = ask.item;
	*state = ask.state;
	return looked;
}

static void
items_are_found_by_their_identity(void **state)
{
	struct batch *b = batching_open(state, BATCH_WORK);
	struct batch_look *l;
	uint32_t item;
	char s;

	assert_int_equal(batching_add(b, NULL, "http://a/1"), 1);
	assert_int_equal(batching_add(b, "7", "http://a/1"), 2);
	batch_close(b);
	/* Nothing but what is in items.ndjson is needed. */
	assert_int_equal(unlinkat(testing_dirfd(state), "batches/b/items.index", 0), 0);
	b = batching_open(state, BATCH_READ);
	l = batch_look_open(b);
	assert_non_null(l);
	assert_int_equal(look(l, "7", "http://a/1", &item, &s), LOOK_THERE);
	assert_int_equal(item, 2);
	assert_int_equal(s, 'p');
	assert_int_equal(look(l, "7", "http://a/1", &item, &s), LOOK_AGAIN);
	assert_int_equal(look(l, NULL, "http://a/1", &item, &s), LOOK_THERE);
	assert_int_equal(item, 1);
	assert_int_equal(look(l, "8", "http://a/1", &item, &s), LOOK_NEW);
	assert_int_equal(look(l, "8", "http://a/1", &item, &s), LOOK_AGAIN);
	assert_int_equal(look(l, NULL, "http://a/2", &item, &s), LOOK_NEW);
	batch_look_close(l);
	batch_close(b);
}

static void
a_batch_that_does_not_exist_has_nothing(void **state)
{
	struct batch_look *l = batch_look_open(NULL);
	uint32_t item;
	char s;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		char url[32];

		snprintf(url, sizeof(url), "http://a/%d", i);
		assert_int_equal(look(l, NULL, url, &item, &s), LOOK_NEW);
	}
	assert_int_equal(look(l, NULL, "http://a/500", &item, &s), LOOK_AGAIN);
	batch_look_close(l);
	batch_look_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(items_are_found_by_their_identity, testing_enter, testing_leave),
		cmocka_unit_test(a_batch_that_does_not_exist_has_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("batch_look", tests, NULL, NULL);
}
