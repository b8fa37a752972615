/*
 * mail_headers: what a document says of the headers of a mail.
 */
#ifndef BI_PARSE_MAIL_HEADERS_H
#define BI_PARSE_MAIL_HEADERS_H

#include <gmime/gmime.h>

#include "doc.h"

/* Puts the date as ISO 8601 into the metadata. */
void mail_put_date(struct doc *d, GMimeMessage *m, const char *key);

/* The title, author, date and so on of the document. */
void mail_describe(struct doc *d, GMimeMessage *m);

#endif
