/*
 * mail_head: whether a file begins as a mail, a mailbox or a saved page (MHTML) does.
 */
#ifndef BI_MAIL_HEAD_H
#define BI_MAIL_HEAD_H

#include <stdbool.h>
#include <stddef.h>

/* Returns the length of the line "From ..." of a mailbox at the beginning of N bytes, which a header must follow; 0 if
 * there is none. */
size_t mail_head_from_line(const char *bytes, size_t n);

/* Returns whether N bytes, of which there may be more, begin with headers that a mail or a saved page has: From and one
 * of To, Date, Subject, Message-ID and Received; or MIME-Version and Content-Type. */
bool mail_head_is_mail(const char *bytes, size_t n);

#endif
