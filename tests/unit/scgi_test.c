#include "testing.h"

#include <sys/socket.h>

#include "http/scgi.h"

enum { BODY_MAX = 100 };

/* A request of HEADERS, whose NULs are written as '|', and BODY. */
static void
make(struct buf *out, const char *headers, const char *body)
{
	size_t from;

	buf_printf(out, "%zu:", strlen(headers));
	from = out->len;
	buf_printf(out, "%s,%s", headers, body);
	for (size_t i = from; i < from + strlen(headers); i++)
		if (out->data[i] == '|')
			out->data[i] = '\0';
}

static enum scgi_state
look(const char *headers, const char *body)
{
	struct scgi r = {0};
	enum scgi_state s;

	make(&r.in, headers, body);
	s = scgi_parse(&r, BODY_MAX);
	scgi_free(&r);
	return s;
}

static enum scgi_state
look_raw(const char *bytes)
{
	struct scgi r = {0};
	enum scgi_state s;

	buf_str(&r.in, bytes);
	s = scgi_parse(&r, BODY_MAX);
	scgi_free(&r);
	return s;
}

static void
a_request_may_come_byte_by_byte(void **state)
{
	struct buf all = {0};
	struct scgi r = {0};

	(void)state;
	make(&all, "CONTENT_LENGTH|5|SCGI|1|REQUEST_METHOD|PUT|HTTP_EMPTY||HTTP_HOST|localhost|", "hello");
	assert_int_equal(scgi_parse(&r, BODY_MAX), SCGI_MORE);
	assert_null(scgi_get(&r, "HTTP_HOST"));
	for (size_t i = 0; i < all.len; i++) {
		assert_int_equal(scgi_parse(&r, BODY_MAX), SCGI_MORE);
		buf_add(&r.in, all.data + i, 1);
	}
	assert_int_equal(scgi_parse(&r, BODY_MAX), SCGI_WHOLE);
	assert_string_equal(scgi_get(&r, "REQUEST_METHOD"), "PUT");
	assert_string_equal(scgi_get(&r, "HTTP_EMPTY"), "");
	assert_string_equal(scgi_get(&r, "HTTP_HOST"), "localhost");
	assert_null(scgi_get(&r, "localhost")); /* a value is no name */
	assert_null(scgi_get(&r, "PUT"));
	assert_int_equal(r.body_len, 5);
	assert_memory_equal(scgi_body(&r), "hello", 5);
	scgi_free(&r);
	buf_free(&all);
}

static void
bodies_have_their_length(void **state)
{
	char body[BODY_MAX + 2];

	(void)state;
	memset(body, 'x', sizeof(body));
	body[BODY_MAX + 1] = '\0';
	assert_int_equal(look("CONTENT_LENGTH|0|SCGI|1|", ""), SCGI_WHOLE);
	assert_int_equal(look("CONTENT_LENGTH|3|SCGI|1|", "ab"), SCGI_MORE);
	assert_int_equal(look("CONTENT_LENGTH|100|SCGI|1|", body), SCGI_WHOLE);
	assert_int_equal(look("CONTENT_LENGTH|101|SCGI|1|", body), SCGI_LONG);
	assert_int_equal(look("CONTENT_LENGTH|101|SCGI|1|", ""), SCGI_LONG);
	assert_int_equal(look("CONTENT_LENGTH|999999999999999999|SCGI|1|", ""), SCGI_LONG);
}

static void
rubbish_is_bad(void **state)
{
	static const char *const headers[] = {
		"",
		"|",
		"SCGI|1|CONTENT_LENGTH|0|",
		"CONTENT_LENGTH|0|SCGI|1",
		"CONTENT_LENGTH|0|SCGI|",
		"CONTENT_LENGTH||SCGI|1|",
		"CONTENT_LENGTH|-1|SCGI|1|",
		"CONTENT_LENGTH|1x|SCGI|1|",
		"CONTENT_LENGTH|9999999999999999999|SCGI|1|",
		"CONTENT_LENGTH|",
	};
	static const char *const raw[] = {
		":",      "x:",     "-1:",     "1x:", "GET / HTTP/1.0\r\n\r\n", "99999999999999999999",
		"65537:", "3:abcx", " 3:abc,",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		assert_int_equal(look(headers[i], ""), SCGI_BAD);
	for (size_t i = 0; i < sizeof(raw) / sizeof(*raw); i++)
		assert_int_equal(look_raw(raw[i]), SCGI_BAD);
	assert_int_equal(look_raw("65536:"), SCGI_MORE);
	assert_int_equal(look_raw("12"), SCGI_MORE);
}

static void
it_is_read_from_a_socket(void **state)
{
	struct buf all = {0};
	struct scgi r = {0};
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(scgi_read(&r, pair[0]), -1);
	assert_int_equal(errno, EAGAIN);
	make(&all, "CONTENT_LENGTH|2|SCGI|1|", "ab");
	assert_int_equal(write(pair[1], all.data, all.len), all.len);
	assert_int_equal(scgi_read(&r, pair[0]), all.len);
	assert_int_equal(scgi_parse(&r, BODY_MAX), SCGI_WHOLE);
	close(pair[1]);
	assert_int_equal(scgi_read(&r, pair[0]), 0);
	close(pair[0]);
	buf_free(&all);
	scgi_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_may_come_byte_by_byte),
		cmocka_unit_test(bodies_have_their_length),
		cmocka_unit_test(rubbish_is_bad),
		cmocka_unit_test(it_is_read_from_a_socket),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("scgi", tests, NULL, NULL);
}
