#include "parsing.h"

#include <cmark-gfm-core-extensions.h>
#include <strings.h>
#include <unistd.h>

#include "base/utf8.h"
#include "base/words.h"

/* The Markdown must be one that libcmark-gfm reads, and that is written as it is read. */
static void
read_back(const char *text, size_t n)
{
	cmark_parser *parser = cmark_parser_new(CMARK_OPT_FOOTNOTES);

	cmark_gfm_core_extensions_ensure_registered();
	cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension("table"));
	cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension("strikethrough"));
	cmark_parser_feed(parser, text, n);
	cmark_node_free(cmark_parser_finish(parser));
	cmark_parser_free(parser);
}

static void
check(struct doc *d, bool parsed)
{
	static const char *const failures[] = {"damaged", "encrypted", "unsupported", "memory", "late",
					       "program", "unread",    "index",       NULL};

	if (!parsed) {
		FUZZ_WANT(!d->failed || (word_is_in(d->failed, failures) && *d->why));
		return;
	}
	md_end(&d->md);
	if (d->md.out.len) {
		size_t n = doc_clean(d->md.out.data, d->md.out.len);

		FUZZ_WANT(utf8_valid_length(d->md.out.data, n) == n);
		FUZZ_WANT(d->md.out.len <= DOC_TEXT + (1 << 20));
		read_back(d->md.out.data, n);
	}
	FUZZ_WANT(!d->title ||
		  (utf8_valid_length(d->title, strlen(d->title)) == strlen(d->title) && strlen(d->title) <= DOC_LINE));
}

void
fuzz_parse(bool (*parse)(const struct request *, struct doc *), const char *bytes, size_t n, const char *mime,
	   const char *name)
{
	struct request r = {.in = fuzz_file(bytes, n),
			    .out = fuzz_file("", 0),
			    .mime = mime,
			    .url = "http://h.x/d/p",
			    .name = name,
			    .type = mime,
			    .ocr = "",
			    .ms = 1000};
	struct doc d;

	doc_begin(&d, r.out);
	request_start_clock();
	check(&d, parse(&r, &d));
	doc_free(&d);
	close(r.in);
	close(r.out);
}

static void
add_member(struct members *m, const char *name, size_t name_len, const char *bytes, size_t n)
{
	m->v = buf_grow(m->v, m->count, sizeof(*m->v));
	m->v[m->count++] =
		(struct member_one){.name = fuzz_string(name, name_len), .bytes = fuzz_string(bytes, n), .n = n};
}

static void
split_members(struct members *m, const char *at, const char *end)
{
	while (at < end) {
		const char *line = memchr(at, '\n', (size_t)(end - at)), *next, *name = at + 2;
		size_t n;

		if (!line || line < name)
			break;
		next = memmem(line, (size_t)(end - line), "\n%%", 3);
		next = next ? next : end;
		n = next > line ? (size_t)(next - line) - 1 : 0;
		add_member(m, name, strnlen(name, (size_t)(line - name)), line + 1, n);
		at = next < end ? next + 1 : end;
	}
}

static const struct members *sorted;

static int
compare(const void *a, const void *b)
{
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	int order = strcasecmp(sorted->v[i].name, sorted->v[k].name);

	return order ? order : i < k ? -1 : i > k;
}

void
fuzz_parse_members(bool (*parse)(const struct members *, struct doc *), const char *bytes, size_t n)
{
	struct members m = {0};
	struct doc d;
	int out = fuzz_file("", 0);

	split_members(&m, bytes, bytes + n);
	m.order = buf_alloc((m.count + 1) * sizeof(*m.order));
	for (size_t i = 0; i < m.count; i++)
		m.order[i] = (uint32_t)i;
	sorted = &m;
	qsort(m.order, m.count, sizeof(*m.order), compare);
	doc_begin(&d, out);
	d.kind = "document";
	request_start_clock();
	check(&d, parse(&m, &d));
	doc_free(&d);
	members_free(&m);
	close(out);
}
