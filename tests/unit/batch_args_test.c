#include "testing.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/msg.h"
#include "records/batch_args.h"

/* What batch_args_read() makes of the lines TEXT on stdin; it reads ARGS where there are any. Messages are in the file
 * said.
 */
static int
read_text(const char *text, char **args, struct batch_args *names)
{
	int in, out, old_in = dup(0), old_err = dup(2), rc;

	testing_write("in", text, strlen(text));
	in = open("in", O_RDONLY | O_CLOEXEC);
	out = open("said", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(old_in >= 0 && old_err >= 0 && in >= 0 && out >= 0);
	assert_true(dup2(in, 0) == 0 && dup2(out, 2) == 2);
	*names = (struct batch_args){0};
	rc = batch_args_read(names, args, NULL);
	assert_true(dup2(old_in, 0) == 0 && dup2(old_err, 2) == 2);
	close(in);
	close(out);
	close(old_in);
	close(old_err);
	return rc;
}

static void
assert_said(const char *expected)
{
	char *said = testing_read("said");

	if (*expected)
		assert_non_null(strstr(said, expected));
	else
		assert_string_equal(said, "");
	free(said);
}

static void
each_name_is_there_once_in_the_order_asked(void **state)
{
	char *operands[] = {(char[]){"z"}, (char[]){"a"}, (char[]){"z"}, NULL}, *none[] = {NULL};
	struct batch_args n;

	(void)state;
	assert_int_equal(read_text("b\na\n{\"batch\":\"b\",\"item\":1,\"status\":\"completed\"}\n{\"batch\":\"0\"}\n"
				   "{\"end\":\"bi-fetch\",\"exit\":1}\n",
				   none, &n),
			 0);
	assert_int_equal(n.n, 3);
	assert_string_equal(n.v[0], "b");
	assert_string_equal(n.v[1], "a");
	assert_string_equal(n.v[2], "0");
	assert_int_equal(n.upstream, 1);
	assert_int_equal(n.bad + n.nameless + n.cut, 0);
	assert_said("");
	batch_args_free(&n);
	assert_int_equal(read_text("ignored\n", operands, &n), 0);
	assert_int_equal(n.n, 2);
	assert_string_equal(n.v[0], "z");
	batch_args_free(&n);
}

static void
what_is_wrong_is_said_and_counted(void **state)
{
	char *none[] = {NULL};
	struct batch_args n;

	(void)state;
	assert_int_equal(read_text("../b\n{\"name\":\"b\"}\n{bad\n", none, &n), 0);
	assert_int_equal(n.n, 0);
	assert_int_equal(n.bad, 1);
	assert_int_equal(n.nameless, 2);
	assert_said("line 2 has no \"batch\"");
	batch_args_free(&n);
	assert_int_equal(read_text("{\"batch\":\"b\",\"item\":1,\"status\":\"failed\"}\n", none, &n), 0);
	assert_true(n.cut);
	assert_said("stop without their end record");
	batch_args_free(&n);
}

static void
nothing_at_all_is_said(void **state)
{
	static const char *const texts[] = {"", "\n\n", "{\"end\":\"bi-fetch\",\"exit\":0}\n"};
	char *none[] = {NULL};
	struct batch_args n;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(read_text(texts[i], none, &n), EX_SOME_FAILED);
		assert_int_equal(n.n, 0);
		assert_said("no batch was named");
		batch_args_free(&n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_name_is_there_once_in_the_order_asked, testing_enter,
						testing_leave),
		cmocka_unit_test_setup_teardown(what_is_wrong_is_said_and_counted, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(nothing_at_all_is_said, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("batch_args", tests, NULL, NULL);
}
