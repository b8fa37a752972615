/* bi-fetch: adds URLs and local files to a batch and fetches many at once. bi-fetch(1). */

#include "base/msg.h"
#include "dry_run.h"
#include "main_loop.h"

int
main(int argc, char **argv)
{
	struct lists *lists = NULL;
	struct settings set;
	char **operands;
	int code;

	msg_program("bi-fetch");
	/* libcurl converts host names in Unicode from the locale. */
	msg_use_utf8();
	operands = options_read(&set, argc, argv);
	if (!set.resume && !set.work)
		lists = lists_open(&set, operands);
	if (!set.dry_run)
		msg_finish(main_loop_run(&set, lists));
	code = dry_run(&set, lists);
	lists_close(lists);
	msg_finish(code);
}
