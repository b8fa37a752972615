/*
 * opt: parses a program's options by one table, which also gives its usage.
 *
 * A program has a table of struct opt, ended by {0}. It calls opt_begin(), then opt_next() until it returns 0. Every
 * program has -h, --help and --version, so no table may have them. Invalid options end the program with EX_WRONG_USE
 * and a line that names them.
 */
#ifndef BI_OPT_H
#define BI_OPT_H

/* The id of an entry that is no option, but a heading of the usage: its name is that of the options behind it. */
enum { OPT_GROUP = -1 };

struct opt {
	int id;           /* what opt_next() returns: the letter, or a number above 255 without one; or OPT_GROUP */
	const char *name; /* the long name, without "--" */
	const char *arg;  /* the name of its argument in the usage; NULL: it takes none */
	const char *help; /* one sentence, which the usage wraps; NULL: the usage does not list it */
};

struct opts {
	const char *operands;    /* the operands in the usage line: "[URL | FILE ...]" */
	const char *purpose;     /* one line: what the program does */
	const struct opt *table; /* ended by {0} */
	int argc;
	char **argv;
	const char *value; /* the argument of the option that opt_next() returned */
	const char *given; /* that option as messages show it: "--batch" */
};

/* Begins a program: gives PROGRAM, its name, to msg_program(), and returns its options. The other arguments are the
 * members of struct opts. */
struct opts opt_begin(const char *program, const struct opt *table, int argc, char **argv, const char *operands,
		      const char *purpose);

/*
 * Returns the next option's id, or 0 at the end of the options; opt_rest() then returns the operands. Options and
 * operands may be mixed; "--" ends the options.
 */
int opt_next(struct opts *o);

/* Returns the operands, NULL-terminated. */
char **opt_rest(const struct opts *o);

/* Returns the value of the last option as a whole number from MIN to MAX. Another value ends the program. */
long opt_number(const struct opts *o, long min, long max);

/* Returns the value of the last option as seconds, a decimal fraction allowed, from MIN to MAX; in milliseconds. */
long opt_milliseconds(const struct opts *o, double min, double max);

/* Returns the value of the last option as a decimal fraction from MIN to MAX. */
double opt_real(const struct opts *o, double min, double max);

/* Returns the value of the last option as bytes from MIN to MAX: a whole number, which k, M or G may follow for powers
 * of 1024, as in curl. */
long opt_bytes(const struct opts *o, long min, long max);

/* Ends the program with EX_WRONG_USE, the message, and a hint at the usage. */
_Noreturn void opt_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
