/*
 * mail_parts: the parts of a mail: their bytes, texts and pictures.
 */
#ifndef BI_PARSE_MAIL_PARTS_H
#define BI_PARSE_MAIL_PARTS_H

#include <gmime/gmime.h>
#include <stdbool.h>

#include "doc.h"

enum { MAIL_PART = 32 << 20 }; /* bytes of a part that are read */

/* Opens what a confined process cannot open later. */
void mail_parts_load(void);

/* Says whether the parts that follow are of a mail in a mailbox (mail_content.h). */
void mail_parts_begin(bool in_box);

/* How many bytes its decoded content has. */
long long mail_part_size(GMimePart *part);

/* Adds the part, which is text, to the document. BASE is the address of a saved page, NULL in a mail; ROOT holds the
 * pictures that belong to it. */
void mail_put_html(struct doc *d, GMimePart *part, GMimeObject *root, const char *base);
void mail_put_plain(struct doc *d, GMimePart *part);

/* How much text the part has: bytes that are no blanks. */
size_t mail_plain_length(GMimePart *part, struct doc *d);

/* Saves the part as a picture if it is one, once. Returns its name for the text, or NULL. */
const char *mail_save_picture(struct doc *d, GMimePart *part, const char *alt);

#endif
