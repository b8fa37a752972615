/*
 * bi: all programs under one name. `bi fetch ARGUMENT ...` is bi-fetch ARGUMENT ..., and `bi help fetch` its manual.
 *
 * What it knows of them is made of the manual pages by ./pages when it is built.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/paths.h"
#include "base/words.h"

/* How many letters of a word may differ from those of the known one that is meant. */
enum { DISTANCE_MAX = 2 };

struct page {
	const char *word; /* the name on the command line: "fetch" */
	const char *name; /* "bi-fetch" */
	char section;     /* of the manual: '1' for programs */
	const char *what; /* its purpose, one line */
};

static const struct page pages[] = {
#include "pages.h"
};
static const struct page *const pages_end = pages + sizeof(pages) / sizeof(*pages);

static const struct opt table[] = {{0}};

/* A program that `bi WORD` runs: any but bi itself. */
static bool
page_is_program(const struct page *p)
{
	return p->section == '1' && strcmp(p->word, p->name) != 0;
}

static void
list_programs(void)
{
	printf("usage: bi PROGRAM [ARGUMENT ...]\n\n");
	for (const struct page *p = pages; p < pages_end; p++)
		if (page_is_program(p))
			printf("  %-9s %s\n", p->word, p->what);
	printf("\nBegin with these three, for a file of URLs:\n\n"
	       "  bi fetch -b birds <urls | bi render | bi serve\n"
	       "            fetch them into the batch \"birds\", and review them in a browser\n"
	       "  bi status\n"
	       "            see how far it is\n"
	       "  bi collect birds\n"
	       "            copy what was picked, with its licences\n\n"
	       "\"bi help fetch\" opens the manual of bi-fetch, \"bi help overview\" that of the whole.\n");
}

/* Ends the program: WORD is not one of the programs, or of the pages if ANY; names the nearest, if one is near. */
static _Noreturn void
refuse_word(const char *word, bool any)
{
	const struct page *best = NULL;
	size_t least = DISTANCE_MAX + 1;

	for (const struct page *p = pages; p < pages_end && *word; p++) {
		size_t distance = strncmp(p->word, word, strlen(word)) == 0 ? 0 : word_distance(word, p->word);

		if ((any || page_is_program(p)) && distance < least && distance < strlen(word)) {
			best = p;
			least = distance;
		}
	}
	if (best)
		msg_die(EX_WRONG_USE, "there is no %s '%s'; the nearest is: bi %s%s", any ? "manual" : "program", word,
			any ? "help " : "", best->word);
	msg_die(EX_WRONG_USE, "there is no %s '%s' (bi without arguments lists the programs)",
		any ? "manual" : "program", word);
}

/* Returns the page that WORD means, with "bi-" before it or without: one of a program, or any if ANY. Ends the program
 * if there is none. */
static const struct page *
find_page(const char *word, bool any)
{
	if (strncmp(word, "bi-", 3) == 0)
		word += 3;
	for (const struct page *p = pages; p < pages_end; p++)
		if ((any || page_is_program(p)) && strcmp(word, p->word) == 0)
			return p;
	refuse_word(word, any);
}

/* Becomes the program of P: the one beside this, else the one in PATH. WORDS[0] is ours to set. */
static _Noreturn void
exec_program(const struct page *p, char **words)
{
	struct buf path = {0};

	words[0] = buf_strdup(p->name);
	if (path_of_program(&path, p->name) == 0)
		execv(path.data, words);
	else
		execvp(p->name, words);
	msg_die_errno(EX_UNAVAILABLE, "cannot run %s, which belongs beside bi or into PATH (make all builds it)",
		      p->name);
}

/* Becomes man(1) with the page P: that of the source tree, if this is in one. */
static _Noreturn void
open_manual(const struct page *p)
{
	char section[] = {p->section, '\0'};
	struct buf path = {0};

	if (path_of_manual(&path, p->name, p->section) == 0)
		execlp("man", "man", path.data, (char *)NULL);
	else
		execlp("man", "man", section, p->name, (char *)NULL);
	if (errno == ENOENT)
		msg_die(EX_UNAVAILABLE, "man is not installed: apt-get install man-db, or see %s --help", p->name);
	msg_die_errno(EX_UNAVAILABLE, "cannot run man");
}

int
main(int argc, char **argv)
{
	struct opts o = opt_begin("bi", table, argc, argv, "[PROGRAM [ARGUMENT ...] | help [PAGE]]",
				  "Runs a program of bi, or opens its manual; alone it lists the programs.");
	char **words = argv + 1;

	/* Options behind the first word are that program's. */
	if (argc > 1 && *argv[1] == '-') {
		opt_next(&o);
		words = opt_rest(&o);
	}
	if (argc < 2 || !*words || (strcmp(*words, "help") == 0 && !words[1])) {
		list_programs();
		msg_finish(EX_ALL_WELL);
	}
	if (strcmp(*words, "help") != 0)
		exec_program(find_page(*words, false), words);
	if (words[2])
		opt_die("help takes one page");
	open_manual(find_page(words[1], true));
}
