/*
 * Which part of a page bi-parse takes for its main text, and how it writes what is not plain text: headings with links,
 * superscripts, formulas, dates.
 */
#include "main_text.h"

#include "web/page_date.h"

static void
names_alone_do_not_decide(void **state)
{
	static const struct page pages[] = {
		{"<div class=section id=guide><h1>Guide</h1>" P(
			 "ONE") "<div class=section id=sharing-with-others><h2>Sharing "
				"with others</h2>" P("TWO") "</div><div class=section id=user-account><h2>The user "
							    "account</h2>" P("THREE") "</div><div class=section "
										      "id=navigation><h2>Navigation</"
										      "h2>" P("FOUR") "</div></div>",
		 "ONE TWO THREE FOUR", ""},
		{"<main><h1>G</h1>" P("ONE") "<section id=comments><h2>Comments</h2><p>TWO may be written "
					     "<a href=/syntax>as in C</a>, and are left out by the compiler like any "
					     "other white space.</p></section>"
					     "<section id=related-work><h2>Related work</h2>" P(
						     "THREE") "</section></main>",
		 "ONE TWO THREE", ""},
		{"<article>" P("ONE") P("ONE") "<div class=widget>" P("TWO") "</div><div class=rating>" P(
			 "THREE") "</div></article>",
		 "ONE TWO THREE", ""},
		{"<article><h1>News</h1>" P("ONE") P("ONE") "<div class=paywall>" P("TWO")
			 P("THREE") "</div></article>",
		 "ONE TWO THREE", ""},
		{"<div>" P("ONE") P("ONE") "<div id=subscribe-box class=premium-content>" P("TWO") "</div></div>",
		 "ONE TWO", ""},
		/* with something to act on, the name counts */
		{"<article>" P("ONE")
			 P("ONE") "<div class=paywall>" P("OFFER") "<a href=/o>Subscribe now</a></div></article>",
		 "ONE", "OFFER"},
		{"<article>" P("ONE")
			 P("ONE") "<div class=newsletter><p>OFFER</p><form><input type=email></form></div></article>",
		 "ONE", "OFFER"},
	};

	(void)state;
	COMPARE(pages);
}

#define COMMENT(word)                                                                \
	"<li class=comment><a href=/user/1>Ann</a> <time>today</time>" P(word) "<a " \
									       "href='?replytocom=1'>Reply</a></li>"
#define COMMENTS COMMENT("READER") COMMENT("READER") COMMENT("READER") COMMENT("READER") COMMENT("READER")

static void
comments_are_left_out_even_if_they_are_longer(void **state)
{
	static const struct page pages[] = {
		{"<div><h1>T</h1><div class=entry>" P("ONE") "</div><ol class=commentlist>" COMMENTS COMMENTS
							     "</ol></div>",
		 "ONE", "READER"},
		{"<article><h1>T</h1>" P("ONE") "</article><section><h2>10 comments</h2><ul class=x>" COMMENTS COMMENTS
						"</ul></section>",
		 "ONE", "READER"},
		{"<div><h1>T</h1>" P("ONE") "<div itemscope itemtype='https://schema.org/UserComments'>" P("READER")
			 P("READER") "</div></div>",
		 "ONE", "READER"},
		{"<div><h1>T</h1>" P("ONE") "</div><div><h3>Leave a reply</h3><div class=r><a href=/u/1>A</a>" P(
			 "READER") "</div><div class=r><a href=/u/2>B</a>" P("READER") "</div><textarea></textarea></"
										       "div>",
		 "ONE", "READER"},
		/* in a forum, the first message is written as the others are */
		{"<div><h1>T</h1><div class=post><div class=body>" P(
			 "ONE") "</div></div><div class=comments><div class=post>"
				"<a href=/user/2>Bob</a><time>now</time><div class=body>" P(
					"TWO") "</div><a href='?reply=2'>Reply</a></div>"
					       "<div class=post><a href=/user/3>Cem</a><time>now</time><div "
					       "class=body>" P("THREE") "</div></div></div></div>",
		 "ONE TWO THREE", ""},
		/* comments without a part around them */
		{"<div><h2>T</h2>" P("ONE") P("ONE") P("ONE") "<h3>2 comments</h3><div><b>Ann</b>" P(
			 "READER") "</div><p>READER2 too</p>"
				   "<form><textarea></textarea></form></div>",
		 "ONE", "READER READER2"},
	};

	(void)state;
	COMPARE(pages);
}

#define TEASER(n) \
	"<div class=card><h3><a href=/" n ">TEASER of another page</a></h3><p>An excerpt of it, in a line.</p></div>"

static void
teasers_are_left_out_unless_they_are_the_page(void **state)
{
	static const struct page pages[] = {
		{"<article>" P("ONE") P("ONE") P("ONE") "<div>" TEASER("1") TEASER("2") TEASER("3") "</div></article>",
		 "ONE", "TEASER"},
		{"<main>" P("ONE") P("ONE")
			 P("ONE") "<ul><li><a href=/1><img src=1.jpg></a><div><a href=/1>TEASER of a page</a>"
				  "</div><li><a href=/2><img src=2.jpg></a><div><a href=/2>TEASER of a "
				  "page</a></div><li><a href=/3><img src=3.jpg>"
				  "</a><div><a href=/3>TEASER of a page</a></div></ul></main>",
		 "ONE", "TEASER"},
		/* what an article lists elsewhere is its text */
		{"<article>" P("ONE") P("ONE")
			 P("ONE") "<div><div class=item><h3><a href=https://a.org/1>FIRST book of all</a></h3>"
				  "<p>It is good, and one wants to read it twice.</p></div><div class=item><h3><a "
				  "href=https://b.org/2>SECOND book of "
				  "all</a></h3><p>It is long, and one wants to read it twice.</p>"
				  "</div><div class=item><h3><a href=https://c.org/3>THIRD book of all</a></h3><p>It "
				  "is old.</p></div></div>"
				  "</article>",
		 "ONE FIRST SECOND THIRD", ""},
		{"<main><h1>All pages</h1><div>" TEASER("1") TEASER("2") TEASER("3") TEASER("4") "</div></main>",
		 "TEASER", ""},
		{"<article>" P("ONE")
			 P("ONE") "<h3>Related articles</h3><div><a href=/1>TEASER</a><p>x</p></div></article>",
		 "ONE", ""},
	};

	(void)state;
	COMPARE(pages);
}

static void
lines_about_the_text_are_left_out(void **state)
{
	static const struct page pages[] = {
		{"<article><h1>T</h1><p>By Ada LOW</p><p>4 MARCH 2026</p>" P("ONE")
			 P("ONE") "<p>By then, in 1997, it was LATE.</p>"
				  "</article>",
		 "ONE LATE", "LOW MARCH"},
		{"<article><h1>T</h1><div class=x>Updated NOW</div>" P("ONE")
			 P("ONE") "<p>He saw 2001 COMING.</p><div>Share THIS</div>"
				  "</article>",
		 "ONE COMING", "NOW THIS"},
		{"<article><h1>T</h1>" P(
			 "ONE") "<p>On <span class=date>4 MARCH 2026</span> the bridge was closed for half a year, as "
				"the port authority had said that it would be in its report.</p></article>",
		 "ONE MARCH", ""},
		{"<article><h1>T</h1><p>Ada Low</p>" P("ONE") P(
			 "ONE") "<p>Ada Low is a WRITER who lives in London, with two cats and "
				"a clock that is wrong twice a day.</p></article><meta name=author content='Ada Low'>",
		 "ONE", "WRITER"},
	};

	(void)state;
	COMPARE(pages);
}

static void
text_that_a_script_would_show_is_found(void **state)
{
	static const struct page pages[] = {
		{"<body><div id=root></div><noscript>" P("ONE") P("TWO") "</noscript>", "ONE TWO", ""},
		{"<body><noscript>Enable it</noscript>" P("ONE") P("ONE") P("ONE") P("ONE") P("ONE") P("ONE") P("ONE"),
		 "ONE", "Enable"},
		{"<body><div aria-hidden=true>" P("ONE") P("TWO") "</div><div>Loading</div>", "ONE TWO", ""},
		{"<body><div style='display:none'>" P("ONE") P("TWO") "</div>", "ONE TWO", ""},
		{"<script type='application/ld+json'>{\"@type\":\"NewsArticle\",\"articleBody\":\"ONE is a line.\\nTWO "
		 "is "
		 "another.\"}</script><body><div id=app>...</div>",
		 "ONE TWO", ""},
		{"<script type='application/ld+json'>{\"@graph\":[{\"@type\":\"Article\",\"articleBody\":\"LINKED "
		 "data\"}]}"
		 "</script><body>" P("ONE"),
		 "ONE", "LINKED"},
	};

	(void)state;
	COMPARE(pages);
}

/* Of each page, its text as a whole. */
static void
compare_whole(const char *const (*pages)[2], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct doc d;

		parse(&d, pages[i][0]);
		assert_string_equal(d.md.out.data, pages[i][1]);
		doc_free(&d);
	}
}

#define COMPARE_WHOLE(pages) compare_whole(pages, sizeof(pages) / sizeof((pages)[0]))

static void
headings_keep_their_text(void **state)
{
	static const char *const pages[][2] = {
		{"<h1><a class=toc-backref href=#id1>Guide</a><a class=headerlink href=#guide>\xc2\xb6</a></h1>",
		 "# Guide\n"},
		{"<h2 id=a><a class=header href=#a>Install <code>x</code></a></h2>", "## Install `x`\n"},
		{"<h2>Use<a href=#use aria-label=link>#</a></h2>", "## Use\n"},
		{"<h2>Use <a href=#use>Permalink to this heading</a></h2>", "## Use\n"},
		{"<h2>Use<a class=anchor href=/p/#use><svg></svg></a></h2>", "## Use\n"},
		{"<h2><span>Use</span><span class=mw-editsection>[<a href='/w?action=edit'>edit</a>]</span></h2>",
		 "## Use\n"},
		{"<h2><a href=/other>Other page</a></h2>", "## [Other page](http://h.x/other)\n"},
		{"<h2>C# and <a href=#f>F#</a></h2>", "## C\\# and F\\#\n"},
	};

	(void)state;
	COMPARE_WHOLE(pages);
}

static void
superscripts_stay_apart(void **state)
{
	static const char *const pages[][2] = {
		{"<p>10<sup>6</sup> on 5 m<sup>2</sup>, H<sub>2</sub>O",
		 "10\xe2\x81\xb6 on 5 m\xc2\xb2, H\xe2\x82\x82O\n"},
		{"<p>10<sup>-12</sup> and 2<sup>\xe2\x88\x92"
		 "1</sup>",
		 "10\xe2\x81\xbb\xc2\xb9\xc2\xb2 and 2\xe2\x81\xbb\xc2\xb9\n"},
		{"<p>They paid 1,234<sup><a href='#n12'>12</a></sup> each", "They paid 1,234\\[12\\] each\n"},
		{"<p>Wiki<sup><a href=#c>[3]</a></sup> and word<sup><a href=#x>*</a></sup>",
		 "Wiki\\[3\\] and word\\*\n"},
		{"<p>the 21<sup>st</sup>, 1<sup>er</sup>, XIX<sup>e</sup>", "the 21st, 1er, XIXe\n"},
		{"<p>x<sup>ab</sup>, e<sup>-x/2</sup>, a<sub>i</sub>, a<sub>i+1</sub>",
		 "x^ab, e^(-x/2), a\\_i, a\\_(i+1)\n"},
		{"<p>2<sup>n</sup> <sup>small print</sup>", "2\xe2\x81\xbf small print\n"},
	};

	(void)state;
	COMPARE_WHOLE(pages);
}

#define MATH "<math><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup>"

static void
formulas_become_tex(void **state)
{
	static const char *const pages[][2] = {
		{"<p>We know " MATH "</math>.", "We know $`E=mc^2`$.\n"},
		{"<p><math><mfrac><mi>a</mi><mrow><mn>2</mn><mi>b</mi></mrow></mfrac><msqrt><mi>x</mi></msqrt></math>",
		 "$`\\frac{a}{2b}\\sqrt{x}`$\n"},
		{"<p><math><msubsup><mo>\xe2\x88\x91</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></"
		 "msubsup></math>",
		 "$`\xe2\x88\x91_{i=1}^n`$\n"},
		{"<p><math alttext='x_{1}'><mi>x</mi></math>", "$`x_{1}`$\n"},
		{"<p><span class=katex><span class=katex-mathml><math><semantics><mrow><mi>x</mi></mrow><annotation "
		 "encoding='application/x-tex'>x^2</annotation></semantics></math></span><span class=katex-html "
		 "aria-hidden=true>x2</span></span>",
		 "$`x^2`$\n"},
		{"<p>a <span><span style='display: none;'><math alttext='{\\displaystyle "
		 "a+b}'><mi>a</mi></math></span><img "
		 "aria-hidden=true alt='a+b' src=x.svg></span>",
		 "a $`a+b`$\n"},
		{"<p>b <script type='math/tex'>y^3</script>", "b $`y^3`$\n"},
		{"<p>c <img class=latex alt='z_1' src=z.png>", "c $`z_1`$\n"},
	};

	(void)state;
	COMPARE_WHOLE(pages);
}

static void
dates_become_iso_8601(void **state)
{
	static const char *const dates[][2] = {
		{"2026-03-04T06:00:00Z", "2026-03-04T06:00:00Z"},
		{"2026-03-04 06:00:00.123+0100", "2026-03-04T06:00:00+01:00"},
		{"2026-03-04", "2026-03-04"},
		{"2026/3/4", "2026-03-04"},
		{"20260304", "2026-03-04"},
		{"Published on March 4th, 2026 at noon", "2026-03-04"},
		{"Wed, 04 Mar 2026 06:00:00 GMT", "2026-03-04"},
		{"Sept. 4, 2026", "2026-09-04"},
		{"4. M\xc3\xa4rz 2026", "2026-03-04"},
		{"4 de marzo de 2026", "2026-03-04"},
		{"1er ao\xc3\xbbt 2026", "2026-08-01"},
		{"14 juillet 2026", "2026-07-14"},
		{"4 \xd0\x9c\xd0\xb0\xd1\x80\xd1\x82\xd0\xb0 2026 \xd0\xb3.", "2026-03-04"},
		{"2026\xe5\xb9\xb4"
		 "3\xe6\x9c\x88"
		 "4\xe6\x97\xa5",
		 "2026-03-04"},
		{"04.03.2026", "2026-03-04"},
		{"13/03/2026", "2026-03-13"},
		{"03/13/2026", "2026-03-13"},
		/* no date, or none that is certain */
		{"03/04/2026", NULL},
		{"2026-13-04", NULL},
		{"31 April 2026", NULL},
		{"Marching 20265 people", NULL},
		{"in 2026", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		struct page_date d;

		if (page_date_find(dates[i][0], &d) != (dates[i][1] != NULL))
			fail_msg("'%s'", dates[i][0]);
		if (dates[i][1])
			assert_string_equal(d.iso, dates[i][1]);
	}
}

static void
pages_say_when_and_by_whom(void **state)
{
	static const struct {
		const char *html, *author, *date, *iso, *image, *site;
	} pages[] = {
		{"<h1>T</h1><div>By Ada Low</div><div>March 4, 2026</div>" P("A"), "Ada Low", "March 4, 2026",
		 "2026-03-04", NULL, NULL},
		{"<h1>T</h1><p>von Ada Low</p><time>4. M\xc3\xa4rz 2026</time>" P("A"), "Ada Low",
		 "4. M\xc3\xa4rz 2026", "2026-03-04", NULL, NULL},
		{"<meta property=og:image content=/i.jpg><meta property=og:site_name content=S>" P("A"), NULL, NULL,
		 NULL, "http://h.x/i.jpg", "S"},
		{"<script type='application/ld+json'>{\"@type\":\"Article\",\"image\":[{\"url\":\"http://h.x/j.jpg\"}],"
		 "\"publisher\":{\"name\":\"The Paper\"},\"datePublished\":\"2026-03-04T06:00:00+01:00\"}</script>" P(
			 "A"),
		 NULL, "2026-03-04T06:00:00+01:00", "2026-03-04T06:00:00+01:00", "http://h.x/j.jpg", "The Paper"},
		{"<div itemscope><span itemprop=author>Eve</span><span itemprop=datePublished "
		 "content=2026-03-04>now</span><img "
		 "itemprop=image src=k.jpg>" P("A") "</div>",
		 "Eve", "2026-03-04", "2026-03-04", "http://h.x/d/k.jpg", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		const char *const names[] = {"date_iso", "image", "site"};
		const char *const expected[] = {pages[i].iso, pages[i].image, pages[i].site};
		struct doc d;

		parse(&d, pages[i].html);
		assert_string_equal(d.author ? d.author : "", pages[i].author ? pages[i].author : "");
		assert_string_equal(d.date ? d.date : "", pages[i].date ? pages[i].date : "");
		for (size_t k = 0; k < 3; k++) {
			struct json_object *value = json_object_object_get(d.metadata, names[k]);

			assert_string_equal(value ? json_object_get_string(value) : "", expected[k] ? expected[k] : "");
		}
		doc_free(&d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_alone_do_not_decide),
		cmocka_unit_test(comments_are_left_out_even_if_they_are_longer),
		cmocka_unit_test(teasers_are_left_out_unless_they_are_the_page),
		cmocka_unit_test(lines_about_the_text_are_left_out),
		cmocka_unit_test(text_that_a_script_would_show_is_found),
		cmocka_unit_test(headings_keep_their_text),
		cmocka_unit_test(superscripts_stay_apart),
		cmocka_unit_test(formulas_become_tex),
		cmocka_unit_test(dates_become_iso_8601),
		cmocka_unit_test(pages_say_when_and_by_whom),
	};

	tree = tree_new();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
