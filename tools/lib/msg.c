#include "msg.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userinfo.h"

static const char *program = "bi";
static bool drawn; /* a progress line stands on the terminal */

void
msg_program(const char *name)
{
	program = name;
	signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is then an error like a full disk */
	/* The wrong way round, so that using them still fails. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			break;
}

const char *
msg_name(void)
{
	return program;
}

static void
erase(void)
{
	static const char clear[] = "\r\033[K";

	/* Another process's progress line may stand there too. */
	if ((drawn || isatty(STDERR_FILENO)) && write(STDERR_FILENO, clear, sizeof(clear) - 1) < 0)
		drawn = false;
	drawn = false;
}

/* One line, one write: lines of several processes on one terminal do not mix. */
__attribute__((format(printf, 2, 0))) static void
say(int error, const char *fmt, va_list ap)
{
	char line[4096];
	size_t used;
	int n;

	erase();
	n = snprintf(line, sizeof(line), "%s: ", program);
	used = n > 0 ? (size_t)n : 0;
	n = vsnprintf(line + used, sizeof(line) - used - 1, fmt, ap);
	used += n > 0 ? (size_t)n : 0;
	if (used > sizeof(line) - 2)
		used = sizeof(line) - 2;
	used = userinfo_cut(line, used);
	if (error) {
		n = snprintf(line + used, sizeof(line) - used - 1, ": %s", strerror(error));
		used += n > 0 ? (size_t)n : 0;
		if (used > sizeof(line) - 2)
			used = sizeof(line) - 2;
	}
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0)
		return; /* nowhere left to say it */
}

void
msg_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(0, fmt, ap);
	va_end(ap);
}

void
msg_warn_errno(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	say(error, fmt, ap);
	va_end(ap);
}

void
msg_die(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(0, fmt, ap);
	va_end(ap);
	exit(code);
}

void
msg_die_errno(int code, const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	say(error, fmt, ap);
	va_end(ap);
	exit(code);
}

int
msg_code(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
	case EIO:
	case EROFS:
		return EX_IOERR;
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	default:
		return EX_OSERR;
	}
}

void
msg_progress(const char *line)
{
	char shown[512];
	int n;

	if (!line) {
		erase();
		return;
	}
	n = snprintf(shown, sizeof(shown), "\r\033[K%s", line);
	if (n > 0 && write(STDERR_FILENO, shown, (size_t)n < sizeof(shown) ? (size_t)n : sizeof(shown) - 1) > 0)
		drawn = true;
}

void
msg_finish(int code)
{
	erase();
	if (ferror(stdout) || fflush(stdout) != 0 || (close(STDOUT_FILENO) != 0 && errno != EBADF)) {
		if (errno == EPIPE) {
			/* Whoever read has had enough: no fault of ours, and no message. */
			signal(SIGPIPE, SIG_DFL);
			raise(SIGPIPE);
		}
		msg_warn_errno("standard output could not take all of the records; "
			       "what was done stands, run the command again to see it");
		_exit(EX_IOERR);
	}
	exit(code);
}
