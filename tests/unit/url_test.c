#include "testing.h"

#include "html/url.h"

static void
a_secret_goes_to_the_same_host_only(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} v[] = {
		{"http://h/a", "http://h/b?c", true},
		{"http://h:80/a", "HTTP://H/b", true},
		{"http://h:8000", "http://h:8000/x", true},
		{"https://h", "https://h:443/x", true},
		{"http://h/", "https://h/", true}, /* encrypted from here on */
		{"https://h/", "http://h/", false},
		{"http://h:8000/", "https://h:8000/", false},
		{"http://h:8000/", "https://h/", false},
		{"http://h/", "https://h:444/", false},
		{"http://h/", "http://h:81/", false},
		{"http://h/", "http://www.h/", false},
		{"http://www.h/", "http://h/", false},
		{"http://h/", "http://h.evil/", false},
		{"http://h/", "http://h@evil/", false},
		{"http://h/", "http://h./", false},
		{"http://127.0.0.1/", "http://localhost/", false},
		{"http://h/", "/relative", false},
		{"", "http://h/", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		if (url_is_same_host(v[i].a, v[i].b) != v[i].same)
			fail_msg("from %s to %s", v[i].a, v[i].b);
}

static void
a_url_is_the_same_however_its_host_is_written(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} v[] = {
		{"http://h/a?b", "HTTP://H:80/a?b#c", true},
		{"https://h", "https://h:443/", true},
		{"http://h/", "https://h/", false},
		{"https://h/", "http://h/", false},
		{"http://h/a", "http://h/a?", false},
		{"http://h/a", "http://h/A", false},
		{"http://h/a?b", "http://h/a?c", false},
		{"http://h/a", "http://h:81/a", false},
		{"http://h/a", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		if (url_is_same(v[i].a, v[i].b) != v[i].same)
			fail_msg("%s and %s", v[i].a, v[i].b);
}

static void
kinds_are_told_by_extension_and_type(void **state)
{
	assert_string_equal(url_kind("http://h/a.b/c.JPEG?d.mp4"), "image");
	assert_string_equal(url_kind("http://h/a.mp4"), "video");
	assert_string_equal(url_kind("http://h/.ogg"), "audio");
	assert_null(url_kind("http://h/a.jpg/"));
	assert_null(url_kind("http://h.jpg"));
	assert_null(url_kind("d/a.jpg")); /* it is not absolute */
	assert_false(url_is_stream("//h/a.m3u8"));
	assert_null(url_kind("http://h/File:a.jpg"));
	assert_null(url_kind("http://h/a.m3u8"));
	assert_string_equal(url_kind_of_type("Image/svg+xml"), "image");
	assert_string_equal(url_kind_of_type("video/mp4; codecs=x"), "video");
	assert_string_equal(url_kind_of_type("audio/ogg"), "audio");
	assert_null(url_kind_of_type("text/html"));
	assert_null(url_kind_of_type("imagery/png"));
	assert_null(url_kind_of_type(NULL));
	assert_true(url_is_stream("https://h/a/index.M3U8?t=1"));
	assert_true(url_is_stream("http://h/a.mpd"));
	assert_true(url_is_stream("http://h/list:1.m3u8"));
	assert_false(url_is_stream("http://h/a.m3u8/b.mp4"));
	assert_false(url_is_stream("http://h.mpd"));
	assert_true(url_is_stream_type("application/vnd.apple.mpegURL"));
	assert_true(url_is_stream_type("application/dash+xml; charset=utf-8"));
	assert_true(url_is_stream_type("audio/x-mpegurl"));
	assert_false(url_is_stream_type("application/dash"));
	assert_false(url_is_stream_type(NULL));
	(void)state;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_goes_to_the_same_host_only),
		cmocka_unit_test(a_url_is_the_same_however_its_host_is_written),
		cmocka_unit_test(kinds_are_told_by_extension_and_type),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
