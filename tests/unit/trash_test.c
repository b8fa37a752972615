#include "files/trash.h"

#include "batching.h"

#include <dirent.h>

static bool
is_empty(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n == 2;
}

static void
a_batch_goes_as_a_whole(void **state)
{
	struct root *root = batching_root(state);
	struct batch *b = batching_make(state, 3);

	assert_int_equal(trash_batch(root, "b"), -1);
	assert_int_equal(errno, EBUSY);
	assert_int_equal(access("batches/b/batch.json", F_OK), 0);
	batch_close(b);
	testing_write("batches/b/files/i1_1.jpg", "x", 1);
	assert_int_equal(mkdir("batches/b/uploads", 0777), 0);
	assert_int_equal(mkdir("batches/b/uploads/deeper", 0777), 0);
	testing_write("batches/b/uploads/deeper/1", "x", 1);
	assert_int_equal(trash_batch(root, "b"), 0);
	assert_true(is_empty("batches"));
	assert_true(is_empty("trash"));
	assert_int_equal(trash_batch(root, "b"), -1);
	assert_int_equal(errno, ENOENT);
}

static void
a_batch_without_anything_goes_too(void **state)
{
	struct root *root = batching_root(state);

	assert_int_equal(trash_batch(root, "b"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mkdir("batches", 0777), 0);
	assert_int_equal(mkdir("batches/b", 0777), 0);
	assert_int_equal(trash_batch(root, "b"), 0);
	assert_true(is_empty("batches"));
}

static void
links_are_removed_and_not_followed(void **state)
{
	struct root *root = batching_root(state);

	assert_int_equal(mkdir("away", 0777), 0);
	testing_write("away/kept", "x", 1);
	assert_int_equal(mkdir("batches", 0777), 0);
	assert_int_equal(mkdir("batches/b", 0777), 0);
	assert_int_equal(symlink("../../away", "batches/b/files"), 0);
	assert_int_equal(symlink("../../away/kept", "batches/b/state"), 0);
	assert_int_equal(trash_batch(root, "b"), 0);
	testing_assert_file("away/kept", "x");
	assert_int_equal(symlink("../away", "batches/c"), 0);
	assert_int_equal(trash_batch(root, "c"), -1);
	assert_int_equal(symlink("../away", "trash/left"), 0);
	assert_int_equal(trash_empty(root), 0);
	assert_true(is_empty("trash"));
	testing_assert_file("away/kept", "x");
}

static void
what_was_left_is_removed_by_the_next(void **state)
{
	struct root *root = batching_root(state);

	assert_int_equal(trash_empty(root), 0);
	assert_int_equal(mkdir("trash", 0777), 0);
	assert_int_equal(mkdir("trash/b-1", 0777), 0);
	assert_int_equal(mkdir("trash/b-1/files", 0777), 0);
	testing_write("trash/b-1/files/x", "x", 1);
	testing_write("trash/b-2", "x", 1);
	assert_int_equal(trash_empty(root), 0);
	assert_true(is_empty("trash"));
}

/* Makes the directory NAME, which is too deep to be removed. */
static void
make_deep(void **state, const char *name)
{
	assert_int_equal(mkdir(name, 0777), 0);
	assert_int_equal(chdir(name), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(mkdir("d", 0777), 0);
		assert_int_equal(chdir("d"), 0);
	}
	assert_int_equal(fchdir(testing_dirfd(state)), 0);
}

/* Each of the places is emptied, whatever cannot be in the others. */
static void
one_place_that_cannot_be_emptied_does_not_keep_the_others(void **state)
{
	static const char *const deep[] = {"trash/a", ".trash", "batches/.trash-a", "review/.trash-a"};
	static const char *const folders[] = {"trash", ".trash", "batches", "review"};
	static const char *const left[] = {"trash/z", ".trash/z", "batches/.trash-z", "review/.trash-z"};
	struct root *root = batching_root(state);
	char aside[16];

	for (size_t i = 0; i < 4; i++) {
		for (size_t k = 0; k < 4; k++)
			assert_true(mkdir(folders[k], 0777) == 0 || errno == EEXIST);
		if (i == 1)
			assert_int_equal(rmdir(".trash"), 0);
		make_deep(state, deep[i]);
		for (size_t k = 0; k < 4; k++)
			testing_write(left[k], "x", 1);
		assert_int_equal(trash_empty(root), -1);
		assert_int_equal(errno, ELOOP);
		for (size_t k = 0; k < 4; k++)
			assert_int_not_equal(access(left[k], F_OK), 0);
		snprintf(aside, sizeof(aside), "deep%zu", i);
		assert_int_equal(rename(deep[i], aside), 0);
	}
	assert_int_equal(mkdir("trash/all", 0777), 0);
	assert_int_equal(trash_empty(root), 0);
}

static void
what_is_too_deep_is_left_and_said(void **state)
{
	struct root *root = batching_root(state);

	assert_int_equal(mkdir("trash", 0777), 0);
	make_deep(state, "trash/d");
	testing_write("trash/beside", "x", 1);
	assert_int_equal(trash_empty(root), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_not_equal(access("trash/beside", F_OK), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_batch_goes_as_a_whole, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_batch_without_anything_goes_too, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(links_are_removed_and_not_followed, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(what_was_left_is_removed_by_the_next, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(one_place_that_cannot_be_emptied_does_not_keep_the_others,
						testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(what_is_too_deep_is_left_and_said, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("trash", tests, NULL, NULL);
}
