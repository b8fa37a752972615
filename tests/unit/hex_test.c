#include "testing.h"

#include "base/hex.h"
#include "base/words.h"

static void
digits_have_their_value(void **state)
{
	(void)state;
	assert_int_equal(hex_value('0'), 0);
	assert_int_equal(hex_value('9'), 9);
	assert_int_equal(hex_value('a'), 10);
	assert_int_equal(hex_value('F'), 15);
	for (const char *c = "gG/:@`\x10\x19\xc3 "; *c; c++)
		assert_int_equal(hex_value(*c), -1);
	assert_int_equal(hex_value('\0'), -1);
}

static void
octets_are_decoded_within_their_bytes(void **state)
{
	(void)state;
	assert_int_equal(hex_octet("%C3", 3), 0xc3);
	assert_int_equal(hex_octet("%2f!", 4), 0x2f);
	assert_int_equal(hex_octet("%00", 3), 0);
	assert_int_equal(hex_octet("%C3", 2), -1);
	assert_int_equal(hex_octet("%C", 2), -1);
	assert_int_equal(hex_octet("%g0", 3), -1);
	assert_int_equal(hex_octet("%0g", 3), -1);
	assert_int_equal(hex_octet("x41", 3), -1);
	assert_int_equal(hex_octet("", 0), -1);
}

static void
words_are_compared_as_a_whole(void **state)
{
	static const char *const list[] = {"Range", "TE", NULL};

	(void)state;
	assert_true(word_is_in_any_case("range: 1", 5, list));
	assert_true(word_is_in_any_case("te", 2, list));
	assert_false(word_is_in_any_case("ranges", 6, list));
	assert_false(word_is_in_any_case("Rang", 4, list));
	assert_false(word_is_in_any_case("", 0, list));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digits_have_their_value),
		cmocka_unit_test(octets_are_decoded_within_their_bytes),
		cmocka_unit_test(words_are_compared_as_a_whole),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("hex", tests, NULL, NULL);
}
