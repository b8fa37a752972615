#include "records/rec.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/utf8.h"
#include "base/words.h"
#include "records/list_line.h"

enum { READ_AT_ONCE = 1 << 16, DEPTH = 64, SHOWN = 200 };

struct rec_reader {
	char **args; /* the remaining operands; NULL: records come from a descriptor */
	int fd;
	enum rec_form form;
	bool ended;      /* the descriptor is at its end */
	bool skipping;   /* inside a line that is too long */
	bool has_ended;  /* an end record was read */
	bool open_ended; /* a record of bi came after the last end record */
	struct buf in;   /* read and not yet returned */
	size_t at;       /* where in IN the next line begins */
	size_t searched; /* IN has no line end before this */
	struct buf line; /* the text of the record returned last */
	int upstream_exit;
	unsigned long long count;
	struct json_object *json;
	struct json_tokener *tokener;
};

static struct json_tokener *
new_tokener(void)
{
	struct json_tokener *t = json_tokener_new_ex(DEPTH);

	if (!t)
		msg_die(EX_OSERR, "out of memory");
	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	return t;
}

/* json-c accepts NaN and Infinity, which RFC 8259 does not have. */
static bool
all_finite(struct json_object *o)
{
	switch (json_object_get_type(o)) {
	case json_type_double:
		return isfinite(json_object_get_double(o));
	case json_type_object: {
		json_object_object_foreach(o, key, value)
		{
			(void)key;
			if (!all_finite(value))
				return false;
		}
		return true;
	}
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(o); i++)
			if (!all_finite(json_object_array_get_idx(o, i)))
				return false;
		return true;
	default:
		return true;
	}
}

/* Why the number of N characters at P is invalid: 1. is not a number, and json-c changes numbers of more than 64 bits.
 */
static const char *
numbers_check(const char *p, size_t n)
{
	const char *point = memchr(p, '.', n);

	if (point && (point[1] < '0' || point[1] > '9'))
		return "a number ends in its point";
	errno = 0;
	if (!point && !memchr(p, 'e', n) && !memchr(p, 'E', n) &&
	    (*p == '-' ? strtoll(p, NULL, 10) == LLONG_MIN : strtoull(p, NULL, 10) == ULLONG_MAX) && errno == ERANGE)
		return "a whole number has more than 64 bits: write it as a string";
	return NULL;
}

/* Finds errors that json-c accepts: such numbers, single quotes around a key and control characters in strings, which
 * RFC 8259 does not have; and \u0000, where json-c ends keys and C programs end strings, so that different texts would
 * become equal. */
static const char *
too_lenient(const char *text)
{
	const char *wrong;
	bool inside = false;
	size_t n;

	for (const char *p = text; *p; p++) {
		if (*p == '"')
			inside = !inside;
		else if (inside && (unsigned char)*p < 0x20)
			return "a control character is in a string";
		else if (*p == '\'' && !inside)
			return "a key is in single quotes";
		else if (!inside && (n = strspn(p, "-+.0123456789eE")) > 0 && *p != 'e') {
			if ((wrong = numbers_check(p, n)))
				return wrong;
			p += n - 1;
		} else if (strncmp(p, "\\u0000", 6) == 0)
			return "\\u0000 is in it";
		else if (*p == '\\')
			p++;
	}
	return NULL;
}

static struct json_object *
parse_value(struct json_tokener *t, const char *text, size_t n, char *wrong, size_t room)
{
	struct json_object *o;
	enum json_tokener_error error;
	const char *why = NULL;

	json_tokener_reset(t);
	errno = 0;
	/* The NUL after the text tells the parser that a number at its end is complete. */
	o = n < INT_MAX ? json_tokener_parse_ex(t, text, (int)n + 1) : NULL;
	/* json-c has no error for that, and the text must not be taken for a damaged one. */
	if (!o && errno == ENOMEM)
		msg_die(EX_OSERR, "out of memory");
	error = json_tokener_get_error(t);
	if (error != json_tokener_success)
		why = error == json_tokener_continue ? "it ends too early" : json_tokener_error_desc(error);
	else if (strlen(text) < n)
		why = "a NUL is behind it";
	else if (!all_finite(o))
		why = "a number is not finite";
	else
		why = too_lenient(text);
	if (!why)
		return o;
	if (wrong)
		snprintf(wrong, room, "%s, at byte %zu", why, json_tokener_get_parse_end(t) + 1);
	json_object_put(o);
	return NULL;
}

struct json_object *
rec_parse(const char *text, size_t n, char *wrong, size_t room)
{
	struct json_tokener *t = new_tokener();
	struct buf copy = {0};
	struct json_object *o;

	buf_add(&copy, text, n);
	o = parse_value(t, copy.data, n, wrong, room);
	buf_free(&copy);
	json_tokener_free(t);
	return o;
}

struct rec_reader *
rec_open(char **args, int fd)
{
	struct rec_reader *r = buf_alloc(sizeof(*r));

	r->args = args && *args ? args : NULL;
	r->fd = fd;
	r->tokener = new_tokener();
	return r;
}

void
rec_set_form(struct rec_reader *r, enum rec_form form)
{
	r->form = form;
}

void
rec_close(struct rec_reader *r)
{
	json_object_put(r->json);
	json_tokener_free(r->tokener);
	buf_free(&r->in);
	buf_free(&r->line);
	free(r);
}

int
rec_fill(struct rec_reader *r)
{
	ssize_t n;

	if (r->args || r->ended)
		return 0;
	if (r->at) {
		buf_drop(&r->in, r->at);
		r->searched -= r->at;
		r->at = 0;
	}
	do
		n = read(r->fd, buf_room(&r->in, READ_AT_ONCE), READ_AT_ONCE);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	if (n == 0) {
		r->ended = true;
		return 0;
	}
	r->in.len += (size_t)n;
	r->in.data[r->in.len] = '\0';
	return 1;
}

/* The text to show for a bad line: its beginning in printable ASCII, with ? for other bytes. */
static void
make_bad(struct rec_reader *r, struct rec *out, const char *code)
{
	bool cut = r->line.len > SHOWN;

	out->kind = REC_BAD;
	out->code = code;
	if (cut)
		r->line.len = SHOWN;
	for (size_t i = 0; i < r->line.len; i++)
		if (r->line.data[i] < 0x20 || r->line.data[i] > 0x7e)
			r->line.data[i] = '?';
	buf_str(&r->line, cut ? "..." : "");
	out->text = r->line.data;
	out->len = r->line.len;
}

static bool
is_ours(struct json_object *o)
{
	return (json_object_object_get_ex(o, "review", NULL) && json_object_object_get_ex(o, "candidates", NULL)) ||
	       (json_object_object_get_ex(o, "item", NULL) && json_object_object_get_ex(o, "status", NULL)) ||
	       (json_object_object_get_ex(o, "port", NULL) && json_object_object_get_ex(o, "pid", NULL)) ||
	       (json_object_object_get_ex(o, "source", NULL) &&
		(json_object_object_get_ex(o, "rank", NULL) || json_object_object_get_ex(o, "error", NULL)));
}

/* A list that begins like UTF-16 text counts as one bad line. */
static bool
is_utf16(struct rec_reader *r, struct rec *out)
{
	static const char *const marks[] = {"\xff\xfe", "\xfe\xff"};

	if (r->count != 1 || r->line.len < 2 ||
	    (memcmp(r->line.data, marks[0], 2) != 0 && memcmp(r->line.data, marks[1], 2) != 0))
		return false;
	snprintf(out->wrong, sizeof(out->wrong),
		 "line 1 begins a list in UTF-16, of which nothing is read: save it as UTF-8, or convert it with iconv "
		 "-f UTF-16 -t UTF-8");
	make_bad(r, out, "not_utf8");
	buf_clear(&r->in);
	r->at = r->searched = 0;
	r->ended = true;
	return true;
}

/* Makes a record from the line in r->line. False: there is nothing to return (an empty line, an end record). */
static bool
make_record(struct rec_reader *r, struct rec *out, bool operand)
{
	size_t good;
	char why[160];

	if (!operand && r->form == REC_FORM_LIST) {
		if (is_utf16(r, out))
			return true;
		if (!list_line_clean(&r->line))
			return false;
	} else if (!operand && r->form == REC_FORM_LINES && r->line.len && r->line.data[r->line.len - 1] == '\r') {
		r->line.data[--r->line.len] = '\0';
	}
	if (r->line.len == 0 && !operand)
		return false;
	good = utf8_valid_length(r->line.data, r->line.len);
	if (good < r->line.len) {
		snprintf(out->wrong, sizeof(out->wrong), "line %llu is not UTF-8 text (byte %zu)", r->count, good + 1);
		make_bad(r, out, "not_utf8");
		return true;
	}
	out->text = r->line.data;
	out->len = r->line.len;
	out->kind = REC_PLAIN;
	if (r->line.data[0] != '{' || (!operand && r->form == REC_FORM_NUL))
		return true;
	r->json = parse_value(r->tokener, r->line.data, r->line.len, why, sizeof(why));
	if (!r->json) {
		snprintf(out->wrong, sizeof(out->wrong), "line %llu begins with { but is not JSON: %s", r->count, why);
		make_bad(r, out, "bad_json");
		return true;
	}
	if (rec_string(r->json, "end") && json_object_object_get_ex(r->json, "exit", NULL)) {
		long long code = rec_number(r->json, "exit", 0);

		if (code > r->upstream_exit && code <= 255)
			r->upstream_exit = (int)code;
		r->has_ended = true;
		r->open_ended = false;
		json_object_put(r->json);
		r->json = NULL;
		return false;
	}
	if (is_ours(r->json))
		r->open_ended = true;
	out->kind = REC_JSON;
	out->json = r->json;
	return true;
}

/* Moves the next line into r->line. False: no line is complete yet, or there is none. */
static bool
take_line(struct rec_reader *r, bool *too_long)
{
	size_t have = r->in.len - r->at;
	char *start = have ? r->in.data + r->at : NULL, *newline;

	*too_long = false;
	newline =
		have ? memchr(r->in.data + r->searched, r->form == REC_FORM_NUL ? '\0' : '\n', r->in.len - r->searched)
		     : NULL;
	if (newline)
		have = (size_t)(newline - start);
	else if (!r->ended) {
		r->searched = r->in.len;
		if (have <= REC_MAX)
			return false;
	} else if (have == 0 && !r->skipping)
		return false;
	*too_long = r->skipping || have > REC_MAX;
	if (!r->skipping) {
		buf_clear(&r->line);
		buf_add(&r->line, start, have <= REC_MAX ? have : SHOWN + 1);
	}
	r->at += have + (newline ? 1 : 0);
	r->searched = r->at;
	r->skipping = *too_long && !newline && !r->ended;
	return !r->skipping;
}

static enum rec_kind
next_operand(struct rec_reader *r, struct rec *out)
{
	while (*r->args) {
		buf_clear(&r->line);
		buf_str(&r->line, *r->args++);
		r->count++;
		if (make_record(r, out, true))
			return out->kind;
	}
	return REC_EOF;
}

enum rec_kind
rec_next(struct rec_reader *r, struct rec *out)
{
	bool too_long;

	json_object_put(r->json);
	r->json = NULL;
	*out = (struct rec){.line = r->count + 1};
	if (r->args) {
		out->kind = next_operand(r, out);
		out->line = r->count;
		return out->kind;
	}
	while (take_line(r, &too_long)) {
		r->count++;
		out->line = r->count;
		if (too_long) {
			snprintf(out->wrong, sizeof(out->wrong), "line %llu is longer than 1 MiB", r->count);
			make_bad(r, out, "line_too_long");
			return out->kind;
		}
		if (make_record(r, out, false))
			return out->kind;
	}
	return out->kind = r->ended ? REC_EOF : REC_MORE;
}

enum rec_kind
rec_read(struct rec_reader *r, struct rec *out)
{
	while (rec_next(r, out) == REC_MORE)
		if (rec_fill(r) < 0)
			msg_die_errno(EX_IOERR, "cannot read standard input");
	return out->kind;
}

bool
rec_has_ended(const struct rec_reader *r)
{
	return r->has_ended;
}

int
rec_upstream_exit(const struct rec_reader *r)
{
	return r->upstream_exit;
}

bool
rec_was_cut(const struct rec_reader *r)
{
	return r->open_ended;
}

bool
rec_report_cut(const struct rec_reader *r)
{
	bool was = rec_was_cut(r);

	if (was)
		msg_warn("the input stopped without its end record: the program that wrote it was cut off; run it "
			 "again");
	return was;
}

const char *
rec_string(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_string))
		return NULL;
	return json_object_get_string(v);
}

void
rec_add_string(struct json_object *o, const char *key, const char *value)
{
	if (value)
		json_object_object_add(o, key, json_object_new_string(value));
}

void
rec_add_error(struct json_object *o, const char *code, const char *message, bool retryable)
{
	struct json_object *error = json_object_new_object();

	rec_add_string(error, "code", code);
	rec_add_string(error, "message", message);
	json_object_object_add(error, "retryable", json_object_new_boolean(retryable));
	json_object_object_add(o, "error", error);
}

void
rec_copy_members(struct json_object *o, struct json_object *from, const char *const *without)
{
	if (!json_object_is_type(from, json_type_object))
		return;
	json_object_object_foreach(from, key, value)
	{
		if (!word_is_in(key, without))
			json_object_object_add(o, key, json_object_get(value));
	}
}

void
rec_add_filled(struct json_object *o, const char *key, const char *value)
{
	if (value && *value)
		json_object_object_add(o, key, json_object_new_string(value));
}

const char *
rec_text(struct json_object *o, const char *key, char *room, size_t n)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v))
		return NULL;
	if (json_object_is_type(v, json_type_string))
		return json_object_get_string(v);
	if (!json_object_is_type(v, json_type_int) && !json_object_is_type(v, json_type_double))
		return NULL;
	snprintf(room, n, "%s", json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN));
	return room;
}

long long
rec_number(struct json_object *o, const char *key, long long otherwise)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_int))
		return otherwise;
	return json_object_get_int64(v);
}

const char *
rec_print(struct json_object *o)
{
	return json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

void
rec_write(const char *line, size_t n)
{
	if (fwrite(line, 1, n, stdout) != n || putchar('\n') == EOF)
		rec_flush();
}

void
rec_write_json(struct json_object *o)
{
	const char *line = rec_print(o);

	rec_write(line, strlen(line));
	json_object_put(o);
}

void
rec_flush(void)
{
	if (!ferror(stdout) && fflush(stdout) == 0)
		return;
	if (errno == EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	msg_warn_errno("standard output could not take all of the records");
	_exit(EX_IOERR);
}

void
rec_write_end(struct json_object *counts, int code)
{
	struct json_object *end = json_object_new_object();

	json_object_object_add(end, "end", json_object_new_string(msg_name()));
	rec_copy_without(end, counts, NULL);
	json_object_put(counts);
	json_object_object_add(end, "exit", json_object_new_int(code));
	rec_write_json(end);
}

void
rec_write_end_counts(int code, const struct rec_count *counts)
{
	struct json_object *o = json_object_new_object();

	for (; counts->name; counts++)
		json_object_object_add(o, counts->name, json_object_new_uint64(counts->n));
	rec_write_end(o, code);
}
