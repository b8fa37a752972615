/*
 * The client of bi-expand, against a bi-expand that misbehaves: this program itself.
 */
#include "expanding.h"

#include "base/trouble.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "confined/helper.h"

/* --- the bi-expand that misbehaves: it does what the archive says --- */

static void
say(const char *text)
{
	if (send(STDIN_FILENO, text, strlen(text), MSG_NOSIGNAL) < 0)
		_exit(1);
}

/* The archive that comes holds the packets, one a line; "crash", "killed", "leave", "hang" and "empty" are done,
 * "Bforever" is said for ever, and what begins with # goes to standard error. */
static int
misbehave(void)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char text[4096];
	struct iovec part = {.iov_base = text, .iov_len = sizeof(text)};
	struct msghdr msg = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t n;
	int fd;

	setrlimit(RLIMIT_CORE, &(struct rlimit){0});
	say("ready");
	if (recvmsg(STDIN_FILENO, &msg, 0) <= 0)
		return 1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY || (n = pread(fd, text, sizeof(text) - 1, 0)) < 0)
		return 1;
	text[n] = '\0';
	for (char *rest = text, *line; (line = strsep(&rest, "\n")) && *line;) {
		if (strcmp(line, "crash") == 0) {
			signal(SIGSEGV, SIG_DFL); /* a sanitizer would catch it */
			raise(SIGSEGV);
		} else if (*line == '#')
			dprintf(STDERR_FILENO, "%s\n", line + 1);
		else if (strcmp(line, "killed") == 0)
			raise(SIGKILL);
		else if (strcmp(line, "leave") == 0)
			_exit(0);
		else if (strcmp(line, "hang") == 0)
			pause();
		else if (strcmp(line, "empty") == 0)
			send(STDIN_FILENO, "", 0, MSG_NOSIGNAL);
		else
			for (bool again = strcmp(line, "Bforever") == 0; say(line), again;)
				continue;
	}
	return 0;
}

/* --- the tests --- */

static void
answers(const char *packets, const char *want)
{
	testing_write("packets", packets, strlen(packets));
	expanding_unpacks("packets", &(struct expand_limits){.stall = 300, .bytes = 1 << 20}, want);
}

static void
nonsense_from_the_helper_is_not_believed(void **state)
{
	(void)state;
	answers("Mf 2 0 a\nBhi\nE\nZ\n", "a[hi] .");
	answers("Mf -1 0 a\nE\nZ\n", "a[] .");
	answers("Mf 2 0  a \nE\nZ\n", " a [] .");
	answers("W\nMf 2 0 a\nE\nW\nW\nZ\n", "a[] .");
	answers("Mf 2 0 a\nW\n", "a[!archive_crashed");
	answers("Bhi\n", "!archive_crashed");
	answers("E\n", "!archive_crashed");
	answers("X\n", "!archive_crashed");
	answers("U\n", "!archive_crashed");
	answers("Q\n", "!archive_crashed");
	answers("H5 \n", "!archive_crashed");
	answers("Mf 2 0 a\nH20 \nE\nZ\n", "a[20,] .");
	answers("Mf 2 0 a\nH0 \n", "a[!archive_crashed");
	answers("Mf 2 0 a\nH-1 \n", "a[!archive_crashed");
	answers("Mf 2 0 a\nH65537 \n", "a[!archive_crashed");
	answers("Mf 2 0 a\nH\n", "a[!archive_crashed");
	answers("Mf 2 0 a\nXx\nMf 2 0 b\nUx\nMf 2 0 c\nE\nZ\n", "a[!member_encrypted] b[!member_unsupported] c[] .");
	answers("Mf 2 0 a\nXx\nZ\n", "a[!member_encrypted] !archive_encrypted");
	answers("Fu\n", "!archive_unsupported");
	answers("Mf 2 0 a\nMf 2 0 b\n", "a[!archive_crashed");
	answers("Mf 2 0 a\nB\n", "a[!archive_crashed");
	answers("Mf 2 0 a\nBhi\nZ\n", "a[hi!archive_crashed");
	answers("Mx 2 0 a\n", "!archive_crashed");
	answers("Mf -2 0 a\n", "!archive_crashed");
	answers("Mf 99999999999999999999 0 a\n", "!archive_crashed");
	answers("Mf 2 a\n", "!archive_crashed");
	answers("Mf 2 0\n", "!archive_crashed");
	answers("Mf\n", "!archive_crashed");
	answers("M\n", "!archive_crashed");
	answers("Mf 99999999 0 a\n", "!archive_too_large");
	answers("Fq?\n", "!archive_crashed");
	answers("F\n", "!archive_crashed");
	answers("Fe\n", "!archive_encrypted");
	answers("Fdsaid \x1b[2J\n", "!archive_damaged");
	testing_write("packets", "Mf 2 0 a\nBforever\n", 18);
	assert_true(expanding_ends("packets", &(struct expand_limits){.bytes = 5000}, "archive_too_large").bytes <=
		    5000);
}

static void
a_helper_that_dies_fails_the_archive(void **state)
{
	(void)state;
	answers("crash\n", "!archive_crashed");
	answers("Mf 2 0 a\nBhi\ncrash\n", "a[hi!archive_crashed");
	answers("Mf 2 0 a\nBhi\nE\nleave\n", "a[hi] !archive_crashed");
	answers("Mf 2 0 a\nempty\n", "a[!archive_crashed");
	/* Neither who is killed nor who gets no processor time says anything of the archive. */
	answers("killed\n", "!system_error");
	answers("Mf 2 0 a\nBhi\nkilled\n", "a[hi!system_error");
	answers("hang\n", "!system_error");
	answers("Mf 2 0 a\nBhi\nhang\n", "a[hi!system_error");
}

/* What CODE and message the archive of PACKETS fails with. */
static void
fails_saying(const char *packets, const char *code, const char *want)
{
	struct expand_member m;
	struct expand *e;
	enum expand_event event;

	testing_write("packets", packets, strlen(packets));
	e = expanding_start("packets", &(struct expand_limits){.stall = 300});
	while ((event = expand_next(e, -1, &m)) != EXPAND_FAILED)
		assert_int_not_equal(event, EXPAND_END);
	assert_string_equal(m.code, code);
	assert_string_equal(m.message, want);
	expand_close(e);
}

/* The libraries in a helper write to standard error what nobody could relate to a file. */
static void
what_a_helper_writes_is_the_reason_of_its_crash_alone(void **state)
{
	int out = dup(STDERR_FILENO), noise = memfd_create("noise", MFD_CLOEXEC);

	(void)state;
	dup2(noise, STDERR_FILENO);
	answers("#warning: odd\nMf 2 0 a\n#and more\nBhi\nE\nZ\n", "a[hi] .");
	fails_saying("#first\n#list: bad\x1b[2J node\ncrash\n", "archive_crashed",
		     "unpacking it crashed the program that does so (list: bad [2J node)");
	fails_saying("#gone\nkilled\n", TROUBLE_CODE, "bi-expand, which unpacks it, " HELPER_TROUBLE);
	dup2(out, STDERR_FILENO);
	close(out);
	assert_int_equal(lseek(noise, 0, SEEK_END), 0);
	close(noise);
}

/* Without waiting, or only a while. */
static void
a_helper_that_is_silent_is_not_waited_for(void **state)
{
	struct expand_member m;
	struct expand *e;
	int64_t before;

	(void)state;
	testing_write("packets", "hang\n", 5);
	e = expanding_start("packets", &(struct expand_limits){.stall = 60000});
	before = clock_ms();
	assert_int_equal(expand_next(e, 0, &m), EXPAND_AGAIN);
	assert_int_equal(expand_next(e, 50, &m), EXPAND_AGAIN);
	assert_true(clock_ms() - before >= 50 && clock_ms() - before < 30000);
	assert_true(expand_wait(e) > 0 && expand_wait(e) <= 60000);
	expand_close(e);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, testing_enter, testing_leave)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {TEST(nonsense_from_the_helper_is_not_believed),
					   TEST(a_helper_that_dies_fails_the_archive),
					   TEST(what_a_helper_writes_is_the_reason_of_its_crash_alone),
					   TEST(a_helper_that_is_silent_is_not_waited_for)};

	if (argc > 1 && strcmp(argv[1], "--serve") == 0)
		return misbehave();
	if (argc < 2)
		return testing_run_beside("bi-expand", NULL);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
