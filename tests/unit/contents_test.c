#include "testing.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "base/hash.h"
#include "batch/contents.h"

static int temp;

static int
enter(void **state)
{
	if (testing_enter(state) < 0 || mkdir("temp", 0777) < 0)
		return -1;
	temp = open("temp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return temp < 0 ? -1 : 0;
}

static int
leave(void **state)
{
	close(temp);
	return testing_leave(state);
}

/* The digest of content number N. */
static const char *
digest(uint32_t n)
{
	static char hex[HASH_HEX + 1];
	unsigned char bytes[HASH_BYTES];

	hash_bytes(&n, sizeof(n), bytes);
	hash_hex(bytes, sizeof(bytes), hex);
	return hex;
}

/* What a batch has: contents 1 to n, each with 1000 more as its item; and how often it was asked. */
struct known {
	uint32_t n;
	int filled;
	bool fails;
};

static int
fill(struct contents *c, void *arg)
{
	struct known *k = arg;

	k->filled++;
	for (uint32_t i = 1; i <= k->n; i++)
		if (contents_add(c, digest(i), i + 1000) < 0)
			return -1;
	if (k->fails)
		errno = EILSEQ;
	return k->fails ? -1 : 0;
}

static uint32_t
find(struct contents *c, uint32_t n)
{
	uint32_t item = 77;

	assert_int_equal(contents_find(c, digest(n), &item), 0);
	return item;
}

static void
finds_what_was_added(void **state)
{
	struct known none = {0};
	struct contents *c = contents_open(testing_dirfd(state), temp, fill, &none);

	assert_non_null(c);
	assert_int_equal(none.filled, 1);
	assert_int_equal(find(c, 1), 0);
	assert_int_equal(contents_add(c, digest(1), 5), 0);
	assert_int_equal(contents_add(c, digest(2), 6), 0);
	assert_int_equal(find(c, 1), 5);
	assert_int_equal(contents_add(c, digest(1), UINT32_MAX), 0);
	assert_int_equal(find(c, 1), UINT32_MAX);
	assert_int_equal(find(c, 2), 6);
	assert_int_equal(find(c, 3), 0);
	contents_close(c);
	c = contents_open(testing_dirfd(state), temp, fill, &none);
	assert_int_equal(find(c, 2), 6);
	assert_int_equal(none.filled, 1);
	contents_close(c);
	contents_close(NULL);
}

static void
refuses_what_is_no_digest(void **state)
{
	static const char *const wrong[] = {"", "abc",
					    "E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
					    "g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
					    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8550"};
	struct known none = {0};
	struct contents *c = contents_open(testing_dirfd(state), temp, fill, &none);
	uint32_t item;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_equal(contents_find(c, wrong[i], &item), -1);
		assert_int_equal(errno, EINVAL);
		assert_int_equal(contents_add(c, wrong[i], 1), -1);
	}
	assert_int_equal(contents_add(c, digest(1), 0), -1);
	contents_close(c);
}

/* Digests that begin and end as one likes: runs at the end of the table go on at its front. */
static void
entries_with_one_place_are_all_found(void **state)
{
	struct known none = {0};
	struct contents *c = contents_open(testing_dirfd(state), temp, fill, &none);
	char hex[HASH_HEX + 1];
	uint32_t item;

	memset(hex, 'f', HASH_HEX);
	hex[HASH_HEX] = '\0';
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 0; i < 200; i++) {
			hex[14] = "0123456789abcdef"[i / 16];
			hex[15] = "0123456789abcdef"[i % 16];
			if (round == 0)
				assert_int_equal(contents_add(c, hex, i + 1), 0);
			assert_int_equal(contents_find(c, hex, &item), 0);
			assert_int_equal(item, i + 1);
		}
	memset(hex, '0', HASH_HEX);
	assert_int_equal(contents_find(c, hex, &item), 0);
	assert_int_equal(item, 0);
	assert_int_equal(contents_add(c, hex, 9), 0);
	assert_int_equal(contents_find(c, hex, &item), 0);
	assert_int_equal(item, 9);
	contents_close(c);
}

/* Two that have it open, as two processes have. */
static void
grows_and_others_notice(void **state)
{
	enum { MANY = 20000 };
	struct known none = {0};
	struct contents *a = contents_open(testing_dirfd(state), temp, fill, &none);
	struct contents *b = contents_open(testing_dirfd(state), temp, fill, &none);
	struct stat st;

	for (uint32_t i = 1; i <= MANY; i++)
		assert_int_equal(contents_add(i % 3 ? a : b, digest(i), i), 0);
	for (uint32_t i = 1; i <= MANY; i++)
		assert_int_equal(find(i % 2 ? a : b, i), i);
	assert_int_equal(find(a, MANY + 1), 0);
	assert_int_equal(none.filled, 1);
	assert_int_equal(stat("contents.index", &st), 0);
	assert_int_equal(st.st_size, 32 + 16 * 32768);
	contents_close(a);
	contents_close(b);
	assert_int_equal(rmdir("temp"), 0); /* nothing is left in it */
}

static void
is_made_again_of_what_is_known(void **state)
{
	struct known k = {.n = 3000};
	struct contents *c = contents_open(testing_dirfd(state), temp, fill, &k);

	assert_int_equal(find(c, 3000), 4000);
	assert_int_equal(contents_add(c, digest(4000), 1), 0);
	assert_int_equal(unlink("contents.index"), 0); /* under our hands */
	assert_int_equal(find(c, 1), 1001);
	assert_int_equal(find(c, 4000), 0);
	assert_int_equal(k.filled, 2);
	contents_close(c);
	assert_int_equal(unlink("contents.index"), 0);
	k.fails = true;
	assert_null(contents_open(testing_dirfd(state), temp, fill, &k));
	assert_int_equal(errno, EILSEQ);
	assert_int_equal(access("contents.index", F_OK), -1);
	assert_int_equal(rmdir("temp"), 0);
}

static void
flip(off_t at, const char *bytes, size_t n)
{
	int fd = open("contents.index", O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), n);
	close(fd);
}

static void
damage_is_mended(void **state)
{
	static const off_t heads[] = {0, 7, 8, 15, 16, 24, 31};
	struct known k = {.n = 100};
	struct contents *c = contents_open(testing_dirfd(state), temp, fill, &k);
	int filled = k.filled;
	char block[16384];

	/* A head that is wrong is seen by who opens it. */
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		flip(heads[i], "\xee", 1);
		contents_close(c);
		c = contents_open(testing_dirfd(state), temp, fill, &k);
		assert_int_equal(k.filled, ++filled);
		assert_int_equal(find(c, 50), 1050);
	}
	/* Entries that are wrong, while it is open. */
	memset(block, 0xee, sizeof(block));
	flip(32, block, sizeof(block));
	assert_int_equal(find(c, 50), 1050);
	assert_int_equal(k.filled, ++filled);
	flip(32, block, sizeof(block));
	assert_int_equal(contents_add(c, digest(101), 1101), 0);
	assert_int_equal(k.filled, ++filled);
	assert_int_equal(find(c, 101), 1101);
	/* A file that was cut, and one that is none. */
	assert_int_equal(truncate("contents.index", 1000), 0);
	assert_int_equal(find(c, 77), 1077);
	assert_int_equal(k.filled, ++filled);
	assert_int_equal(truncate("contents.index", 0), 0);
	assert_int_equal(contents_add(c, digest(101), 1101), 0);
	assert_int_equal(k.filled, ++filled);
	contents_close(c);
	/* Zeros where entries were, as after a power cut: they are not found, and can be added again. */
	memset(block, 0, sizeof(block));
	flip(32, block, sizeof(block));
	c = contents_open(testing_dirfd(state), temp, fill, &k);
	assert_int_equal(find(c, 50), 0);
	assert_int_equal(contents_add(c, digest(50), 1050), 0);
	assert_int_equal(find(c, 50), 1050);
	assert_int_equal(k.filled, filled);
	contents_close(c);
}

static void
what_has_its_name_is_replaced(void **state)
{
	struct known k = {.n = 10};
	struct contents *c;

	testing_write("precious", "keep this", 9);
	assert_int_equal(symlink("precious", "contents.index"), 0);
	c = contents_open(testing_dirfd(state), temp, fill, &k);
	assert_non_null(c);
	assert_int_equal(find(c, 5), 1005);
	contents_close(c);
	testing_assert_file("precious", "keep this");
	assert_int_equal(unlink("contents.index"), 0);
	assert_int_equal(mkfifo("contents.index", 0666), 0);
	c = contents_open(testing_dirfd(state), temp, fill, &k);
	assert_non_null(c);
	assert_int_equal(find(c, 5), 1005);
	contents_close(c);
	assert_int_equal(unlink("contents.index"), 0);
	assert_int_equal(mkdir("contents.index", 0777), 0);
	assert_null(contents_open(testing_dirfd(state), temp, fill, &k));
	assert_int_equal(errno, EISDIR);
}

static void
a_table_without_room_leaves_nothing(void **state)
{
	struct known k = {.n = 1};
	struct rlimit was, small;
	int next = dup(temp);

	close(next);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = 1000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	errno = 0;
	assert_null(contents_open(testing_dirfd(state), temp, fill, &k));
	assert_int_equal(errno, EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(dup(temp), next); /* its file was closed */
	close(next);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_what_was_added, enter, leave),
		cmocka_unit_test_setup_teardown(refuses_what_is_no_digest, enter, leave),
		cmocka_unit_test_setup_teardown(entries_with_one_place_are_all_found, enter, leave),
		cmocka_unit_test_setup_teardown(grows_and_others_notice, enter, leave),
		cmocka_unit_test_setup_teardown(is_made_again_of_what_is_known, enter, leave),
		cmocka_unit_test_setup_teardown(damage_is_mended, enter, leave),
		cmocka_unit_test_setup_teardown(a_table_without_room_leaves_nothing, enter, leave),
		cmocka_unit_test_setup_teardown(what_has_its_name_is_replaced, enter, leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("contents", tests, NULL, NULL);
}
