/*
 * bi-expand: the members of archives. libarchive parses what strangers made, so it does that in a process that is
 * confined (confine.h): `bi-expand --serve`, whose protocol is in expand.h. Asked about files, bi-expand starts one for
 * each and says what came out.
 */
#include <stdbool.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/opt.h"
#include "expand_helper.h"
#include "list.h"

enum { OPT_SERVE = 256 };

static const struct opt table[] = {
	{'j', "json", NULL, "records also on a terminal"},
	{OPT_SERVE, "serve", NULL, "unpack the archive that comes over the socket that is standard input"},
	{0},
};

int
main(int argc, char **argv)
{
	struct opts o = opt_begin("bi-expand", table, argc, argv, "[FILE ...]",
				  "Says what is in archives; their names come as operands or on standard input.");
	bool json = !isatty(STDOUT_FILENO), serving = false;
	int id;

	while ((id = opt_next(&o)) != 0) {
		if (id == 'j')
			json = true;
		else
			serving = true;
	}
	if (!serving)
		msg_finish(list_archives(opt_rest(&o), json));
	if (*opt_rest(&o))
		opt_die("--serve takes no files");
	expand_serve();
}
