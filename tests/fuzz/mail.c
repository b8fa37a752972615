/* fuzz: tools/parse/mail/mail.c tools/parse/mail/mail_headers.c tools/parse/mail/mail_parts.c */
#include "parsing.h"

FUZZ(mail, mail_load)
{
	fuzz_parse(mail_parse, bytes, n, "message/rfc822", "a.eml");
}
