#include "base/opt.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "base/msg.h"
#include "base/paths.h"

enum { OPT_MAX = 128, ID_HELP = 'h', ID_VERSION = 1 };
enum { COLUMNS = 80, HELP_AT = 31 }; /* of the usage: its width, and where what options do begins */

void
opt_die(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	msg_die(EX_WRONG_USE, "%s (%s --help shows the options)", text, msg_name());
}

static bool
has_letter(const struct opt *o)
{
	return o->id > ' ' && o->id < 127;
}

/* How much of TEXT stands in a line of WIDTH bytes. No line begins with "-", so that it is not taken for an option. */
static size_t
line_length(const char *text, size_t width)
{
	size_t n = strlen(text), at = 0;

	if (n <= width)
		return n;
	for (size_t i = 1; i <= width; i++)
		if (text[i] == ' ' && text[i + 1] != '-')
			at = i;
	return at ? at : n;
}

/* Prints TEXT from column AT on, which was reached already. */
static void
print_wrapped(const char *text, size_t at)
{
	size_t n = line_length(text, COLUMNS - at);

	printf("%.*s\n", (int)n, text);
	while (text[n]) {
		text += n + 1;
		n = line_length(text, COLUMNS - at);
		printf("%*s%.*s\n", (int)at, "", (int)n, text);
	}
}

static void
print_option(const struct opt *t)
{
	char form[64];

	snprintf(form, sizeof(form), "--%s%s%s", t->name, t->arg ? " " : "", t->arg ? t->arg : "");
	if (has_letter(t))
		printf("  -%c, ", t->id);
	else
		printf("      ");
	if (strlen(form) > 24)
		printf("%s\n%*s", form, HELP_AT, "");
	else
		printf("%-24s ", form);
	print_wrapped(t->help, HELP_AT);
}

static void
print_usage(const struct opts *o)
{
	struct buf page = {0};

	printf("usage: %s [OPTION ...] %s\n", msg_name(), o->operands);
	print_wrapped(o->purpose, 0);
	if (o->table->id != OPT_GROUP)
		putchar('\n');
	for (const struct opt *t = o->table; t->name; t++) {
		if (t->id == OPT_GROUP)
			printf("\n%s:\n", t->name);
		else if (t->help)
			print_option(t);
	}
	printf("  -%c, %-24s %s\n      %-24s %s\n", ID_HELP, "--help", "this text", "--version", "the version");
	/* In the source tree the page is beside the program, and man(1) does not know it. */
	putchar('\n');
	if (path_of_manual(&page, msg_name(), '1') == 0)
		human_print("The whole manual: man %s", page.data);
	else
		human_print("The whole manual: man %s", msg_name());
	buf_free(&page);
}

/* getopt's two forms of the table. */
static void
fill_getopt_tables(const struct opts *o, struct option *words, char *letters)
{
	size_t n = 0;

	*letters++ = ':';
	for (const struct opt *t = o->table; t->name && n < OPT_MAX - 3; t++) {
		if (t->id == OPT_GROUP)
			continue;
		words[n++] = (struct option){t->name, t->arg ? required_argument : no_argument, NULL, t->id};
		if (!has_letter(t))
			continue;
		*letters++ = (char)t->id;
		if (t->arg)
			*letters++ = ':';
	}
	*letters++ = ID_HELP;
	words[n++] = (struct option){"help", no_argument, NULL, ID_HELP};
	words[n++] = (struct option){"version", no_argument, NULL, ID_VERSION};
	words[n] = (struct option){0};
	*letters = '\0';
}

static const char *
name_of(const struct opts *o, int id)
{
	static char form[64];

	for (const struct opt *t = o->table; t->name; t++) {
		if (t->id != id)
			continue;
		snprintf(form, sizeof(form), "--%s", t->name);
		return form;
	}
	return "option";
}

/* How many long options may begin with an option that getopt refuses, with or without '=VALUE'. */
static size_t
count_meant(const struct option *words, const char *given)
{
	size_t n = strcspn(given + 2, "="), count = 0;

	for (; words->name; words++)
		count += strncmp(words->name, given + 2, n) == 0;
	return count;
}

/* Reports that GIVEN is not one of WORDS, or has a value that it does not take. */
static _Noreturn void
refuse_option(const struct option *words, const char *given)
{
	if (strncmp(given, "--", 2) != 0 || count_meant(words, given) == 0)
		opt_die("there is no option %s", given);
	if (count_meant(words, given) > 1 && !optopt)
		opt_die("%s may be more than one option", given);
	opt_die("%.*s takes no value", (int)strcspn(given, "="), given);
}

struct opts
opt_begin(const char *program, const struct opt *table, int argc, char **argv, const char *operands,
	  const char *purpose)
{
	msg_program(program);
	return (struct opts){.operands = operands, .purpose = purpose, .table = table, .argc = argc, .argv = argv};
}

int
opt_next(struct opts *o)
{
	struct option words[OPT_MAX];
	char letters[2 * OPT_MAX + 2];
	int id, at;

	fill_getopt_tables(o, words, letters);
	opterr = 0;
	at = optind > 0 ? optind : 1;
	id = getopt_long(o->argc, o->argv, letters, words, NULL);
	switch (id) {
	case -1:
		return 0;
	case ID_HELP:
		print_usage(o);
		msg_finish(EX_ALL_WELL);
	case ID_VERSION:
		printf("%s (bi) %s\n", msg_name(), BI_VERSION);
		msg_finish(EX_ALL_WELL);
	case ':':
		opt_die("%s needs a value", o->argv[optind - 1]);
	case '?':
		if (optopt > ' ' && optopt < 127 && strncmp(o->argv[optind - 1], "--", 2) != 0)
			opt_die("there is no option -%c", optopt);
		refuse_option(words, o->argv[optind > at ? optind - 1 : at]);
	default:
		break;
	}
	o->value = optarg;
	o->given = name_of(o, id);
	return id;
}

char **
opt_rest(const struct opts *o)
{
	return o->argv + optind;
}

long
opt_number(const struct opts *o, long min, long max)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(o->value, &end, 10);
	if (errno || end == o->value || *end || n < min || n > max)
		opt_die("%s takes a whole number from %ld to %ld, not '%s'", o->given, min, max, o->value);
	return n;
}

/* The same with WHAT, such as "a number". */
static double
parse_real(const struct opts *o, const char *what, double min, double max)
{
	char *end;
	double n;

	errno = 0;
	n = strtod(o->value, &end);
	if (errno || end == o->value || *end || !isfinite(n) || n < min || n > max)
		opt_die("%s takes %s from %.10g to %.10g, not '%s'", o->given, what, min, max, o->value);
	return n;
}

double
opt_real(const struct opts *o, double min, double max)
{
	return parse_real(o, "a number", min, max);
}

long
opt_bytes(const struct opts *o, long min, long max)
{
	static const char units[] = "kmg";
	const char *unit;
	char *end;
	long n, times = 1;

	errno = 0;
	n = strtol(o->value, &end, 10);
	unit = *end ? strchr(units, *end | 0x20) : NULL;
	for (const char *u = units; unit && u <= unit; u++)
		times *= 1024;
	if (errno || end == o->value || (*end && (!unit || end[1])) || n < 0 || n > max / times || n * times < min)
		opt_die("%s takes bytes, such as 500k or 20M, not '%s'", o->given, o->value);
	return n * times;
}

long
opt_milliseconds(const struct opts *o, double min, double max)
{
	return lround(parse_real(o, "seconds", min, max) * 1000);
}
