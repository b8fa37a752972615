/*
 * bi-fetch: adds URLs and local files to a batch and gets them, many at once. bi-fetch(1).
 */
#include "base/msg.h"
#include "dispatch.h"

int
main(int argc, char **argv)
{
	struct settings set;
	char **operands;

	msg_program("bi-fetch");
	operands = options_read(&set, argc, argv);
	msg_finish(dispatch_run(&set, operands));
}
