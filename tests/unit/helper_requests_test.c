#include "testing.h"

#include <sys/socket.h>

#include "confined/helper.h"

/* The caller's side of a helper that is this process. */
static struct helper
begin(void)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(dup2(ends[1], STDIN_FILENO), STDIN_FILENO);
	close(ends[1]);
	return (struct helper){.program = "test", .pid = getpid(), .socket = ends[0], .noise = -1};
}

static void
a_request_has_text_and_descriptors(void **state)
{
	struct helper h = begin();
	int pipe_fds[2], fds[2];
	char text[8], byte;

	(void)state;
	assert_true(helper_serves());
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	assert_int_equal(helper_send(&h, "hello", 5, pipe_fds, 2), 0);
	assert_int_equal(helper_next_request(text, sizeof(text), fds, 2), 5);
	assert_string_equal(text, "hello");
	assert_int_equal(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	/* Other counts of descriptors are no request. */
	assert_int_equal(helper_send(&h, "hello", 5, NULL, 0), 0);
	assert_int_equal(helper_next_request(text, sizeof(text), fds, 2), -1);
	assert_int_equal(helper_send(&h, "hello", 5, pipe_fds, 1), 0);
	assert_int_equal(helper_next_request(text, sizeof(text), fds, 2), -1);
	/* What is longer is cut, and the end is told. */
	assert_int_equal(helper_send(&h, "helloworld", 10, pipe_fds, 1), 0);
	assert_int_equal(helper_next_request(text, sizeof(text), fds, 1), 7);
	assert_string_equal(text, "hellowo");
	close(h.socket);
	assert_int_equal(helper_next_request(text, sizeof(text), fds, 1), 0);
}

static void
an_answer_is_one_packet(void **state)
{
	struct helper h = begin();
	char packet[16];

	(void)state;
	assert_true(helper_send_answer("ready", 5, NULL, 0));
	assert_true(helper_send_answer("B", 1, "ytes", 4));
	assert_int_equal(helper_receive(&h, packet, sizeof(packet)), 5);
	assert_string_equal(packet, "ready");
	assert_int_equal(helper_receive(&h, packet, sizeof(packet)), 5);
	assert_string_equal(packet, "Bytes");
	close(h.socket);
	assert_false(helper_send_answer("late", 4, NULL, 0));
}

static void
other_descriptors_are_no_socket_of_a_caller(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(dup2(ends[1], STDIN_FILENO), STDIN_FILENO);
	assert_false(helper_serves());
	close(STDIN_FILENO);
	assert_false(helper_serves());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_has_text_and_descriptors),
		cmocka_unit_test(an_answer_is_one_packet),
		cmocka_unit_test(other_descriptors_are_no_socket_of_a_caller),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("helper_requests", tests, NULL, NULL);
}
