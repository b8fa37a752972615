#include "parse_helper.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/words.h"
#include "confined/helper.h"
#include "files/file.h"
#include "formats.h"
#include "records/rec.h"

enum { REQUEST = 5 * SERVE_LINE + 8 };

static const struct format *
format_of(const struct format *formats, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

/* --- requests and answers --- */

/* "MILLISECONDS LANGUAGES": both may be missing. */
static void
take_options(struct request *r, const char *words)
{
	char *rest;

	r->ms = (int)strtol(words, &rest, 10);
	r->ms = r->ms > 0 ? r->ms : REQUEST_SECONDS * 1000;
	r->ocr = rest + (*rest == ' ');
}

/* Reads one request; its lines are in TEXT. 1, 0 at end-of-file, -1 for anything else than a request. */
static int
receive_request(struct request *r, char text[REQUEST])
{
	int fds[2];
	ssize_t n = helper_next_request(text, REQUEST, fds, 2);
	const char *options;

	if (n <= 0)
		return (int)n;
	r->in = fds[0];
	r->out = fds[1];
	r->mime = strsep(&text, "\n");
	r->url = strsep(&text, "\n");
	r->name = strsep(&text, "\n");
	r->type = strsep(&text, "\n");
	options = strsep(&text, "\n");
	take_options(r, options ? options : ""); /* feed.c sends none */
	return r->type ? 1 : -1;
}

/* Everything except the text, as one object. */
static struct json_object *
make_meta(const struct doc *d)
{
	struct json_object *o = json_object_new_object();

	rec_add_string(o, "kind", d->kind);
	rec_add_string(o, "title", d->title);
	rec_add_string(o, "language", d->language);
	rec_add_string(o, "description", d->description);
	rec_add_string(o, "author", d->author);
	rec_add_string(o, "date", d->date);
	rec_add_string(o, "canonical_url", d->canonical);
	json_object_object_add(o, "metadata", json_object_get(d->metadata));
	json_object_object_add(o, "links", json_object_get(d->links));
	json_object_object_add(o, "media", json_object_get(d->media));
	json_object_object_add(o, "images", json_object_get(d->images));
	if (d->pages)
		json_object_object_add(o, "pages", json_object_new_int64(d->pages));
	if (d->truncated || d->md.full)
		json_object_object_add(o, "truncated", json_object_new_boolean(1));
	if (json_object_array_length(d->missing) > 0)
		json_object_object_add(o, "missing", json_object_get(d->missing));
	if (d->needs_ocr)
		json_object_object_add(o, "needs_ocr", json_object_new_boolean(1));
	rec_add_string(o, "needs_package", d->package);
	return o;
}

/* A document without text lacks it, unless its file is empty or is of a kind that has none. */
static void
miss_text(const struct request *r, struct doc *d)
{
	static const char *const with_text[] = {"page", "text", "pdf", "document", "book", "mail", "file", NULL};
	struct stat st;

	if (d->md.out.len == 0 && word_is_in(d->kind, with_text) && (fstat(r->in, &st) < 0 || st.st_size > 0))
		doc_missing(d, "text");
}

/* Writes the result and makes the answer. Returns its length. */
static int
put_done(const struct request *r, struct doc *d, char answer[SERVE_ANSWER])
{
	struct json_object *o = make_meta(d);
	const char *meta = rec_print(o);
	size_t text, n = strlen(meta);

	if (n > DOC_META) { /* a page decides how long links and media are */
		d->truncated = true;
		json_object_put(o);
		json_object_put(d->links);
		json_object_put(d->media);
		d->links = json_object_new_array();
		d->media = json_object_new_array();
		o = make_meta(d);
		meta = rec_print(o);
		n = strlen(meta);
	}
	text = doc_clean(d->md.out.data, d->md.out.len);
	if (file_write(r->out, d->md.out.data, text) < 0 || file_write(r->out, meta, n) < 0)
		_exit(EX_IOERR);
	json_object_put(o);
	return snprintf(answer, SERVE_ANSWER, "done %zu %zu %zu", d->out_bytes, text, n);
}

/* Handles one document. False if the other end is closed. */
static bool
answer_one(const struct format *f, const struct request *r)
{
	char answer[SERVE_ANSWER];
	struct doc d;
	int n;

	doc_begin(&d, r->out);
	request_start_clock();
	helper_limit_seconds(REQUEST_SECONDS);
	if (f->parse(r, &d)) {
		md_end(&d.md);
		miss_text(r, &d);
		n = put_done(r, &d, answer);
	} else if (d.failed)
		n = snprintf(answer, sizeof(answer), "failed %s %s", d.failed, d.why);
	else
		n = snprintf(answer, sizeof(answer), "other");
	helper_limit_seconds(0);
	doc_free(&d);
	return n > 0 &&
	       helper_send_answer(answer, (size_t)n < sizeof(answer) ? (size_t)n : sizeof(answer) - 1, NULL, 0);
}

/* Libraries end the process with abort(3), or a trap, if memory runs out. */
static void
on_abort_signal(int signal)
{
	_exit(helper_lacks_memory() ? EX_OSERR : 128 + signal);
}

/* The process ends with _exit: nothing is left to write, and the exit handlers of libraries or sanitizers make calls
 * that are not allowed here. */
_Noreturn void
parse_serve(const struct format *f)
{
	struct sigaction on_abort = {.sa_handler = on_abort_signal};
	struct request r;
	static char text[REQUEST];
	int got;

	helper_require_socket();
	msg_use_utf8();
	if (setenv("TZ", "UTC0", 1) < 0)
		msg_die_errno(EX_OSERR, "cannot set the time zone");
	tzset();
	f->load();
	if (sigaction(SIGABRT, &on_abort, NULL) < 0 || sigaction(SIGTRAP, &on_abort, NULL) < 0)
		msg_die_errno(EX_OSERR, "cannot handle signals");
	if (f->load != reader_load)
		helper_confine(&f->limits);
	else if (!helper_send_answer("ready", 5, NULL, 0))
		_exit(EX_OSERR);
	while ((got = receive_request(&r, text)) > 0) {
		bool heard = answer_one(f, &r);

		close(r.in);
		close(r.out);
		if (!heard)
			break;
	}
	_exit(got == 0 ? EX_ALL_WELL : EX_OSERR);
}

_Noreturn void
parse_serve_main(int argc, char **argv, const struct format *formats, size_t count)
{
	const struct format *f = argc == 3 ? format_of(formats, count, argv[2]) : NULL;

	msg_program("bi-parse");
	if (!f)
		msg_die(EX_WRONG_USE, "this program is a part of bi-parse, which starts it");
	parse_serve(f);
}
