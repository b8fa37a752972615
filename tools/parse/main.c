/* bi-parse: extracts the content of files: text as Markdown, title, language and other metadata. The files are
 * untrusted, so confined processes parse them (confine.h), one for each format: `bi-parse --serve FORMAT`, whose
 * protocol is in parse_helper.h. Their answers are checked (answer.h) and stored in the batch (content_store.h). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/human.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/paths.h"
#include "formats.h"
#include "html/url.h"
#include "item.h"
#include "parse_helper.h"
#include "readers.h"

enum { AHEAD = 4, SECONDS = 60, OPT_SERVE = 256, OPT_TIMEOUT, OPT_OCR, OPT_RUN };

static const struct opt table[] = {
	{'b', "base", "URL", "the address of the pages, to resolve their relative URLs"},
	{'r', "root", "DIR", "the root directory of the batches that records name"},
	{'P', "parallel", "N", "parse N documents at once (the number of processors)"},
	{OPT_TIMEOUT, "timeout", "SECONDS", "the time for one document (60)"},
	{OPT_OCR, "ocr", "LANGUAGES", "read pictures of text, in languages such as eng+deu"},
	{'t', "text", NULL, "print only the text, as on a terminal"},
	{'j', "json", NULL, "records also on a terminal"},
	{OPT_SERVE, "serve", "FORMAT", "parse files that arrive on standard input"},
	{OPT_RUN, "run", NULL, "confine this process, and execute the program that is named"},
	{0},
};

/* The formats that this program parses, and the programs that parse the others. */
static const struct format formats[] = {
	{"text", {.memory = (size_t)1280 << 20, .file_size = PARSE_OUT_MAX, .files = 16}, text_load, text_parse},
	{"packed", {.memory = (size_t)1 << 30, .file_size = PARSE_OUT_MAX, .files = 16}, packed_load, packed_parse},
	{"feed", {.memory = (size_t)1 << 30, .file_size = PARSE_OUT_MAX, .files = 16}, feed_load, feed_parse},
	{.name = "reader", .load = reader_load, .parse = reader_parse},
};
static const struct {
	const char *format, *program;
} others[] = {
	{"pdf", "bi-parse-pdf"},         {"mail", "bi-parse-mail"},
	{"picture", "bi-parse-picture"}, {"picture_extra", "bi-parse-picture"},
	{"av", "bi-parse-av"},
};

struct options {
	const char *root, *base, *serve, *ocr;
	unsigned parallel, seconds;
	bool text, json, run;
};

/* The current items, in the order of input. */
struct queue {
	struct rec_reader *in;
	struct item *first, **last;
	size_t count, most;
	bool ended; /* no more will come */
};

/* Reads the available input, as far as there is room. */
static void
read_records(struct queue *q, struct parser *s)
{
	struct rec r;

	while (!q->ended && q->count < q->most) {
		enum rec_kind kind = rec_next(q->in, &r);

		if (kind == REC_MORE)
			return;
		if (kind == REC_EOF) {
			q->ended = true;
			return;
		}
		*q->last = item_begin(s, &r);
		q->last = &(*q->last)->next;
		q->count++;
	}
}

/* Prints finished items, up to the first unfinished one. Returns whether there were any. */
static bool
print_settled(struct queue *q, const struct parser *s)
{
	size_t count = q->count;

	while (q->first && q->first->settled) {
		struct item *i = q->first;

		if (!s->as_text) {
			rec_write_json(json_object_get(i->record));
		} else if (i->text.len) {
			struct buf shown = {0};

			/* Prints a text. A file gets it unchanged; on a terminal, control sequences in it must have no
			 * effect. */
			if (isatty(STDOUT_FILENO))
				human_lines(&shown, i->text.data);
			else
				buf_str(&shown, i->text.data);
			printf("%s%s", shown.data, shown.data[shown.len - 1] == '\n' ? "" : "\n");
			buf_free(&shown);
		}
		rec_flush();
		if (i->notice.len)
			msg_warn("%s: %s", i->path, i->notice.data);
		q->first = i->next;
		if (!q->first)
			q->last = &q->first;
		q->count--;
		item_free(i);
	}
	return q->count < count;
}

/* Files and records from operands or stdin. Returns the exit code. */
static int
parse_all(const struct options *o, char **operands)
{
	struct parser s = {.as_text = o->text, .base = o->base, .ocr = o->ocr, .seconds = o->seconds};
	struct queue q = {.in = rec_open(operands, STDIN_FILENO), .most = (size_t)o->parallel * AHEAD};
	int code;

	q.last = &q.first;
	s.pool = pool_open(o->parallel, o->seconds);
	s.store = content_store_open(o->root);
	for (;;) {
		struct pollfd fds[POOL_FDS + 1];
		int ms;
		nfds_t n;
		bool reading;

		read_records(&q, &s);
		for (struct item *i = q.first; i; i = i->next)
			if (!i->settled && i->work.ended)
				item_go_on(&s, i);
		if (print_settled(&q, &s))
			continue; /* there is room for input that was read */
		if (q.ended && !q.first)
			break;
		n = pool_wait(s.pool, fds, &ms);
		reading = !q.ended && q.count < q.most;
		if (reading)
			fds[n] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
		if (poll(fds, n + reading, ms) < 0 && errno != EINTR)
			msg_die_errno(EX_OSERR, "cannot wait");
		if (reading && fds[n].revents && rec_fill(q.in) < 0)
			msg_die_errno(EX_IOERR, "cannot read standard input");
		pool_look(s.pool);
	}
	code = s.failed ? EX_SOME_FAILED : EX_ALL_WELL;
	if (rec_report_cut(q.in))
		code = EX_SOME_FAILED;
	if (rec_has_ended(q.in) && !s.as_text)
		rec_write_counts(code, {"parsed", s.parsed}, {"failed", s.failed});
	pool_close(s.pool);
	content_store_close(s.store);
	type_close(s.typer);
	rec_close(q.in);
	return code;
}

static bool
is_base(const char *base)
{
	char *url = url_resolve(NULL, base, strlen(base));
	bool good = url != NULL;

	free(url);
	return good;
}

static void
read_options(struct options *a, struct opts *o)
{
	int id;

	while ((id = opt_next(o)) != 0) {
		if (id == 'r')
			a->root = o->value;
		else if (id == 'b')
			a->base = o->value;
		else if (id == 'P')
			a->parallel = (unsigned)opt_number(o, 1, POOL_MAX);
		else if (id == OPT_TIMEOUT)
			a->seconds = (unsigned)opt_number(o, 1, 3600);
		else if (id == OPT_OCR)
			a->ocr = o->value;
		else if (id == OPT_RUN)
			a->run = true;
		else if (id == 't')
			a->text = true;
		else if (id == 'j')
			a->json = true;
		else
			a->serve = o->value;
	}
	if (a->serve && *opt_rest(o))
		opt_die("--serve takes no files");
	if (a->run && !*opt_rest(o))
		opt_die("--run needs a program");
	if (a->ocr && !ocr_are_languages(a->ocr))
		opt_die("--ocr takes languages as tesseract names them, such as eng+deu, not '%s'", a->ocr);
	if (a->base && !is_base(a->base))
		opt_die("--base takes a URL of http or https, not '%s'", a->base);
	if (a->text && a->json)
		opt_die("--text and --json cannot be used together");
	a->text = a->text || (!a->json && isatty(STDOUT_FILENO));
}

static _Noreturn void
serve(const char *format, char **argv)
{
	struct buf program = {0};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, format) == 0)
			parse_serve(&formats[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(others[i].format, format) != 0)
			continue;
		if (path_of_helper(&program, others[i].program) == 0)
			execv(program.data, argv);
		msg_die_errno(EX_UNAVAILABLE, "cannot start %s, a part of bi-parse", others[i].program);
	}
	opt_die("--serve does not know the format '%s'", format);
}

int
main(int argc, char **argv)
{
	struct opts o = opt_begin("bi-parse", table, argc, argv, "[FILE ...]",
				  "Prints the text of files, their titles and other metadata.");
	int cpus = get_nprocs();
	struct options a = {.parallel = cpus < 1 ? 1 : cpus > POOL_MAX ? POOL_MAX : (unsigned)cpus, .seconds = SECONDS};

	read_options(&a, &o);
	if (a.serve)
		serve(a.serve, argv);
	if (a.run)
		run_launch(opt_rest(&o));
	readers_load();
	msg_finish(parse_all(&a, opt_rest(&o)));
}
