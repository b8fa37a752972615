/*
 * mail_reader: reads mails by libgmime, in a process that is confined or soon will be.
 */
#ifndef BI_MAIL_READER_H
#define BI_MAIL_READER_H

#include <gmime/gmime.h>
#include <stdbool.h>

/* Starts libgmime with what it opens later. Ends the program with a message if that is not possible. */
void mail_reader_load(void);

/* Returns the next mail of the parser, for g_object_unref(); NULL: there is none. Words in its headers whose character
 * set is stated wrongly are set right: what is not valid in UTF-8 is windows-1252, and what is valid in UTF-8 is UTF-8.
 * Sets *CUT if the last boundary of the mail, or of a part of it, is missing: it is cut short. */
GMimeMessage *mail_next(GMimeParser *parser, bool *cut);

/* Returns whether it has a header that mails and saved pages have: else it is some text. */
bool mail_has_headers(GMimeMessage *m);

/* Returns a header's text, decoded; NULL: it has none. */
const char *mail_header(GMimeMessage *m, const char *name);

/* Returns the addresses of one kind, for g_free(); NULL: none. */
char *mail_addresses(GMimeMessage *m, GMimeAddressType type);

/* Returns whether the type of PART is TYPE/SUBTYPE; "*" is any subtype. */
bool mail_is_type(GMimeObject *part, const char *type, const char *subtype);

/* Returns whether the mail says that PART is attached, and not shown in its text. */
bool mail_is_attached(GMimeObject *part);

#endif
