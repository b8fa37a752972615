#include "testing.h"

#include "base/hash.h"

/* The examples of FIPS 180-4. */
static const struct {
	const char *text, *hex;
} known[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void
known_digests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct hash *h = hash_begin();
		unsigned char digest[HASH_BYTES];
		char hex[HASH_HEX + 1];

		hash_add(h, known[i].text, strlen(known[i].text));
		hash_end(h, hex);
		assert_string_equal(hex, known[i].hex);
		hash_bytes(known[i].text, strlen(known[i].text), digest);
		hash_hex(digest, sizeof(digest), hex);
		assert_string_equal(hex, known[i].hex);
	}
}

static void
pieces_make_the_same_digest(void **state)
{
	struct hash *h = hash_begin();
	char hex[HASH_HEX + 1];

	(void)state;
	for (int i = 0; i < 1000000; i += 10) {
		hash_add(h, "aaa", 3);
		hash_add(h, "", 0);
		hash_add(h, "aaaaaaa", 7);
	}
	hash_end(h, hex);
	assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void
two_at_once_do_not_mix(void **state)
{
	struct hash *a = hash_begin(), *b = hash_begin();
	char hex[HASH_HEX + 1];

	(void)state;
	hash_add(a, "a", 1);
	hash_add(b, "x", 1);
	hash_add(a, "bc", 2);
	hash_drop(b);
	hash_drop(NULL);
	hash_end(a, hex);
	assert_string_equal(hex, known[1].hex);
}

static void
hexadecimal_is_lower_case(void **state)
{
	char hex[9];

	(void)state;
	hash_hex((const unsigned char *)"\x00\x0f\xa5\xff", 4, hex);
	assert_string_equal(hex, "000fa5ff");
	hash_hex(NULL, 0, hex);
	assert_string_equal(hex, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_digests),
		cmocka_unit_test(pieces_make_the_same_digest),
		cmocka_unit_test(two_at_once_do_not_mix),
		cmocka_unit_test(hexadecimal_is_lower_case),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
