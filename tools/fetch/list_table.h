/*
 * list_table: a list that is a table (CSV, TSV), whose rows become item records.
 */
#ifndef BI_LIST_TABLE_H
#define BI_LIST_TABLE_H

#include "records/rec.h"

struct list_table;

/* Reads the table on the descriptor FD, which stays the caller's, as NAME. SEPARATOR as for table_input_new(). COLUMN
 * is the one with URLs or names of files; NULL: those named url, file and media. list_table_close() frees it; NULL is
 * allowed there. */
struct list_table *list_table_open(const char *name, int fd, char separator, const char *column);
void list_table_close(struct list_table *t);

/* As rec_next(). A table that cannot be used is named in a message, and is at its end. */
enum rec_kind list_table_next(struct list_table *t, struct rec *out);

/* Reads once. Returns 0, or -1 with errno. */
int list_table_fill(struct list_table *t);

/* Returns EX_DATAERR if the table could not be used, else EX_ALL_WELL. */
int list_table_trouble(const struct list_table *t);

#endif
