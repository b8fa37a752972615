#include "testing.h"

#include "base/buf.h"
#include "base/userinfo.h"

static void
userinfo_is_taken_off_a_url(void **state)
{
	static const char *const v[][3] = {
		/* URL, without, userinfo */
		{"http://u:p@h/x", "http://h/x", "u:p"},
		{"https://u@h", "https://h", "u"},
		{"http://u:p%40q@h:81/?a=b@c", "http://h:81/?a=b@c", "u:p%40q"},
		{"http://u:p@ss@h/@x", "http://h/@x", "u:p@ss"},
		{"http:///u:p@h/x", "http:///h/x", "u:p"},
		{"http://:p@[::1]/", "http://[::1]/", ":p"},
		{"http://@h/", "http://h/", ""},
		{"http://h/@x", "http://h/@x", NULL},
		{"http://h?a@b", "http://h?a@b", NULL},
		{"http://h#a@b", "http://h#a@b", NULL},
		{"mailto:a@b", "mailto:a@b", NULL},
		{"HTTPS:////u:p@h/x", "HTTPS:////h/x", "u:p"},
		/* An empty authority: what follows is a path. */
		{"file:///data@2020/x", "file:///data@2020/x", NULL},
		{"s3:///bucket@2/x", "s3:///bucket@2/x", NULL},
		{"x-http:///a@b", "x-http:///a@b", NULL},
		{"file://u:p@h/data@2020", "file://h/data@2020", "u:p"},
		{"", "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		char *url = buf_strdup(v[i][0]);
		struct buf userinfo = {0}, again = {0};

		assert_int_equal(userinfo_extract(url, &userinfo), v[i][2] != NULL);
		assert_string_equal(url, v[i][1]);
		if (v[i][2]) {
			assert_string_equal(userinfo.len ? userinfo.data : "", v[i][2]);
			userinfo_insert(url, v[i][2], &again);
			assert_string_equal(again.data, v[i][0]);
		}
		free(url);
		buf_free(&userinfo);
		buf_free(&again);
	}
}

static void
userinfo_is_cut_out_of_text(void **state)
{
	static const char *const v[][2] = {
		{"http://u:p@h/x", "http://h/x"},
		{"{\"url\":\"http://u:p@h/x\",\"page\":\"https://a:b@c\",\"t\":\"d@e\"}",
		 "{\"url\":\"http://h/x\",\"page\":\"https://c\",\"t\":\"d@e\"}"},
		{"{\"url\":\"http://h\",\"t\":\"d@e\"}", "{\"url\":\"http://h\",\"t\":\"d@e\"}"},
		{"see http://h or d@e", "see http://h or d@e"},
		{"{\"page\":\"file:///data@2020/x\",\"t\":\"http:///u:p@h\"}",
		 "{\"page\":\"file:///data@2020/x\",\"t\":\"http:///h\"}"},
		{"cannot open file:///a@b: no such file", "cannot open file:///a@b: no such file"},
		{"<a href=\\\"http://u:p@h\\\">d@e</a>", "<a href=\\\"http://h\\\">d@e</a>"},
		{"https://h/@d http://u@h", "https://h/@d http://h"},
		{"://", "://"},
		{"://@", "://"},
		{"http://u:p@", "http://"},
		/* Passwords that are not encoded, in a URL that is a string of its own and in a sentence. */
		{"{\"page\":\"http://u:a\\\"b@h/p\",\"t\":\"d@e\"}", "{\"page\":\"http://h/p\",\"t\":\"d@e\"}"},
		{"{\"page\":\"http://u:a\\\\@h/p\"}", "{\"page\":\"http://h/p\"}"},
		{"{\"page\":\"http://u:a b c@d@h/p@q\"}", "{\"page\":\"http://h/p@q\"}"},
		{"{\"page\":\"http://u:a<b@h/p\"}", "{\"page\":\"http://h/p\"}"},
		{"{\"page\":\"http://u:a\\tb@h/p\"}", "{\"page\":\"http://h/p\"}"},
		{"{\"page\":\"http://u:a/b?c#d@h/p\"}", "{\"page\":\"http://h/p\"}"},
		{"see http://u:a\\\"b@h/p, http://u:a/b@h/p", "see http://h/p, http://h/p"},
		/* A host is no name, and a sentence no password. */
		{"http://h:80, d@e", "http://h:80, d@e"},
		{"http://h: d@e", "http://h: d@e"},
		{"see http://h:PORT or d@e", "see http://h:PORT or d@e"},
		{"{\"url\":\"http://h:x\",\"t\":\"d@e\"}", "{\"url\":\"http://h:x\",\"t\":\"d@e\"}"},
		{"http://[::1]/ d@e", "http://[::1]/ d@e"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		char *text = buf_strdup(v[i][0]);

		assert_int_equal(userinfo_strip(text, strlen(text)), strlen(v[i][1]));
		assert_string_equal(text, v[i][1]);
		free(text);
	}
	assert_int_equal(userinfo_strip(NULL, 0), 0);
}

static void
userinfo_with_a_slash_is_hidden(void **state)
{
	static const char *const torn[] = {"http://me:a/b@host/", "https://me:a?b@host", "http://me:a1#b@host/x",
					   "http://a:b/@"};
	static const char *const whole[] = {"http://h:80/@x",   "http://h/a@b", "http://[::1]/a@b", "http://u:p@h/",
					    "http://h:x/no-at", "h:x/ab",       "http://h:/a@b"};
	static const char *const bare[][2] = {
		{"me:secret@h/x", "…"}, {"//me:secret@h/x", "…"}, {"a@bc", "…"}, {"a@b", ""}, {"@", ""}};

	(void)state;
	for (size_t i = 0; i < sizeof(torn) / sizeof(*torn); i++) {
		char *url = buf_strdup(torn[i]);

		assert_true(userinfo_hide_torn(url));
		assert_string_equal(strchr(url, '/') + 2, "…");
		free(url);
	}
	for (size_t i = 0; i < sizeof(bare) / sizeof(*bare); i++) {
		char *url = buf_strdup(bare[i][0]);

		assert_true(userinfo_hide_torn(url));
		assert_string_equal(url, bare[i][1]);
		free(url);
	}
	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++) {
		char *url = buf_strdup(whole[i]);

		assert_false(userinfo_hide_torn(url));
		assert_string_equal(url, whole[i]);
		free(url);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(userinfo_is_taken_off_a_url),
		cmocka_unit_test(userinfo_is_cut_out_of_text),
		cmocka_unit_test(userinfo_with_a_slash_is_hidden),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("userinfo", tests, NULL, NULL);
}
