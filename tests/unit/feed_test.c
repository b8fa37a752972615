/*
 * The client of bi-parse --serve feed, against a bi-parse that misbehaves: this program is copied to a directory of its
 * own under that name and run from there, so that it finds itself as the bi-parse beside it.
 */
#include "testing.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>

#include "confined/feed.h"
#include "confined/helper.h"
#include "records/rec.h"

/* --- the bi-parse that misbehaves: the first line of the document is its answer, the rest what it makes of it --- */

static int
misbehave(void)
{
	char request[4096], text[65536], *rest = text, *answer;
	int fds[2];

	helper_send_answer("ready", 5, NULL, 0);
	while (helper_next_request(request, sizeof(request), fds, 2) > 0) {
		ssize_t n = pread(fds[0], text, sizeof(text) - 1, 0);

		if (n < 0)
			_exit(1);
		text[n] = '\0';
		answer = strsep(&rest, "\n");
		if (rest && write(fds[1], rest, strlen(rest)) < 0)
			_exit(1);
		if (strcmp(answer, "crash") == 0)
			raise(SIGSEGV);
		helper_send_answer(answer, strlen(answer), NULL, 0);
	}
	return 0;
}

/* --- the tests --- */

/* Reads a document of this answer and text. 1 or -1, as feed_go_on(). */
static int
read_feed(const char *answer, const char *text, struct feed **f, char why[FEED_WHY])
{
	int fd = memfd_create("document", MFD_CLOEXEC), rc;

	assert_true(fd >= 0);
	assert_int_equal(dprintf(fd, "%s\n%s", answer, text), strlen(answer) + strlen(text) + 1);
	*f = feed_open(fd);
	assert_non_null(*f);
	while ((rc = feed_go_on(*f, why)) == 0) {
		struct pollfd p = {.fd = feed_fd(*f), .events = POLLIN};

		assert_true(poll(&p, 1, 30000) > 0);
	}
	close(fd);
	return rc;
}

static void
only_known_strings_are_passed_on(void **state)
{
	static const char text[] = "{\"from\":\"loc\",\"url\":\"http://a/\",\"file\":\"/etc/passwd\",\"batch\":\"x\"}\n"
				   "not JSON\n"
				   "[\"http://b/\"]\n"
				   "{\"url\":7,\"title\":{\"a\":1},\"page\":\"p\",\"others\":true}\n";
	char why[FEED_WHY], answer[64];
	struct json_object *o;
	struct feed *f;

	(void)state;
	snprintf(answer, sizeof(answer), "done 0 %zu 0", sizeof(text) - 1);
	assert_int_equal(read_feed(answer, text, &f, why), 1);
	o = feed_next(f);
	assert_string_equal(rec_print(o), "{\"from\":\"loc\",\"url\":\"http://a/\"}");
	json_object_put(o);
	o = feed_next(f);
	assert_string_equal(rec_print(o), "{\"page\":\"p\",\"others\":true}");
	json_object_put(o);
	assert_null(feed_next(f));
	feed_close(f);
}

static void
answers_that_make_no_sense_are_refused(void **state)
{
	static const char *const bad[] = {"done 0 99 0", "done 1 3 0", "done 0 3",    "done 0 3 0 x", "",
					  "done",        "other",      "done 0 -1 0", "crash",        "failed nothing"};
	char why[FEED_WHY];
	struct feed *f;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		why[0] = '\0';
		if (read_feed(bad[i], "{}\n", &f, why) != -1)
			fail_msg("believed: %s", bad[i]);
		assert_true(why[0] != '\0');
		feed_close(f);
	}
	assert_int_equal(read_feed("failed damaged it is\x1b[1m odd", "", &f, why), -1);
	assert_string_equal(why, "it is [1m odd");
	feed_close(f);
	feed_close(NULL);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_known_strings_are_passed_on),
		cmocka_unit_test(answers_that_make_no_sense_are_refused),
	};

	if (argc > 1 && strcmp(argv[1], "--serve") == 0)
		return misbehave();
	if (argc < 2)
		return testing_run_beside("bi-parse", NULL);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("feed", tests, NULL, NULL);
}
