#include "testing.h"

#include "html/css.h"

/* What CSS finds, as "URL", "URL*SIZE" and, of an image-set(), "NUMBER:URL*SIZE", between blanks. */
static void
list(const char *text, bool attribute, struct buf *out)
{
	struct css c;

	css_open(&c, text, strlen(text), attribute);
	while (css_next(&c)) {
		buf_str(out, out->len ? " " : "");
		if (c.set)
			buf_printf(out, "%u:", c.set);
		buf_add(out, c.url.data, c.url.len);
		if (c.set)
			buf_printf(out, "*%g", c.size);
	}
	assert_false(css_next(&c));
	css_close(&c);
}

struct sample {
	const char *css, *found;
};

static void
check(const struct sample *v, size_t n, bool attribute)
{
	for (size_t i = 0; i < n; i++) {
		struct buf out = {0};

		list(v[i].css, attribute, &out);
		if (strcmp(out.data ? out.data : "", v[i].found) != 0)
			fail_msg("%s\nhas: %s\nnot: %s", v[i].css, out.data ? out.data : "", v[i].found);
		buf_free(&out);
	}
}

#define CHECK(v, attribute) check(v, sizeof(v) / sizeof(*(v)), attribute)

static void
url_tokens(void **state)
{
	static const struct sample v[] = {
		{"background:url(a.png)", "a.png"},
		{"background:url( \n\ta.png\r\n )", "a.png"},
		{"background:url(\"a b.png\")", "a b.png"},
		{"background:url('a.png')", "a.png"},
		{"background:url( 'a.png' )", "a.png"},
		{"background:URL(a.png)", "a.png"},
		{"background:u\\52 l(a.png)", "a.png"},     /* an escape in the name */
		{"background:\\75rl(a.png)", "a.png"},      /* at its beginning */
		{"background:\\000075 RL(a.png)", "a.png"}, /* with all six digits */
		{"background:url(a\\)b.png)", "a)b.png"},
		{"background:url(a\\20 b.png)", "a b.png"},
		{"background:url(a\\26\r\nb.png)", "a&b.png"},
		{"background:url(\\e9 .png)", "\xc3\xa9.png"},
		{"background:url(\\1F600.png)", "\xf0\x9f\x98\x80.png"},
		{"background:url(\\0.png)", "\xef\xbf\xbd.png"},
		{"background:url(\\d800 x)", "\xef\xbf\xbdx"},
		{"background:url(\\110000 x)", "\xef\xbf\xbdx"},
		{"background:url('a\\\nb.png')", "ab.png"}, /* a line that goes on */
		{"background:url('a\\\r\nb.png')", "ab.png"},
		{"background:url('a\\'b.png')", "a'b.png"},
		{"background:url(a.png", "a.png"}, /* the end closes all */
		{"background:url('a.png", "a.png"},
		{"background:url(a.png\\", "a.png\xef\xbf\xbd"},
		{"background:url('a.png\\", "a.png"},
		{"background:url(a.png?x=1&y=2;z#f)", "a.png?x=1&y=2;z#f"},
		{"background:url(/*a*/b.png)", "/*a*/b.png"}, /* no comment in a URL */
		{"background:url()", ""},
		{"background:url('')", ""},
		{"background:url(", ""},
		{"background:url(a b.png), url(c.png);background:url(d.png)", "d.png"},
		{"background:url(a'b.png), url(c.png);background:url(d.png)", "d.png"},
		{"background:url(a(b.png), url(c.png);background:url(d.png)", "d.png"},
		{"background:url(a\x01), url(c.png);background:url(d.png)", "d.png"},
		{"background:url(a\\\nb), url(c.png);background:url(d.png)", "d.png"},
		{"background:url(a b\\) c;background:d);background:url(e.png)", "e.png"},
		{"background:url('a\nb.png')", ""},
		{"background:url('a\n), url(b);background:url(c)", "c"},
		{"background:#fff url(a)", "a"},
		{"background:url (a.png)", ""}, /* no function */
		{"background:xurl(a.png)", ""},
		{"background:-url(a.png)", ""},
		{"background:2url(a.png)", ""},
		{"background:#url(a.png)", ""},
		{"background:@url(a.png)", ""},
		{"background:'url(a.png)'", ""},
		{"background:/*url(a.png)*/", ""},
		{"background:/*url(a.png)", ""},
		{"background:url(\"a.png\" foo(\"b.png\") \"c.png\")", "a.png"},
	};

	(void)state;
	CHECK(v, true);
}

static void
declarations_of_an_attribute(void **state)
{
	static const struct sample v[] = {
		{"", ""},
		{";;color:red;background-image:url(a)", "a"},
		{"BACKGROUND : no-repeat url(a) 50% / cover , url(b)!important", "a b"},
		{"b\\61 ckground:url(a)", "a"},
		{"background/**/:/**/url(a)", "a"},
		{"background:linear-gradient(red,blue),url(a)", "a"},
		{"background:cross-fade(url(a), url('b'), 50%)", "a b"},
		{"background:url(a);background:url(b)", "a b"},
		{"list-style:url(a);cursor:url(b);--background:url(c);background-color:url(d);-background:url(e)", ""},
		{"content:url(a) background:url(b)", ""},
		{"x background:url(a);background x:url(b)", ""},
		{"*background:url(a)", ""},
		{"x:(;background:url(a));background:url(b)", "b"},
		{"x:[;background:url(a)];background:url(b)", "b"},
		{"x:f({background:url(a)});background:url(b)", "b"},
		{"x:');background:url(a)';background:url(b)", "b"},
		{"x:url(;background:b);background:url(c)", "c"},
		{"(background:url(a));background:url(b)", "b"},
		{"[background:url(a)];background:url(b)", "b"},
		{"background:url(a)}background:url(b)", "a b"}, /* all of it is one value */
		{"background:))]url(a)", "a"},
		{"background", ""},
		{"background:", ""},
		{"background:var(--x)", ""},
		{"background:+.5e3px -1e+2 1.5url(a) url(b)", "b"},
	};

	(void)state;
	CHECK(v, true);
}

static void
rules_of_a_style_sheet(void **state)
{
	static const struct sample v[] = {
		{"a{background:url(b)}", "b"},
		{"a{color:red}\nb:hover, c > d[e='}']{background:url(f)}", "f"},
		{"<!-- a{background:url(b)} -->", "b"},
		{"@media (min-width:9px){a{background:url(b)}}c{background:url(d)}", "b d"},
		{"@supports (background:url(x)){a{background:url(b)}}", "b"},
		{"a{b:c;&:hover{background:url(d)}background:url(e)}", "d e"}, /* nested rules */
		{"a{background:hover{background:url(b)}}", "b"},
		{"@import url(a.css);@namespace url(b);@font-face{src:url(c)}", ""},
		{"@import 'a';b{background:url(c)}", "c"},
		{"background:url(a)", ""},
		{"(background:url(a))b{background:url(c)}", "c"},
		{"a{x:(}background:url(b)}c{background:url(d)}", ""}, /* the parenthesis is never closed */
		{"a{x:'\n;background:url(b)}", "b"},                  /* a bad string ends with its line */
		{"}}a{background:url(b)}", "b"},
		{"a{background:url(b)", "b"},
		{"a{background:url(b c)}d{background:url(e)}", "e"},
		{"a{background:url(b c\\)}d{background:url(e)}", ""},
		{"a{}/*{*/background:url(b)/*}*/", ""},
	};

	(void)state;
	CHECK(v, false);
}

static void
image_sets(void **state)
{
	static const struct sample v[] = {
		{"background:image-set('a' 1x, \"b\" 2x)", "1:a*1 1:b*2"},
		{"background:image-set(url(a) 1x, url('b') 2x)", "1:a*1 1:b*2"},
		{"background-image:-webkit-image-set(url(a) 1X,url(b) 1.5dppx)", "1:a*1 1:b*1.5"},
		{"background:IMAGE-SET('a' 192dpi, 'b')", "1:a*2 1:b*1"},
		{"background:image-set('a' 37.7952755906dpcm)", "1:a*1"},
		{"background:image-set('a' type('image/avif') 2x, 'b' type('image/png'))", "1:a*2 1:b*1"},
		{"background:image-set('a' 2x), image-set('b' 3x), url(c)", "1:a*2 2:b*3 c"},
		{"background:image-set('a' 2x", "1:a*2"},
		{"background:image-set('a' -2x, 'b' 2px, 'c' 2)", "1:a*1 1:b*1 1:c*1"},
		{"background:image-set(linear-gradient(red, blue) 1x, 'b' 2x)", "1:b*2"},
		{"background:image-set('a' 1x 'b' 2x)", "1:a*2"},
		{"background:image-set(image-set('a' 2x) 3x, 'b' 2x)", "1:b*2"},
		{"background:image-set(), image-set(,), url(a)", "a"},
		{"x:image-set('a' 1x);background:my-image-set('b' 1x)", ""},
	};

	(void)state;
	CHECK(v, true);
}

/* Text of any kind ends, and only what is in the text is read: the sanitizers look at that. */
static void
every_beginning_of_a_text(void **state)
{
	static const char text[] =
		"a{background:u\\72l( 'a\\\r\nb' ),image-set(url(\\0000e9\r\n) 1e+2x,'c')}/**/@x#y-->\\";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		char *copy = malloc(n ? n : 1);
		struct css c;

		assert_non_null(copy);
		memcpy(copy, text, n);
		for (int attribute = 0; attribute < 2; attribute++) {
			size_t found = 0;

			css_open(&c, copy, n, attribute);
			while (css_next(&c))
				found++;
			assert_true(found <= 3);
			css_close(&c);
		}
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(url_tokens),
		cmocka_unit_test(declarations_of_an_attribute),
		cmocka_unit_test(rules_of_a_style_sheet),
		cmocka_unit_test(image_sets),
		cmocka_unit_test(every_beginning_of_a_text),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("css", tests, NULL, NULL);
}
