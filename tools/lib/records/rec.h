/*
 * rec: records in and out, bi-records(5).
 *
 * In: the operands of a program, else the lines of stdin; each a plain line or a JSON object.
 * One reader for every program. Out: NDJSON on stdout, ended by an end record.
 */
#ifndef BI_REC_H
#define BI_REC_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum { REC_MAX = 1 << 20 }; /* bytes of a line, its newline not counted */

enum rec_kind {
	REC_MORE,  /* nothing whole is here yet: call rec_fill() */
	REC_PLAIN, /* a plain line or operand: text, len */
	REC_JSON,  /* an object: json, and its text */
	REC_BAD,   /* a line that is no record: code and wrong say why, text is what can be shown of it */
	REC_EOF,   /* no more will come */
};

struct rec {
	enum rec_kind kind;
	unsigned long long line; /* counts from 1; operands count too */
	const char *text;        /* UTF-8, NUL-terminated, valid until the next call */
	size_t len;
	struct json_object *json; /* REC_JSON: the reader's, until the next call; json_object_get() to keep it */
	const char *code;         /* REC_BAD: line_too_long, not_utf8, bad_json */
	char wrong[256];          /* REC_BAD: "line 7 is not UTF-8 (byte 12)" */
};

struct rec_reader;

/* A reader of the operands ARGS (NULL-terminated) when there are any, else of the descriptor FD.
 * FD's flags are not touched. */
struct rec_reader *rec_open(char **args, int fd);

void rec_close(struct rec_reader *r);

/* The next record that is whole, without reading the descriptor: REC_MORE when there is none.
 * Empty lines are passed over; end records are noted, not returned. */
enum rec_kind rec_next(struct rec_reader *r, struct rec *out);

/* One read(2) of the descriptor. 0 at its end (rec_next() still has what is left), 1 otherwise,
 * -1 with errno. */
int rec_fill(struct rec_reader *r);

/* rec_next(), reading as often as it takes: never REC_MORE. A read error ends the program (EX_IOERR). */
enum rec_kind rec_read(struct rec_reader *r, struct rec *out);

/* Whether the stream was ours (a result, review, server or source record was in it) and stopped
 * without its end record: what made it was killed, and more should have come. */
bool rec_was_cut(const struct rec_reader *r);

/* The highest "exit" of the end records that were read, 0 without any: what the programs before us came to. */
int rec_upstream_exit(const struct rec_reader *r);

/* Whether an end record was read. */
bool rec_has_ended(const struct rec_reader *r);

/* A string member, NULL where there is none or it is no string. Not to be freed. */
const char *rec_string(struct json_object *o, const char *key);

/* A member's value as text, also of a number (written to ROOM); NULL where there is none. */
const char *rec_text(struct json_object *o, const char *key, char *room, size_t n);

/* A member's value as a number, or OTHERWISE where there is none or it is no number. */
long long rec_number(struct json_object *o, const char *key, long long otherwise);

/* Parses N bytes as exactly one JSON value (RFC 8259, UTF-8, without \u0000). NULL when they are not; then
 * WRONG, if given, says why. For the caller to json_object_put(). */
struct json_object *rec_parse(const char *text, size_t n, char *wrong, size_t room);

/* The shortest JSON of O, on one line; valid until O changes or is freed. */
const char *rec_print(struct json_object *o);

/* Writes one record and its newline to stdout's buffer. */
void rec_write(const char *line, size_t n);
void rec_write_json(struct json_object *o);

/* Writes out what stdout's buffer holds. A reader that has gone ends the program as SIGPIPE
 * would; another failure ends it with EX_IOERR. */
void rec_flush(void);

/* Writes the end record, {"end":"bi-fetch",...,"exit":CODE}, with the members of COUNTS
 * (NULL: none; freed here) before the exit. */
void rec_write_end(struct json_object *counts, int code);

#endif
