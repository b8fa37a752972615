/* bi-expand: lists the members of archives. libarchive parses untrusted files, so it runs in a confined process
 * (confine.h): `bi-expand --serve`, whose protocol is in expand.h. For files on its command line, bi-expand starts one
 * process for each and prints the results. */
#include <stdbool.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/opt.h"
#include "expand_helper.h"
#include "list.h"

enum { OPT_SERVE = 256 };

static const struct opt table[] = {
	{'j', "json", NULL, "records also on a terminal"},
	{OPT_SERVE, "serve", NULL, "unpack archives that arrive on a socket at standard input"},
	{0},
};

int
main(int argc, char **argv)
{
	struct opts o = opt_begin("bi-expand", table, argc, argv, "[FILE ...]",
				  "Lists the members of archives, which operands or standard input name.");
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
