#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

/* --- between fork and exec: async-signal-safe calls only --- */

/* Writes errno to the pipe that the exec would have closed, and ends the child. */
static _Noreturn void
give_up(int say)
{
	int error = errno;

	if (write(say, &error, sizeof(error)) != (ssize_t)sizeof(error))
		_exit(126);
	_exit(127);
}

/* Puts the descriptors in place. They are first copied above all numbers of the map, so that no copy overwrites a
 * descriptor that is still needed; SAY is moved too. All others are closed by the exec. */
static int
map_descriptors(const struct child *c, int *say)
{
	int copies[CHILD_FDS], above = STDERR_FILENO + 1, null, moved;

	for (size_t i = 0; i < c->fd_count; i++)
		if (c->fds[i].theirs >= above)
			above = c->fds[i].theirs + 1;
	moved = fcntl(*say, F_DUPFD_CLOEXEC, above);
	if (moved < 0)
		return -1; /* the error was reported where it occurred */
	*say = moved;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || (null = fcntl(null, F_DUPFD_CLOEXEC, above)) < 0)
		return -1;
	for (size_t i = 0; i < c->fd_count; i++)
		if ((copies[i] = fcntl(c->fds[i].ours, F_DUPFD_CLOEXEC, above)) < 0)
			return -1;
	if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return -1;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) < 0)
			return -1;
	for (size_t i = 0; i < c->fd_count; i++)
		if (dup2(copies[i], c->fds[i].theirs) < 0)
			return -1;
	return 0;
}

static _Noreturn void
exec_child(const struct child *c, pid_t parent, int say)
{
	struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t none;

	if (map_descriptors(c, &say) < 0)
		give_up(say);
	if (c->outlives && setsid() < 0)
		give_up(say);
	if (c->group && setpgid(0, 0) < 0)
		give_up(say);
	if (!c->outlives && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		give_up(say);
	if (!c->outlives && getppid() != parent)
		_exit(127); /* the parent died before the death signal was set */
	for (int s = 1; s < NSIG; s++)
		sigaction(s, &usual, NULL); /* fails for signals that cannot be changed, which need no change */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvpe(c->program, c->argv, c->environment ? c->environment : environ);
	give_up(say);
}

/* --- the parent --- */

/* Returns 0 once the child has executed the program, or the errno that the child reported. */
static int
exec_error(int fd)
{
	int error = 0;
	ssize_t n;

	do
		n = read(fd, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno;
	return n == (ssize_t)sizeof(error) ? error : 0;
}

pid_t
child_start(const struct child *c)
{
	sigset_t all, before;
	pid_t parent = getpid(), pid;
	int say[2], error;

	if (c->fd_count > CHILD_FDS) {
		errno = EINVAL;
		return -1;
	}
	if (pipe2(say, O_CLOEXEC) < 0)
		return -1;
	sigfillset(&all); /* no handler of ours runs in the child */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		exec_child(c, parent, say[1]);
	error = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(say[1]);
	if (pid > 0 && (error = exec_error(say[0])) != 0) {
		kill(pid, SIGKILL); /* the child may run, if its report could not be read */
		child_wait(pid);
		pid = -1;
	}
	close(say[0]);
	errno = error;
	return pid;
}

int
child_wait(pid_t pid)
{
	int status;
	pid_t rc;

	do
		rc = waitpid(pid, &status, 0);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int
child_await_ready(int fd, int ms)
{
	int64_t until = clock_ms() + ms;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;
	char byte;
	int rc;

	do
		rc = poll(&p, 1, clock_left(until));
	while (rc < 0 && errno == EINTR);
	if (rc <= 0)
		return rc < 0 ? -1 : 2;
	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : n == 0;
}

int
child_report_ready(int fd)
{
	ssize_t n;
	int error;

	do
		n = write(fd, "\n", 1);
	while (n < 0 && errno == EINTR);
	error = errno;
	close(fd);
	errno = error;
	return n == 1 ? 0 : -1;
}
