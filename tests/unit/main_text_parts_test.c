/*
 * What bi-parse leaves out of the main text of a page, and what it does not: messages, appeals, people, templates.
 */
#include "main_text.h"

#define MESSAGE(text)                                                                                         \
	"<div class='msg m" text "' itemscope itemtype='https://schema.org/Comment'><a href=/user/1>Ann</a> " \
	"<time>today</time><div class=said><p>" text                                                          \
	" is all that I can say about it.</p></div><a href=#r>Reply</a></div>"

static void
short_messages_stay(void **state)
{
	static const struct page pages[] = {
		{"<h1>T</h1><div class=msg><div class=said>" P("ONE") "</div></div>" MESSAGE("TWO") MESSAGE("THREE"),
		 "ONE TWO THREE", ""},
		{"<h1>T</h1><div class=top><form><div class=said>" P(
			 "ONE") "</div></form></div><div "
				"class=comments>" MESSAGE("TWO") "<div "
								 "class="
								 "child>" MESSAGE("T"
										  "H"
										  "R"
										  "E"
										  "E") "</div></div>",
		 "ONE TWO THREE", ""},
		/* no heading, and a few words to open the talk */
		{"<table><tr><td class=opens>" P(
			 "ONE") "</table><table class=comments><tr class=c><td><a "
				"href=/user/1>A</a>" P("TWO") "<a href='?reply=1'>reply</a><tr class=c><td><a "
							      "href=/user/2>B</a>" P("THREE") "<a "
											      "href='?reply=2'"
											      ">reply</a><tr "
											      "class=c><td><a "
											      "href=/user/"
											      "2>B</a>" P(
												      "FOU"
												      "R") "</table>",
		 "ONE TWO THREE FOUR", ""},
	};

	(void)state;
	COMPARE(pages);
}

#define ARTICLE "<meta property=og:type content=article><h1>T</h1><div class=x>"

static void
appeals_are_left_out(void **state)
{
	static const struct page pages[] = {
		{ARTICLE P("ONE") "<div class=z><h3>The letter</h3>" P("OFFER") "<a href=/l>Get it</a></div>" P("TWO")
			 P("TWO") P("TWO") P("TWO"),
		 "ONE TWO", "OFFER"},
		{ARTICLE P("ONE") P("ONE") P("ONE")
			 P("ONE") "<div class=n><h2><a href=/o>OTHER title</a></h2><p>OTHER2 words</p></div>",
		 "ONE", "OTHER OTHER2"},
		{ARTICLE P("ONE") "<div class=a>See also <a href=/o>OTHER page of this site</a></div>" P("TWO")
			 P("TWO"),
		 "ONE TWO", "OTHER"},
		{ARTICLE P("ONE") "<ul><li><a href=/1>OTHER page of this site</a><li><a href=/2>OTHER2</a></ul>" P(
			 "TWO") P("TWO"),
		 "ONE TWO", "OTHER OTHER2"},
		/* what the text announces is its own, and so are sections that are alike, and a page that is no article
		 */
		{ARTICLE P("ONE") "<p>These are two that I like, and you may like them as well, or at least one of "
				  "them, if not both, or a third:</p>"
				  "<ul><li><a href=/1>OTHER page of this site</a><li><a href=/2>OTHER2</a></ul>" P(
					  "TWO") P("TWO"),
		 "ONE OTHER OTHER2 TWO", ""},
		{ARTICLE P("ONE") P("ONE") "<div class=z>" P("TWO") "<a href=/l>Source</a></div><div class=z>" P(
			 "THREE") "<a href=/m>Source</a></div>",
		 "ONE TWO THREE", ""},
		{"<h1>T</h1><div class=x>" P("ONE") "<div class=z>" P("TWO") "<a href=/l>Get it</a></div>" P("THREE")
			 P("THREE"),
		 "ONE TWO THREE", ""},
	};

	(void)state;
	COMPARE(pages);
}

static void
people_at_the_end_are_left_out(void **state)
{
	static const struct page pages[] = {
		{"<h1>T</h1><div>" P("ONE") P(
			 "ONE") "<div class=w><img src=a><p><b>Paula Vance</b> is a WRITER who has lived in more towns "
				"than she can count, and counts them all the same.</p></div></div>",
		 "ONE", "WRITER"},
		{"<meta name=author content='Ada Winter, Bo Ek'><h1>T</h1><div>" P("ONE")
			 P("ONE") "<div class=w><h3>Ada Winter</h3><p>She is a WRITER who has lived in more towns than "
				  "she can count, "
				  "and counts them all the same.</p></div></div>",
		 "ONE", "WRITER"},
		/* the text's last words are no such box, bold or not */
		{"<h1>T</h1><div>" P("ONE") P(
			 "ONE") "<p><b>Paula Vance</b> is a WRITER in this story, and it ends as it began, with a boat "
				"and a river between two towns.</p></div>",
		 "ONE WRITER", ""},
	};

	(void)state;
	COMPARE(pages);
}

static void
shadow_templates_and_abstracts_are_found(void **state)
{
	static const struct page pages[] = {
		{"<x-a><template shadowrootmode=open><h1>T</h1>" P("ONE") P("TWO") "</template></x-a>", "ONE TWO", ""},
		{"<p>ONE</p><template><p>TWO</p></template>", "ONE", "TWO"},
		{"<head><meta name=citation_title content=Herons></head><h1>Herons</h1><div id=abstract>" P(
			 "ONE") "</div><h2>History</h2><p>OTHER</p>" P("OTHER2"),
		 "Herons ONE", "OTHER OTHER2"},
		{"<h1>Herons</h1><div id=abstract>" P("ONE") "</div><h2>History</h2>" P("TWO") P("TWO") P("TWO"),
		 "ONE TWO", ""},
	};

	(void)state;
	COMPARE(pages);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_messages_stay),
		cmocka_unit_test(appeals_are_left_out),
		cmocka_unit_test(people_at_the_end_are_left_out),
		cmocka_unit_test(shadow_templates_and_abstracts_are_found),
	};

	tree = tree_new();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
