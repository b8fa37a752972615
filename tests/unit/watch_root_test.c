#include <poll.h>

#include "batch/watch_root.h"
#include "files/root.h"
#include "testing.h"

static struct root root;
static char heard[4096]; /* a word for each event */

static int
setup(void **state)
{
	if (testing_enter(state) < 0 || mkdir("root", 0700) < 0)
		return -1;
	root_open(&root, "root", false);
	return 0;
}

static int
teardown(void **state)
{
	root_close(&root);
	return testing_leave(state);
}

static void
see(const struct watch_root_event *e, void *arg)
{
	static const char *const what[] = {"batch", "gone", "batches", "queue", "review", "leases", "lost"};
	size_t used = strlen(heard);

	if (arg && e->what == WATCH_ROOT_BATCHES && e->made)
		assert_int_equal(watch_root_add_batch(arg, e->name), 0);
	snprintf(heard + used, sizeof(heard) - used, "%s:%s%s%s%s ", what[e->what], e->name, *e->file ? "/" : "",
		 e->file,
		 e->removed  ? "-"
		 : e->closed ? "!"
		 : e->made   ? "+"
			     : "");
}

/* What is heard until nothing more is, in at most 10 s. */
static const char *
hear(struct watch_root *f, void *arg)
{
	struct pollfd p = {.fd = watch_root_fd(f), .events = POLLIN};

	heard[0] = '\0';
	if (poll(&p, 1, 10000) > 0)
		do
			watch_root_handle_events(f, see, arg);
		while (poll(&p, 1, 50) > 0);
	return heard;
}

static void
folders_and_batches_that_come_are_followed(void **state)
{
	struct watch_root *f = watch_root_open(&root);

	(void)state;
	assert_non_null(f);
	assert_int_equal(watch_root_add_batch(f, "b"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mkdir("root/other", 0700), 0);
	assert_int_equal(mkdir("root/batches", 0700), 0);
	assert_int_equal(mkdir("root/queue", 0700), 0);
	assert_string_equal(hear(f, NULL), "lost:batches+ lost:queue+ ");
	assert_int_equal(mkdir("root/batches/b", 0700), 0);
	testing_write("root/queue/b", "", 0);
	assert_string_equal(hear(f, f), "batches:b+ queue:b+ queue:b! ");
	testing_write("root/batches/b/state", "p", 1);
	assert_non_null(strstr(hear(f, NULL), "batch:b/state! "));
	assert_int_equal(rename("root/batches/b/state", "root/batches/b/batch.json"), 0);
	assert_string_equal(hear(f, NULL), "batch:b/batch.json+ ");
	assert_int_equal(unlink("root/queue/b"), 0);
	assert_string_equal(hear(f, NULL), "queue:b- ");
	watch_root_close(f);
}

static void
readers_are_not_heard(void **state)
{
	struct watch_root *f;
	struct pollfd p;
	char byte;
	int fd;

	(void)state;
	assert_int_equal(mkdir("root/batches", 0700), 0);
	assert_int_equal(mkdir("root/batches/b", 0700), 0);
	testing_write("root/batches/b/lock", "x", 1);
	f = watch_root_open(&root);
	assert_non_null(f);
	assert_int_equal(watch_root_add_batch(f, "b"), 0);
	fd = open("root/batches/b/lock", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, &byte, 1), 1);
	close(fd);
	p = (struct pollfd){.fd = watch_root_fd(f), .events = POLLIN};
	assert_int_equal(poll(&p, 1, 50), 0);
	fd = open("root/batches/b/lock", O_RDWR | O_CLOEXEC);
	close(fd);
	assert_string_equal(hear(f, NULL), "batch:b/lock! ");
	watch_root_close(f);
}

static void
batches_that_go_are_told_and_another_by_the_name_is_another(void **state)
{
	struct watch_root *f;

	(void)state;
	assert_int_equal(mkdir("root/batches", 0700), 0);
	for (int i = 0; i < 3; i++) {
		char name[] = "root/batches/a";

		name[13] = (char)('a' + i);
		assert_int_equal(mkdir(name, 0700), 0);
	}
	f = watch_root_open(&root);
	assert_non_null(f);
	for (int i = 0; i < 2; i++) { /* twice is once */
		assert_int_equal(watch_root_add_batch(f, "c"), 0);
		assert_int_equal(watch_root_add_batch(f, "a"), 0);
		assert_int_equal(watch_root_add_batch(f, "b"), 0);
	}
	assert_int_equal(rename("root/batches/a", "root/away"), 0);
	assert_string_equal(hear(f, NULL), "batches:a- ");
	testing_write("root/away/state", "p", 1);
	assert_int_equal(mkdir("root/batches/a", 0700), 0);
	assert_string_equal(hear(f, f), "batches:a+ ");
	assert_int_equal(rmdir("root/batches/b"), 0);
	assert_string_equal(hear(f, NULL), "batch:b gone:b batches:b- ");
	testing_write("root/batches/a/lock", "", 0);
	testing_write("root/batches/c/lock", "", 0);
	assert_string_equal(hear(f, NULL), "batch:a/lock+ batch:a/lock! batch:c/lock+ batch:c/lock! ");
	watch_root_close(f);
}

static void
many_batches_come_and_go(void **state)
{
	enum { MANY = 400 };
	struct watch_root *f;
	char path[64];

	(void)state;
	assert_int_equal(mkdir("root/batches", 0700), 0);
	f = watch_root_open(&root);
	assert_non_null(f);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < MANY; i++) {
			snprintf(path, sizeof(path), "root/batches/b%d", i);
			if (round == 0)
				assert_int_equal(mkdir(path, 0700), 0);
			assert_int_equal(watch_root_add_batch(f, path + strlen("root/batches/")), 0);
		}
		/* All but each tenth are removed again. */
		for (int i = 0; i < MANY; i++) {
			snprintf(path, sizeof(path), "b%d", i);
			if (i % 10)
				watch_root_remove_batch(f, path);
		}
		hear(f, NULL);
		testing_write("root/batches/b11/lock", "", 0);
		testing_write("root/batches/b20/state", "p", 1);
		testing_write("root/batches/b399/lock", "", 0);
		assert_non_null(strstr(hear(f, NULL), "batch:b20/state! "));
		assert_null(strstr(heard, "b11"));
		assert_null(strstr(heard, "b399"));
	}
	watch_root_close(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(folders_and_batches_that_come_are_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(readers_are_not_heard, setup, teardown),
		cmocka_unit_test_setup_teardown(batches_that_go_are_told_and_another_by_the_name_is_another, setup,
						teardown),
		cmocka_unit_test_setup_teardown(many_batches_come_and_go, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
