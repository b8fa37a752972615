#include "base/msg.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/human.h"
#include "base/lock.h"
#include "base/trouble.h"
#include "base/userinfo.h"
#include "base/utf8.h"

/*
 * Programs that share a terminal share its last row, where the progress line is. The one that draws there holds a lock
 * on the terminal (lock_mark_owner(), on stderr) until it takes its line away; the others draw nothing meanwhile.
 * Everything else that is written to a terminal begins with CLEAR in the same write(2), so that it replaces a progress
 * line, of this process or another, which the other then draws again below.
 */
static const char clear[] = "\r\033[K";

static const char *program = "bi";
static volatile sig_atomic_t drawn; /* a progress line of this process stands on the terminal */
static bool owns_row;

static bool
is_terminal(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

/* Writes TEXT to FD in one call, after CLEAR if WIPE. Returns how many bytes of TEXT were written, or -1 with errno. */
static ssize_t
write_line(int fd, bool wipe, const char *text, size_t n)
{
	const struct iovec parts[] = {{(char *)(uintptr_t)clear, wipe ? sizeof(clear) - 1 : 0},
				      {(char *)(uintptr_t)text, n}};
	ssize_t w = writev(fd, parts, 2);
	ssize_t front = (ssize_t)parts[0].iov_len;

	return w < 0 ? -1 : w > front ? w - front : 0;
}

/* The function that stdio calls to write to standard output if that is a terminal. */
static ssize_t
write_stdout(void *cookie, const char *text, size_t n)
{
	static bool within_line;
	ssize_t w = write_line(STDOUT_FILENO, !within_line, text, n);

	(void)cookie;
	if (w > 0)
		within_line = text[w - 1] != '\n';
	return w < 0 ? 0 : w; /* the function of a cookie returns 0 if it fails */
}

static void
clear_before_output(void)
{
	FILE *lines = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_stdout});

	if (!lines)
		return;
	(void)setvbuf(lines, NULL, _IOLBF, BUFSIZ); /* the stream is new and the mode valid: it cannot fail */
	stdout = lines;
}

void
msg_program(const char *name)
{
	program = name;
	signal(SIGXFSZ, SIG_IGN); /* exceeding the limit on file sizes is then an error, as a full disk is */
	if (is_terminal(STDOUT_FILENO))
		clear_before_output();
	/* Opened in the wrong direction, so that using them still fails. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			break;
}

const char *
msg_name(void)
{
	return program;
}

/* Removes the progress line of this process. */
static void
erase_progress(void)
{
	if (drawn && write(STDERR_FILENO, clear, sizeof(clear) - 1) < 0)
		return; /* the terminal has gone */
	drawn = false;
}

/* Each line is one write, so that lines of several processes on one terminal do not mix. */
__attribute__((format(printf, 2, 0))) static void
write_message(int error, const char *fmt, va_list ap)
{
	char line[4096];
	size_t used;
	int n;

	n = snprintf(line, sizeof(line), "%s: ", program);
	used = n > 0 ? (size_t)n : 0;
	n = vsnprintf(line + used, sizeof(line) - used - 1, fmt, ap);
	used += n > 0 ? (size_t)n : 0;
	if (used > sizeof(line) - 2)
		used = sizeof(line) - 2;
	used = human_escape(line, userinfo_strip(line, used));
	if (error) {
		n = snprintf(line + used, sizeof(line) - used - 1, ": %s", trouble_reason(error));
		used += n > 0 ? (size_t)n : 0;
		if (used > sizeof(line) - 2)
			used = sizeof(line) - 2;
	}
	line[used++] = '\n';
	if (write_line(STDERR_FILENO, is_terminal(STDERR_FILENO), line, used) < 0)
		return; /* there is nowhere left to report it */
	drawn = false;
}

void
msg_warn(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	write_message(0, fmt, ap);
	va_end(ap);
	errno = error;
}

void
msg_warn_errno(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	write_message(error, fmt, ap);
	va_end(ap);
	errno = error;
}

int
msg_report_errno(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	write_message(error, fmt, ap);
	va_end(ap);
	errno = error;
	return msg_exit_code(error);
}

void
msg_die(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_message(0, fmt, ap);
	va_end(ap);
	exit(code);
}

void
msg_die_errno(int code, const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	write_message(error, fmt, ap);
	va_end(ap);
	exit(code);
}

void
msg_use_utf8(void)
{
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		msg_die(EX_UNAVAILABLE,
			"the locale C.UTF-8 cannot be loaded: %s: if it is missing, install the package libc-bin",
			strerror(errno));
}

int
msg_exit_code(int error)
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
	case TROUBLE_NEWER:
		return EX_DATAERR;
	default:
		return EX_OSERR;
	}
}

/* Removes the line before a signal ends the program. */
static void
erase_and_die(int number)
{
	int error = errno;

	erase_progress();
	errno = error;
	raise(number); /* SA_RESETHAND: the default action follows when this returns */
}

/* Claims the last row of the terminal. False while another process has it. */
static bool
take_row(void)
{
	static bool caught;

	if (owns_row)
		return true;
	if (!is_terminal(STDERR_FILENO) || lock_mark_owner(STDERR_FILENO) == 1)
		return false;
	if (!caught) {
		static const int fatal[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
		const struct sigaction ours = {.sa_handler = erase_and_die, .sa_flags = (int)SA_RESETHAND};
		struct sigaction now;

		for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
			if (sigaction(fatal[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
				(void)sigaction(fatal[i], &ours, NULL);
	}
	caught = owns_row = true;
	return true;
}

static void
leave_row(void)
{
	erase_progress();
	if (owns_row)
		lock_unmark_owner(STDERR_FILENO);
	owns_row = false;
}

/* How many bytes of LINE fit on the row: a line that wraps could not be removed. The last column stays empty. */
static size_t
fitting_length(const char *line)
{
	struct winsize size;
	size_t n = strlen(line), columns = 80;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
		columns = size.ws_col;
	if (n < columns)
		return n;
	return utf8_whole_length(line, columns - 1);
}

void
msg_progress(const char *line)
{
	char shown[512];
	size_t n;

	if (!line) {
		leave_row();
		return;
	}
	if (!take_row())
		return;
	snprintf(shown, sizeof(shown), "%s", line);
	n = human_escape(shown, strlen(shown));
	shown[n] = '\0';
	drawn = true; /* set before the write, for a signal that arrives in between */
	if (write_line(STDERR_FILENO, true, shown, fitting_length(shown)) < 0)
		return; /* the terminal has gone */
}

void
msg_finish(int code)
{
	leave_row();
	if (ferror(stdout) || fflush(stdout) != 0 || (close(STDOUT_FILENO) != 0 && errno != EBADF)) {
		if (errno == EPIPE) {
			/* The reader closed the pipe: that is not an error, and needs no message. */
			signal(SIGPIPE, SIG_DFL);
			raise(SIGPIPE);
		}
		msg_warn_errno("standard output could not take all of the records; "
			       "the work is done; run the command again to see them");
		_exit(EX_IOERR);
	}
	exit(code);
}
