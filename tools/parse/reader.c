/* Other people's programs as parsers: bi-readers(5), confined/run_program.h. The process that serves this format starts
 * them and takes their output. Of the bytes it only converts character sets, and it can start and read nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/paths.h"
#include "files/file.h"
#include "formats.h"
#include "markdown/plain_markdown.h"
#include "reader_input.h"
#include "readers.h"
#include "text/csv.h"
#include "word_binary.h"

enum { PROGRAMS = 64 };

struct programs {
	int fds[PROGRAMS];
	size_t n;
};

static void
open_program(const char *path, struct programs *p)
{
	int fd = p->n < PROGRAMS ? open(path, O_PATH | O_CLOEXEC) : -1;

	if (fd >= 0)
		p->fds[p->n++] = fd;
}

static void
open_reader(const struct reader *r, void *arg)
{
	if (r->installed)
		open_program(r->program, arg);
}

/* Besides the programs it can execute bi-parse, which becomes their launcher. */
void
reader_load(void)
{
	struct programs p = {.n = 0};
	struct buf self = {0};
	int rc;

	readers_load();
	reader_input_load();
	if (path_of_program(&self, "bi-parse") < 0)
		msg_die_errno(EX_OSERR, "cannot find bi-parse");
	open_program(self.data, &p);
	readers_each(open_reader, &p);
	rc = run_confine_files(p.fds, p.n);
	if (rc != 0)
		msg_die(EX_OSERR, "this kernel does not let the process confine itself (Landlock): %s",
			rc < 0 ? strerror(errno) : "it has none, so other programs cannot be confined");
	for (size_t i = 0; i < p.n; i++)
		close(p.fds[i]);
	buf_free(&self);
}

/* Why the program's output is not to be had. */
static bool
fail(const struct reader *r, const struct request *q, struct doc *d, enum run_end end, const char *said)
{
	if (end == RUN_NOT)
		return doc_unread(d, errno);
	/* A damaged file is that, however the program ended. */
	if (end != RUN_TOO_BIG && reader_input_is_damaged(q, d))
		return doc_fail(d, "damaged", "it is cut short or damaged, and %s cannot read it", r->argv[0]);
	switch (end) {
	case RUN_TOO_BIG:
		return doc_fail(d, "memory", "it has more than %d MiB, which is too large for %s", RUN_IN, r->argv[0]);
	case RUN_NO_ROOM:
		return doc_fail(d, "memory", "%s needs too much memory for it", r->argv[0]);
	case RUN_NO_CPU:
		return doc_fail(d, "late", "%s takes too much time for it", r->argv[0]);
	case RUN_WAITED:
		return doc_fail(d, "unread", "%s was kept waiting: it did not end within %d ms", r->argv[0], q->ms);
	default:
		return doc_fail(d, "program", "%s cannot read it%s%s", r->argv[0], *said ? ": " : "", said);
	}
}

/* ARGV of the reader, with the languages of OCR in place of @LANG@. */
static void
make_argv(const struct reader *r, const struct request *q, char *argv[RUN_ARGS + 1])
{
	size_t n = 1;

	argv[0] = r->program;
	for (; r->argv[n]; n++)
		argv[n] = strcmp(r->argv[n], "@LANG@") == 0 ? (char *)(size_t)q->ocr : r->argv[n];
	argv[n] = NULL;
}

/* A value of YAML on one line, without its quotes. */
static void
take_value(char **member, const char *value, size_t n)
{
	while (n > 0 && *value == ' ') {
		value++;
		n--;
	}
	if (n > 1 && (*value == '"' || *value == '\'') && value[n - 1] == *value) {
		value++;
		n -= 2;
	}
	doc_set(member, value, n);
}

/* Takes the title and so on from the block of metadata that pandoc writes before the text. Returns where the text
 * begins. */
static const char *
take_metadata(struct doc *d, const char *text)
{
	const struct {
		const char *key;
		char **member;
	} keys[] = {{"title:", &d->title}, {"author:", &d->author}, {"date:", &d->date}, {"lang:", &d->language}};
	const char *line, *end = strncmp(text, "---\n", 4) == 0 ? strstr(text + 3, "\n---\n") : NULL;

	if (!end)
		return text;
	for (line = text + 4; line < end; line += strcspn(line, "\n") + 1)
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			size_t n = strlen(keys[i].key);
			const char *value = line + n;

			if (strncmp(line, keys[i].key, n) != 0)
				continue;
			if (strncmp(value, "\n- ", 3) == 0) /* the first of a list */
				value += 3;
			take_value(keys[i].member, value, strcspn(value, "\n"));
		}
	return end + strspn(end + 5, "\n") + 5;
}

/* Sheets of a workbook, which form feeds separate, as tables. */
static void
put_sheets(const struct request *q, struct doc *d, char *text, size_t n)
{
	for (char *end = text + n, *next; text < end; text = next) {
		size_t len = strcspn(text, "\f");

		next = text + len + (text[len] == '\f');
		text[len] = '\0';
		if (strspn(text, "\n") < len && !csv_put(q, text, len, d))
			plain_markdown_add(&d->md, text, len, 0);
	}
}

static void
take_output(const struct reader *r, const struct request *q, struct doc *d, struct buf *out)
{
	out->len = doc_clean(out->data, out->len);
	if (r->output == READER_TEXT) {
		plain_markdown_add(&d->md, out->data, out->len, 0);
	} else if (r->output == READER_CSV) {
		put_sheets(q, d, out->data, out->len);
	} else {
		const char *text = take_metadata(d, out->data);

		md_raw(&d->md, text, strlen(text));
	}
	/* What pandoc writes for a table that Markdown has no form for. */
	if (r->output == READER_MARKDOWN && strstr(out->data, "[TABLE]"))
		doc_missing(d, "tables");
	if (r->output == READER_MARKDOWN && strstr(out->data, "!["))
		doc_missing(d, "pictures");
}

bool
reader_parse(const struct request *q, struct doc *d)
{
	const struct reader *r = reader_find(q->mime, q->name);
	char *argv[RUN_ARGS + 1], said[RUN_SAID];
	struct run run_it = {.launcher = "bi-parse", .argv = argv, .in = q->in, .most = DOC_TEXT, .ms = q->ms};
	struct buf out = {0};
	enum run_end end;

	if (!r)
		return false;
	d->kind = "document";
	if (!r->installed) {
		d->package = r->package;
		return true;
	}
	if (r->output == READER_TEXT && !word_binary_look(q, d))
		return false;
	make_argv(r, q, argv);
	if (r->output == READER_MARKDOWN) {
		run_it.in = reader_input(q, d);
		if (run_it.in < 0)
			return d->failed ? false : doc_unread(d, errno);
	}
	end = run_confined(&run_it, &out, said);
	if (run_it.in != q->in)
		file_close(run_it.in, 0);
	if (end == RUN_DONE || end == RUN_FULL) {
		d->truncated = d->truncated || end == RUN_FULL;
		doc_meta(d, "reader", r->argv[0]);
		take_output(r, q, d, &out);
	} else {
		fail(r, q, d, end, said);
	}
	buf_free(&out);
	return !d->failed;
}
