/*
 * What bi-parse makes of pages: the Markdown of what a page is about, and what it says of itself.
 */
#include "testing.h"

#include <cmark-gfm-core-extensions.h>

#include "markdown/md.h"
#include "web/html.h"

static struct tree *tree;

static void
parse(struct doc *d, const char *html, const char *url)
{
	doc_begin(d, -1);
	html_page(tree, html, strlen(html), url, false, d);
	md_end(&d->md);
}

/* Of each page, what is expected. */
struct page {
	const char *html, *text;
};

static void
compare(const struct page *pages, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct doc d;

		parse(&d, pages[i].html, "http://h.x/d/page");
		assert_string_equal(d.md.out.data, pages[i].text);
		doc_free(&d);
	}
}

#define COMPARE(pages) compare(pages, sizeof(pages) / sizeof((pages)[0]))

static void
lines_are_markdown(void **state)
{
	static const struct page pages[] = {
		{"<p>One\n\t two<p>three", "One two\n\nthree\n"},
		{"<p>a <b>b</b> <i> c </i>d <em></em><strong>e<em>f</em></strong>", "a **b** *c* d **e*f***\n"},
		{"<p><b>a</b>b<del>c</del>", "**a**b~~c~~\n"},
		{"<p>a<br>b<br><br>c<br></p>", "a  \nb\n\nc\n"},
		{"<p><a href='x y.html?a=(1)'>the <b>link</b></a>.",
		 "[the **link**](http://h.x/d/x%20y.html?a=\\(1\\)).\n"},
		{"<p><a href=#top>here</a> <a href='javascript:x()'>there</a>", "here there\n"},
		{"<p>See <code>a*b</code> and <code>`</code>.", "See `a*b` and `` ` ``.\n"},
		{"<p>2 * 3 *4* a_b _c_ [1] [a](b) &lt;b&gt; 5 &lt; 6 C:\\x\\*",
		 "2 \\* 3 \\*4\\* a\\_b \\_c\\_ \\[1\\] \\[a\\](b) \\<b\\> 5 \\< 6 C:\\\\x\\\\\\*\n"},
		{"<p># no heading<p>- no item<p>12. no number<p>+1<p>1.5 is one",
		 "\\# no heading\n\n\\- no item\n\n12\\. no number\n\n\\+1\n\n1.5 is one\n"},
		{"<p>a<script>x</script><style>y</style><span hidden>z</span><span style='display : none'>u</span>"
		 "<span aria-hidden=true>v</span>b",
		 "ab\n"},
		{"<p><img src=a.png alt='A [dog]'><img src=dot.gif width=1 height=1>",
		 "![A \\[dog\\]](http://h.x/d/a.png)\n"},
		{"<p>x<img data-src=real.png src=blank.gif alt=''>", "x![](http://h.x/d/real.png)\n"},
		{"", ""},
	};

	(void)state;
	COMPARE(pages);
}

static void
blocks_are_markdown(void **state)
{
	static const struct page pages[] = {
		{"<h1>A</h1><h2>B <small>c</small></h2><p>d<h6>E</h6><p>f", "# A\n\n## B c\n\nd\n\n###### E\n\nf\n"},
		{"<ul><li>a<li>b<ul><li>c</ul><li><p>d<p>e</ul>",
		 "  - a\n\n  - b\n    \n      - c\n\n  - d\n    \n    e\n"},
		{"<ol start=9><li>a<li>b<ul><li>c</ul></ol><p>d", "9.  a\n10. b\n      - c\n\nd\n"},
		{"<blockquote><p>a<p>b<blockquote>c</blockquote></blockquote>d", "> a\n> \n> b\n> \n> > c\n\nd\n"},
		{"<blockquote><ul><li>a<li>b</ul></blockquote>", ">   - a\n>   - b\n"},
		{"<pre>\na  b\n  <b>c</b>\n</pre>", "    a  b\n      c\n"},
		{"<pre><code class='hljs language-c'>x;\n</code></pre>", "``` c\nx;\n```\n"},
		{"<pre>```\nx</pre>", "    ```\n    x\n"},
		{"<ul><li>a<pre>x\ny</pre></ul>", "  - a\n    \n        x\n        y\n"},
		{"<p>a<hr><p>b", "a\n\n-----\n\nb\n"},
		{"<a href=/x><h2>T</h2><p>words</a>", "## [T](http://h.x/x)\n\n[words](http://h.x/x)\n"},
		{"<dl><dt>a<dd>b</dl>", "a\n\nb\n"},
		{"<figure><img src=/i.png alt=I><figcaption>cap</figcaption></figure>",
		 "![I](http://h.x/i.png)\n\ncap\n"},
	};

	(void)state;
	COMPARE(pages);
}

static void
tables_are_tables(void **state)
{
	static const struct page pages[] = {
		{"<table><caption>C</caption><tr><th>a<th>b<tr><td>1<td>x|y<tr><td><b>2</b></table>",
		 "C\n\n| a | b |\n| --- | --- |\n| 1 | x\\|y |\n| **2** |  |\n"},
		{"<table><tr><td>a<td>b<tr><td><p>c<p>d<td><ul><li>e<li>f</ul></table>",
		 "| a | b |\n| --- | --- |\n| c d | e f |\n"},
		{"<table role=presentation><tr><td>a<td>b<tr><td>c<td>d</table>", "a\n\nb\n\nc\n\nd\n"},
		{"<table><tr><td>one cell, of a layout</table>", "one cell, of a layout\n"},
		{"<table><tr><td><table><tr><th>a<th>b<tr><td>1<td>2</table></table>",
		 "| a | b |\n| --- | --- |\n| 1 | 2 |\n"},
	};

	(void)state;
	COMPARE(pages);
}

#define PROSE                                                                                                       \
	"<p>The first paragraph of the text is long enough, with a comma or two, to be taken for what the page is " \
	"about by any reader.</p>"
#define PROSE_TEXT                                                                                                     \
	"The first paragraph of the text is long enough, with a comma or two, to be taken for what the page is about " \
	"by any reader.\n"

static void
boilerplate_is_left_out(void **state)
{
	static const struct page pages[] = {
		{"<nav>Home</nav><header>Site</header><main>" PROSE "</main><aside>See</aside><footer>(c)</footer>",
		 PROSE_TEXT},
		{"<div role=navigation>Home</div><div>" PROSE "</div><div role=contentinfo>(c)</div>", PROSE_TEXT},
		{"<div class=site-menu><a href=1>One</a></div><div>" PROSE "</div><div id=relatedPosts><p>Other</div>",
		 PROSE_TEXT},
		{"<div>" PROSE "<div class='share-buttons'><a href=1>Share</a></div></div>", PROSE_TEXT},
		{"<div>" PROSE
		 "</div><ul><li><a href=1>One page</a><li><a href=2>Two page</a><li><a href=3>Three</a></ul>",
		 PROSE_TEXT},
		{"<article>" PROSE "<h2>Related</h2><ul class=related><li><a href=1>One</a></ul></article>",
		 PROSE_TEXT},
		{"<div class=CookieBanner>" PROSE "<button>Accept</button></div><div>" PROSE PROSE PROSE "</div>",
		 PROSE_TEXT "\n" PROSE_TEXT "\n" PROSE_TEXT},
		/* what is the whole page is no boilerplate, whatever it is called */
		{"<div class=sidebar>" PROSE "</div>", PROSE_TEXT},
		{"<div class=comment>" PROSE "</div><div class=comment>" PROSE "</div>", PROSE_TEXT "\n" PROSE_TEXT},
		{"<form>" PROSE "</form>", PROSE_TEXT},
		{"<footer>Only this</footer>", "Only this\n"},
		/* the page's heading belongs to it, wherever it stands */
		{"<div><h1>Title of it</h1></div><div><div>" PROSE PROSE "</div></div>",
		 "# Title of it\n\n" PROSE_TEXT "\n" PROSE_TEXT},
		/* words within words are none */
		{"<div class='shareholder-adequate navigable'>" PROSE "</div>", PROSE_TEXT},
	};

	(void)state;
	COMPARE(pages);
}

static void
assert_line(const char *line, const char *expected)
{
	if (expected)
		assert_string_equal(line ? line : "(none)", expected);
	else
		assert_null(line);
}

static void
pages_say_what_they_are(void **state)
{
	static const struct {
		const char *html, *title, *language, *description, *author, *date, *canonical;
	} pages[] = {
		{"<html lang=de><title> A\n b </title>", "A b", "de", NULL, NULL, NULL, NULL},
		{"<title>A dog bites - The Daily Dog</title><meta property=og:site_name content='The Daily Dog'>",
		 "A dog bites", NULL, NULL, NULL, NULL, NULL},
		{"<title>x</title><meta property='og:title' content='OG'><meta property=og:locale content=en_GB>"
		 "<meta name=description content=D><meta name=author content='Ada L'>"
		 "<meta property=article:published_time content=2026-01-02><link rel=canonical href='/c?a=1#f'>",
		 "OG", "en-GB", "D", "Ada L", "2026-01-02", "http://h.x/c?a=1"},
		{"<script type='application/ld+json'>{\"@graph\":[{\"@type\":\"Organization\",\"name\":\"O\"},"
		 "{\"@type\":\"Article\",\"headline\":\"H\",\"author\":[{\"name\":\"A\"},\"B\"],\"datePublished\":"
		 "\"2025\","
		 "\"inLanguage\":\"fr\"}]}</script><title>t</title>",
		 "H", "fr", NULL, "A, B", "2025", NULL},
		{"<script type='application/ld+json'>{broken</script><h1>Only heading</h1>", "Only heading", NULL, NULL,
		 NULL, NULL, NULL},
		{"<h1>T</h1><p class=byline>By Eve Low | news <time datetime='2024-05-06T07:08'>then</time>", "T", NULL,
		 NULL, "Eve Low", "2024-05-06T07:08", NULL},
		{"<h1>T</h1><p class=byline>By the desk <a rel=author href=/e>Eve Low</a>", "T", NULL, NULL, "Eve Low",
		 NULL, NULL},
		{"<meta name=author content='https://x.y/ada'><link rel=canonical href='javascript:1'>", NULL, NULL,
		 NULL, NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct doc d;

		parse(&d, pages[i].html, "http://h.x/d/page");
		assert_string_equal(d.kind, "page");
		assert_line(d.title, pages[i].title);
		assert_line(d.language, pages[i].language);
		assert_line(d.description, pages[i].description);
		assert_line(d.author, pages[i].author);
		assert_line(d.date, pages[i].date);
		assert_line(d.canonical, pages[i].canonical);
		doc_free(&d);
	}
}

static void
links_and_media_are_listed(void **state)
{
	struct doc d;

	(void)state;
	parse(&d,
	      "<head><base href=/b/></head><nav><a href=/n>menu</a></nav><main>" PROSE
	      "<p>These are <a href=1>one</a> and once more <a href=1#x>again</a>, but <a href=mailto:a@b>no</a><img "
	      "src=i.png alt=I></main>",
	      "http://h.x/d/page");
	assert_string_equal(
		json_object_to_json_string_ext(d.links, JSON_C_TO_STRING_NOSLASHESCAPE | JSON_C_TO_STRING_PLAIN),
		"[{\"url\":\"http://h.x/b/1\",\"text\":\"one\"}]");
	assert_string_equal(
		json_object_to_json_string_ext(d.media, JSON_C_TO_STRING_NOSLASHESCAPE | JSON_C_TO_STRING_PLAIN),
		"[{\"url\":\"http://h.x/b/i.png\",\"kind\":\"image\",\"from\":\"img\",\"title\":\"I\"}]");
	doc_free(&d);
	/* without an address, relative links stay as they are; the page's own canonical address will do */
	parse(&d, PROSE "<p><a href=1>one</a>", "");
	assert_string_equal(
		json_object_to_json_string_ext(d.links, JSON_C_TO_STRING_NOSLASHESCAPE | JSON_C_TO_STRING_PLAIN),
		"[{\"url\":\"1\",\"text\":\"one\"}]");
	doc_free(&d);
	parse(&d, "<link rel=canonical href=http://c.x/a/b>" PROSE "<p><a href=1>one</a>", "");
	assert_int_equal(json_object_array_length(d.links), 1);
	doc_free(&d);
}

/* No depth of a page is one of our stack. */
static void
depth_is_no_danger(void **state)
{
	static const char *const tags[] = {"<div>x", "<blockquote>x",    "<ul><li>x",
					   "<b>x",   "<table><tr><td>x", "<header>x"};

	(void)state;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct buf html = {0};
		struct doc d;

		for (int k = 0; k < 3000; k++)
			buf_str(&html, tags[i]);
		parse(&d, html.data, "");
		assert_non_null(strchr(d.md.out.data, 'x'));
		doc_free(&d);
		buf_free(&html);
	}
}

static void
text_is_bounded(void **state)
{
	struct md m;

	(void)state;
	md_begin(&m, 100);
	for (int i = 0; i < 50; i++) {
		md_text(&m, "some words", 10);
		md_block(&m);
	}
	md_end(&m);
	assert_true(m.full);
	assert_true(m.out.len <= 100);
	md_raw(&m, "\xc3\xa9\xc3\xa9", 4);
	assert_true(m.out.len <= 100);
	md_free(&m);
	md_begin(&m, 3);
	md_raw(&m, "\xc3\xa9\xc3\xa9", 4);
	assert_string_equal(m.out.data, "\xc3\xa9"); /* not cut inside a character */
	assert_true(m.full);
	md_free(&m);
}

/* What a reader of Markdown makes of TEXT, if that is one paragraph of text. */
static char *
read_back(const char *markdown)
{
	cmark_parser *p = cmark_parser_new(CMARK_OPT_DEFAULT);
	cmark_node *document, *paragraph, *text;
	char *words = NULL;

	cmark_parser_attach_syntax_extension(p, cmark_find_syntax_extension("table"));
	cmark_parser_attach_syntax_extension(p, cmark_find_syntax_extension("strikethrough"));
	cmark_parser_feed(p, markdown, strlen(markdown));
	document = cmark_parser_finish(p);
	cmark_parser_free(p);
	paragraph = cmark_node_first_child(document);
	cmark_consolidate_text_nodes(document);
	text = paragraph ? cmark_node_first_child(paragraph) : NULL;
	if (text && cmark_node_get_type(paragraph) == CMARK_NODE_PARAGRAPH && !cmark_node_next(paragraph) &&
	    cmark_node_get_type(text) == CMARK_NODE_TEXT && !cmark_node_next(text))
		words = strdup(cmark_node_get_literal(text));
	cmark_node_free(document);
	return words;
}

static void
text_is_never_markup(void **state)
{
	static const char *const parts[] = {"a",  "1", "12", ".",   ")",       "-",   "+",  "*",     "_",       "~~~",
					    "`",  "[", "]",  "(",   "#",       ">",   "<b", "!",     "&lt;",    "&#35;",
					    "\\", "|", "=",  "---", "]: /url", "```", " ",  "a@b.c", "\xc3\xa9"};
	enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

	(void)state;
	for (unsigned i = 0; i < PARTS * PARTS * PARTS; i++) {
		struct buf text = {0};
		char *back;
		struct md m;

		buf_printf(&text, "%s%s%sx", parts[i % PARTS], parts[i / PARTS % PARTS], parts[i / PARTS / PARTS]);
		buf_drop(&text, strspn(text.data, " "));
		if (strstr(text.data, "  ")) { /* runs of blanks are one */
			buf_free(&text);
			continue;
		}
		md_begin(&m, 1000);
		md_text(&m, text.data, text.len);
		md_end(&m);
		back = read_back(m.out.data);
		if (!back || strcmp(back, text.data) != 0)
			fail_msg("'%s' became '%s'", text.data, m.out.data);
		free(back);
		md_free(&m);
		buf_free(&text);
	}
}

static void
lists_and_rows_are_counted(void **state)
{
	static const char *const words[] = {"a", "b", "c"};
	static const long numbers[] = {3, 4, 1};
	struct md m;

	(void)state;
	md_begin(&m, 1000);
	for (int i = 0; i < 3; i++) {
		md_item(&m, numbers[i]);
		md_text(&m, words[i], 1);
		md_leave(&m);
	}
	md_item(&m, -1);
	md_leave(&m); /* empty */
	md_table(&m);
	md_cell_begin(&m);
	md_text(&m, "h", 1);
	assert_true(md_cell_end(&m, 3));
	md_row(&m, 3);
	md_cell_begin(&m);
	assert_false(md_cell_end(&m, 2));
	md_row(&m, 0); /* no such row */
	md_cell_begin(&m);
	assert_false(md_cell_end(&m, 2));
	md_cell_begin(&m);
	md_text(&m, "x", 1);
	assert_true(md_cell_end(&m, 1));
	md_cell_begin(&m);
	md_text(&m, "dropped", 7);
	assert_true(md_cell_end(&m, 1));
	md_row(&m, 3);
	md_cell_begin(&m);
	md_text(&m, "y", 1);
	assert_true(md_cell_end(&m, 1));
	md_row(&m, 1);
	md_end(&m);
	assert_string_equal(m.out.data, "3.  a\n4.  b\n\n<!-- end list -->\n\n1.  c\n\n"
					"| h | h | h |\n| --- | --- | --- |\n|  |  | x |\n| y |  |  |\n");
	md_free(&m);
}

static void
xml_is_read_as_html(void **state)
{
	struct buf out = {0};
	static const char *const xml[][2] = {
		{"<title/><p>a</p>", "<title></title><p>a</p>"},
		{"<br/><img src='a>b'/>", "<br/><img src='a>b'/>"},
		{"<a id=\"x/>\" />b", "<a id=\"x/>\" ></a>b"},
		{"a < b <", "a < b <"},
		{"<script", "<script"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(xml) / sizeof(xml[0]); i++) {
		html_of_xhtml(xml[i][0], strlen(xml[i][0]), &out);
		assert_string_equal(out.data ? out.data : "", xml[i][1]);
	}
	buf_free(&out);
}

static void
text_becomes_clean(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out;
	} texts[] = {
		{"a\tb\nc\f", 6, "a\tb\nc\f"}, {"a\0b\x1b[1m\x7f", 8, "ab[1m"}, {"\xc3\xa9\xff\xc3", 4, "\xc3\xa9??"},
		{"\xed\xa0\x80", 3, "???"},    {"\xf4\x90\x80\x80", 4, "????"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char text[32];

		memcpy(text, texts[i].in, texts[i].n);
		assert_int_equal(doc_clean(text, texts[i].n), strlen(texts[i].out));
		assert_string_equal(text, texts[i].out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_markdown),      cmocka_unit_test(blocks_are_markdown),
		cmocka_unit_test(tables_are_tables),       cmocka_unit_test(boilerplate_is_left_out),
		cmocka_unit_test(pages_say_what_they_are), cmocka_unit_test(links_and_media_are_listed),
		cmocka_unit_test(depth_is_no_danger),      cmocka_unit_test(text_is_bounded),
		cmocka_unit_test(text_is_never_markup),    cmocka_unit_test(lists_and_rows_are_counted),
		cmocka_unit_test(xml_is_read_as_html),     cmocka_unit_test(text_becomes_clean),
	};

	tree = tree_new();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
