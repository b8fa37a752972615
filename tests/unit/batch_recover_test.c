/* What batch_recover.c does: states that dead owners and power cuts left are brought up to results. */
#include "batching.h"

/* The owner was killed after its result, before the byte. */
static void
a_result_left_by_a_dead_owner_counts(void **state)
{
	struct batch *b = batching_make(state, 3);

	batching_end(b, 1, COMPLETED);
	batching_end(b, 2, MAY_PASS);
	batch_close(b);
	for (int damage = 0; damage < 12; damage++) {
		/* A power cut can also leave bytes that are older. */
		testing_write("batches/b/state", damage < 4 ? "rrr" : damage < 8 ? "ppp" : "frp", 3);
		switch (damage % 4) {
		case 1: /* nor was it indexed */
			assert_int_equal(truncate("batches/b/results.index", 0), 0);
			break;
		case 2: /* the index knows lines that are not there */
			testing_write("batches/b/results.index",
				      "\377\377\0\0\0\0\0\0\377\177\0\0\0\0\0\0\1\0\0\0\0\0\0\0"
				      "\377\177\0\0\0\0\0",
				      32);
			break;
		case 3: /* as much as there is, but entries of other lines */
			testing_write(
				"batches/b/results.index",
				"\210\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\377\377\377\377\377\377\377\377",
				32);
			break;
		}
		b = batching_open(state, BATCH_WORK);
		assert_int_equal(batch_claim(b, 1, NULL), CLAIM_DONE);
		assert_int_equal(batch_state(b, 1), 'c');
		assert_false(batch_is_claimed(b, 1));
		assert_int_equal(batch_claim(b, 2, NULL), CLAIM_OURS);
		assert_int_equal(batch_claim(b, 3, NULL), CLAIM_OURS);
		batch_close(b);
	}
}

/* What a process that was killed, or a power cut, left of `state` does not count against the results: whoever opens the
 * batch for work brings it up, for items too that nobody asks about. */
static void
states_are_brought_up_to_results(void **state)
{
	static const struct {
		const char *left, *want;
	} cases[] = {
		{"rrrrrr", "cffrcr"}, {"pppppp", "cffpcp"}, {"rprprp", "cffpcp"}, {"", "cffpcp"},
		{"crf", "cffpcp"},    {"cffccf", "cffpcp"}, {"fffppp", "fffpcp"}, {"xxxxxx", "cffpcp"},
	};
	struct batch *b = batching_make(state, 6);
	int index;

	batching_end(b, 1, COMPLETED);
	batching_end(b, 2, MAY_PASS);
	batching_end(b, 3, PERMANENT);
	batching_end(b, 5, COMPLETED);
	batch_close(b);
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
		const char *left = cases[i / 2].left;

		testing_write("batches/b/state", left, strlen(left));
		if (i % 2)
			assert_int_equal(truncate("batches/b/results.index", 0), 0);
		batch_close(batching_open(state, i % 2 ? BATCH_WORK : BATCH_JOIN));
		testing_assert_file("batches/b/state", cases[i / 2].want);
	}
	/* Entries that the disk lost, though the index says how far it goes: what is done stays done. */
	testing_write("batches/b/state", "cffpcc", 6);
	index = open("batches/b/results.index", O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(index, (char[48]){0}, 48, 8), 48);
	close(index);
	batch_close(batching_open(state, BATCH_WORK));
	testing_assert_file("batches/b/state", "cffpcp");
}

/* The same in a longer batch, where most items are as usual. */
static void
states_among_many_are_brought_up(void **state)
{
	enum { N = 300 };
	static const uint32_t ended[] = {1, 64, 65, 128, 200, 300}, unended[] = {2, 63, 129, 256, 299};
	struct batch *b = batching_make(state, N);
	char left[N], want[N + 1];

	memset(left, 'p', N);
	memset(want, 'p', N);
	want[N] = '\0';
	for (size_t i = 0; i < sizeof(ended) / sizeof(*ended); i++) {
		batching_end(b, ended[i], i % 2 ? MAY_PASS : COMPLETED);
		want[ended[i] - 1] = i % 2 ? 'f' : 'c';
	}
	for (size_t i = 0; i < sizeof(unended) / sizeof(*unended); i++)
		left[unended[i] - 1] = i % 2 ? 'f' : 'c';
	batch_close(b);
	testing_write("batches/b/state", left, N);
	batch_close(batching_open(state, BATCH_JOIN));
	testing_assert_file("batches/b/state", want);
}

/* Who only adds does not read them all, but learns the true state of what it asks for. */
static void
an_adder_brings_states_up_when_it_asks_for_old_items(void **state)
{
	static const char *const left[] = {"rrr", "ppp", "xxp"};
	struct batch *b = batching_make(state, 3);
	struct batch_ask ask = {.kind = "url", .where = "http://a/1", .text = "{\"url\":\"http://a/1\"}"};

	batching_end(b, 1, COMPLETED);
	batching_end(b, 2, MAY_PASS);
	batch_close(b);
	for (size_t i = 0; i < sizeof(left) / sizeof(*left); i++) {
		char url[32];

		testing_write("batches/b/state", left[i], 3);
		b = batching_open(state, BATCH_ADD);
		snprintf(url, sizeof(url), "http://b/%zu", i);
		assert_int_equal(batching_add(b, NULL, url), 4 + i);
		for (uint32_t k = 1; k <= 3; k++)
			assert_int_equal(batch_state(b, k), left[i][k - 1]);
		assert_int_equal(batch_add(b, &ask, 1), 0);
		assert_int_equal(ask.item, 1);
		assert_int_equal(ask.state, 'c');
		assert_int_equal(batch_state(b, 2), 'f');
		batch_close(b);
	}
}

/* He was killed after his group was recorded, and before its states were written. */
static void
a_dead_owners_group_is_brought_up_by_who_meets_one(void **state)
{
	struct batch *b = batching_make(state, 5), *later;
	char line[128];
	int results;

	batching_end(b, 4, MAY_PASS);
	later = batching_open(state, BATCH_WORK);
	assert_int_equal(batch_claim(later, 4, NULL), CLAIM_OURS);
	assert_int_equal(batch_claim(later, 5, NULL), CLAIM_OURS);
	results = openat(batch_dirfd(b), "results.ndjson", O_WRONLY | O_APPEND | O_CLOEXEC);
	for (uint32_t k = 1; k <= 3; k++) {
		batching_line(k, k == 2 ? MAY_PASS : COMPLETED, line);
		strcat(line, "\n");
		assert_int_equal(write(results, line, strlen(line)), strlen(line));
	}
	close(results);
	testing_write("batches/b/state", "rrrrr", 5);
	assert_int_equal(batch_claim(later, 3, NULL), CLAIM_DONE);
	testing_assert_file("batches/b/state", "cfcrr");
	/* Its own claims are what they were, and what failed meanwhile is not tried again. */
	assert_int_equal(batch_claim(b, 4, NULL), CLAIM_HELD);
	assert_int_equal(batch_claim(b, 5, NULL), CLAIM_HELD);
	assert_int_equal(batch_claim(later, 2, NULL), CLAIM_FAILED);
	batch_release(later, 4);
	batch_release(later, 5);
	testing_assert_file("batches/b/state", "cfcfp");
	batch_close(b);
	batch_close(later);
}

static void
one_state_is_recovered_from_its_result(void **state)
{
	struct batch *b = batching_make(state, 3), *other;

	batching_end(b, 1, COMPLETED);
	batching_end(b, 2, MAY_PASS);
	other = batching_open(state, BATCH_WORK);
	testing_write("batches/b/state", "fcc", 3);
	for (uint32_t k = 1; k <= 3; k++)
		assert_int_equal(batch_recover(b, k), 1);
	testing_assert_file("batches/b/state", "cfp");
	for (uint32_t k = 1; k <= 3; k++)
		assert_int_equal(batch_recover(b, k), 0);
	assert_int_equal(batch_recover(b, 4), -1);
	assert_int_equal(errno, ENOENT);
	/* Not what somebody works on. */
	assert_int_equal(batch_claim(other, 2, NULL), CLAIM_OURS);
	assert_int_equal(batch_recover(b, 2), 0);
	assert_int_equal(batch_recover(other, 2), 0);
	testing_assert_file("batches/b/state", "crp");
	batch_close(b);
	batch_close(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_result_left_by_a_dead_owner_counts, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(states_are_brought_up_to_results, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(states_among_many_are_brought_up, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(an_adder_brings_states_up_when_it_asks_for_old_items, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(a_dead_owners_group_is_brought_up_by_who_meets_one, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(one_state_is_recovered_from_its_result, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("batch_recover", tests, NULL, NULL);
}
