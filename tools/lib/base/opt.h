/*
 * opt: a program's options from one table, which also makes its usage.
 *
 * A program writes a table of struct opt, ended by {0}, and calls opt_next() until it
 * returns 0. -h, --help and --version are every program's: no table may have them. Wrong options end the program
 * with EX_WRONG_USE and one line that says which.
 */
#ifndef BI_OPT_H
#define BI_OPT_H

struct opt {
	int id;           /* what opt_next() returns: the letter, or a number above 255 without one */
	const char *name; /* the long name, without "--" */
	const char *arg;  /* what its argument is called in the usage; NULL: takes none */
	const char *help; /* one line; NULL: the usage does not show it */
};

struct opts {
	const char *operands;    /* the usage's line behind the options: "[URL | FILE ...]" */
	const char *purpose;     /* one line: what the program does */
	const struct opt *table; /* ended by {0} */
	int argc;
	char **argv;
	const char *value; /* the argument of the option that opt_next() returned */
	const char *given; /* that option as messages name it: "--batch" */
};

/*
 * Returns the next option's id, or 0 at their end; then opt_rest() tells the operands.
 * Options and operands may be mixed; "--" ends the options.
 */
int opt_next(struct opts *o);

/* The operands: argv from the first of them on, NULL-terminated. */
char **opt_rest(const struct opts *o);

/* The value of the last option as a whole number from MIN to MAX, or the end of the program. */
long opt_number(const struct opts *o, long min, long max);

/* The value of the last option as seconds, a decimal fraction allowed, from MIN to MAX; in milliseconds. */
long opt_milliseconds(const struct opts *o, double min, double max);

/* The value of the last option as a decimal fraction from MIN to MAX. */
double opt_real(const struct opts *o, double min, double max);

/* The value of the last option as bytes from MIN to MAX: a whole number, with k, M or G behind it
 * for powers of 1024, as curl has them. */
long opt_bytes(const struct opts *o, long min, long max);

/* Prints the usage on stdout. */
void opt_usage(const struct opts *o);

/* Ends the program with EX_WRONG_USE, the message and where the usage is. */
_Noreturn void opt_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
