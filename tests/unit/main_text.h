/*
 * main_text: what the tests of the main text of pages share: a page is parsed, and its text has some words and lacks
 * others.
 */
#ifndef BI_TESTS_MAIN_TEXT_H
#define BI_TESTS_MAIN_TEXT_H

#include "testing.h"

#include "web/html.h"

static struct tree *tree;

static void
parse(struct doc *d, const char *html)
{
	doc_begin(d, -1);
	html_page(tree, html, strlen(html), "http://h.x/d/page", false, d);
	md_end(&d->md);
}

/* Of each page: what its text has, and what it does not have, words between blanks. */
struct page {
	const char *html, *has, *lacks;
};

static void
check_words(const char *text, const char *words, bool expected)
{
	char word[32];

	for (size_t n; *words; words += n + (words[n] == ' ')) {
		n = strcspn(words, " ");
		snprintf(word, sizeof(word), "%.*s", (int)n, words);
		if ((strstr(text, word) != NULL) != expected)
			fail_msg("'%s' is %sin the text:\n%s", word, expected ? "not " : "", text);
	}
}

static void
compare(const struct page *pages, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct doc d;

		parse(&d, pages[i].html);
		check_words(d.md.out.data, pages[i].has, true);
		check_words(d.md.out.data, pages[i].lacks, false);
		doc_free(&d);
	}
}

#define COMPARE(pages) compare(pages, sizeof(pages) / sizeof((pages)[0]))

#define P(word)                                                                                               \
	"<p>" word                                                                                            \
	" is the first word of a paragraph that is long enough, with a comma or two, to be the running text " \
	"of a page.</p>"

#endif
