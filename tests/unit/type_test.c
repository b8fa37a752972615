/*
 * The client of bi-type, against a bi-type that misbehaves: this program is copied to a directory of its own under
 * that name and run from there, so that it finds itself as the bi-type beside it.
 */
#include "testing.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "confined/helper.h"
#include "confined/type.h"

/* --- the bi-type that misbehaves: it does what the heads say --- */

static void
reply(const char *text)
{
	if (send(STDIN_FILENO, text, strlen(text), MSG_NOSIGNAL) < 0)
		_exit(1);
}

/* How often it was tried is the length of the file TRIES. */
static void
note_try_and_die(void)
{
	int fd = open(getenv("TRIES"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	if (fd < 0 || write(fd, "x", 1) != 1)
		_exit(1);
	raise(SIGKILL);
}

static bool
is_first(void)
{
	return access(getenv("TRIES"), F_OK) < 0;
}

static int
misbehave(void)
{
	char head[TYPE_HEAD + 1];
	ssize_t n;

	setrlimit(RLIMIT_CORE, &(struct rlimit){0});
	reply("ready");
	while ((n = recv(STDIN_FILENO, head, TYPE_HEAD, 0)) > 0) {
		head[n] = '\0';
		if (strcmp(head, "crash") == 0)
			raise(SIGSEGV);
		else if (strcmp(head, "slow") == 0)
			nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL), reply("text/plain txt");
		else if (strcmp(head, "killed") == 0 || (strcmp(head, "once") == 0 && is_first()))
			note_try_and_die();
		else if (strcmp(head, "lacks") == 0)
			_exit(HELPER_LACKS);
		else if (strcmp(head, "leave") == 0)
			_exit(0);
		else if (strcmp(head, "nonsense") == 0)
			reply("image/jpeg");
		else if (strcmp(head, "path") == 0)
			reply("image/jpeg ../x");
		else if (strncmp(head, "\xff\xd8", 2) == 0 || strncmp(head, "\x89PNG", 4) == 0)
			reply("x/asked asked");
		else
			reply("text/plain txt");
	}
	return 0;
}

/* --- the tests --- */

/* Instead of the C library's: what is sent behind a crash is sent once that has happened. */
ssize_t
sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct pollfd p = {.fd = fd};

	if (msg->msg_iov->iov_len == 4 && memcmp(msg->msg_iov->iov_base, "last", 4) == 0)
		poll(&p, 1, 5000);
	return syscall(SYS_sendmsg, fd, msg, flags);
}

static void
answers(const char *const *texts, size_t n, const char *want)
{
	struct type_head heads[16];
	struct type_answer got[16];
	struct typer *t = type_open();
	char seen[17] = "";

	assert_non_null(t);
	for (size_t i = 0; i < n; i++)
		heads[i] = (struct type_head){texts[i], strlen(texts[i])};
	assert_int_equal(type_detect(t, heads, n, got), 0);
	for (size_t i = 0; i < n; i++)
		seen[i] = got[i].failed ? 'F' : got[i].ext[0];
	assert_string_equal(seen, want);
	type_close(t);
}

#define ANSWERS(want, ...)                                              \
	do {                                                            \
		const char *const texts[] = {__VA_ARGS__};              \
		answers(texts, sizeof(texts) / sizeof(texts[0]), want); \
	} while (0)

/* t: text/plain as it answered; b: bin, as the client answers for it; F: for want of this machine it has no answer */
static void
answers_come_in_order(void **state)
{
	(void)state;
	ANSWERS("ttt", "a", "b", "c");
	ANSWERS("tbt", "a", "", "c");
	ANSWERS("bbtbb", "", "", "c", "", "");
	ANSWERS("b", "");
}

/* Pictures by their signatures are told without asking; what only begins like one is asked about. */
static void
pictures_are_known(void **state)
{
	static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
	static const struct {
		const char *bytes;
		size_t n;
		const char *mime;
	} heads[] = {
		{"\xff\xd8\xff\xe0..", 6, "image/jpeg"},
		{"\xff\xd8\xff\xdb", 4, "image/jpeg"},
		{"\xff\xd8\xff", 3, "x/asked"},
		{"\xff\xd8\xff\x20", 4, "x/asked"},
		{"GIF87a..", 8, "image/gif"},
		{"GIF89a", 6, "image/gif"},
		{"GIF90a", 6, "text/plain"},
		{"RIFF\1\2\3\4WEBPVP8X", 16, "image/webp"},
		{"RIFF\1\2\3\4WAVEfmt ", 16, "text/plain"},
	};
	struct type_answer got;
	struct typer *t = type_open();
	char long_one[64] = {0};

	(void)state;
	assert_non_null(t);
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		struct type_head h = {heads[i].bytes, heads[i].n};

		assert_int_equal(type_detect(t, &h, 1, &got), 0);
		assert_string_equal(got.mime, heads[i].mime);
	}
	memcpy(long_one, png, 16);
	memcpy(long_one + 37, "IDAT", 4);
	for (int i = 0; i < 2; i++) {
		struct type_head h = {long_one, 60};

		assert_int_equal(type_detect(t, &h, 1, &got), 0);
		assert_string_equal(got.mime, i == 0 ? "image/png" : "x/asked");
		memcpy(long_one + 37, "acTL", 4);
	}
	type_close(t);
}

static void
a_helper_that_dies_is_started_again(void **state)
{
	(void)state;
	ANSWERS("tbt", "a", "crash", "c");
	ANSWERS("b", "crash");
	ANSWERS("bbb", "crash", "crash", "leave");
	ANSWERS("tbtbtt", "a", "leave", "c", "crash", "d", "e");
	ANSWERS("bbtb", "crash", "", "c", "crash");
}

/* Who killed it was not the file: it is asked about once more, and not for ever. */
static void
a_killed_one_is_asked_again(void **state)
{
	char path[4096];

	(void)state;
	assert_non_null(getcwd(path, sizeof(path) - 8));
	strcat(path, "/tries");
	setenv("TRIES", path, 1);
	ANSWERS("ttt", "a", "once", "c");
	testing_assert_file("tries", "x");
	assert_int_equal(unlink("tries"), 0);
	ANSWERS("tFtb", "a", "killed", "c", "crash");
	testing_assert_file("tries", "xxx");
}

static void
a_file_is_not_blamed_for_want_of_memory(void **state)
{
	(void)state;
	ANSWERS("tFt", "a", "lacks", "c");
	ANSWERS("FbF", "lacks", "crash", "lacks");
}

/* What it answered before it died of the next one counts: that is there when the send of a third one fails. */
static void
answers_before_a_crash_count(void **state)
{
	(void)state;
	ANSWERS("tbt", "slow", "crash", "last");
}

static void
nonsense_from_the_helper_is_not_believed(void **state)
{
	(void)state;
	ANSWERS("tbt", "a", "nonsense", "c");
	ANSWERS("tbt", "a", "path", "c");
}

/* More than the sockets hold. */
static void
many_heads_are_answered(void **state)
{
	enum { MANY = 600 };
	struct type_head *heads = calloc(MANY, sizeof(*heads));
	struct type_answer *got = calloc(MANY, sizeof(*got));
	char *block = calloc(1, TYPE_HEAD + 100);
	struct typer *t = type_open();

	(void)state;
	assert_true(heads && got && block && t);
	memset(block, 'x', TYPE_HEAD + 100);
	for (size_t i = 0; i < MANY; i++)
		heads[i] = (struct type_head){i % 100 == 50 ? "crash" : block, i % 100 == 50 ? 5 : TYPE_HEAD + 100};
	assert_int_equal(type_detect(t, heads, MANY, got), 0);
	for (size_t i = 0; i < MANY; i++)
		assert_string_equal(got[i].ext, i % 100 == 50 ? "bin" : "txt");
	type_close(t);
	free(heads);
	free(got);
	free(block);
}

static void
media_types_have_extensions(void **state)
{
	static const char *const known[][2] = {
		{"application/epub+zip", "epub"},
		{"application/pdf", "pdf"},
		{"application/json", "json"},
		{"image/jpeg", "jpg"},
		{"image/png", "png"},
		{"image/tiff", "tif"},
		{"image/svg+xml", "svg"},
		{"image/webp", "webp"},
		{"text/html", "html"},
		{"text/html; charset=utf-8", "html"},
		{"text/plain", "txt"},
		{"video/x-msvideo", "avi"},
		{"application/octet-stream", "bin"},
		{"application/x-empty", "bin"},
		{"", "bin"},
		{"image/", "bin"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_string_equal(type_extension(known[i][0]), known[i][1]);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_come_in_order),
		cmocka_unit_test(pictures_are_known),
		cmocka_unit_test(a_helper_that_dies_is_started_again),
		cmocka_unit_test(nonsense_from_the_helper_is_not_believed),
		cmocka_unit_test(many_heads_are_answered),
		cmocka_unit_test(media_types_have_extensions),
		cmocka_unit_test(a_file_is_not_blamed_for_want_of_memory),
		cmocka_unit_test(answers_before_a_crash_count),
		cmocka_unit_test_setup_teardown(a_killed_one_is_asked_again, testing_enter, testing_leave),
	};

	if (argc > 1 && strcmp(argv[1], "--serve") == 0)
		return misbehave();
	if (argc < 2)
		return testing_run_beside("bi-type", NULL);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
