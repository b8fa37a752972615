/*
 * rec: reads and writes records, bi-records(5).
 *
 * The input is the operands of a program, else the lines of stdin. Each is a plain line or a JSON object. The output is
 * NDJSON on stdout, which an end record ends.
 */
#ifndef BI_REC_H
#define BI_REC_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum { REC_MAX = 1 << 20 }; /* bytes of a line, its newline not counted */

enum rec_kind {
	REC_MORE,  /* no complete record is here yet: call rec_fill() */
	REC_PLAIN, /* a plain line or operand: text, len */
	REC_JSON,  /* an object: json, and its text */
	REC_BAD,   /* an invalid line: code and wrong say why, text can be shown */
	REC_EOF,   /* no more will come */
};

struct rec {
	enum rec_kind kind;
	unsigned long long line; /* counts from 1; operands count too */
	const char *text;        /* UTF-8, NUL-terminated, valid until the next call */
	size_t len;
	struct json_object *json; /* REC_JSON: the reader owns it until the next call; json_object_get() keeps it */
	const char *code;         /* REC_BAD: line_too_long, not_utf8, bad_json */
	char wrong[256];          /* REC_BAD: "line 7 is not UTF-8 (byte 12)" */
};

struct rec_reader;

/* Returns a reader of the operands ARGS (NULL-terminated) if there are any, else of the descriptor FD. rec_close()
 * frees it. FD's flags are not touched. */
struct rec_reader *rec_open(char **args, int fd);

void rec_close(struct rec_reader *r);

/* How the descriptor of a reader is read; before the first call of rec_next(). Operands are always taken as they are.
 */
enum rec_form {
	REC_FORM_LINES, /* the default: lines, as they are */
	REC_FORM_LIST,  /* lines that people wrote: cleaned, comments skipped (list_line.h) */
	REC_FORM_NUL,   /* texts that end in NUL, as find -print0 writes them: each is REC_PLAIN, as it is */
};
void rec_set_form(struct rec_reader *r, enum rec_form form);

/* Returns the next complete record without reading the descriptor, REC_MORE if there is none. Empty lines are skipped.
 * End records are noted, not returned. */
enum rec_kind rec_next(struct rec_reader *r, struct rec *out);

/* Calls read(2) once on the descriptor. Returns 1, 0 at its end (rec_next() still returns the rest), or -1 with
 * errno. */
int rec_fill(struct rec_reader *r);

/* As rec_next(), but reads as often as needed, so it never returns REC_MORE. A read error ends the program
 * (EX_IOERR). */
enum rec_kind rec_read(struct rec_reader *r, struct rec *out);

/* Returns whether the stream was cut: it had a result, review, server or source record of ours, but no end record. The
 * program that wrote it was killed. */
bool rec_was_cut(const struct rec_reader *r);

/* The same, after a message about it. */
bool rec_report_cut(const struct rec_reader *r);

/* Returns the highest "exit" of the end records that were read, 0 without any. It is the exit code of the programs
 * before this one. */
int rec_upstream_exit(const struct rec_reader *r);

/* Returns whether an end record was read. */
bool rec_has_ended(const struct rec_reader *r);

/* Returns a string member, or NULL if it is missing or not a string. O owns the string. */
const char *rec_string(struct json_object *o, const char *key);

/* Returns a member's value as text, a number too (written to ROOM, N bytes), or NULL if it is missing. O or ROOM holds
 * the text. */
const char *rec_text(struct json_object *o, const char *key, char *room, size_t n);

/* Returns a member's value as a number, or OTHERWISE if it is missing or not a number. */
long long rec_number(struct json_object *o, const char *key, long long otherwise);

/* Add the string VALUE to O as its member KEY. rec_add_string() adds nothing for NULL; rec_add_filled() adds nothing
 * for NULL and "". */
void rec_add_string(struct json_object *o, const char *key, const char *value);
void rec_add_filled(struct json_object *o, const char *key, const char *value);

/* Adds the member "error" of a failed record: an object with CODE, MESSAGE and RETRYABLE. */
void rec_add_error(struct json_object *o, const char *code, const char *message, bool retryable);

/* Adds the members of FROM to O, in their order, but for those whose names follow. FROM may be NULL. */
#define rec_copy_without(o, from, ...) rec_copy_members(o, from, (const char *const[]){__VA_ARGS__, NULL})
void rec_copy_members(struct json_object *o, struct json_object *from, const char *const *without);

/* Parses N bytes as exactly one JSON value (RFC 8259, UTF-8, without \u0000). The caller frees it with
 * json_object_put(). Returns NULL if they are invalid and stores the reason in WRONG (ROOM bytes), if given. */
struct json_object *rec_parse(const char *text, size_t n, char *wrong, size_t room);

/* Returns the shortest JSON of O, on one line; valid until O changes or is freed. */
const char *rec_print(struct json_object *o);

/* Writes one record and its newline to stdout's buffer. */
void rec_write(const char *line, size_t n);

/* The same of an object, which is freed. */
void rec_write_json(struct json_object *o);

/* Flushes stdout's buffer. If the reader has gone, the program ends as by SIGPIPE; another failure ends it with
 * EX_IOERR. */
void rec_flush(void);

/* Writes the end record, {"end":"bi-fetch",...,"exit":CODE}, with the members of COUNTS before the exit. COUNTS is
 * freed; it may be NULL. */
void rec_write_end(struct json_object *counts, int code);

/* The same with counts, each {NAME, N}: rec_write_counts(code, {"typed", typed}, {"failed", failed}). */
#define rec_write_counts(code, ...) rec_write_end_counts(code, (const struct rec_count[]){__VA_ARGS__, {0}})
struct rec_count {
	const char *name; /* NULL ends the counts */
	uint64_t n;
};
void rec_write_end_counts(int code, const struct rec_count *counts);

#endif
