#include "testing.h"

#include "base/loop.h"
#include "overview_stream.h"

struct following {
	struct api api;
	struct overview_stream *all;
	struct stream_source *changes;
	struct status_place at;
};

/* Follows the changes of three batches that were not looked at yet: the loop does not run. */
static struct following *
follow(void **state)
{
	static struct following all[4]; /* they are never freed */
	static size_t n;
	struct following *f = &all[n++];

	for (int i = 0; i < 3; i++) {
		char path[32];

		snprintf(path, sizeof(path), "batches/b%d", i);
		assert_true((i > 0 || mkdir("batches", 0777) == 0) && mkdir(path, 0777) == 0);
	}
	f->api.root = (struct root){testing_dirfd(state), (char *)"."};
	f->all = overview_new(&f->api, loop_new());
	f->changes = overview_follow(f->all, true);
	return f;
}

/* Sends a client what changed. */
static void
send_changes(struct following *f)
{
	struct buf id = {0}, out = {0};

	f->changes->print(f->changes->arg, &f->at, &id, &out);
	buf_free(&id);
	buf_free(&out);
}

static void
a_client_has_all_after_one_event(void **state)
{
	struct following *f = follow(state);

	send_changes(f);
	assert_int_equal(f->at.version, f->changes->version);
}

/* If not, the client would get one empty event after the other. */
static void
a_client_has_all_also_if_a_request_found_removals(void **state)
{
	struct following *f = follow(state);
	uint64_t before = f->changes->version;

	send_changes(f);
	assert_int_equal(rmdir("batches/b1"), 0);
	assert_int_not_equal(overview_ask(f->all), 0);
	assert_true(f->changes->version > before);
	send_changes(f);
	assert_int_equal(f->at.version, f->changes->version);
}

static void
a_client_has_all_also_if_another_one_found_removals(void **state)
{
	struct following *f = follow(state);
	uint64_t before = f->changes->version;

	assert_int_equal(rmdir("batches/b0"), 0);
	assert_int_equal(rmdir("batches/b2"), 0);
	assert_ptr_equal(overview_follow(f->all, true), f->changes);
	assert_true(f->changes->version > before);
	send_changes(f);
	assert_int_equal(f->at.version, f->changes->version);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_client_has_all_after_one_event, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_client_has_all_also_if_a_request_found_removals, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(a_client_has_all_also_if_another_one_found_removals, testing_enter,
						testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("overview_stream", tests, NULL, NULL);
}
