/*
 * msg: what a program says to people, and how it ends.
 *
 * Messages go to stderr as one write each, `bi-fetch: what, with what, what to do`. They and progress lines are escaped
 * by human.h: callers may pass what strangers wrote as it is. Every program ends through msg_finish(), which checks
 * that stdout could be written: exit 0 into a full disk would be a lie.
 */
#ifndef BI_MSG_H
#define BI_MSG_H

#include <sysexits.h>

/* The exit codes of every bi program, as bi(7) lists them; above these sysexits.h. */
enum {
	EX_ALL_WELL = 0,
	EX_SOME_FAILED = 1, /* the work was done, some items failed */
	EX_WRONG_USE = 2,   /* options or arguments that make no sense */
	EX_CONFLICT = 4,    /* two answers where one is needed: a person must decide */
};

/* Names the program in all messages; NAME is kept, not copied. To be called first: standard descriptors that
 * are closed are opened on /dev/null, or a file of ours would get their numbers. A limit on file sizes becomes an error
 * of what writes (EFBIG) instead of a signal that ends it. A stdout that is a terminal is replaced by a stream that
 * clears the progress line of any process before each line. */
void msg_program(const char *name);

/* The name given to msg_program(). */
const char *msg_name(void);

/* Says one line on stderr. errno stays as it is. */
void msg_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same, with ": " and strerror(errno) behind it. */
void msg_warn_errno(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Says one line on stderr and exits with CODE (EX_*). */
_Noreturn void msg_die(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same, with ": " and strerror(errno) behind it. */
_Noreturn void msg_die_errno(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The exit code that an errno stands for: EX_IOERR for a full disk or a failing one,
 * EX_NOPERM for what may not be done, EX_OSERR for the rest. */
int msg_exit_code(int error);

/*
 * Draws LINE on the last row of the terminal that stderr is, cut to the row's width. Messages, and lines on a stdout
 * that is a terminal, are written above it. NULL takes the line away; so do msg_finish() and the usual signals.
 * Of several processes on one terminal the first draws, until it takes its line away; the calls of the others draw
 * nothing. Nothing is drawn where stderr is no terminal, or TERM is unset or "dumb".
 */
void msg_progress(const char *line);

/*
 * Ends the program: takes the progress line away, flushes and closes stdout, and exits
 * with CODE, or with EX_IOERR and a message if stdout could not take all that was written.
 */
_Noreturn void msg_finish(int code);

#endif
