/*
 * mail_members: bi-expand --serve mail, the confined process that takes a mail, a mailbox or a saved page for an
 * archive.
 *
 * Its members are the parts that are not its text: attachments, pictures in it, the files of a saved page besides the
 * page, and mails in it. Texts in other forms (multipart/alternative) are members unless they are plain text or HTML.
 */
#ifndef BI_EXPAND_MAIL_MEMBERS_H
#define BI_EXPAND_MAIL_MEMBERS_H

/* Confines this process and sends the members of the one mail that comes over descriptor 0, to descriptor 0. */
_Noreturn void mail_members_serve(void);

#endif
