/*
 * table_input: lists that people keep: lines of JSON, or a table as CSV (RFC 4180) or with tabs, as spreadsheets write
 * it.
 *
 * What it is, is seen from its beginning: '{' begins lines of JSON; of a table, the first line tells by what its cells
 * are separated, a comma, a semicolon or a tab. A byte order mark (UTF-8) is passed over.
 */
#ifndef BI_TABLE_INPUT_H
#define BI_TABLE_INPUT_H

#include <stddef.h>

enum { TABLE_INPUT_ROW_MAX = 1 << 20 }; /* bytes of a row, its quotes counted */

enum table_input_kind {
	TABLE_INPUT_EMPTY,
	TABLE_INPUT_LINES, /* each row is one cell: the line */
	TABLE_INPUT_TABLE,
	TABLE_INPUT_ARRAY, /* a JSON array, which is not read */
	TABLE_INPUT_UTF16, /* text in UTF-16, which is not read either */
};

enum table_input_next { TABLE_INPUT_ROW, TABLE_INPUT_BAD, TABLE_INPUT_END };

struct table_row {
	unsigned long long line; /* on which it begins, from 1 */
	char **cells;            /* NUL-terminated, valid until the next call */
	size_t count;
	const char *wrong; /* TABLE_INPUT_BAD: what is wrong with it, to stand behind "line 7 " */
};

struct table_input;

/* Reads the descriptor FD, which stays the caller's, as far as it takes to see what it is. A read error ends the
 * program (EX_IOERR). For table_input_close(). */
struct table_input *table_input_open(int fd);
void table_input_close(struct table_input *r);

enum table_input_kind table_input_kind(const struct table_input *r);

/*
 * The next row that is not empty. Quotes around a cell are taken off, and what is doubled in it made single; such a
 * cell may have newlines. A row whose quotes do not end, that is too long or has a NUL in it is bad, and the next one
 * begins at the next line.
 */
enum table_input_next table_input_next(struct table_input *r, struct table_row *out);

#endif
