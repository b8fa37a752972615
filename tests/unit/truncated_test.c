#include "testing.h"

#include "base/buf.h"
#include "hosts/truncated.h"

static const char *
wrong(const struct buf *b, size_t n, const char *mime)
{
	const char *said;
	int fd;

	testing_write("file", b->data ? b->data : "", n);
	fd = open("file", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	said = truncated_check(fd, n, mime, NULL, 0);
	close(fd);
	return said;
}

static void
fill(struct buf *b, char byte, size_t n)
{
	memset(buf_room(b, n), byte, n);
	b->len += n;
	b->data[b->len] = '\0';
}

/* The file is whole, with N bytes behind it too, and cut anywhere of the last CUTS bytes it is not. */
static void
check(struct buf *b, const char *mime, size_t trailing, size_t cuts)
{
	size_t n = b->len;

	assert_null(wrong(b, n, mime));
	for (size_t i = 1; i <= cuts; i++)
		if (!wrong(b, n - i, mime))
			fail_msg("%s cut by %zu bytes is taken", mime, i);
	fill(b, 'x', trailing);
	assert_null(wrong(b, b->len, mime));
	assert_null(wrong(b, n, "application/octet-stream"));
	assert_null(wrong(b, n / 2, "video/mp4"));
	buf_free(b);
}

/* With a small picture, whole, in its header. */
static struct buf
jpeg(size_t data)
{
	struct buf b = {0};

	buf_add(&b, "\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0", 20);
	buf_add(&b,
		"\xff\xe1\0\x0e"
		"Exif\xff\xd8\xff\xda\xff\xd9zz",
		16);
	buf_add(&b, "\xff\xff\xfe\0\4hi", 7);
	buf_add(&b, "\xff\xda\0\3x", 5);
	fill(&b, 'd', data);
	buf_add(&b, "\xff\xd9", 2);
	return b;
}

static void
a_cut_jpeg_is_found(void **state)
{
	struct buf b = jpeg(1000), film;

	(void)state;
	check(&b, "image/jpeg", 5000, 1006);
	b = jpeg(4093 - 36 - 12); /* the mark lies across the blocks that are read */
	check(&b, "image/jpeg", 4094, 3);
	b = jpeg(300000);
	check(&b, "image/jpeg", 200000, 3);
	film = jpeg(100);
	fill(&film, 0, 3 << 20);
	assert_null(wrong(&film, film.len, "image/jpeg"));
	buf_free(&film);
	/* Headers that are none: nothing goes wrong but the answer. */
	buf_add(&b, "\xff\xd8zz\xff\xd9", 6);
	assert_null(wrong(&b, b.len, "image/jpeg"));
	for (size_t n = 0; n < 6; n++)
		assert_non_null(wrong(&b, n, "image/jpeg"));
	buf_clear(&b);
	buf_add(&b, "\xff\xd8\xff\xe0\0\2\xff\xe0\xff\xff\xff\xd9", 12);
	assert_non_null(wrong(&b, b.len, "image/jpeg"));
	buf_free(&b);
}

static void
a_cut_png_is_found(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add(&b, "\x89PNG\r\n\x1a\n", 8);
	fill(&b, 'p', 70000);
	buf_add(&b, "\0\0\0\0IEND\xae\x42\x60\x82", 12);
	check(&b, "image/png", 10000, 12);
}

static void
a_cut_gif_is_found(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add(&b, "GIF89a\1\0\1\0\0\0\0", 13);
	fill(&b, 'g', 3000);
	buf_add(&b, "\0;", 2);
	check(&b, "image/gif", 100, 5);
	buf_add(&b, "GIF89a\1\0\1\0\0\0\0", 13);
	fill(&b, 'g', 30);
	buf_add(&b, "\0;", 2);
	fill(&b, 0, 5000);
	assert_null(wrong(&b, b.len, "image/gif"));
	assert_non_null(wrong(&b, 40, "image/gif"));
	buf_free(&b);
	fill(&b, ';', 13);
	assert_non_null(wrong(&b, b.len, "image/gif"));
	buf_free(&b);
}

static void
a_cut_riff_is_found(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add(&b, "RIFF\x0c\0\0\0WEBPVP8 \0\0\0\0", 20);
	check(&b, "image/webp", 7, 20 - 1);
	/* A padding byte that was not written, and lengths that were not known. */
	buf_add(&b, "RIFF\x05\0\0\0WEBPx", 13);
	assert_null(wrong(&b, 13, "image/webp"));
	assert_non_null(wrong(&b, 12, "image/webp"));
	memcpy(b.data + 4, "\xff\xff\xff\xff", 4);
	assert_null(wrong(&b, 13, "audio/x-wav"));
	memcpy(b.data + 4, "\xfe\xff\xff\xff", 4);
	assert_non_null(wrong(&b, 13, "audio/x-wav"));
	buf_free(&b);
}

static void
a_cut_pdf_is_found(void **state)
{
	struct buf b = {0};

	(void)state;
	/* The first of two marks is of the part that is to be shown first. */
	buf_str(&b, "%PDF-1.4\n1 0 obj\nstartxref\n0\n%%EOF\n");
	fill(&b, 'p', 5000);
	buf_str(&b, "startxref\n9\n%%EOF");
	check(&b, "application/pdf", 1000, 20);
	buf_str(&b, "%PDF-1.4\n%%EOF\r\n");
	fill(&b, 0, 4096);
	assert_null(wrong(&b, b.len, "application/pdf"));
	buf_free(&b);
}

static void
a_cut_zip_is_found(void **state)
{
	static const char *const kinds[] = {"application/zip", "application/epub+zip", "application/java-archive",
					    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
					    "application/vnd.oasis.opendocument.text"};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		buf_add(&b, "PK\3\4", 4);
		fill(&b, 'z', 500);
		buf_add(&b, "PK\5\6\0\0\0\0\1\0\1\0\x2e\0\0\0\0\0\0\0\4\0PK\5\6", 26);
		check(&b, kinds[i], 3000, 26);
	}
	/* A directory longer than what is before it is none; and marks without end take no time. */
	buf_add(&b, "PK\5\6\0\0\0\0\1\0\1\0\x2e\0\0\0\0\0\0\0\0\0", 22);
	assert_non_null(wrong(&b, b.len, "application/zip"));
	memcpy(b.data + 12, "\0\0", 2);
	assert_null(wrong(&b, b.len, "application/zip"));
	buf_free(&b);
	for (int i = 0; i < 30000; i++)
		buf_add(&b, "PK\5\6\xff\xff\xff\xff", 8);
	assert_non_null(wrong(&b, b.len, "application/zip"));
	buf_free(&b);
}

/* A file that is shorter than is said, and no file. */
static void
what_cannot_be_read_is_not_whole(void **state)
{
	static const char *const kinds[] = {"image/jpeg", "image/png",       "image/gif",
					    "image/webp", "application/pdf", "application/zip"};
	int fd;

	(void)state;
	testing_write("file", "\xff\xd8\xff\xda", 4);
	fd = open("file", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		assert_non_null(truncated_check(fd, 100000, kinds[i], NULL, 0));
		assert_non_null(truncated_check(fd, UINT64_MAX, kinds[i], NULL, 0));
		assert_non_null(truncated_check(fd, INT64_MAX, kinds[i], NULL, 0));
		assert_non_null(truncated_check(fd, 0, kinds[i], NULL, 0));
		assert_non_null(truncated_check(-1, 100, kinds[i], NULL, 0));
	}
	assert_null(truncated_check(-1, 100, "text/plain", NULL, 0));
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_cut_jpeg_is_found, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_cut_png_is_found, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_cut_gif_is_found, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_cut_riff_is_found, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_cut_pdf_is_found, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(a_cut_zip_is_found, testing_enter, testing_leave),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_not_whole, testing_enter, testing_leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("truncated", tests, NULL, NULL);
}
