#include "testing.h"

#include <stdlib.h>

#include "base/buf.h"
#include "http/multipart.h"

/* What was told, as text: NAME(FILENAME,TYPE)[BYTES] for each part. */
struct heard {
	struct buf text;
	size_t stop_at; /* the call that says stop; 0: none */
	size_t calls;
};

static bool
call(struct heard *h)
{
	return ++h->calls != h->stop_at;
}

static bool
on_part(const struct multipart_part *p, void *arg)
{
	struct heard *h = arg;

	buf_printf(&h->text, "%s(%s,%s)[", p->name, p->filename ? p->filename : "-", p->type ? p->type : "-");
	return call(h);
}

static bool
on_bytes(const char *bytes, size_t n, void *arg)
{
	struct heard *h = arg;

	assert_true(n > 0);
	buf_add(&h->text, bytes, n);
	return call(h);
}

static bool
on_part_end(void *arg)
{
	struct heard *h = arg;

	buf_str(&h->text, "]");
	return call(h);
}

static const struct multipart_calls calls = {on_part, on_bytes, on_part_end};

static const char sample[] =
	"a preamble\r\n--line\r\n"
	"Content-Disposition: form-data; name=\"upload_file_id\"\r\n\r\n"
	"abc\r\n--line  \t\r\n"
	"content-type: text/plain\r\n"
	"CONTENT-DISPOSITION: form-data;\r\n name=files; filename=\"a \\\"b\\\" C:\\d.txt\"\r\n\r\n"
	"one\r\n--lin\r\n\r\n--lime\r\r\n\r\r\n--line\r\n"
	"Content-Disposition: form-data; name=\"files\"; filename=\"\"\r\n\r\n"
	"\r\n--line--\r\nan epilogue\r\n--line\r\n";

static const char sample_heard[] = "upload_file_id(-,-)[abc]"
				   "files(a \"b\" C:\\d.txt,text/plain)[one\r\n--lin\r\n\r\n--lime\r\r\n\r]"
				   "files(,-)[]";

/* Feeds N bytes in the pieces that NEXT gives. */
static enum multipart_state
feed(const char *bytes, size_t n, size_t (*next)(size_t left, void *arg), void *arg, struct heard *h)
{
	struct multipart m;
	enum multipart_state s = MULTIPART_MORE;

	multipart_begin(&m, "line", &calls, h);
	while (n > 0) {
		size_t piece = next(n, arg);
		char *own = buf_alloc(piece + 1); /* so that a sanitizer sees a look beyond it */

		memcpy(own, bytes, piece);
		own = buf_realloc(own, piece ? piece : 1);
		s = multipart_feed(&m, own, piece);
		free(own);
		bytes += piece;
		n -= piece;
	}
	assert_string_not_equal(multipart_error(&m), "");
	multipart_free(&m);
	return s;
}

static size_t
all_of(size_t left, void *arg)
{
	(void)arg;
	return left;
}

static size_t
at_most(size_t left, void *arg)
{
	size_t most = *(const size_t *)arg;

	return left < most ? left : most;
}

/* The first piece has *ARG bytes, the second the rest. */
static size_t
split_at(size_t left, void *arg)
{
	size_t *at = arg, piece = *at ? *at : left;

	*at = 0;
	return piece;
}

static size_t
any(size_t left, void *arg)
{
	size_t piece = (size_t)rand_r(arg) % 24;

	return piece < left ? piece : left;
}

static void
a_form_may_be_split_at_every_byte(void **state)
{
	(void)state;
	for (size_t i = 1; i < sizeof(sample) - 1; i++) {
		struct heard h = {0};
		size_t at = i;

		assert_int_equal(feed(sample, sizeof(sample) - 1, split_at, &at, &h), MULTIPART_END);
		assert_string_equal(h.text.data, sample_heard);
		buf_free(&h.text);
	}
}

static void
a_form_may_come_in_small_pieces(void **state)
{
	(void)state;
	for (size_t most = 1; most < 40; most++) {
		struct heard h = {0};

		assert_int_equal(feed(sample, sizeof(sample) - 1, at_most, &most, &h), MULTIPART_END);
		assert_string_equal(h.text.data, sample_heard);
		buf_free(&h.text);
	}
}

static void
a_form_may_come_in_random_pieces(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 500; i++) {
		struct heard h = {0};

		assert_int_equal(feed(sample, sizeof(sample) - 1, any, &seed, &h), MULTIPART_END);
		assert_string_equal(h.text.data, sample_heard);
		buf_free(&h.text);
	}
}

static void
a_form_that_is_cut_short_does_not_end(void **state)
{
	size_t whole = (size_t)(strstr(sample, "--line--") - sample) + 8;

	(void)state;
	for (size_t n = 1; n < whole; n++) {
		struct heard h = {0};

		assert_int_equal(feed(sample, n, all_of, NULL, &h), MULTIPART_MORE);
		buf_free(&h.text);
	}
}

static void
each_call_can_stop_the_form(void **state)
{
	struct heard all = {0};

	(void)state;
	feed(sample, sizeof(sample) - 1, all_of, NULL, &all);
	for (size_t i = 1; i <= all.calls; i++) {
		struct heard h = {.stop_at = i};

		assert_int_equal(feed(sample, sizeof(sample) - 1, all_of, NULL, &h), MULTIPART_STOPPED);
		assert_int_equal(h.calls, i);
		buf_free(&h.text);
	}
	buf_free(&all.text);
}

/* Bytes that look like delimiters, as a part's: what comes out is what went in. */
static void
bytes_like_delimiters_belong_to_the_part(void **state)
{
	static const char alphabet[] = "\r\n-line";
	unsigned seed = 7;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct buf form = {0}, bytes = {0}, expected = {0};
		struct heard h = {0};

		for (size_t n = (size_t)rand_r(&seed) % 60; n > 0; n--)
			buf_add(&bytes, alphabet + (size_t)rand_r(&seed) % (sizeof(alphabet) - 1), 1);
		buf_add(&bytes, "", 0);
		if (!strstr(bytes.data, "\r\n--line")) {
			buf_printf(&form, "--line\r\nContent-Disposition: form-data; name=f\r\n\r\n%s\r\n--line--",
				   bytes.data);
			buf_printf(&expected, "f(-,-)[%s]", bytes.data);
			assert_int_equal(feed(form.data, form.len, any, &seed, &h), MULTIPART_END);
			assert_string_equal(h.text.data, expected.data);
		}
		buf_free(&form);
		buf_free(&bytes);
		buf_free(&expected);
		buf_free(&h.text);
	}
}

/* What has no delimiter in it comes on in one piece, however many line ends it has: each piece is a write. */
static void
many_line_ends_belong_to_the_part(void **state)
{
	struct buf form = {0};
	struct heard h = {0};

	(void)state;
	buf_str(&form, "--line\r\nContent-Disposition: form-data; name=f\r\n\r\n");
	for (int i = 0; i < 1000; i++)
		buf_str(&form, "\r\r\nx");
	buf_str(&form, "\r\n--line--");
	assert_int_equal(feed(form.data, form.len, all_of, NULL, &h), MULTIPART_END);
	assert_int_equal(h.calls, 3); /* the part, its bytes, its end */
	buf_free(&form);
	buf_free(&h.text);
}

static void
bad_forms_are_refused(void **state)
{
	static const char *const forms[] = {
		"--line\r\n\r\nno headers\r\n--line--",
		"--line\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--line--",
		"--line\r\nContent-Disposition: form-data; name=\"f\r\n\r\nx\r\n--line--",
		"--line\r\nContent-Disposition: form-data; name=f; filename=\"x\r\n\r\nx\r\n--line--",
		"--line\r\nContent-Disposition: attachment; name=f\r\n\r\nx\r\n--line--",
		"--line\r\nContent-Disposition: form-data; name=f\r\ncontent-transfer-encoding: base64\r\n\r\nx",
		"--line\r\nContent-Disposition: form-data; name=f\r\n\r\nx\r\n--lines\r\n",
		"--line\r\nContent-Disposition: form-data; name=f\r\n\r\nx\r\n--line-x",
		"--line\rx",
		"--line x",
	};
	static const char nul[] = "--line\r\nContent-Disposition: form-data; name=\"a\0b\"\r\n\r\nx\r\n--line--";
	struct buf longest = {0};
	struct heard h = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		assert_int_equal(feed(forms[i], strlen(forms[i]), all_of, NULL, &h), MULTIPART_BAD);
	assert_int_equal(feed(nul, sizeof(nul) - 1, all_of, NULL, &h), MULTIPART_BAD);
	buf_str(&longest, "--line\r\nX: ");
	while (longest.len < 2 * MULTIPART_HEADERS_MAX)
		buf_str(&longest, "\r\n xxxxxxxxxxxxxxx");
	assert_int_equal(feed(longest.data, longest.len, all_of, NULL, &h), MULTIPART_BAD);
	buf_free(&longest);
	buf_free(&h.text);
}

static void
boundaries_are_read_from_the_type(void **state)
{
	static const char longest[] = "1234567890123456789012345678901234567890123456789012345678901234567890";
	static const char *const none[] = {
		"application/json",
		"multipart/form-data",
		"multipart/form-database; boundary=a",
		"multipart/mixed; boundary=a",
		"multipart/form-data; boundary=",
		"multipart/form-data; boundary=\"\"",
		"multipart/form-data; boundary=\"a",
		"multipart/form-data; boundary=\"a \"",
		"multipart/form-data; boundary=a\xc3\xa4",
		"multipart/form-data; charset=utf-8",
		"multipart/form-data; boundary",
		"",
	};
	char b[MULTIPART_BOUNDARY_MAX + 1];
	struct buf type = {0};

	(void)state;
	assert_null(multipart_boundary("multipart/form-data; boundary=----WebKitFormBoundaryx7", b));
	assert_string_equal(b, "----WebKitFormBoundaryx7");
	assert_null(multipart_boundary("Multipart/Form-Data;charset=\"a;boundary=c\" ; BOUNDARY = \"a b?\"", b));
	assert_string_equal(b, "a b?");
	buf_printf(&type, "multipart/form-data; boundary=%s", longest);
	assert_null(multipart_boundary(type.data, b));
	assert_string_equal(b, longest);
	buf_str(&type, "1");
	assert_non_null(multipart_boundary(type.data, b));
	buf_free(&type);
	assert_non_null(multipart_boundary(NULL, b));
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		assert_non_null(multipart_boundary(none[i], b));
}

static void
file_names_become_labels(void **state)
{
	static const struct {
		const char *sent, *label;
	} all[] = {
		{"a.txt", "a.txt"},
		{"../../x", "x"},
		{"C:\\Users\\me\\a b.pdf", "a b.pdf"},
		{"/etc/passwd", "passwd"},
		{"a/", "file"},
		{"", "file"},
		{"..", "file"},
		{"x/..", "file"},
		{"a\x01\tb\x7f\n", "ab"},
		{"say %22hi%22%0a.txt", "say \"hi\"%0a.txt"},
		{"b\xc3\xb6hm \xe2\x82\xac \xf0\x9f\x90\xa6", "b\xc3\xb6hm \xe2\x82\xac \xf0\x9f\x90\xa6"},
		{"gpj\xe2\x80\xae.exe", "gpj.exe"},
		{"\xc2\x85next\xff", "next?"},
	};
	struct buf longest = {0}, out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		buf_clear(&out);
		multipart_label(all[i].sent, &out);
		assert_string_equal(out.data, all[i].label);
	}
	for (int i = 0; i < 300; i++)
		buf_str(&longest, "\xc3\xb6");
	buf_str(&longest, ".jpeg");
	buf_clear(&out);
	multipart_label(longest.data, &out);
	assert_int_equal(out.len, MULTIPART_LABEL_MAX);
	assert_string_equal(out.data + out.len - 7, "\xc3\xb6.jpeg");
	buf_free(&longest);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_form_may_be_split_at_every_byte),
		cmocka_unit_test(a_form_may_come_in_small_pieces),
		cmocka_unit_test(a_form_may_come_in_random_pieces),
		cmocka_unit_test(a_form_that_is_cut_short_does_not_end),
		cmocka_unit_test(each_call_can_stop_the_form),
		cmocka_unit_test(bytes_like_delimiters_belong_to_the_part),
		cmocka_unit_test(many_line_ends_belong_to_the_part),
		cmocka_unit_test(bad_forms_are_refused),
		cmocka_unit_test(boundaries_are_read_from_the_type),
		cmocka_unit_test(file_names_become_labels),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("multipart", tests, NULL, NULL);
}
