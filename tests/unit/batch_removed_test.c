/* What batch_removed.c and batch_format.c do: items are taken off and come back, and the format says so. */
#include "batching.h"

#include <json-c/json.h>

static void
write_batch_json(const char *text)
{
	testing_write("batches/b/batch.json", text, strlen(text));
}

static void
remove_items(struct batch *b, const uint32_t *items, size_t n, bool kept)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(batch_claim_any(b, items[i]), CLAIM_OURS);
	assert_int_equal(batch_remove(b, items, n, kept), 0);
	for (size_t i = 0; i < n; i++)
		batch_unclaim(b, items[i]);
}

static void
removed_items_are_no_longer_counted(void **state)
{
	static const uint32_t some[] = {1, 2, 3};
	struct batch *b = batching_make(state, 5);
	struct batch_counts c;

	batching_end(b, 1, COMPLETED);
	batching_end(b, 2, PERMANENT);
	batching_end(b, 4, COMPLETED);
	remove_items(b, some, 3, false);
	testing_assert_file("batches/b/state", "xxxcp");
	assert_int_equal(batch_count(b, &c), 0);
	assert_int_equal(c.length, 5);
	assert_int_equal(c.removed, 3);
	assert_int_equal(c.total, 2);
	assert_int_equal(c.completed, 1);
	assert_int_equal(c.failed, 0);
	assert_int_equal(c.pending, 1);
	batching_assert_result(b, 1, "\"status\":\"removed\"");
	assert_int_equal(batch_length(b), 5);
	assert_int_equal(batch_claim(b, 1, &all_failed), CLAIM_REMOVED);
	assert_int_equal(batch_claim(b, 2, &all_failed), CLAIM_REMOVED);
	assert_int_equal(batch_claim(b, 3, NULL), CLAIM_REMOVED);
	testing_assert_file("batches/b/state", "xxxcp");
	/* An item that is there keeps its number, a new one gets the next. */
	assert_int_equal(batching_add(b, NULL, "http://a/2"), 2);
	assert_int_equal(batching_add(b, NULL, "http://a/6"), 6);
	testing_assert_file("batches/b/state", "xxxcpp");
	batch_close(b);
}

static void
a_rebuild_keeps_them(void **state)
{
	static const uint32_t some[] = {1, 3};
	struct batch *b = batching_make(state, 3);
	struct buf where = {0};
	uint64_t changed = 9;

	batching_end(b, 1, COMPLETED);
	batching_end(b, 2, PERMANENT);
	remove_items(b, some, 2, false);
	batch_close(b);
	b = batching_open(state, BATCH_ALONE);
	assert_int_equal(batch_rebuild(b, &changed, &where), 0);
	assert_int_equal(changed, 0);
	batch_close(b);
	testing_assert_file("batches/b/state", "xfx");
	assert_int_equal(unlink("batches/b/state"), 0);
	assert_int_equal(unlink("batches/b/results.index"), 0);
	b = batching_open(state, BATCH_ALONE);
	assert_int_equal(batch_rebuild(b, &changed, &where), 0);
	batch_close(b);
	testing_assert_file("batches/b/state", "xfx");
	buf_free(&where);
}

static void
states_follow_results_again(void **state)
{
	static const uint32_t one[] = {2};
	struct batch *b = batching_make(state, 3);

	batching_end(b, 1, COMPLETED);
	batching_end(b, 2, COMPLETED);
	remove_items(b, one, 1, false);
	batch_close(b);
	/* As after a kill behind the result, and as after a power cut that took the file. */
	testing_write("batches/b/state", "crp", 3);
	b = batching_open(state, BATCH_WORK);
	testing_assert_file("batches/b/state", "cxp");
	batch_close(b);
	testing_write("batches/b/state", "", 0);
	b = batching_open(state, BATCH_JOIN);
	testing_assert_file("batches/b/state", "cxp");
	batch_close(b);
	assert_int_equal(unlink("batches/b/results.index"), 0);
	b = batching_open(state, BATCH_JOIN);
	testing_assert_file("batches/b/state", "cxp");
	batch_close(b);
}

static void
an_item_comes_back_as_pending(void **state)
{
	static const uint32_t all[] = {1, 2, 3}, again[] = {2, 1, 2, 2};
	struct batch *b = batching_make(state, 3);
	struct buf line = {0}, where = {0};

	batching_end(b, 1, COMPLETED);
	batching_end(b, 2, PERMANENT);
	remove_items(b, all, 3, false);
	assert_int_equal(batch_restore(b, again, 4), 2);
	testing_assert_file("batches/b/state", "ppx");
	assert_int_equal(batch_result(b, 1, &line), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(batch_restore(b, again, 4), 0);
	batch_close(b);
	/* Whatever is made anew, it is so. */
	b = batching_open(state, BATCH_ALONE);
	assert_int_equal(batch_rebuild(b, NULL, &where), 0);
	batch_close(b);
	testing_assert_file("batches/b/state", "ppx");
	b = batching_open(state, BATCH_WORK);
	testing_assert_file("batches/b/state", "ppx");
	/* It failed permanently before it was removed: that is forgotten. */
	assert_int_equal(batch_claim(b, 2, NULL), CLAIM_OURS);
	batching_record(b, 2, COMPLETED);
	assert_int_equal(batch_claim(b, 1, NULL), CLAIM_OURS);
	batch_release(b, 1);
	testing_assert_file("batches/b/state", "pcx");
	batching_assert_result(b, 2, "completed");
	batch_close(b);
	buf_free(&line);
	buf_free(&where);
}

static void
the_members_of_an_archive_come_back_with_it(void **state)
{
	static const uint32_t all[] = {1, 2, 3}, archive[] = {1};
	struct batch *b = batching_make(state, 2);
	struct batch_ask ask = {
		.kind = "member", .where = "http://a/1\n1\na.jpg", .text = "{\"archive\":1,\"member\":\"a.jpg\"}"};

	assert_int_equal(batch_add(b, &ask, 1), 0);
	assert_int_equal(ask.item, 3);
	remove_items(b, all, 3, false);
	assert_int_equal(batch_restore(b, archive, 1), 2);
	testing_assert_file("batches/b/state", "pxp");
	batch_close(b);
}

static void
only_what_changes_is_recorded_again(void **state)
{
	static const uint32_t one[] = {1};
	struct batch *b = batching_make(state, 1);
	struct buf line = {0};
	char *results, *at;

	remove_items(b, one, 1, true);
	remove_items(b, one, 1, true);
	assert_int_equal(batch_result(b, 1, &line), 0);
	assert_true(batch_result_is_kept(line.data, line.len));
	results = testing_read("batches/b/results.ndjson");
	at = strchr(strchr(results, '\n') + 1, '\n'); /* two lines */
	assert_non_null(at);
	assert_string_equal(at, "\n");
	free(results);
	remove_items(b, one, 1, false);
	buf_clear(&line);
	assert_int_equal(batch_result(b, 1, &line), 0);
	assert_false(batch_result_is_kept(line.data, line.len));
	batch_close(b);
	buf_free(&line);
}

static long long
format_there(void)
{
	char *text = testing_read("batches/b/batch.json");
	struct json_object *o = json_tokener_parse(text), *format = NULL, *name = NULL;
	long long n = json_object_object_get_ex(o, "format", &format) ? json_object_get_int64(format) : 0;

	assert_true(json_object_object_get_ex(o, "name", &name));
	assert_string_equal(json_object_get_string(name), "b");
	json_object_put(o);
	free(text);
	return n;
}

static void
the_format_changes_with_the_first_one(void **state)
{
	static const uint32_t one[] = {1};
	struct batch *b = batching_make(state, 2);

	assert_int_equal(batch_remove(b, one, 0, false), 0);
	assert_int_equal(format_there(), 0);
	remove_items(b, one, 1, false);
	assert_int_equal(format_there(), 2);
	assert_int_equal(batch_restore(b, one, 1), 1);
	assert_int_equal(format_there(), 2);
	batch_close(b);
}

static void
a_batch_without_its_metadata_is_not_changed(void **state)
{
	static const char *const bad[] = {"", "[]\n", "{\"name\":\n"};
	static const uint32_t one[] = {1};
	struct batch *b = batching_make(state, 1);

	assert_int_equal(batch_claim_any(b, 1), CLAIM_OURS);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		write_batch_json(bad[i]);
		assert_int_equal(batch_remove(b, one, 1, false), -1);
		testing_assert_file("batches/b/batch.json", bad[i]);
	}
	assert_int_equal(unlink("batches/b/batch.json"), 0);
	assert_int_equal(batch_remove(b, one, 1, false), -1);
	testing_assert_file("batches/b/state", "p");
	testing_assert_file("batches/b/results.ndjson", "");
	batch_close(b);
}

static void
other_formats_are_refused_untouched(void **state)
{
	static const char *const newer[] = {"{\"name\":\"b\",\"format\":3}\n",
					    "{\"format\":0}\n",
					    "{\"format\":\"2\"}\n",
					    "{\"format\":2.5}\n",
					    "{\"format\":null}\n",
					    "{\"format\":99999999999}\n"};
	static const char *const known[] = {"{\"name\":\"b\",\"format\":2}\n", "{\"format\":1}\n",
					    "{\"label\":\"\\\"format\\\":3\"}\n", "{\"about\":{\"format\":3}}\n"};
	static const enum batch_mode modes[] = {BATCH_READ, BATCH_WORK, BATCH_JOIN, BATCH_ALONE};

	batch_close(batching_make(state, 2));
	testing_write("batches/b/state", "c", 1); /* which any other batch would have corrected */
	for (size_t i = 0; i < sizeof(newer) / sizeof(*newer); i++) {
		write_batch_json(newer[i]);
		for (size_t m = 0; m < 4; m++) {
			errno = 0;
			assert_null(batch_open(batching_root(state), "b", modes[m], NULL));
			assert_int_equal(errno, BATCH_NEWER);
		}
		testing_assert_file("batches/b/state", "c");
		testing_assert_file("batches/b/batch.json", newer[i]);
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		write_batch_json(known[i]);
		batch_close(batching_open(state, BATCH_READ));
	}
	batch_close(batching_open(state, BATCH_WORK));
	testing_assert_file("batches/b/state", "pp");
	assert_non_null(strstr(trouble_reason(BATCH_NEWER), "newer bi"));
	assert_string_equal(trouble_reason(ENOENT), strerror(ENOENT));
}

static void
remove_3_up_to_the_byte(struct batch *b)
{
	static const uint32_t one[] = {3};

	NEED(batch_claim_any(b, 3) == CLAIM_OURS);
	NEED(batch_remove(b, one, 1, false) == 0);
}

static void
a_killed_remover_leaves_a_removed_item(void **state)
{
	static const uint32_t one[] = {3};
	struct batch *b = batching_make(state, 3);

	batching_end(b, 3, COMPLETED);
	batching_kill_in(state, remove_3_up_to_the_byte);
	testing_assert_file("batches/b/state", "ppx");
	assert_int_equal(batch_claim(b, 3, &all_failed), CLAIM_REMOVED);
	assert_int_equal(batch_restore(b, one, 1), 1);
	batch_close(b);
}

static void
a_held_item_cannot_come_back(void **state)
{
	static const uint32_t one[] = {1};
	struct batch *b = batching_make(state, 1), *other = batching_open(state, BATCH_WORK);

	remove_items(b, one, 1, false);
	assert_int_equal(batch_claim_any(other, 1), CLAIM_OURS);
	assert_int_equal(batch_restore(b, one, 1), -1);
	assert_int_equal(errno, EBUSY);
	batch_unclaim(other, 1);
	testing_assert_file("batches/b/state", "x");
	assert_int_equal(batch_restore(b, one, 1), 1);
	batch_close(b);
	batch_close(other);
}

static void
results_say_states(void **state)
{
	static const struct {
		const char *line;
		uint32_t item;
		char state;
	} all[] = {
		{"{\"item\":3,\"status\":\"completed\",\"path\":1}", 3, 'c'},
		{"{\"item\":3,\"status\":\"failed\"}", 3, 'f'},
		{"{\"item\":3,\"status\":\"removed\",\"finished_at\":\"x\"}", 3, 'x'},
		{"{\"item\":3,\"status\":\"pending\"}", 3, 'p'},
		{"{\"status\":\"removed\",\"item\":7}", 7, 'x'},
		{"{ \"item\": 7, \"status\": \"pending\" }", 7, 'p'},
		{"{\"item\":3,\"status\":\"failed\",\"error\":{\"code\":\"removed\",\"retryable\":false}}", 3, 'x'},
		{"{\"item\":3,\"status\":\"failed\",\"error\":{\"code\":\"removed_by\"}}", 3, 'f'},
		{"{\"item\":3,\"error\":{\"code\":\"removed\"},\"status\":\"failed\"}", 3, 'x'},
		{"{\"item\":3,\"error\":{\"code\":\"removed\"},\"status\":\"completed\"}", 3, 'c'},
		{"{\"item\":3,\"status\":\"removing\"}", 0, 0},
		{"{\"item\":3,\"status\":\"processing\"}", 0, 0},
		{"{\"status\":\"removed\"}", 0, 0},
		{"{\"item\":-1,\"status\":\"removed\" }", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		size_t n = strlen(all[i].line);
		bool completed = true;
		char s = '\0';

		assert_int_equal(batch_result_state(all[i].line, n, &s), all[i].item);
		if (all[i].item)
			assert_int_equal(s, all[i].state);
		assert_int_equal(batch_result_number(all[i].line, n, &completed), all[i].item);
		assert_int_equal(completed, all[i].state == 'c');
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, testing_enter, testing_leave)
	const struct CMUnitTest tests[] = {
		TEST(removed_items_are_no_longer_counted),
		TEST(a_rebuild_keeps_them),
		TEST(states_follow_results_again),
		TEST(an_item_comes_back_as_pending),
		TEST(the_members_of_an_archive_come_back_with_it),
		TEST(only_what_changes_is_recorded_again),
		TEST(the_format_changes_with_the_first_one),
		TEST(a_batch_without_its_metadata_is_not_changed),
		TEST(other_formats_are_refused_untouched),
		TEST(a_killed_remover_leaves_a_removed_item),
		TEST(a_held_item_cannot_come_back),
		TEST(results_say_states),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("batch_removed", tests, NULL, NULL);
}
