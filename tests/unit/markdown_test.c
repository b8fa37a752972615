/*
 * Whether the Markdown that bi-parse writes is read back as it was meant: libcmark-gfm must find the same words in the
 * same order, and the tables, notes and headings that were written.
 */
#include "testing.h"

#include <cmark-gfm-core-extensions.h>
#include <ctype.h>
#include <glob.h>

#include "markdown/md_internal.h"
#include "web/html.h"

extern cmark_node_type CMARK_NODE_TABLE, CMARK_NODE_TABLE_ROW, CMARK_NODE_TABLE_CELL, CMARK_NODE_STRIKETHROUGH;

enum { ROUNDS = 4000, SHOWN = 4000 };

/* --- reading it back --- */

static cmark_node *
read_back(const char *text)
{
	cmark_parser *parser = cmark_parser_new(CMARK_OPT_FOOTNOTES);
	cmark_node *document;

	cmark_gfm_core_extensions_ensure_registered();
	cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension("table"));
	cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension("strikethrough"));
	cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension("autolink"));
	cmark_parser_feed(parser, text, strlen(text));
	document = cmark_parser_finish(parser);
	cmark_parser_free(parser);
	return document;
}

/* The number of nodes of TYPE. */
static int
count(cmark_node *document, cmark_node_type type)
{
	cmark_iter *i = cmark_iter_new(document);
	cmark_event_type event;
	int n = 0;

	while ((event = cmark_iter_next(i)) != CMARK_EVENT_DONE)
		n += event == CMARK_EVENT_ENTER && cmark_node_get_type(cmark_iter_get_node(i)) == type;
	cmark_iter_free(i);
	return n;
}

/* How long the beginning is that A and B share. */
static size_t
same_length(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

/* The text of the document, without blanks. */
static void
letters(cmark_node *document, struct buf *out)
{
	cmark_iter *i = cmark_iter_new(document);
	cmark_event_type event;

	buf_str(out, "");
	while ((event = cmark_iter_next(i)) != CMARK_EVENT_DONE) {
		cmark_node *at = cmark_iter_get_node(i);
		cmark_node_type type = cmark_node_get_type(at);
		const char *text = cmark_node_get_literal(at);

		if (event != CMARK_EVENT_ENTER || !text || type == CMARK_NODE_FOOTNOTE_REFERENCE ||
		    type == CMARK_NODE_FOOTNOTE_DEFINITION ||
		    (type == CMARK_NODE_HTML_BLOCK && strcmp(text, "<!-- end list -->\n") == 0))
			continue;
		for (; *text; text++)
			if (!isspace((unsigned char)*text))
				buf_add(out, text, 1);
	}
	cmark_iter_free(i);
}

/* --- writing at random --- */

static unsigned long seed;

static unsigned
rand_below(unsigned n)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(seed >> 33) % n;
}

/* Pieces that mean something in Markdown, or make what is beside them mean something. */
static const char *const pieces[] = {
	"a",
	"word",
	"B",
	"7",
	"12",
	"\xc3\xa9",
	"\xe4\xb8\xad\xe6\x96\x87",
	"\xe3\x80\x82",
	"\xc2\xa0",
	"\xe2\x80\x94",
	".",
	",",
	":",
	"*",
	"**",
	"_",
	"__",
	"~",
	"~~",
	"~~~",
	"`",
	"``",
	"```",
	"#",
	"##",
	"-",
	"--",
	"---",
	"+",
	"=",
	"==",
	">",
	"<",
	"<b>",
	"</b>",
	"<!--",
	"-->",
	"&amp;",
	"&#35;",
	"&",
	";",
	"|",
	"||",
	"|-|",
	":-:",
	"\\",
	"\\\\",
	"[",
	"]",
	"[x]",
	"[^1]",
	"[^1]:",
	"[a](b)",
	"![a](b)",
	"(",
	")",
	"1.",
	"1)",
	"a.",
	"http://x.y/z",
	"https://x.y/a_b",
	"a@b.cd",
	"$",
	"!",
	"'",
	"\"",
	"\t",
	"    ",
	"{",
	"}",
	"%",
	"@",
	"/",
	"mailto:a@b.cd",
	"<http://a.b>",
	"[a]: b",
	"\n",
	"***",
	"* *",
	"- -",
};

struct writing {
	struct md md;
	struct buf letters, notes; /* of the text, and of the notes behind it */
	int tables, refs, headings;
	bool in_note;
};

static void
add_letters(struct writing *w, const char *s)
{
	for (; *s; s++)
		if (!isspace((unsigned char)*s))
			buf_add(w->in_note ? &w->notes : &w->letters, s, 1);
}

static void
make_words(struct buf *out)
{
	unsigned n = 1 + rand_below(5);

	for (unsigned i = 0; i < n; i++) {
		buf_str(out, pieces[rand_below(sizeof(pieces) / sizeof(pieces[0]))]);
		if (rand_below(3) == 0)
			buf_str(out, " ");
	}
}

static void
write_text(struct writing *w)
{
	struct buf s = {0};

	make_words(&s);
	md_text(&w->md, s.data, s.len);
	add_letters(w, s.data);
	buf_free(&s);
}

static void
write_code(struct writing *w)
{
	struct buf s = {0};

	make_words(&s);
	md_code(&w->md, s.data, s.len);
	add_letters(w, s.data);
	buf_free(&s);
}

static void
write_line(struct writing *w)
{
	static const char *const urls[] = {"http://h.x/a", "http://h.x/a(b)c", "rel/a b", "", "http://h.x/?a=1&b=<2>",
					   "x\\y"};
	unsigned n = 1 + rand_below(6);

	for (unsigned i = 0; i < n; i++) {
		enum md_mark mark = (enum md_mark)rand_below(4);
		bool marked = rand_below(3) == 0;

		if (marked)
			md_open(&w->md, mark, mark == MD_LINK ? urls[rand_below(6)] : NULL);
		if (rand_below(8) == 0)
			write_code(w);
		else
			write_text(w);
		if (rand_below(8) == 0)
			md_break(&w->md);
		if (marked && rand_below(4) > 0)
			md_close(&w->md, mark);
	}
	for (enum md_mark m = MD_STRONG; m <= MD_LINK; m++)
		md_close(&w->md, m);
}

static void
write_table(struct writing *w)
{
	unsigned rows = 1 + rand_below(3);

	w->tables++;
	md_table(&w->md);
	for (unsigned r = 0; r < rows; r++) {
		unsigned cells = 1 + rand_below(4);

		for (unsigned c = 0; c < cells; c++) {
			md_cell_begin(&w->md);
			if (rand_below(4) > 0)
				write_line(w);
			md_cell_end(&w->md, 1);
		}
		md_row(&w->md, cells);
	}
}

static void
write_note(struct writing *w)
{
	unsigned note = md_note(&w->md, "x");

	/* A line is open, so that the reference is where the text is. */
	write_text(w);
	md_text(&w->md, "n", 1);
	buf_str(&w->letters, "n");
	md_note_refer(&w->md, note);
	w->refs++;
	md_note_begin(&w->md, note);
	w->in_note = true;
	md_text(&w->md, "N", 1);
	buf_str(&w->notes, "N");
	write_line(w);
	if (rand_below(3) == 0) {
		md_block(&w->md);
		write_line(w);
	}
	md_note_end(&w->md);
	w->in_note = false;
}

static void
write_block(struct writing *w, unsigned depth)
{
	struct buf s = {0};
	unsigned kind = rand_below(depth < 3 ? 10 : 5);

	switch (kind) {
	case 0:
		md_block(&w->md);
		md_heading(&w->md, 1 + rand_below(6));
		write_line(w);
		break;
	case 1:
		write_table(w);
		break;
	case 2:
		make_words(&s);
		md_pre(&w->md, s.data, s.len, depth > 0 || rand_below(2) ? "c" : "");
		add_letters(w, s.data);
		break;
	case 3:
		md_block(&w->md);
		write_note(w);
		break;
	case 4:
		md_block(&w->md);
		write_line(w);
		break;
	case 5:
		md_quote(&w->md);
		write_block(w, depth + 1);
		md_leave(&w->md);
		break;
	default:
		for (unsigned i = rand_below(3) + 1; i > 0; i--) {
			md_item(&w->md, kind < 8 ? -1 : (long)rand_below(12));
			write_block(w, depth + 1);
			if (rand_below(3) == 0)
				write_block(w, depth + 1);
			md_leave(&w->md);
		}
	}
	md_block(&w->md);
	buf_free(&s);
}

static void
check_round(unsigned long round)
{
	struct writing w = {0};
	struct buf back = {0};
	cmark_node *document;

	seed = round * 2654435761UL + 12345;
	md_begin(&w.md, 1 << 20);
	for (unsigned i = 1 + rand_below(4); i > 0; i--)
		write_block(&w, 0);
	md_end(&w.md);
	document = read_back(w.md.out.data);
	letters(document, &back);
	buf_add(&w.letters, w.notes.data, w.notes.len);
	if (strcmp(back.data, w.letters.data ? w.letters.data : "") != 0)
		fail_msg("round %lu: written\n%s\nread\n%s\nMarkdown\n%.*s", round, w.letters.data, back.data, SHOWN,
			 w.md.out.data);
	if (count(document, CMARK_NODE_TABLE) != w.tables || count(document, CMARK_NODE_FOOTNOTE_REFERENCE) != w.refs ||
	    count(document, CMARK_NODE_FOOTNOTE_DEFINITION) != w.refs)
		fail_msg("round %lu: tables %d of %d, references %d and notes %d of %d\n%.*s", round,
			 count(document, CMARK_NODE_TABLE), w.tables, count(document, CMARK_NODE_FOOTNOTE_REFERENCE),
			 count(document, CMARK_NODE_FOOTNOTE_DEFINITION), w.refs, SHOWN, w.md.out.data);
	cmark_node_free(document);
	md_free(&w.md);
	buf_free(&w.letters);
	buf_free(&w.notes);
	buf_free(&back);
}

static void
what_is_written_is_read_back(void **state)
{
	(void)state;
	for (unsigned long round = 0; round < ROUNDS; round++)
		check_round(round);
}

/* --- the pages of the tests --- */

static struct tree *tree;

static void
read_page(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	size_t n;

	assert_non_null(f);
	do {
		n = fread(buf_room(out, 1 << 16), 1, 1 << 16, f);
		out->len += n;
	} while (n > 0);
	fclose(f);
	buf_str(out, "");
}

static void
check_page(const char *path)
{
	struct buf page = {0}, words = {0}, meant = {0}, back = {0};
	cmark_node *document;
	int tables, headings, items;
	struct doc d;

	read_page(path, &page);
	doc_begin(&d, -1);
	html_page(tree, page.data, page.len, "http://h.x/d/page", false, &d);
	md_block(&d.md);
	md_add_words(d.md.document, &words);
	buf_str(&meant, "");
	for (size_t i = 0; i < words.len; i++)
		if (!isspace((unsigned char)words.data[i]))
			buf_add(&meant, words.data + i, 1);
	tables = count(d.md.document, CMARK_NODE_TABLE);
	headings = count(d.md.document, CMARK_NODE_HEADING);
	items = count(d.md.document, CMARK_NODE_ITEM);
	md_end(&d.md);
	document = read_back(d.md.out.data);
	letters(document, &back);
	if (strcmp(back.data, meant.data) != 0)
		fail_msg("%s: the text differs from here on:\n%.300s\n%.300s", path,
			 meant.data + same_length(meant.data, back.data),
			 back.data + same_length(meant.data, back.data));
	if (count(document, CMARK_NODE_TABLE) != tables || count(document, CMARK_NODE_HEADING) != headings ||
	    count(document, CMARK_NODE_ITEM) != items)
		fail_msg("%s: tables %d of %d, headings %d of %d, items %d of %d", path,
			 count(document, CMARK_NODE_TABLE), tables, count(document, CMARK_NODE_HEADING), headings,
			 count(document, CMARK_NODE_ITEM), items);
	cmark_node_free(document);
	doc_free(&d);
	buf_free(&page);
	buf_free(&words);
	buf_free(&meant);
	buf_free(&back);
}

static void
pages_are_read_back(void **state)
{
	const char *share = getenv("BI_SHARE");
	glob_t found = {0};
	struct buf pattern = {0};

	(void)state;
	buf_printf(&pattern, "%s/../tests/pages/*/*.html", share ? share : "share");
	if (glob(pattern.data, 0, NULL, &found) != 0)
		skip("the pages are not here");
	tree = tree_new();
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_page(found.gl_pathv[i]);
	globfree(&found);
	buf_free(&pattern);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(pages_are_read_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
