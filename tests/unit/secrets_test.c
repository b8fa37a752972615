#include "testing.h"

#include "base/buf.h"
#include "batch/secrets.h"

static const char one[] = "00000000000000000000000000000001", two[] = "00000000000000000000000000000002";

/* What is found of an item, "-" for nothing, with its headers behind a space; for free(). */
static char *
found(struct secrets *s, uint32_t item, const char *key)
{
	struct buf out = {0}, headers = {0};
	int rc = secrets_find(s, item, key, &out, &headers);

	assert_true(rc >= 0);
	if (rc > 0)
		buf_str(&out, "-");
	else if (headers.len)
		buf_printf(&out, " %s", headers.data);
	buf_free(&headers);
	return out.data;
}

static void
assert_found(struct secrets *s, uint32_t item, const char *key, const char *expected)
{
	char *is = found(s, item, key);

	assert_string_equal(is, expected);
	free(is);
}

static void
add(struct secrets *s, uint32_t item, const char *key, const char *userinfo)
{
	assert_int_equal(secrets_add(s, &(struct secret){item, key, userinfo, NULL}, 1), 0);
}

static off_t
size_of(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 ? st.st_size : -1;
}

static bool
has_text(const char *name, const char *text)
{
	char bytes[4096];
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes));

	if (fd >= 0)
		close(fd);
	return n > 0 && memmem(bytes, (size_t)n, text, strlen(text));
}

static void
a_secret_is_kept_by_number_and_identity(void **state)
{
	struct secrets *a = secrets_open(testing_dirfd(state)), *b = secrets_open(testing_dirfd(state));
	struct stat st;
	off_t size;

	assert_found(a, 1, one, "-");
	assert_int_equal(size_of("secrets"), -1); /* to look makes nothing */
	umask(0);
	add(a, 1, one, "u:p\"\\q");
	assert_int_equal(stat("secrets", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_found(b, 1, one, "u:p\"\\q");
	assert_found(b, 1, two, "-"); /* another item has the number by now */
	assert_found(b, 2, one, "-");
	size = size_of("secrets");
	add(b, 1, one, "u:p\"\\q");
	assert_int_equal(size_of("secrets"), size);
	add(b, 1, one, "u:new");
	assert_found(a, 1, one, "u:new");
	secrets_close(a);
	secrets_close(b);
}

static bool
is_not_two(uint32_t item, const char *key, void *arg)
{
	(void)key;
	(void)arg;
	return item != 2;
}

static bool
all_are(uint32_t item, const char *key, void *arg)
{
	(void)item;
	(void)key;
	(void)arg;
	return true;
}

static void
a_secret_is_removed_with_each_of_its_lines(void **state)
{
	struct secrets *a = secrets_open(testing_dirfd(state)), *b = secrets_open(testing_dirfd(state));

	add(a, 1, one, "first");
	add(a, 2, two, "other");
	add(a, 1, one, "second");
	assert_found(b, 1, one, "second");
	assert_int_equal(secrets_remove(a, (const uint32_t[]){1, 7}, 2), 0);
	assert_found(a, 1, one, "-");
	assert_found(b, 1, one, "-");
	assert_found(b, 2, two, "other");
	assert_false(has_text("secrets", "first"));
	assert_false(has_text("secrets", "second"));
	assert_true(has_text("secrets", "other"));
	/* A file with nothing in it goes, and those that have it open notice. */
	assert_int_equal(secrets_sweep(a, is_not_two, NULL), 0);
	assert_true(has_text("secrets", "other"));
	assert_int_equal(secrets_sweep(a, all_are, NULL), 0);
	assert_int_equal(size_of("secrets"), -1);
	assert_found(b, 2, two, "-");
	add(b, 3, one, "third");
	assert_found(a, 3, one, "third");
	secrets_close(a);
	secrets_close(b);
}

static void
headers_are_kept_beside_userinfo_and_without(void **state)
{
	struct secrets *a = secrets_open(testing_dirfd(state)), *b = secrets_open(testing_dirfd(state));
	off_t size;

	assert_int_equal(secrets_add(a, &(struct secret){1, one, NULL, "X: \"1\"\nCookie: a=b"}, 1), 0);
	assert_int_equal(secrets_add(a, &(struct secret){2, two, "u:p", "X: 2"}, 1), 0);
	assert_found(b, 1, one, " X: \"1\"\nCookie: a=b");
	assert_found(b, 2, two, "u:p X: 2");
	size = size_of("secrets");
	assert_int_equal(secrets_add(b, &(struct secret){2, two, "u:p", "X: 2"}, 1), 0);
	assert_int_equal(size_of("secrets"), size);
	assert_int_equal(secrets_add(b, &(struct secret){2, two, "u:p", NULL}, 1), 0);
	assert_found(a, 2, two, "u:p");
	assert_int_equal(secrets_remove(a, (const uint32_t[]){1}, 1), 0);
	assert_false(has_text("secrets", "a=b"));
	secrets_close(a);
	secrets_close(b);
}

static void
more_secrets_than_one_sweep_takes_are_removed(void **state)
{
	struct secrets *s = secrets_open(testing_dirfd(state));
	struct secret v[2500];

	for (uint32_t i = 0; i < 2500; i++)
		v[i] = (struct secret){i + 1, one, "u:p", NULL};
	assert_int_equal(secrets_add(s, v, 2500), 0);
	assert_found(s, 2500, one, "u:p");
	assert_int_equal(secrets_sweep(s, is_not_two, NULL), 0);
	assert_found(s, 2500, one, "-");
	assert_found(s, 2, one, "u:p");
	secrets_close(s);
}

static void
what_cannot_be_read_is_not_absent(void **state)
{
	struct secrets *s = secrets_open(testing_dirfd(state));
	struct buf out = {0}, headers = {0};

	assert_int_equal(mkdir("secrets", 0700), 0);
	assert_int_equal(secrets_find(s, 1, one, &out, &headers), -1);
	assert_int_equal(secrets_add(s, &(struct secret){1, one, "u", NULL}, 1), -1);
	assert_int_equal(rmdir("secrets"), 0);
	/* A torn tail is cut by the next who adds. */
	testing_write("secrets", "{\"item\":1,\"key\":\"0000", 21);
	assert_found(s, 1, one, "-");
	add(s, 2, two, "u:p");
	assert_found(s, 2, two, "u:p");
	buf_free(&out);
	secrets_close(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, testing_enter, testing_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_secret_is_kept_by_number_and_identity),
		TEST(a_secret_is_removed_with_each_of_its_lines),
		TEST(headers_are_kept_beside_userinfo_and_without),
		TEST(more_secrets_than_one_sweep_takes_are_removed),
		TEST(what_cannot_be_read_is_not_absent),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
