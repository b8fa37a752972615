/* bi-expand-mail: the part of bi-expand that reads mails. It has libgmime, which bi-expand need not load. */
#include <string.h>

#include "base/msg.h"
#include "mail/mail_members.h"

int
main(int argc, char **argv)
{
	msg_program("bi-expand");
	if (argc != 3 || strcmp(argv[1], "--serve") != 0 || strcmp(argv[2], "mail") != 0)
		msg_die(EX_WRONG_USE, "this program is a part of bi-expand, which starts it");
	mail_members_serve();
}
