/*
 * table_input: reads lists that people keep: lines of JSON, or a table as spreadsheets write it, with commas (CSV, RFC
 * 4180), semicolons or tabs.
 *
 * The beginning tells the kind: '{' begins lines of JSON. Otherwise the first line of the table tells the separator. A
 * byte order mark (UTF-8) is skipped.
 */
#ifndef BI_TABLE_INPUT_H
#define BI_TABLE_INPUT_H

#include <stdbool.h>
#include <stddef.h>

enum { TABLE_INPUT_ROW_MAX = 1 << 20 }; /* bytes of a row, its quotes counted */

enum table_input_kind {
	TABLE_INPUT_UNKNOWN, /* too little of it was read */
	TABLE_INPUT_EMPTY,
	TABLE_INPUT_LINES, /* each row is one cell: the line */
	TABLE_INPUT_TABLE,
	TABLE_INPUT_ARRAY, /* a JSON array; it is not read */
	TABLE_INPUT_UTF16, /* text in UTF-16; it is not read */
};

enum table_input_next {
	TABLE_INPUT_ROW,
	TABLE_INPUT_BAD,
	TABLE_INPUT_END,
	TABLE_INPUT_MORE, /* no whole row was read yet: call table_input_fill() */
};

struct table_row {
	unsigned long long line; /* the line on which it begins, from 1 */
	char **cells;            /* NUL-terminated, valid until the next call */
	size_t count;
	const char *wrong; /* TABLE_INPUT_BAD: the reason, which continues "line 7 " */
};

struct table_input;

/* Opens a list on the descriptor FD, which the caller closes, and reads as much as tells its kind. A read error ends
 * the program (EX_IOERR). table_input_close() frees it. */
struct table_input *table_input_open(int fd);
void table_input_close(struct table_input *r);

/* The same without reading anything yet. SEPARATOR is what separates the cells of a table; NUL: its first line tells.
 */
struct table_input *table_input_new(int fd, char separator);

/* Calls read(2) once. Returns 1, 0 at the end, or -1 with errno. */
int table_input_fill(struct table_input *r);

/* As table_input_next(), but reads nothing: it returns TABLE_INPUT_MORE where that has to be read first. */
enum table_input_next table_input_try(struct table_input *r, struct table_row *out);

enum table_input_kind table_input_kind(const struct table_input *r);

/* Returns whether the first line of a table has one cell: it is a plain list, if it is not a heading. */
bool table_input_is_plain(const struct table_input *r);

/* Reads a table as lines, each row one cell with the whole line. Called before the first row is taken. */
void table_input_as_lines(struct table_input *r);

/*
 * Returns the next row that is not empty. The quotes around a cell are removed, and doubled quotes in it become single;
 * such a cell may have newlines. A row is bad if its quotes do not end, if it is too long, or if it has a NUL. The next
 * row then begins at the next line.
 */
enum table_input_next table_input_next(struct table_input *r, struct table_row *out);

#endif
