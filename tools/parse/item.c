#include "item.h"
#include "item_result.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/trouble.h"
#include "base/utf8.h"
#include "file_kinds.h"
#include "files/file.h"
#include "parse_helper.h"
#include "readers.h"
#include "records/rec.h"

void
item_free(struct item *i)
{
	file_close(i->work.in, 0);
	file_close(i->work.out, 0);
	json_object_put(i->record);
	buf_free(&i->request);
	buf_free(&i->text);
	buf_free(&i->notice);
	free(i);
}

/* --- what it is --- */

/* Passes the file's first N bytes to bi-type. False if it cannot be started. */
static bool
ask_of(struct parser *s, struct item *i, const char *head, size_t n)
{
	struct type_head one = {head, n};
	struct type_answer answer;

	if (!s->typer)
		s->typer = type_open();
	if (!s->typer || type_detect(s->typer, &one, 1, &answer) < 0)
		return false;
	if (answer.failed) {
		errno = EAGAIN;
		return false;
	}
	snprintf(i->mime, sizeof(i->mime), "%s", answer.mime);
	return true;
}

/* Determines the type from the bytes. False if the item failed. */
static bool
ask_type(struct parser *s, struct item *i)
{
	char *head = buf_alloc(TYPE_HEAD);
	ssize_t n = file_read_at(i->work.in, head, TYPE_HEAD, 0);

	i->asked = true;
	if (n < 0)
		item_fail_source(s, i, "it cannot be read");
	else if (!ask_of(s, i, head, (size_t)n))
		item_fail_errno(s, i, "parse_unavailable", true, "cannot start bi-type --serve, which finds its type");
	free(head);
	return !i->failed;
}

/* The hash of the bytes: from the record, or else computed. False if they cannot be read. */
static bool
take_hash(struct item *i)
{
	const char *said = rec_string(i->record, "sha256");

	if (i->batch && said && strlen(said) == HASH_HEX && strspn(said, "0123456789abcdef") == HASH_HEX) {
		memcpy(i->sha256, said, sizeof(i->sha256));
		return true;
	}
	i->bytes = file_digest(i->work.in, i->sha256);
	return i->bytes >= 0;
}

/* --- its way --- */

static void
add_line(struct buf *b, const char *text)
{
	if (text && strlen(text) < SERVE_LINE)
		for (; *text; text++)
			if (*text != '\n' && *text != '\r')
				buf_add(b, text, 1);
	buf_str(b, "\n");
}

/* The name of the file: its label, or else the last part of its path. */
static const char *
name_of(const struct item *i)
{
	static const char *const keys[] = {"filename", "member", "file"};
	const char *name = NULL, *slash;

	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]) && !name; k++)
		name = rec_string(i->record, keys[k]);
	name = name ? name : i->path;
	slash = strrchr(name, '/');
	return slash ? slash + 1 : name;
}

static void
send_as(struct parser *s, struct item *i, const char *mime, const char *name, const char *format)
{
	const char *url = rec_string(i->record, "final_url");

	url = url ? url : rec_string(i->record, "url");
	buf_clear(&i->request);
	add_line(&i->request, mime);
	add_line(&i->request, url ? url : s->base);
	add_line(&i->request, name);
	add_line(&i->request, rec_string(i->record, "content_type"));
	/* A program is stopped before the process that waits for it. */
	buf_printf(&i->request, "%u %s\n", s->seconds * 900, s->ocr ? s->ocr : "");
	file_close(i->work.out, 0);
	i->work.out = memfd_create("bi-parse", MFD_CLOEXEC);
	if (i->work.out < 0) {
		item_fail_errno(s, i, "parse_unavailable", true, "no memory is left for its content");
		return;
	}
	i->work.format = format;
	i->work.request = i->request.data;
	pool_add(s->pool, &i->work);
}

static void
send_item(struct parser *s, struct item *i, const char *format)
{
	send_as(s, i, i->mime, name_of(i), format);
}

/* The format by which the item is parsed, NULL if there is none. A reader that is known only by the name of a file of
 * text, and is not installed, leaves it to the format for text. */
static const char *
choose_format(struct item *i)
{
	const struct reader *r = reader_find(i->mime, name_of(i));
	const char *format = file_kind_format_of(i->mime, name_of(i));

	i->package = NULL;
	if (r && !r->installed && format && !reader_find(i->mime, "")) {
		i->package = r->package;
		return format;
	}
	return r ? "reader" : format;
}

/* --- OCR --- */

/* Sends the next page of the item to be read, or settles it behind the last. */
static void
send_page(struct parser *s, struct item *i)
{
	struct answer a;
	int fd = ocr_next(i->ocr);

	if (fd >= 0) {
		i->work.in = fd;
		i->work.out = -1;
		send_as(s, i, READER_OCR, "", "reader");
		return;
	}
	i->work.in = i->file;
	ocr_end(i->ocr, s->ocr, &a, &i->work.out);
	i->ocr = NULL;
	item_settle(s, i, &a);
	answer_free(&a);
}

/* The program that made the answer. */
static const char *
program_of(const struct answer *a)
{
	struct json_object *metadata;
	const char *program =
		json_object_object_get_ex(a->about, "metadata", &metadata) ? rec_string(metadata, "reader") : NULL;

	return program ? program : "";
}

/* Takes the text of a page. */
static void
take_page(struct parser *s, struct item *i)
{
	struct answer a = {0};

	if (i->work.end == WORK_FAILED)
		ocr_put_failure(i->ocr, i->work.why, NULL);
	else if (i->work.end != WORK_DONE || !answer_read(&i->work, &a))
		ocr_put_failure(i->ocr, "the process that reads it sent an invalid answer", NULL);
	else if (rec_string(a.about, "needs_package"))
		ocr_put_failure(i->ocr, "the program is not installed", rec_string(a.about, "needs_package"));
	else
		ocr_put_text(i->ocr, a.text.data, program_of(&a));
	answer_free(&a);
	file_close(i->work.in, 0);
	file_close(i->work.out, 0);
	send_page(s, i);
}

static bool
begin_ocr(struct parser *s, struct item *i, struct answer *a)
{
	i->ocr = s->ocr ? ocr_begin(a, i->work.out) : NULL;
	if (!i->ocr)
		return false;
	*a = (struct answer){0};
	i->file = i->work.in;
	send_page(s, i);
	return true;
}

static void
take_answer(struct parser *s, struct item *i)
{
	struct answer a;

	errno = 0;
	if (answer_read(&i->work, &a)) {
		if (i->package && !rec_string(a.about, "needs_package"))
			rec_add_string(a.about, "needs_package", i->package);
		if (!begin_ocr(s, i, &a))
			item_settle(s, i, &a);
	} else if (trouble_is_local(errno))
		item_fail_source(s, i, "its content cannot be read");
	else
		item_fail(s, i, "parse_crashed", false, "the process that parses it sent an invalid answer");
	answer_free(&a);
}

/* The type was wrong: bi-type is asked, once. */
static void
try_other(struct parser *s, struct item *i)
{
	char was[sizeof(i->mime)];
	const char *format;

	memcpy(was, i->mime, sizeof(was));
	if (!i->asked && !ask_type(s, i))
		return;
	format = choose_format(i);
	i->no_mail = i->no_mail || strcmp(i->work.format, "mail") == 0;
	if (format && i->no_mail && strcmp(format, "mail") == 0)
		format = "text"; /* it has no headers */
	i->no_flat = i->no_flat || (strcmp(i->work.format, "packed") == 0 && strstr(i->mime, "xml"));
	if (format && i->no_flat && strcmp(format, "packed") == 0)
		format = file_kind_format_of(i->mime, ""); /* it is XML of another kind */
	if (format && strcmp(format, i->work.format) != 0)
		send_item(s, i, format);
	else if (strcmp(was, "application/pdf") == 0 && format)
		item_fail(s, i, "parse_damaged", false, "its type is PDF, but it cannot be read as a PDF");
	else
		item_settle_file(s, i);
}

void
item_go_on(struct parser *s, struct item *i)
{
	if (i->ocr) {
		take_page(s, i);
		return;
	}
	switch (i->work.end) {
	case WORK_DONE:
		take_answer(s, i);
		break;
	case WORK_OTHER:
		try_other(s, i);
		break;
	default:
		item_fail(s, i, i->work.code, i->work.retryable, i->work.why);
	}
}

/* --- how it begins --- */

static bool
open_file(struct parser *s, struct item *i)
{
	struct stat st;

	if (strncasecmp(i->path, "http://", 7) == 0 || strncasecmp(i->path, "https://", 8) == 0) {
		item_fail(s, i, "no_such_file", false, "it is a URL, not a file: bi-fetch fetches URLs");
		return false;
	}
	/* A file that the user names may be a symbolic link, but a file of a batch must not. */
	i->work.in =
		i->batch ? file_open(AT_FDCWD, i->path) : open(i->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (i->work.in < 0) {
		item_fail_source(s, i, "it cannot be opened");
		return false;
	}
	if (fstat(i->work.in, &st) < 0) {
		item_fail_source(s, i, "it cannot be examined");
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		item_fail(s, i, "not_a_file", false,
			  "it is not a regular file (but a directory, a device, a pipe or a socket)");
		return false;
	}
	if (!take_hash(i)) {
		item_fail_source(s, i, "it cannot be read");
		return false;
	}
	return true;
}

/* The batch and number of a result, if it has both. */
static bool
take_place(struct parser *s, struct item *i)
{
	const char *batch = rec_string(i->record, "batch"), *wrong;
	long long number = rec_number(i->record, "item", 0);

	if (!batch || number < 1 || number > UINT32_MAX)
		return true;
	wrong = content_store_check(s->store, i->path, batch, (uint32_t)number);
	if (wrong && errno == ENOENT)
		item_fail(s, i, "no_such_item", false, wrong);
	else if (wrong)
		item_fail_source(s, i, wrong);
	if (wrong)
		return false;
	i->batch = batch;
	i->number = (uint32_t)number;
	return true;
}

static void
start_item(struct parser *s, struct item *i)
{
	const char *mime = rec_string(i->record, "mime"), *format;

	if (!take_place(s, i) || !open_file(s, i))
		return;
	if (mime && strlen(mime) < sizeof(i->mime) && strchr(mime, '/'))
		memcpy(i->mime, mime, strlen(mime) + 1);
	else if (!ask_type(s, i))
		return;
	format = choose_format(i);
	if (format)
		send_item(s, i, format);
	else if (strcmp(i->mime, "application/encrypted") == 0)
		item_fail(s, i, "parse_encrypted", false, "it is encrypted");
	else if (!i->asked && strcmp(i->mime, "application/octet-stream") == 0) {
		i->work.format = "";
		try_other(s, i);
	} else
		item_settle_file(s, i);
}

struct item *
item_begin(struct parser *s, const struct rec *r)
{
	struct item *i = buf_alloc(sizeof(*i));
	const char *status;

	i->work.in = i->work.out = -1;
	i->spoken = s->as_text || r->kind != REC_JSON;
	if (r->kind == REC_BAD) {
		i->record = json_object_new_object();
		json_object_object_add(i->record, "line", json_object_new_int64((int64_t)r->line));
		rec_add_string(i->record, "bad", r->text ? r->text : "");
		item_fail(s, i, r->code, false, r->wrong);
		return i;
	}
	if (r->kind == REC_PLAIN) {
		i->record = json_object_new_object();
		rec_add_string(i->record, "path", r->text);
	} else {
		i->record = json_object_get(r->json);
	}
	status = rec_string(i->record, "status");
	i->path = rec_string(i->record, "path");
	i->path = i->path ? i->path : rec_string(i->record, "file");
	if (status && strcmp(status, "completed") != 0)
		i->settled = true; /* it goes out as it came in */
	else if (!i->path)
		item_fail(s, i, "no_file", false, "the record has neither \"path\" nor \"file\"");
	else
		start_item(s, i);
	return i;
}
