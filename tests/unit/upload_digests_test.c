/* Digests of uploads: each counts for its own file alone, as long as that was not changed, and none that is damaged. */
#include "testing.h"

#include "batch/upload_digests.h"
#include "files/file.h"

enum { FILES = 3 };

static int dir;
static char hex[FILES][HASH_HEX + 1];

static void
put(const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	assert_true(fd >= 0);
	assert_int_equal(file_write(fd, text, strlen(text)), 0);
	close(fd);
}

static const char *
name_of(unsigned k)
{
	static char name[2];

	name[0] = (char)('0' + k);
	return name;
}

static int
enter(void **state)
{
	struct buf records = {0};
	struct stat st;

	if (testing_enter(state) < 0)
		return -1;
	dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (unsigned k = 1; k <= FILES; k++) {
		unsigned char digest[HASH_BYTES];

		put(name_of(k), name_of(k));
		hash_bytes(name_of(k), 1, digest);
		hash_hex(digest, sizeof(digest), hex[k - 1]);
		assert_int_equal(file_stat(dir, name_of(k), &st), 1);
		upload_digest_add(&records, &st, hex[k - 1]);
	}
	upload_digests_write(dir, &records);
	buf_free(&records);
	return dir < 0 ? -1 : 0;
}

static int
leave(void **state)
{
	close(dir);
	return testing_leave(state);
}

/* Whether upload K has a digest; it must be the right one. */
static bool
has(unsigned k)
{
	char found[HASH_HEX + 1];
	struct stat st;

	assert_int_equal(file_stat(dir, name_of(k), &st), 1);
	if (!upload_digest_find(dir, k, &st, found))
		return false;
	assert_string_equal(found, hex[k - 1]);
	return true;
}

static void
each_file_has_its_own(void **state)
{
	struct stat st;
	char found[HASH_HEX + 1];

	(void)state;
	for (unsigned k = 1; k <= FILES; k++)
		assert_true(has(k));
	assert_int_equal(file_stat(dir, "1", &st), 1);
	assert_false(upload_digest_find(dir, 2, &st, found)); /* another file */
	assert_false(upload_digest_find(dir, 0, &st, found));
	assert_false(upload_digest_find(dir, FILES + 1, &st, found));
	assert_false(upload_digest_find(dir, UINT32_MAX, &st, found));
}

static void
a_changed_file_has_none(void **state)
{
	struct timespec times[2];
	struct stat st;

	(void)state;
	assert_int_equal(file_stat(dir, "1", &st), 1);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	usleep(20000); /* the clock of some file systems ticks every 10 ms */
	put("1", "x"); /* as long as before */
	assert_int_equal(utimensat(dir, "1", times, 0), 0);
	assert_false(has(1));
	put("copy", "2");
	assert_int_equal(renameat(dir, "copy", dir, "2"), 0);
	assert_false(has(2));
	assert_true(has(3));
	/* A second name may come from an attempt that was interrupted: its file is read again, which does no harm. */
	usleep(20000);
	assert_int_equal(linkat(dir, "3", dir, "other", 0), 0);
	assert_false(has(3));
}

static void
a_damaged_one_is_none(void **state)
{
	char byte;
	int fd = openat(dir, "digests.index", O_RDWR | O_CLOEXEC);

	(void)state;
	for (off_t at = 64; at < 128; at++) {
		assert_int_equal(file_read_exactly(fd, &byte, 1, at), 0);
		byte ^= 4;
		assert_int_equal(file_write_at(fd, &byte, 1, at), 0);
		assert_false(has(2));
		assert_true(has(1) && has(3));
		byte ^= 4;
		assert_int_equal(file_write_at(fd, &byte, 1, at), 0);
	}
	assert_true(has(2));
	assert_int_equal(ftruncate(fd, 190), 0); /* after a power cut */
	assert_true(has(2));
	assert_false(has(3));
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(ftruncate(fd, 192), 0);
	assert_false(has(1));
	close(fd);
	assert_int_equal(unlinkat(dir, "digests.index", 0), 0);
	assert_false(has(1));
	assert_int_equal(symlinkat("1", dir, "digests.index"), 0);
	assert_false(has(1));
}

static void
they_go_with_the_last_upload(void **state)
{
	(void)state;
	for (unsigned k = 1; k <= FILES; k++) {
		assert_false(uploads_are_gone(dir));
		upload_digests_remove(dir);
		assert_int_equal(file_stat(dir, "digests.index", NULL), 1);
		assert_int_equal(unlinkat(dir, name_of(k), 0), 0);
	}
	assert_true(uploads_are_gone(dir));
	upload_digests_remove(dir);
	assert_int_equal(file_stat(dir, "digests.index", NULL), 0);
	upload_digests_remove(-1);
	assert_false(uploads_are_gone(-1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_file_has_its_own, enter, leave),
		cmocka_unit_test_setup_teardown(a_changed_file_has_none, enter, leave),
		cmocka_unit_test_setup_teardown(a_damaged_one_is_none, enter, leave),
		cmocka_unit_test_setup_teardown(they_go_with_the_last_upload, enter, leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("upload_digests", tests, NULL, NULL);
}
