#include "testing.h"

#include "hosts/accept.h"

static void
patterns_match(void **state)
{
	(void)state;
	assert_true(accept_matches(NULL, "text/html"));
	assert_true(accept_matches("image/*", "image/jpeg"));
	assert_true(accept_matches("image/*", "IMAGE/Jpeg; x=y"));
	assert_true(accept_matches("application/pdf, image/*", "image/png"));
	assert_true(accept_matches(" Image/* ,application/pdf", "application/pdf"));
	assert_true(accept_matches("*/*", "text/html"));
	assert_true(accept_matches("*", "text/html"));
	assert_true(accept_matches("image/jpg", "image/jpeg"));
	assert_true(accept_matches("image/bmp", "image/x-ms-bmp"));
	assert_true(accept_matches("text/xml", "application/xml"));
	assert_false(accept_matches("image/*", "text/html"));
	assert_false(accept_matches("image/*", "imagery/png"));
	assert_false(accept_matches("image/jpeg", "image/jpegx"));
	assert_false(accept_matches("image/jpegx", "image/jpeg"));
	assert_false(accept_matches("image", "image/jpeg"));
	assert_false(accept_matches("", "image/jpeg"));
	assert_false(accept_matches(",", ""));
	assert_false(accept_matches("image/*", ""));
}

static void
wrong_patterns_are_refused(void **state)
{
	static const char *const good[] = {"image/*", "*/*",           "*", "image/svg+xml, application/pdf",
					   "IMAGE/*", "image/jpeg;q=1"};
	static const char *const wrong[] = {
		"",         ",",        " ",        "image",       "image/", "/png",  "*/png",
		"ima*/png", "image/p*", "image/**", "image/png,,", "a b/c",  "a/b/c", "image/\xc3\xa9"};
	char endless[400];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (accept_patterns_check(good[i]))
			fail_msg("'%s' %s", good[i], accept_patterns_check(good[i]));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (!accept_patterns_check(wrong[i]))
			fail_msg("'%s' is taken", wrong[i]);
	memset(endless, 'a', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	endless[3] = '/';
	assert_non_null(accept_patterns_check(endless));
	assert_false(accept_matches(endless, endless));
}

static void
says(const char *url, const char *asked, const char *patterns, const char *mime, const char *want)
{
	const char *said = accept_page_check(url, asked, patterns, NULL, mime);

	if (strcmp(said ? said : "", want ? want : "") != 0)
		fail_msg("%s, %s, %s, %s: '%s' instead of '%s'", url, asked, patterns, mime, said, want);
}

static void
a_page_is_refused_where_the_url_names_a_file(void **state)
{
	static const char page[] = "an HTML page in place of a picture";

	(void)state;
	says("http://a/x.jpg", NULL, NULL, "text/html", page);
	says("http://a/x.JPEG?y=z.txt#f", NULL, NULL, "text/html; charset=utf-8", page);
	says("http://a/x.svg", NULL, NULL, "text/html", page);
	says("http://a/x.png", NULL, NULL, "application/json", "JSON in place of a picture");
	says("http://a/x.png", NULL, NULL, "text/xml", "XML in place of a picture");
	says("http://a/x.pdf", NULL, NULL, "text/plain", "plain text in place of a document");
	says("http://a/x.mp4", NULL, NULL, "application/xhtml+xml", "an HTML page in place of a video");
	says("http://a/x.mp3", NULL, NULL, "application/x-empty", "nothing in place of a sound");
	says("http://a/x.tar.gz", NULL, NULL, "text/html", "an HTML page in place of an archive");
	/* What is no page may have a wrong name. */
	says("http://a/x.png", NULL, NULL, "image/jpeg", NULL);
	says("http://a/x.jpg", NULL, NULL, "application/pdf", NULL);
	says("http://a/x.jpg", NULL, NULL, "application/octet-stream", NULL);
	/* Pages that were asked for, or may have been. */
	says("http://a/x.html", NULL, NULL, "text/html", NULL);
	says("http://a/x.json", NULL, NULL, "application/json", NULL);
	says("http://a/x", NULL, NULL, "text/html", NULL);
	says("http://a/", NULL, NULL, "text/html", NULL);
	says("http://a.jpg", NULL, NULL, "text/html", NULL);
	says("http://a.jpg/?x.jpg", NULL, NULL, "text/html", NULL);
	says("http://a/x.jpg/", NULL, NULL, "text/html", NULL);
	says("http://a/x.jpg/y", NULL, NULL, "text/html", NULL);
	says("http://a/.", NULL, NULL, "text/html", NULL);
	says("http://a/x.extensions", NULL, NULL, "text/html", NULL);
	says("http://a/x.svg", NULL, NULL, "text/xml", NULL);
	says("http://a/x.svg", NULL, NULL, "text/plain", NULL);
	says("http://a/x.jp g", NULL, NULL, "text/html", NULL);
	says("x.jpg", NULL, NULL, "text/html", page);
	says("", NULL, NULL, "text/html", NULL);
	says(NULL, NULL, NULL, "text/html", NULL);
}

static void
a_page_is_refused_where_the_item_or_the_patterns_name_a_file(void **state)
{
	(void)state;
	says("http://a/x", "image/jpeg", NULL, "text/html", "an HTML page in place of a picture");
	says("http://a/x.jpg", "text/html", NULL, "text/html", NULL);
	says("http://a/x", "application/pdf", "text/*", "text/html", "an HTML page in place of a document");
	says("http://a/x", NULL, "image/*", "text/html", "an HTML page in place of a picture");
	says("http://a/x", NULL, "image/png,image/jpeg", "text/plain", "plain text in place of a picture");
	says("http://a/x", NULL, "video/*", "application/json", "JSON in place of a video");
	says("http://a/x.jpg", NULL, "text/html", "text/html", NULL);
	says("http://a/x.jpg", NULL, "image/*,text/*", "text/html", NULL);
	says("http://a/x.jpg", NULL, "*/*", "text/html", "an HTML page in place of a picture");
	says("http://a/x", NULL, "image/*,application/pdf", "text/html", NULL);
	says("http://a/x", "", NULL, "text/html", NULL);
}

static void
says_declared(const char *url, const char *declared, const char *mime, const char *want)
{
	const char *said = accept_page_check(url, NULL, NULL, declared, mime);

	if (strcmp(said ? said : "", want ? want : "") != 0)
		fail_msg("%s, %s, %s: '%s' instead of '%s'", url, declared, mime, said, want);
}

static void
a_page_is_refused_where_the_server_declares_a_file_and_the_url_names_none(void **state)
{
	(void)state;
	says_declared("http://a/media/7?s=4", "image/jpeg", "text/html", "an HTML page in place of a picture");
	says_declared("http://a/x.csv", "IMAGE/JPG; q=1", "text/html", "an HTML page in place of a picture");
	says_declared("http://a/x.bin", "application/pdf", "application/json", "JSON in place of a document");
	says_declared("http://a/", "video/mp4", "text/plain", "plain text in place of a video");
	says_declared("http://a/x", "application/zip", "application/xml", "XML in place of an archive");
	says_declared(NULL, "audio/ogg", "application/x-empty", "nothing in place of a sound");
	says_declared("http://a/x.pdf", "image/png", "text/html", "an HTML page in place of a document");
	/* Honest, or of no kind. */
	says_declared("http://a/x", "text/html; charset=utf-8", "text/html", NULL);
	says_declared("http://a/x", "", "text/html", NULL);
	says_declared("http://a/x", "application/octet-stream", "text/html", NULL);
	says_declared("http://a/x", "image/jpeg", "image/png", NULL);
	says_declared("http://a/x", "image/svg+xml", "text/xml", NULL);
	/* Their files are text. */
	says_declared("http://a/x", "audio/x-mpegurl", "text/plain", NULL);
	says_declared("http://a/x.ts", "video/mp2t", "text/plain", NULL);
	says_declared("http://a/x", "image/x-portable-pixmap", "text/plain", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match),
		cmocka_unit_test(wrong_patterns_are_refused),
		cmocka_unit_test(a_page_is_refused_where_the_url_names_a_file),
		cmocka_unit_test(a_page_is_refused_where_the_item_or_the_patterns_name_a_file),
		cmocka_unit_test(a_page_is_refused_where_the_server_declares_a_file_and_the_url_names_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("accept", tests, NULL, NULL);
}
