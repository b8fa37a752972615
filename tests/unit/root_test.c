#include "testing.h"

#include <limits.h>

#include "files/root.h"

struct want {
	const char *dir;
	bool create;
};

/* Opens the root and prints its path. */
static void
open_and_print(void *arg)
{
	const struct want *w = arg;
	struct root root;

	root_open(&root, w->dir, w->create);
	if (!(fcntl(root.fd, F_GETFD) & FD_CLOEXEC))
		_exit(97);
	printf("%s", root.path);
	free(root.path);
	close(root.fd);
}

/* Opens DIR in a child and compares the path it came to, below the working directory. */
static void
assert_opens(const char *dir, bool create, const char *below)
{
	char cwd[PATH_MAX], path[2 * PATH_MAX];
	struct want w = {dir, create};

	assert_int_equal(testing_child(open_and_print, &w, "out"), 0);
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(path, sizeof(path), "%s/%s", cwd, below);
	testing_assert_file("out", path);
}

static void
assert_refuses(const char *dir, bool create, int code)
{
	struct want w = {dir, create};
	char *err;

	assert_int_equal(testing_child(open_and_print, &w, "out"), code);
	err = testing_read("err");
	assert_memory_equal(err, "bi: ", 4);
	assert_ptr_equal(strchr(err, '\n'), err + strlen(err) - 1);
	free(err);
}

static void
a_root_is_made_with_all_directories_above_it(void **state)
{
	(void)state;
	assert_opens("a/b/c", true, "a/b/c");
	assert_opens("a/b/c///", true, "a/b/c");
	assert_opens("a/./b/../b/c", false, "a/b/c");
}

static void
a_root_is_not_made_when_only_read(void **state)
{
	(void)state;
	assert_refuses("none", false, 66);
	assert_int_equal(access("none", F_OK), -1);
	assert_refuses("", true, 2);
}

static void
a_root_may_be_named_by_a_symbolic_link(void **state)
{
	(void)state;
	assert_int_equal(mkdir("real", 0777), 0);
	assert_int_equal(symlink("real", "link"), 0);
	assert_opens("link", false, "real");
	assert_opens("link/below", true, "real/below");
}

static void
a_file_is_no_root(void **state)
{
	(void)state;
	testing_write("file", "x", 1);
	assert_refuses("file", true, 66);
	assert_refuses("file", false, 66);
	assert_refuses("file/below", true, 73);
	testing_assert_file("file", "x");
}

static void
a_given_root_counts_before_environment_and_home(void **state)
{
	char cwd[PATH_MAX];

	(void)state;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	setenv("BI_ROOT", "from-env", 1);
	assert_opens("given", true, "given");
	assert_opens(NULL, true, "from-env");
	unsetenv("BI_ROOT");
	if (access("/var/lib/bi", W_OK) == 0)
		return; /* it would come first */
	setenv("HOME", cwd, 1);
	unsetenv("XDG_STATE_HOME");
	assert_opens(NULL, true, ".local/state/bi");
	setenv("XDG_STATE_HOME", "relative/does/not/count", 1);
	assert_opens(NULL, true, ".local/state/bi");
	setenv("XDG_STATE_HOME", cwd, 1);
	assert_opens(NULL, true, "bi");
	unsetenv("XDG_STATE_HOME");
	unsetenv("HOME");
	assert_refuses(NULL, true, 78);
}

static void
directories_are_opened_one_name_at_a_time(void **state)
{
	int top = testing_dirfd(state), fd;

	assert_int_equal(root_open_dir(top, "batches", false), -1);
	assert_int_equal(errno, ENOENT);
	fd = root_open_dir(top, "batches", true);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	fd = root_open_dir(top, "batches", true);
	assert_true(fd >= 0);
	close(fd);
}

static void
no_name_leaves_the_directory(void **state)
{
	static const char *const names[] = {"", ".", "..", "/", "/etc", "a/b", "../x", "a/"};
	int top = testing_dirfd(state);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_int_equal(root_open_dir(top, names[i], true), -1);
		assert_int_equal(errno, EINVAL);
	}
	testing_write("file", "", 0);
	assert_int_equal(root_open_dir(top, "file", true), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_int_equal(symlink("/etc", "link"), 0);
	assert_int_equal(root_open_dir(top, "link", true), -1);
	assert_true(errno == ELOOP || errno == ENOTDIR);
	assert_int_equal(symlink("/tmp/not-there-yet", "dangling"), 0);
	assert_int_equal(root_open_dir(top, "dangling", true), -1);
}

static const char *
repeated(char c, size_t n)
{
	static char text[256];

	memset(text, c, n);
	text[n] = '\0';
	return text;
}

static void
wrong_batch_names_are_refused(void **state)
{
	static const char *const good[] = {"M_batch1", "default", "a",    "0",          "ids_172_250_266_plus3",
					   "A.b-c_d",  "apis",    "x..y", "1234567890", "Z_"};
	static const char *const bad[] = {"",    ".",   "..",   ".hidden",   "-rf",        "_x",
					  "a/b", "a b", "a\nb", "a%2e",      "zo\xc3\xab", "\xc3\xab",
					  "api", "API", "add",  "assets",    "thumbs",     "a\\b",
					  "a:b", "a'b", "a<b>", "../../etc", "a\x7f",      "a*"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_null(root_name_check(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!root_name_check(bad[i]))
			fail_msg("'%s' passes for a batch name", bad[i]);
	assert_null(root_name_check(repeated('a', BATCH_NAME_MAX)));
	assert_non_null(root_name_check(repeated('a', BATCH_NAME_MAX + 1)));
}

static void
wrong_subject_ids_are_refused(void **state)
{
	static const char *const good[] = {"1", "172", "Q42", "a.b-c", "0"};
	static const char *const bad[] = {"", ".", "..", "-1", "a_b", "a/b", "a b", "\xc3\xab", "1\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_null(root_subject_check(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!root_subject_check(bad[i]))
			fail_msg("'%s' passes for a subject's id", bad[i]);
	assert_null(root_subject_check(repeated('7', SUBJECT_MAX)));
	assert_non_null(root_subject_check(repeated('7', SUBJECT_MAX + 1)));
}

/* Takes 50 numbers and writes each to its own file, which must be new. */
static void
take_numbers(int dirfd)
{
	struct root root = {.fd = dirfd};

	for (int i = 0; i < 50; i++) {
		unsigned long long n = root_next_number(&root, "jobs");
		char name[32];
		int fd;

		snprintf(name, sizeof(name), "n%llu", n);
		fd = n ? openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
		if (fd < 0)
			_exit(1);
		close(fd);
	}
	_exit(0);
}

static void
counters_never_give_a_number_twice(void **state)
{
	struct root root = {.fd = testing_dirfd(state)};
	pid_t pids[4];

	assert_int_equal(root_next_number(&root, "jobs"), 1);
	assert_int_equal(root_next_number(&root, "others"), 1);
	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			take_numbers(root.fd);
	}
	for (int i = 0; i < 4; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(root_next_number(&root, "jobs"), 202);
}

/* Opens the root "theirs" as a child, and is whoever that makes it. */
static void
open_theirs(void *arg)
{
	struct root root;

	root_open(&root, arg, true);
	printf("%u %u %u %d %s %s\n", (unsigned)getuid(), (unsigned)geteuid(), (unsigned)getegid(), getgroups(0, NULL),
	       getenv("HOME"), getenv("XDG_CONFIG_HOME") ? "XDG" : "-");
	assert_true(mkdirat(root.fd, "made", 0777) == 0);
	root_close(&root);
}

static void
the_superuser_becomes_the_owner(void **state)
{
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip("only root can give a directory to another user");
	if (chmod(".", 0755) < 0 || mkdir("theirs", 0755) < 0 || chown("theirs", 4321, 4322) < 0)
		skip("this root cannot give a directory to another user");
	assert_int_equal(setenv("XDG_CONFIG_HOME", "/root/.config", 1), 0);
	assert_int_equal(testing_child(open_theirs, "theirs", "out"), 0);
	testing_assert_file("out", "4321 4321 4322 0 / -\n");
	assert_int_equal(stat("theirs/made", &st), 0);
	assert_int_equal(st.st_uid, 4321);
	/* Its own root makes no other of it. */
	assert_int_equal(setenv("HOME", "/home", 1), 0);
	assert_int_equal(mkdir("ours", 0755), 0);
	assert_int_equal(testing_child(open_theirs, "ours", "out"), 0);
	assert_int_equal(stat("ours/made", &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(unsetenv("XDG_CONFIG_HOME"), 0);
}

static void
open_as_another(void *arg)
{
	if (setresuid(4323, 4323, 4323) < 0)
		_exit(97);
	open_theirs(arg);
}

static void
another_user_is_refused_with_the_reason(void **state)
{
	char *err;

	(void)state;
	if (geteuid() != 0)
		skip("only root can give a directory to another user");
	if (chmod(".", 0755) < 0 || mkdir("theirs", 0755) < 0 || chown("theirs", 4321, 4322) < 0)
		skip("this root cannot give a directory to another user");
	assert_int_equal(testing_child(open_as_another, "theirs", "out"), 77);
	err = testing_read("err");
	assert_non_null(strstr(err, "cannot write in the root directory 'theirs'"));
	free(err);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, testing_enter, testing_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(a_root_is_made_with_all_directories_above_it),
		IN_DIR(a_root_is_not_made_when_only_read),
		IN_DIR(a_root_may_be_named_by_a_symbolic_link),
		IN_DIR(a_file_is_no_root),
		IN_DIR(a_given_root_counts_before_environment_and_home),
		IN_DIR(directories_are_opened_one_name_at_a_time),
		IN_DIR(no_name_leaves_the_directory),
		IN_DIR(wrong_batch_names_are_refused),
		IN_DIR(wrong_subject_ids_are_refused),
		IN_DIR(counters_never_give_a_number_twice),
		IN_DIR(the_superuser_becomes_the_owner),
		IN_DIR(another_user_is_refused_with_the_reason),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("root", tests, NULL, NULL);
}
