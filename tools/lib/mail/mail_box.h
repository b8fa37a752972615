/*
 * mail_box: the mails in a mailbox file (mbox, RFC 4155), each by its place.
 *
 * A mail begins at a line "From ADDRESS DATE" that is at the beginning of the file or behind an empty line, and is
 * followed by the first header of the mail. Another line that begins with "From " is text. Programs that write
 * mailboxes put a '>' before such lines: mboxo before "From ", mboxrd also before lines that already begin with '>'.
 * One '>' is removed (mail_content.h).
 */
#ifndef BI_MAIL_BOX_H
#define BI_MAIL_BOX_H

#include <stdbool.h>
#include <stdint.h>

enum { MAIL_BOX_LINE = 1024 }; /* bytes that a From line has at most */

struct mail_box {
	int fd;
	int64_t at, size;
	bool box;   /* it is a mailbox; else the file is one mail */
	int failed; /* errno of a read that failed; 0: none did */
};

/* Begins with the file FD of SIZE bytes, whose offset is neither used nor moved. */
void mail_box_open(struct mail_box *b, int fd, int64_t size);

/* Sets *START and *END to the place of the next mail, without its From line. False: there are no more, or B has FAILED.
 */
bool mail_box_next(struct mail_box *b, int64_t *start, int64_t *end);

#endif
