#include "testing.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/lock.h"
#include "http/lease.h"

enum { PORTS = 4, SOON_MS = 20000 };

static struct root root;
static int first; /* of PORTS ports that nobody listens on */

static int
listener(int port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 1) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
find_ports(void)
{
	int free = 0;

	for (first = 12000 + getpid() % 1000 * 8; free < PORTS; first += free < PORTS ? PORTS : 0)
		for (free = 0; free < PORTS; free++) {
			int fd = listener(first + free);

			if (fd < 0)
				break;
			close(fd);
		}
}

static int
enter(void **state)
{
	if (testing_enter(state) < 0)
		return -1;
	root_open(&root, ".", true);
	find_ports();
	return 0;
}

static int
leave(void **state)
{
	close(root.fd);
	free(root.path);
	return testing_leave(state);
}

static int
take(struct lease *l)
{
	return lease_acquire(l, &root, "127.0.0.1", first, first + PORTS - 1);
}

/* --- a process that holds a lease --- */

struct holder {
	pid_t pid;
	int port;
};

/* Starts one with RECORD in its lease (NULL: none), or that ignores SIGTERM. */
static struct holder
hold(const char *record, bool stubborn)
{
	struct holder h = {0};
	int say[2];

	assert_int_equal(pipe(say), 0);
	h.pid = fork();
	assert_true(h.pid >= 0);
	if (h.pid == 0) {
		struct lease l;

		prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when a test has failed */
		if (stubborn)
			signal(SIGTERM, SIG_IGN);
		if (take(&l) != 0 || (record && lease_write(&l, record, strlen(record)) < 0) ||
		    write(say[1], &l.port, sizeof(l.port)) != (ssize_t)sizeof(l.port))
			_exit(1);
		for (;;)
			pause();
	}
	close(say[1]);
	assert_int_equal(read(say[0], &h.port, sizeof(h.port)), sizeof(h.port));
	close(say[0]);
	return h;
}

static void
end(struct holder h)
{
	assert_int_equal(kill(h.pid, SIGKILL), 0);
	assert_int_equal(waitpid(h.pid, NULL, 0), h.pid);
}

/* A process that has nothing to do with servers. */
static pid_t
bystander(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (pid == 0)
		pause();
	return pid;
}

static void
assert_unharmed(pid_t pid)
{
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* --- what lease_each() shows --- */

struct shown {
	int count;
	int port[8];
	pid_t holder[8];
	char record[8][64];
};

static bool
note(struct lease_seen *seen, void *arg)
{
	struct shown *s = arg;

	assert_true(s->count < 8);
	s->port[s->count] = seen->port;
	s->holder[s->count] = seen->holder;
	snprintf(s->record[s->count], sizeof(s->record[0]), "%s", seen->record.len ? seen->record.data : "");
	s->count++;
	return true;
}

static struct shown
look(void)
{
	struct shown s = {0};

	assert_int_equal(lease_each(&root, note, &s), 0);
	return s;
}

static struct shown
look_at_dead(void)
{
	struct shown s = {0};

	assert_int_equal(lease_each_dead(&root, note, &s), 0);
	return s;
}

/* --- the tests --- */

static void
a_lease_is_a_locked_file_and_a_listening_socket(void **state)
{
	struct lease l;
	struct stat st;
	char name[32];
	int other;

	(void)state;
	umask(022);
	assert_int_equal(take(&l), 0);
	assert_int_equal(l.port, first);
	snprintf(name, sizeof(name), "leases/%d", l.port);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	assert_int_equal(fcntl(l.fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(l.socket, F_GETFD), FD_CLOEXEC);
	assert_int_equal(listener(l.port), -1);
	other = open(name, O_RDONLY | O_CLOEXEC);
	assert_int_equal(lock_try(other, LOCK_ALONE), 1);
	assert_int_equal(lease_write(&l, "{}", 2), 0);
	testing_assert_file(name, "{}\n");
	lease_end(&l);
	assert_int_equal(l.fd, -1);
	testing_assert_file(name, "");
	assert_int_equal(lock_try(other, LOCK_ALONE), 0);
	close(other);
}

static void
each_holder_has_a_port_of_its_own(void **state)
{
	struct holder h[PORTS];
	struct lease l;

	(void)state;
	for (int i = 0; i < PORTS; i++) {
		h[i] = hold(NULL, false);
		assert_int_equal(h[i].port, first + i);
	}
	assert_int_equal(take(&l), 1);
	end(h[2]);
	assert_int_equal(take(&l), 0);
	assert_int_equal(l.port, h[2].port);
	lease_end(&l);
	end(h[0]);
	end(h[1]);
	end(h[3]);
}

static void
others_see_who_holds_what(void **state)
{
	struct holder a, b;
	struct shown s;

	(void)state;
	assert_int_equal(look().count, 0); /* no leases/ at all */
	a = hold("{\"a\":1}", false);
	b = hold(NULL, false);
	s = look();
	assert_int_equal(s.count, 2);
	assert_int_equal(s.port[0], a.port);
	assert_int_equal(s.holder[0], a.pid);
	assert_string_equal(s.record[0], "{\"a\":1}");
	assert_int_equal(s.holder[1], b.pid);
	assert_string_equal(s.record[1], "");
	assert_false(lease_is_free(&root, "127.0.0.1", b.port));
	end(a);
	end(b);
	assert_int_equal(look().count, 0);
}

static void
a_dead_holders_record_is_nobodys(void **state)
{
	struct holder h = hold("{\"a\":1}", false);
	struct shown s;
	char name[32];

	(void)state;
	assert_int_equal(look_at_dead().count, 0);
	end(h);
	snprintf(name, sizeof(name), "leases/%d", h.port);
	testing_assert_file(name, "{\"a\":1}\n");
	s = look_at_dead();
	assert_int_equal(s.count, 1);
	assert_int_equal(s.port[0], h.port);
	assert_int_equal(s.holder[0], 0);
	assert_string_equal(s.record[0], "{\"a\":1}");
	h = hold(NULL, false);
	assert_int_equal(look_at_dead().count, 0);
	assert_string_equal(look().record[0], "");
	testing_assert_file(name, "\n");
	end(h);
}

static void
ports_of_others_are_passed_over(void **state)
{
	int fd[PORTS];
	struct lease l;

	(void)state;
	fd[0] = listener(first);
	fd[1] = listener(first + 1);
	assert_false(lease_is_free(&root, "127.0.0.1", first));
	assert_true(lease_is_free(&root, "127.0.0.1", first + 2));
	assert_int_equal(take(&l), 0);
	assert_int_equal(l.port, first + 2);
	lease_end(&l);
	fd[2] = listener(first + 2);
	fd[3] = listener(first + 3);
	assert_int_equal(take(&l), 1);
	for (int i = 0; i < PORTS; i++)
		close(fd[i]);
	assert_int_equal(take(&l), 0);
	assert_int_equal(l.port, first);
	lease_end(&l);
}

static void
a_port_that_is_taken_at_ipv6_is_passed_over(void **state)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)first)};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct lease l;

	(void)state;
	at.sin6_addr = in6addr_loopback;
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 1) < 0)
		skip("the machine has no IPv6");
	assert_int_equal(take(&l), 0);
	assert_int_equal(l.port, first + 1);
	lease_end(&l);
	close(fd);
}

static void
what_is_no_lease_is_left_alone(void **state)
{
	char name[32], text[64];
	struct lease l;
	pid_t innocent = bystander();

	(void)state;
	assert_int_equal(mkdir("leases", 0777), 0);
	testing_write("precious", "keep this", 9);
	snprintf(name, sizeof(name), "leases/%d", first);
	assert_int_equal(symlink("../precious", name), 0);
	snprintf(name, sizeof(name), "leases/%d", first + 1);
	assert_int_equal(mkdir(name, 0777), 0);
	snprintf(name, sizeof(name), "leases/%d", first + 2);
	assert_int_equal(mkfifo(name, 0666), 0);
	testing_write("leases/999999", "{}\n", 3);
	testing_write("leases/08000", "{}\n", 3);
	testing_write("leases/8000x", "{}\n", 3);
	testing_write("leases/-1", "{}\n", 3);
	assert_int_equal(take(&l), 0);
	assert_int_equal(l.port, first + 3);
	lease_end(&l);
	testing_assert_file("precious", "keep this");

	snprintf(name, sizeof(name), "leases/%d", first + 3);
	snprintf(text, sizeof(text), "{\"port\":%d,\"pid\":%d}\n", first + 3, innocent);
	testing_write(name, text, strlen(text));
	assert_int_equal(look().count, 0);
	for (int i = 0; i < PORTS; i++)
		assert_int_equal(lease_stop(&root, first + i, 100), 1);
	assert_int_equal(lease_stop(&root, 1, 100), 1);
	assert_unharmed(innocent);
}

static void
rubbish_in_a_held_lease_does_no_harm(void **state)
{
	static char rubbish[100000];
	struct holder h = hold(NULL, false);
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "leases/%d", h.port);
	testing_write(name, "half a reco", 11);
	assert_string_equal(look().record[0], "");
	memset(rubbish, 'x', sizeof(rubbish));
	testing_write(name, rubbish, sizeof(rubbish));
	assert_int_equal(look().count, 1);
	assert_string_equal(look().record[0], "");
	end(h);
}

static void
stopping_ends_the_holder(void **state)
{
	struct holder a = hold("{}", false), b = hold("{}", false);
	int status;

	(void)state;
	assert_int_equal(lease_stop(&root, a.port, SOON_MS), 0);
	assert_int_equal(waitpid(a.pid, &status, 0), a.pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	assert_int_equal(lease_stop(&root, a.port, SOON_MS), 1);
	assert_int_equal(look().count, 1);
	assert_unharmed(b.pid);
}

static void
who_does_not_listen_is_killed(void **state)
{
	struct holder h = hold("{}", true);
	int status;

	(void)state;
	assert_int_equal(lease_stop(&root, h.port, 50), 0);
	assert_int_equal(waitpid(h.pid, &status, 0), h.pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* A process with the flock alone is no holder: somebody's flock(1), or a child that a lock leaked into. */
static void
who_has_the_flock_alone_is_not_signalled(void **state)
{
	char name[32];
	int fd;
	pid_t innocent;
	struct lease l;

	(void)state;
	assert_int_equal(take(&l), 0);
	lease_end(&l);
	snprintf(name, sizeof(name), "leases/%d", first);
	fd = open(name, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	innocent = bystander();
	close(fd); /* its copy has the lock still */
	assert_int_equal(lease_stop(&root, first, 100), 1);
	assert_int_equal(look().count, 0);
	assert_int_equal(take(&l), 0);
	assert_int_equal(l.port, first + 1);
	lease_end(&l);
	assert_unharmed(innocent);
}

static void
addresses_that_are_not_ours_are_errors(void **state)
{
	struct lease l;

	(void)state;
	assert_int_equal(lease_acquire(&l, &root, "192.0.2.77", first, first + 1), -1);
	assert_int_equal(errno, EADDRNOTAVAIL);
	assert_int_equal(lease_acquire(&l, &root, "localhost", first, first + 1), -1);
	assert_int_equal(errno, EADDRNOTAVAIL);
	assert_int_equal(l.fd, -1);
	lease_end(&l);
}

/* --- what happens between two questions of lease.c about a lease's owner, which the linker hands to us --- */

pid_t __real_lock_owner(int fd);
pid_t __wrap_lock_owner(int fd);
int __real_pidfd_open(pid_t pid, unsigned flags);
int __wrap_pidfd_open(pid_t pid, unsigned flags);

static void (*between)(void); /* called after the next question */
static struct holder old, new;
static pid_t reuses; /* the process that has got the process id of OLD; 0: none has */

pid_t
__wrap_lock_owner(int fd)
{
	pid_t owner = __real_lock_owner(fd);
	void (*call)(void) = between;

	between = NULL;
	if (call)
		call();
	return owner;
}

int
__wrap_pidfd_open(pid_t pid, unsigned flags)
{
	return __real_pidfd_open(reuses && pid == old.pid ? reuses : pid, flags);
}

static void
old_ends(void)
{
	end(old);
}

static void
new_takes_it(void)
{
	new = hold("{\"new\":1}", false);
	assert_int_equal(new.port, first);
}

static void
new_takes_it_from_old(void)
{
	old_ends();
	new_takes_it();
}

static void
who_has_got_a_keepers_process_id_is_not_signalled(void **state)
{
	pid_t innocent = bystander();

	(void)state;
	old = hold("{}", false);
	reuses = innocent;
	between = old_ends;
	assert_int_equal(lease_request_stop(&root, old.port), -1);
	assert_int_equal(errno, ESRCH);
	assert_unharmed(innocent);
	reuses = 0;
}

static void
who_took_the_lease_meanwhile_is_asked(void **state)
{
	pid_t innocent = bystander();
	int pidfd, rc, status = 0;
	pid_t ended;

	(void)state;
	old = hold("{}", false);
	reuses = innocent;
	between = new_takes_it_from_old;
	pidfd = lease_request_stop(&root, old.port);
	reuses = 0;
	rc = pidfd < 0 ? -1 : lease_await_stop(pidfd, SOON_MS);
	ended = waitpid(new.pid, &status, WNOHANG); /* if it was asked, it has ended by now */
	if (ended == 0)
		end(new);
	assert_int_equal(rc, 0);
	assert_int_equal(ended, new.pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	assert_unharmed(innocent);
}

static void
a_record_is_not_shown_as_another_keepers(void **state)
{
	struct shown s;

	(void)state;
	old = hold("{\"old\":1}", false);
	between = new_takes_it_from_old;
	assert_int_equal(look().count, 0);
	s = look();
	assert_int_equal(s.count, 1);
	assert_int_equal(s.holder[0], new.pid);
	end(new);
}

static void
a_lease_that_was_taken_meanwhile_is_not_dead(void **state)
{
	(void)state;
	old = hold("{\"old\":1}", false);
	end(old);
	assert_int_equal(look_at_dead().count, 1);
	between = new_takes_it;
	assert_int_equal(look_at_dead().count, 0);
	end(new);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_lease_is_a_locked_file_and_a_listening_socket, enter, leave),
		cmocka_unit_test_setup_teardown(each_holder_has_a_port_of_its_own, enter, leave),
		cmocka_unit_test_setup_teardown(others_see_who_holds_what, enter, leave),
		cmocka_unit_test_setup_teardown(a_dead_holders_record_is_nobodys, enter, leave),
		cmocka_unit_test_setup_teardown(ports_of_others_are_passed_over, enter, leave),
		cmocka_unit_test_setup_teardown(a_port_that_is_taken_at_ipv6_is_passed_over, enter, leave),
		cmocka_unit_test_setup_teardown(what_is_no_lease_is_left_alone, enter, leave),
		cmocka_unit_test_setup_teardown(rubbish_in_a_held_lease_does_no_harm, enter, leave),
		cmocka_unit_test_setup_teardown(stopping_ends_the_holder, enter, leave),
		cmocka_unit_test_setup_teardown(who_does_not_listen_is_killed, enter, leave),
		cmocka_unit_test_setup_teardown(who_has_the_flock_alone_is_not_signalled, enter, leave),
		cmocka_unit_test_setup_teardown(addresses_that_are_not_ours_are_errors, enter, leave),
		cmocka_unit_test_setup_teardown(who_has_got_a_keepers_process_id_is_not_signalled, enter, leave),
		cmocka_unit_test_setup_teardown(who_took_the_lease_meanwhile_is_asked, enter, leave),
		cmocka_unit_test_setup_teardown(a_record_is_not_shown_as_another_keepers, enter, leave),
		cmocka_unit_test_setup_teardown(a_lease_that_was_taken_meanwhile_is_not_dead, enter, leave),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
