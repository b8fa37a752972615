/*
 * item_result: what is said of an item in its record, and stored of it.
 */
#ifndef BI_PARSE_ITEM_RESULT_H
#define BI_PARSE_ITEM_RESULT_H

#include <stdbool.h>

#include "answer.h"
#include "item.h"

/* Settles the item as failed: CODE is one of bi-records(5), WHY is in words for people. */
void item_fail(struct parser *s, struct item *i, const char *code, bool retryable, const char *why);

/* The same for the reason errno, behind WHAT. */
void item_fail_errno(struct parser *s, struct item *i, const char *code, bool retryable, const char *what);

/* The same where its file cannot be opened or read: the cause may be the file or this machine. */
void item_fail_source(struct parser *s, struct item *i, const char *what);

/* Settles the item with the answer A: in its record, and in the batch if it is of one. */
void item_settle(struct parser *s, struct item *i, struct answer *a);

/* Settles an item that no parser is for. */
void item_settle_file(struct parser *s, struct item *i);

#endif
