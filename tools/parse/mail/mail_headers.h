/*
 * mail_headers: the headers of a mail.
 */
#ifndef BI_PARSE_MAIL_HEADERS_H
#define BI_PARSE_MAIL_HEADERS_H

#include <gmime/gmime.h>
#include <stdbool.h>

#include "doc.h"

/* Starts libgmime with what it opens later. Ends the program with a message if that is not possible. */
void mail_headers_load(void);

/* The next mail of the parser, for g_object_unref(); NULL: there is none. Words in its headers whose character set is
 * stated wrongly are set right: what is not valid in UTF-8 is windows-1252, and what is valid in UTF-8 is UTF-8. Sets
 * *CUT if the last boundary of the mail, or of a part of it, is missing: it is cut short. */
GMimeMessage *mail_next(GMimeParser *parser, bool *cut);

/* Whether it has a header that mails and saved pages have: else it is some text. */
bool mail_has_headers(GMimeMessage *m);

/* A header's text, decoded; NULL: it has none. */
const char *mail_header(GMimeMessage *m, const char *name);

/* The addresses of one kind, for g_free(); NULL: none. */
char *mail_addresses(GMimeMessage *m, GMimeAddressType type);

/* Puts the date as ISO 8601 into the metadata. */
void mail_put_date(struct doc *d, GMimeMessage *m, const char *key);

/* The title, author, date and so on of the document. */
void mail_describe(struct doc *d, GMimeMessage *m);

#endif
