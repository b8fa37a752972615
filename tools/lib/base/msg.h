/*
 * msg: messages of a program to people, and its exit.
 *
 * Each message is one write to stderr, `bi-fetch: what, with what, what to do`. Messages and progress lines are escaped
 * (human.h), so callers may pass text of strangers as it is. Every program ends through msg_finish(), which checks that
 * stdout could be written: exit 0 with a full disk would be wrong.
 */
#ifndef BI_MSG_H
#define BI_MSG_H

#include <sysexits.h>

/* The exit codes of every bi program, as bi(7) lists them; above these sysexits.h. */
enum {
	EX_ALL_WELL = 0,
	EX_SOME_FAILED = 1, /* the work was done, some items failed */
	EX_WRONG_USE = 2,   /* invalid options or arguments */
	EX_CONFLICT = 4,    /* two answers where one is needed; a person must decide */
};

/* Sets the program's name for all messages; NAME is kept, not copied. Call this first. Closed standard descriptors are
 * opened on /dev/null, since another file would get their numbers. A write beyond the limit on file sizes fails with
 * EFBIG instead of raising a signal. A stdout that is a terminal is replaced by a stream that clears the progress line
 * of any process before each line. */
void msg_program(const char *name);

/* Returns the name given to msg_program(). */
const char *msg_name(void);

/* Prints one line on stderr. errno stays as it is. */
void msg_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same, with ": " and trouble_reason(errno) behind it. */
void msg_warn_errno(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* As msg_warn_errno(). Returns msg_exit_code(errno). */
int msg_report_errno(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints one line on stderr and exits with CODE (EX_*). */
_Noreturn void msg_die(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same, with ": " and trouble_reason(errno) behind it. */
_Noreturn void msg_die_errno(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Makes UTF-8 the character set of this process, as the C library and libcurl want it. If that fails, the program ends
 * with EX_UNAVAILABLE: glibc looks for the locale at several places, and the reason is that of the last one. */
void msg_use_utf8(void);

/* Returns the exit code that an errno stands for: EX_IOERR for a full or failing disk, EX_NOPERM for a missing
 * permission, EX_DATAERR for a format that a newer version made, EX_OSERR for the rest. */
int msg_exit_code(int error);

/*
 * Draws LINE on the last row of the terminal, cut to its width. Messages, and lines on a stdout that is a terminal,
 * appear above it. NULL erases the line; so do msg_finish() and the usual signals. If several processes share a
 * terminal, the first one draws until it erases its line, and the others draw nothing. Nothing is drawn if stderr is
 * not a terminal, or if TERM is unset or "dumb".
 */
void msg_progress(const char *line);

/*
 * Ends the program: erases the progress line, flushes and closes stdout, and exits with CODE, or with EX_IOERR and a
 * message if not all output could be written.
 */
_Noreturn void msg_finish(int code);

#endif
