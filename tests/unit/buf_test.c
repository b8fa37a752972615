#include "testing.h"

#include <json-c/json.h>

#include "base/buf.h"

static void
grows_and_stays_terminated(void **state)
{
	struct buf b = {0};

	(void)state;
	for (int i = 0; i < 10000; i++) {
		buf_add(&b, "xyz", 3);
		assert_int_equal(b.data[b.len], '\0');
	}
	assert_int_equal(b.len, 30000);
	assert_int_equal(strspn(b.data, "xyz"), 30000);
	assert_true(b.room > b.len);
	buf_free(&b);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
}

static void
nothing_added_is_an_empty_string(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add(&b, NULL, 0);
	assert_string_equal(b.data, "");
	buf_clear(&b);
	buf_free(&b);
	buf_clear(&b);
	assert_null(b.data);
}

static void
room_does_not_change_the_text(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_str(&b, "abc");
	memset(buf_room(&b, 5000), 'q', 5000);
	assert_int_equal(b.len, 3);
	buf_str(&b, "d");
	assert_string_equal(b.data, "abcd");
	buf_free(&b);
}

static void
printf_longer_than_any_guess(void **state)
{
	struct buf b = {0};
	char *long_text = buf_alloc(100001);

	(void)state;
	memset(long_text, 'l', 100000);
	buf_str(&b, "<");
	buf_printf(&b, "%s-%d", long_text, 42);
	assert_int_equal(b.len, 100004);
	assert_string_equal(b.data + 100001, "-42");
	buf_printf(&b, "%s", "");
	assert_int_equal(b.len, 100004);
	free(long_text);
	buf_free(&b);
}

static void
drop_takes_from_the_front(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add(&b, "one\0two", 7);
	buf_drop(&b, 4);
	assert_string_equal(b.data, "two");
	assert_int_equal(b.len, 3);
	buf_drop(&b, 0);
	assert_int_equal(b.len, 3);
	buf_drop(&b, 1000);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
	buf_free(&b);
	buf_drop(&b, 1);
	assert_int_equal(b.len, 0);
}

/* What buf_json() writes is one line, and a JSON parser reads the same text from it. */
static void
json_strings_survive(void **state)
{
	static const char *const texts[] = {"",
					    "plain",
					    "\"\\\"",
					    "a\nb\tc\rd\b\f\x1f",
					    "\x7f",
					    "</a>",
					    "Zo\xc3\xab \xf0\x9f\x90\x9d",
					    "\xe2\x80\xa8",
					    "\\u00e9"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct buf b = {0};
		struct json_object *o;

		buf_json(&b, texts[i]);
		for (size_t k = 0; k < b.len; k++)
			assert_true((unsigned char)b.data[k] >= 0x20);
		o = json_tokener_parse(b.data);
		assert_non_null(o);
		assert_string_equal(json_object_get_string(o), texts[i]);
		json_object_put(o);
		buf_free(&b);
	}
}

static void
memory_is_zeroed_and_copied(void **state)
{
	char *p = buf_alloc(64), *copy;

	(void)state;
	for (int i = 0; i < 64; i++)
		assert_int_equal(p[i], 0);
	free(p);
	free(buf_alloc(0));
	copy = buf_strdup("text");
	assert_string_equal(copy, "text");
	free(copy);
}

/* With a sanitizer malloc(3) returns NULL too. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void
ask_for_too_much(void *arg)
{
	free(buf_realloc(NULL, *(const size_t *)arg));
}

/* The message is made without memory, and by nothing that stands on buf. */
static void
memory_that_runs_out_ends_the_program(void **state)
{
	static const size_t most[] = {(size_t)PTRDIFF_MAX, (size_t)PTRDIFF_MAX - 4096};
	char want[128];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t n = most[i];

		assert_int_equal(testing_child(ask_for_too_much, &n, "out"), 71);
		snprintf(want, sizeof(want), "buf_test.t: out of memory (%zu bytes were asked for)\n", n);
#ifndef __SANITIZE_ADDRESS__ /* which says more */
		testing_assert_file("err", want);
#endif
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_stays_terminated),
		cmocka_unit_test(nothing_added_is_an_empty_string),
		cmocka_unit_test(room_does_not_change_the_text),
		cmocka_unit_test(printf_longer_than_any_guess),
		cmocka_unit_test(drop_takes_from_the_front),
		cmocka_unit_test(json_strings_survive),
		cmocka_unit_test(memory_is_zeroed_and_copied),
		cmocka_unit_test_setup_teardown(memory_that_runs_out_ends_the_program, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
