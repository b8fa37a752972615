#include "batching.h"

#include "files/token.h"

static void
a_token_is_made_once(void **state)
{
	struct root *root = batching_root(state);
	char a[TOKEN_HEX + 1], b[TOKEN_HEX + 1];
	struct stat st;

	assert_int_equal(token_read(root, a), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(token_make(root, false, a), 1);
	assert_int_equal(strspn(a, "0123456789abcdef"), TOKEN_HEX);
	assert_int_equal(strlen(a), TOKEN_HEX);
	assert_int_equal(stat("token", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, TOKEN_HEX + 1);
	assert_int_equal(token_make(root, false, b), 0);
	assert_string_equal(a, b);
	assert_int_equal(token_read(root, b), 0);
	assert_string_equal(a, b);
	assert_int_equal(token_make(root, true, b), 1);
	assert_string_not_equal(a, b);
	assert_int_equal(token_read(root, a), 0);
	assert_string_equal(a, b);
}

static void
what_is_no_token_is_replaced(void **state)
{
	static const char *const texts[] = {"", "\n", "short\n",
					    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
					    "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\n"};
	struct root *root = batching_root(state);
	char a[TOKEN_HEX + 1], b[TOKEN_HEX + 1];

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		unlink("token");
		testing_write("token", texts[i], strlen(texts[i]));
		assert_int_equal(chmod("token", 0600), 0);
		assert_int_equal(token_read(root, a), -1);
		assert_int_equal(errno, ENOENT);
		assert_int_equal(token_make(root, false, a), 1);
	}
	/* One that others could read is not secret any more. */
	assert_int_equal(chmod("token", 0640), 0);
	assert_int_equal(token_read(root, b), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(token_make(root, false, b), 1);
	assert_string_not_equal(a, b);
	/* Nor one that somebody else made. */
	if (geteuid() == 0) {
		assert_int_equal(chown("token", 65534, (gid_t)-1), 0);
		assert_int_equal(token_read(root, a), -1);
		assert_int_equal(errno, EPERM);
		assert_int_equal(token_make(root, false, a), 1);
		assert_string_not_equal(a, b);
		assert_int_equal(chown("token", 65534, (gid_t)-1), 0);
		assert_int_equal(fchown(root->fd, 65534, (gid_t)-1), 0); /* who has the root may */
		assert_int_equal(token_read(root, b), 0);
		assert_string_equal(a, b);
	}
	assert_int_equal(unlink("token"), 0);
	assert_int_equal(symlink("elsewhere", "token"), 0);
	assert_int_equal(token_read(root, b), -1);
	assert_int_equal(token_make(root, false, b), -1);
	assert_int_equal(access("elsewhere", F_OK), -1);
}

enum { MAKERS = 8 };

static void
many_at_once_make_one(void **state)
{
	struct root *root = batching_root(state);
	char tokens[MAKERS][TOKEN_HEX + 1];
	int pipes[2], made = 0;
	struct {
		int rc;
		char token[TOKEN_HEX + 1];
	} one;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	for (int i = 0; i < MAKERS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			one.rc = token_make(root, false, one.token);
			_exit(write(pipes[1], &one, sizeof(one)) == (ssize_t)sizeof(one) ? 0 : 1);
		}
	}
	for (int i = 0; i < MAKERS; i++) {
		int status;

		assert_int_equal(read(pipes[0], &one, sizeof(one)), sizeof(one));
		assert_true(one.rc >= 0);
		made += one.rc;
		memcpy(tokens[i], one.token, sizeof(one.token));
		assert_string_equal(tokens[i], tokens[0]);
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(made, 1);
	close(pipes[0]);
	close(pipes[1]);
}

static void
tokens_are_compared_whole(void **state)
{
	static const char token[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	char other[TOKEN_HEX + 1];

	(void)state;
	assert_true(token_equal(token, TOKEN_HEX, token));
	for (size_t i = 0; i < TOKEN_HEX; i++) {
		assert_false(token_equal(token, i, token));
		memcpy(other, token, sizeof(other));
		other[i] = 'x';
		assert_false(token_equal(other, TOKEN_HEX, token));
	}
	assert_false(token_equal("", 0, ""));
	memset(other, 0, sizeof(other));
	assert_false(token_equal(other, TOKEN_HEX, other));
}

static void
secrets_are_for_their_owner(void **state)
{
	struct root *root = batching_root(state);
	char *long_text = calloc(1, TOKEN_SECRET_MAX + 2);
	struct buf text = {0};
	struct stat st;

	assert_non_null(long_text);
	umask(022);
	assert_int_equal(token_secret_write(root, root->fd, "s", "one\n", 4), 0);
	assert_int_equal(token_secret_write(root, root->fd, "s", "two", 3), 0);
	assert_int_equal(stat("s", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(token_secret_read(root->fd, "s", &text), 0);
	assert_string_equal(text.data, "two");
	assert_int_equal(token_secret_write(root, root->fd, "s", "", 0), 0);
	assert_int_equal(token_secret_read(root->fd, "s", &text), 0);
	assert_string_equal(text.data, "");
	memset(long_text, 'x', TOKEN_SECRET_MAX + 1);
	assert_int_equal(token_secret_write(root, root->fd, "s", long_text, TOKEN_SECRET_MAX + 1), 0);
	assert_int_equal(token_secret_read(root->fd, "s", &text), -1);
	assert_int_equal(errno, EFBIG);
	free(long_text);
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_token_is_made_once, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(what_is_no_token_is_replaced, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(many_at_once_make_one, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(tokens_are_compared_whole, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(secrets_are_for_their_owner, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
