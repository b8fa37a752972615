/*
 * The client of bi-media, against a bi-media that misbehaves: this program is copied to a directory of its own under
 * that name and run from there, so that it finds itself as the bi-media beside it.
 */
#include "testing.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "confined/media.h"

/* --- the bi-media that misbehaves: it does what the page says --- */

static void
reply(const char *text)
{
	if (send(STDIN_FILENO, text, strlen(text), MSG_NOSIGNAL) < 0)
		_exit(1);
}

/* The page says what the packets are, one a line, with | for their own line ends; "crash" and "leave" do so. */
static void
do_page(int page)
{
	char text[4096], *rest = text, *packet;
	ssize_t n = pread(page, text, sizeof(text) - 1, 0);

	if (n < 0)
		_exit(1);
	text[n] = '\0';
	while ((packet = strsep(&rest, "\n"))) {
		for (char *c = packet; *c; c++)
			*c = *c == '|' ? '\n' : *c;
		if (strcmp(packet, "crash") == 0)
			raise(SIGKILL);
		if (strcmp(packet, "leave") == 0)
			_exit(0);
		reply(packet);
	}
}

static int
misbehave(void)
{
	char text[16384];
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = {.iov_base = text, .iov_len = sizeof(text) - 1};
	ssize_t n;

	reply("ready");
	for (;;) {
		struct msghdr msg = {
			.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
		int page;

		n = recvmsg(STDIN_FILENO, &msg, MSG_CMSG_CLOEXEC);
		if (n <= 0)
			return 0;
		text[n] = '\0';
		memcpy(&page, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(page));
		if (strstr(text, "echo")) { /* what was asked, as a title */
			char packet[8192];

			for (char *c = text; *c; c++)
				*c = *c == '\n' ? '~' : *c;
			snprintf(packet, sizeof(packet), "media\nimage\nimg\nhttp://x/\n%.4000s", text);
			reply(packet);
			reply("done");
		} else {
			do_page(page);
		}
		close(page);
	}
}

/* --- the tests --- */

static int
page_of(const char *text)
{
	int fd = memfd_create("page", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static int
find(struct media *m, const char *packets, const char *url, size_t most, struct media_found *out)
{
	int fd = page_of(packets), rc = media_find(m, fd, url, NULL, most, out);

	close(fd);
	return rc;
}

static void
answers_are_read(void **state)
{
	struct media *m = media_open();
	struct media_found f;

	(void)state;
	assert_non_null(m);
	assert_int_equal(find(m,
			      "media|image|og:image|https://x/a.jpg|A title\n"
			      "media|video|source|http://x/b.mp4|\nrule|meta robots: noai\ndone",
			      "http://x/", 10, &f),
			 0);
	assert_int_equal(f.count, 2);
	assert_string_equal(f.media[0].url, "https://x/a.jpg");
	assert_string_equal(f.media[0].title, "A title");
	assert_string_equal(f.media[0].kind, "image");
	assert_string_equal(f.media[0].from, "og:image");
	assert_string_equal(f.media[1].kind, "video");
	assert_string_equal(f.media[1].title, "");
	assert_string_equal(f.rule, "meta robots: noai");
	assert_false(f.cut);
	assert_null(f.stream);
	assert_null(f.refresh);
	media_free(&f);
	assert_int_equal(find(m, "stream|http://x/a.m3u8\nrefresh|https://x/b\ndone", NULL, 10, &f), 0);
	assert_int_equal(f.count, 0);
	assert_string_equal(f.stream, "http://x/a.m3u8");
	assert_string_equal(f.refresh, "https://x/b");
	media_free(&f);
	assert_null(f.stream);
	assert_null(f.refresh);
	assert_int_equal(find(m, "done cut", NULL, 10, &f), 0);
	assert_int_equal(f.count, 0);
	assert_string_equal(f.rule, "");
	assert_true(f.cut);
	media_free(&f);
	assert_int_equal(find(m, "failed it is \x01 empty", NULL, 10, &f), 1);
	assert_string_equal(f.why, "it is   empty");
	media_free(&f);
	media_close(m);
	media_close(NULL);
}

static void
a_request_has_three_lines(void **state)
{
	struct media *m = media_open();
	struct media_found f;
	int fd = page_of("x");

	(void)state;
	assert_non_null(m);
	assert_int_equal(media_find(m, fd, "http://x/echo\nmedia", "text/html\r\n", 123456789, &f), 0);
	assert_int_equal(f.count, 1);
	assert_string_equal(f.media[0].title, "10000~http://x/echomedia~text/html~");
	media_free(&f);
	assert_int_equal(media_find(m, fd, "echo", NULL, 7, &f), 0);
	assert_string_equal(f.media[0].title, "7~echo~~");
	media_free(&f);
	close(fd);
	media_close(m);
}

/* One that dies, or says nonsense, fails that page; the next is asked of a new one. */
static void
a_helper_that_dies_or_talks_nonsense_fails_its_page(void **state)
{
	static const char *const bad[] = {
		"crash",
		"leave",
		"media|image|img|http://x/a|\ncrash",
		"nonsense",
		"done ",
		"media",
		"media|image|img|http://x/a",
		"media|image|img|http://x/a|t|more",
		"media|movie|img|http://x/a|",
		"media|image|elsewhere|http://x/a|",
		"media|image|img|file:///etc/passwd|",
		"media|image|img|http://x/a b|",
		"media|image|img|http://x/\x7f|",
		"media|image|img|/a|",
		"media|image|img|http://x/1|\nmedia|image|img|http://x/2|\nmedia|image|img|http://x/3|\ndone",
		"refresh|file:///etc/passwd",
		"refresh|http://x/a b",
		"refresh|",
		"refresh|http://x/1\nrefresh|http://x/2\ndone",
		"stream|/a.m3u8",
		"stream|http://x/1\nstream|http://x/2\ndone",
		"rule|a rule that is much longer than a rule of ours can be, whatever is said",
	};
	struct media *m = media_open();
	struct media_found f;

	(void)state;
	assert_non_null(m);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (find(m, bad[i], NULL, 2, &f) != 1)
			fail_msg("believed: %s", bad[i]);
		assert_int_equal(f.count, 0);
		assert_true(f.why[0] != '\0');
		media_free(&f);
		assert_int_equal(find(m, "media|image|img|http://x/1|\ndone", NULL, 2, &f), 0);
		assert_int_equal(f.count, 1);
		media_free(&f);
	}
	media_close(m);
}

static void
titles_are_text_of_one_line(void **state)
{
	struct media *m = media_open();
	struct media_found f;

	(void)state;
	assert_non_null(m);
	assert_int_equal(find(m, "media|image|img|http://x/1|a\x1b[1mb\xff \xc3\xa9\ndone", NULL, 2, &f), 0);
	assert_string_equal(f.media[0].title, "a [1mb? \xc3\xa9");
	media_free(&f);
	media_close(m);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_read),
		cmocka_unit_test(a_request_has_three_lines),
		cmocka_unit_test(a_helper_that_dies_or_talks_nonsense_fails_its_page),
		cmocka_unit_test(titles_are_text_of_one_line),
	};

	if (argc > 1 && strcmp(argv[1], "--serve") == 0)
		return misbehave();
	if (argc < 2)
		return testing_run_beside("bi-media", NULL);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
