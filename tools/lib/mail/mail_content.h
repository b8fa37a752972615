/*
 * mail_content: the decoded bytes of a part of a mail.
 */
#ifndef BI_MAIL_CONTENT_H
#define BI_MAIL_CONTENT_H

#include <gmime/gmime.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct mail_content;

/* Opens the content of PART. IN_BOX: the mail is in a mailbox, which has put a '>' before lines like "From "
 * (mail_box.h); it is removed. Never returns NULL. */
struct mail_content *mail_content_open(GMimePart *part, bool in_box);

/* Sets BYTES to the next decoded bytes, valid until the next call. Returns how many they are, 0 at the end. */
size_t mail_content_next(struct mail_content *c, const char **bytes);

/* At the end: whether the last letters of its base64 are missing. */
bool mail_content_is_cut(const struct mail_content *c);

void mail_content_close(struct mail_content *c);

/* Sets OUT, and a NUL behind it, to the first MAX bytes of the content, and *CUT if there are more. */
void mail_content_read(GMimePart *part, bool in_box, size_t max, struct buf *out, bool *cut);

/* Returns whether the part is an encrypted message in the form of PGP without MIME. */
bool mail_content_is_pgp(GMimePart *part);

/* Returns the message in a part that is signed and not encrypted by S/MIME (application/pkcs7-mime), for
 * g_object_unref(); NULL if there is none. The signature is not checked. */
GMimeObject *mail_content_signed(GMimePart *part);

#endif
