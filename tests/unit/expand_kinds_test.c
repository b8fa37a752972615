/*
 * bi-expand and its client, with archives that are whole, but of methods that libarchive does not know, or that need a
 * password. No program here writes them, so they are put together byte by byte.
 */
#include "expanding.h"

/* The CRC of ZIP, 7z and RAR (ISO 3309). */
static uint32_t
crc_of(const void *bytes, size_t n)
{
	const unsigned char *b = bytes;
	uint32_t crc = ~0U;

	for (size_t i = 0; i < n; i++) {
		crc ^= b[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* Adds a number of N bytes, least significant first. */
static void
put(struct buf *b, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add(b, &(char){(char)(value >> 8 * i)}, 1);
}

/* --- 7z --- */

/* A 7z of the file "a", 5 bytes, packed by the method whose id is the N bytes CODER. */
static void
make_7z(const char *file, const char *coder, size_t n)
{
	struct buf header = {0}, start = {0}, all = {0};

	/* Pack info: at 0, one stream of 5 bytes. Folders: one of one coder. It unpacks to 5 bytes. Files: one, "a". */
	buf_add(&header, "\1\4\6\0\1\11\5\0\7\13\1\0\1", 13);
	put(&header, n, 1);
	buf_add(&header, coder, n);
	buf_add(&header, "\14\5\0\10\0\0\5\1\21\5\0a\0\0\0\0\0", 17);
	put(&start, 5, 8);
	put(&start, header.len, 8);
	put(&start, crc_of(header.data, header.len), 4);
	buf_add(&all, "7z\xbc\xaf\x27\x1c\0\4", 8);
	put(&all, crc_of(start.data, start.len), 4);
	buf_add(&all, start.data, start.len);
	buf_add(&all, "hello", 5);
	buf_add(&all, header.data, header.len);
	testing_write(file, all.data, all.len);
	buf_free(&header);
	buf_free(&start);
	buf_free(&all);
}

static void
a_7z_of_another_method_is_unsupported(void **state)
{
	(void)state;
	make_7z("a.7z", "\0", 1); /* copied */
	expanding_unpacks("a.7z", NULL, "a[hello] .");
	make_7z("zstd.7z", "\x04\xf7\x11\x01", 4);
	expanding_unpacks("zstd.7z", NULL, "a[!archive_unsupported");
	make_7z("swap.7z", "\x02\x03\x02", 3);
	expanding_unpacks("swap.7z", NULL, "a[!archive_unsupported");
}

/* --- RAR 5 --- */

/* Adds a block: its CRC, its length, its type and flags, and N bytes of BODY. */
static void
put_block(struct buf *b, char type, char flags, const char *body, size_t n)
{
	struct buf head = {0};

	put(&head, 2 + n, 1);
	buf_add(&head, &type, 1);
	buf_add(&head, &flags, 1);
	buf_add(&head, body, n);
	put(b, crc_of(head.data, head.len), 4);
	buf_add(b, head.data, head.len);
	buf_free(&head);
}

/* A RAR of the file "a", stored, with the compression information INFO (two bytes, seven bits each). */
static void
make_rar(const char *file, const char info[2])
{
	struct buf rar = {0}, body = {0};

	buf_add(&rar, "Rar!\x1a\7\1\0", 8);
	put_block(&rar, 1, 0, "\0", 1);
	buf_add(&body, "\5\4\5\xa4\x83\2", 6); /* 5 bytes packed, a CRC, 5 bytes unpacked, mode 0644 */
	put(&body, crc_of("hello", 5), 4);
	buf_add(&body, info, 2);
	buf_add(&body, "\1\1a", 3); /* of Unix, a name of one letter */
	put_block(&rar, 2, 2, body.data, body.len);
	buf_add(&rar, "hello", 5);
	put_block(&rar, 5, 0, "\0", 1);
	testing_write(file, rar.data, rar.len);
	buf_free(&rar);
	buf_free(&body);
}

static void
a_rar_5_of_another_method_is_unsupported(void **state)
{
	struct buf rar = {0};

	(void)state;
	make_rar("a.rar", (char[]){(char)0x80, 0});
	expanding_unpacks("a.rar", NULL, "a[hello] .");
	make_rar("large.rar", (char[]){(char)0x80, 15 << 3 | 3}); /* with a dictionary of 4 GiB */
	expanding_unpacks("large.rar", NULL, "!archive_unsupported");
	buf_add(&rar, "Rar!\x1a\7\1\0", 8);
	put_block(&rar, 4, 0, "\0\0\17................", 19); /* the headers are encrypted */
	testing_write("locked.rar", rar.data, rar.len);
	expanding_unpacks("locked.rar", NULL, "!archive_encrypted");
	buf_free(&rar);
}

/* --- ZIP --- */

/* Adds the header of a member: SIGN, then what a local header and one of the directory share, from the version on. */
static void
put_zip_header(struct buf *b, const char *sign, uint64_t flags, uint64_t method, const char *name)
{
	buf_str(b, sign);
	put(b, 20, 2);
	put(b, flags, 2);
	put(b, method, 2);
	put(b, 0, 4);
	put(b, crc_of("hello", 5), 4);
	put(b, 5, 4);
	put(b, 5, 4);
	put(b, strlen(name), 2);
	put(b, 0, 2);
}

/* A member of a ZIP: "hello" as it is. */
struct member {
	const char *name;
	uint64_t flags, method;
	bool again; /* it is at the place of the first one */
};

static void
make_zip(const char *file, const struct member *m, size_t n)
{
	struct buf zip = {0}, directory = {0};

	for (size_t i = 0; i < n; i++) {
		size_t at = m[i].again ? 0 : zip.len;

		if (!m[i].again) {
			put_zip_header(&zip, "PK\3\4", m[i].flags, m[i].method, m[i].name);
			buf_str(&zip, m[i].name);
			buf_str(&zip, "hello");
		}
		buf_str(&directory, "PK\1\2");
		put(&directory, 3 << 8 | 20, 2); /* made by Unix */
		put_zip_header(&directory, "", m[i].flags, m[i].method, m[i].name);
		put(&directory, 0, 2 + 2 + 2);
		put(&directory, (uint64_t)0100644 << 16, 4);
		put(&directory, at, 4);
		buf_str(&directory, m[i].name);
	}
	put(&directory, 0x06054b50, 4);
	put(&directory, 0, 4);
	put(&directory, n, 2);
	put(&directory, n, 2);
	put(&directory, directory.len - 12, 4);
	put(&directory, zip.len, 4);
	put(&directory, 0, 2);
	buf_add(&zip, directory.data, directory.len);
	testing_write(file, zip.data, zip.len);
	buf_free(&zip);
	buf_free(&directory);
}

static void
a_member_of_another_method_is_unsupported(void **state)
{
	static const struct member some[] = {
		{"a", 0, 0, false}, {"b", 0, 9, false}, {"c", 0, 97, false}, {"d", 0, 0, false}};

	(void)state;
	make_zip("a.zip", some, 4);
	expanding_unpacks("a.zip", NULL, "a[hello] b[!member_unsupported] c[!member_unsupported] d[hello] .");
}

static void
an_encrypted_member_leaves_the_others(void **state)
{
	static const struct member some[] = {{"a", 1, 0, false}, {"b", 0, 0, false}};

	(void)state;
	make_zip("a.zip", some, 2);
	expanding_unpacks("a.zip", NULL, "a[!member_encrypted] b[hello] .");
	make_zip("a.zip", some, 1);
	expanding_unpacks("a.zip", NULL, "a[!member_encrypted] !archive_encrypted");
}

static void
members_in_one_place_are_told(void **state)
{
	static const struct member some[] = {{"a", 0, 0, false}, {"b", 0, 0, true}, {"c", 0, 0, true}};
	struct expand *e;
	struct expand_member m;
	enum expand_event event;

	(void)state;
	make_zip("a.zip", some, 3);
	e = expanding_start("a.zip", NULL);
	while ((event = expand_next(e, -1, &m)) != EXPAND_END && event != EXPAND_FAILED)
		continue;
	assert_int_equal(event, EXPAND_FAILED);
	assert_string_equal(m.code, "archive_damaged");
	assert_non_null(strstr(m.message, "2 members of it overlap"));
	expand_close(e);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, testing_enter, testing_leave)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_7z_of_another_method_is_unsupported),
		TEST(a_rar_5_of_another_method_is_unsupported),
		TEST(a_member_of_another_method_is_unsupported),
		TEST(an_encrypted_member_leaves_the_others),
		TEST(members_in_one_place_are_told),
	};

	(void)argv;
	if (argc < 2)
		return expanding_run_again();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
