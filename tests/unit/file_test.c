#include "testing.h"

#include "files/file.h"

static int
note_name(int dir, const struct dirent *e, void *arg)
{
	int *seen = arg;

	assert_int_equal(file_stat(dir, e->d_name, NULL), 1);
	assert_int_equal(e->d_name[0], 'x');
	return ++*seen == 3 ? 7 : 0;
}

static int
open_dir(const char *name)
{
	return open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
a_directory_is_listed(void **state)
{
	int seen = 0;

	(void)state;
	assert_int_equal(mkdir("d", 0777), 0);
	assert_int_equal(file_each(open_dir("d"), note_name, &seen), 0);
	assert_int_equal(seen, 0);
	testing_write("d/x1", "", 0);
	testing_write("d/x2", "", 0);
	assert_int_equal(file_each(open_dir("d"), note_name, &seen), 0);
	assert_int_equal(seen, 2);
	seen = 0;
	testing_write("d/x3", "", 0);
	testing_write("d/x4", "", 0);
	assert_int_equal(file_each(open_dir("d"), note_name, &seen), 7); /* it was ended */
	assert_int_equal(file_each(open_dir("none"), note_name, &seen), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(file_each(open("d/x1", O_RDONLY | O_CLOEXEC), note_name, &seen), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_int_equal(seen, 3);
	/* Each was closed. */
	assert_int_equal(open_dir("d"), testing_dirfd(state) + 1);
}

static void
only_enoent_says_that_a_name_is_gone(void **state)
{
	int dir = testing_dirfd(state), fd;
	struct stat st;

	testing_write("a", "four", 4);
	assert_int_equal(file_stat(dir, "a", &st), 1);
	assert_int_equal(st.st_size, 4);
	assert_int_equal(file_stat(dir, "b", &st), 0);
	assert_int_equal(file_stat(dir, "a/b", &st), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_int_equal(symlink("none", "link"), 0);
	assert_int_equal(file_stat(dir, "link", &st), 1); /* the link is there */

	fd = open("a", O_RDONLY | O_CLOEXEC);
	assert_int_equal(file_is_named(dir, "a", fd), 1);
	assert_int_equal(rename("a", "b"), 0);
	assert_int_equal(file_is_named(dir, "a", fd), 0);
	testing_write("a", "", 0);
	assert_int_equal(file_is_named(dir, "a", fd), 0);
	assert_int_equal(file_is_named(dir, "b", fd), 1);
	assert_int_equal(file_is_named(dir, "b/c", fd), -1);
	close(fd);
	assert_int_equal(file_is_named(dir, "a", fd), -1);
	assert_int_equal(errno, EBADF);
}

static void
a_read_that_fails_is_not_the_end(void **state)
{
	char bytes[8] = "";
	struct buf all = {0};
	int fd;

	testing_write("a", "0123456789", 10);
	fd = open("a", O_RDONLY | O_CLOEXEC);
	assert_int_equal(file_read_at(fd, bytes, 4, 3), 4);
	assert_memory_equal(bytes, "3456", 4);
	assert_int_equal(file_read_at(fd, bytes, 4, 8), 2);
	assert_int_equal(file_read_at(fd, bytes, 4, 10), 0);
	assert_int_equal(file_read_exactly(fd, bytes, 4, 6), 0);
	assert_memory_equal(bytes, "6789", 4);
	assert_int_equal(file_read_exactly(fd, bytes, 4, 7), -1);
	assert_int_equal(errno, EIO);
	buf_str(&all, "a ");
	assert_int_equal(file_read_all(fd, 10, &all), 0);
	assert_string_equal(all.data, "a 0123456789");
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(file_read_all(fd, 9, &all), -1);
	assert_int_equal(errno, EFBIG);
	close(fd);
	assert_int_equal(file_read_at(testing_dirfd(state), bytes, 4, 0), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(file_read_exactly(testing_dirfd(state), bytes, 4, 0), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(file_read_all(testing_dirfd(state), 9, &all), -1);
	assert_int_equal(errno, EISDIR);
	buf_free(&all);
	errno = EIO;
	assert_int_equal(file_close(-1, 5), 5);
	assert_int_equal(errno, EIO);
}

static void
what_is_no_regular_file_is_not_opened(void **state)
{
	int dir = testing_dirfd(state), fd, first;

	testing_write("a", "four", 4);
	fd = first = file_open(dir, "a");
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(file_open(dir, "b"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(symlink("a", "link"), 0);
	assert_int_equal(file_open(dir, "link"), -1);
	assert_int_equal(errno, ELOOP);
	assert_non_null(strstr(file_reason(errno), "a symbolic link"));
	assert_int_equal(mkdir("dir", 0777), 0);
	assert_int_equal(file_open(dir, "dir"), -1);
	assert_int_equal(errno, EISDIR);
	assert_non_null(strstr(file_reason(errno), "a directory"));
	assert_int_equal(mkfifo("pipe", 0666), 0);
	assert_int_equal(file_open(dir, "pipe"), -1); /* and it does not wait for a writer */
	assert_int_equal(errno, ENXIO);
	assert_non_null(strstr(file_reason(errno), "a pipe"));
	assert_string_equal(file_reason(EACCES), strerror(EACCES));
	/* Each was closed. */
	fd = dup(dir);
	assert_int_equal(fd, first);
	close(fd);
}

static void
all_bytes_are_written_or_it_fails(void **state)
{
	struct buf all = {0};
	int fd = open("a", O_RDWR | O_CREAT | O_CLOEXEC, 0666), full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(file_write(fd, "0123", 4), 0);
	assert_int_equal(file_write(fd, "4567", 4), 0);
	assert_int_equal(file_write(fd, "", 0), 0);
	assert_int_equal(file_write_at(fd, "abc", 3, 2), 0);
	assert_int_equal(file_write_at(fd, "xyz", 3, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 8);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(file_read_all(fd, 100, &all), 0);
	assert_string_equal(all.data, "xyzbc567");
	assert_int_equal(file_write(full, "a", 1), -1);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(file_write_at(full, "a", 1, 0), -1);
	assert_int_equal(errno, ENOSPC);
	close(full);
	close(fd);
	buf_free(&all);
}

static void
the_digest_is_that_of_the_whole_file(void **state)
{
	char hex[HASH_HEX + 1], *big = calloc(1, 1 << 20);
	int fd;

	testing_write("empty", "", 0);
	fd = open("empty", O_RDONLY | O_CLOEXEC);
	assert_int_equal(file_digest(fd, hex), 0);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	close(fd);
	testing_write("big", big, 1 << 20);
	fd = open("big", O_RDONLY | O_CLOEXEC);
	assert_int_equal(lseek(fd, 100, SEEK_SET), 100);
	assert_int_equal(file_digest(fd, hex), 1 << 20);
	assert_string_equal(hex, "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58");
	close(fd);
	free(big);
	assert_int_equal(file_digest(testing_dirfd(state), hex), -1);
	assert_int_equal(errno, EISDIR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_directory_is_listed, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(only_enoent_says_that_a_name_is_gone, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(what_is_no_regular_file_is_not_opened, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(all_bytes_are_written_or_it_fails, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(the_digest_is_that_of_the_whole_file, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_read_that_fails_is_not_the_end, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
