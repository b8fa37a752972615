/* bi-expand: lists the members of archives. libarchive parses untrusted files, so it runs in a confined process
 * (confine.h): `bi-expand --serve`, whose protocol is in expand.h. For files on its command line, bi-expand starts one
 * process for each and prints the results. */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/paths.h"
#include "confined/expand.h"
#include "expand_helper.h"
#include "list.h"

enum { OPT_SERVE = 256, OPT_BYTES, OPT_FREE, OPT_MEMBER, OPT_MEMBERS, OPT_RATIO };

#define BYTES_MAX 1000000000000000
#define COUNT_MAX 1000000000

static const struct opt table[] = {
	{'j', "json", NULL, "records also on a terminal"},
	{OPT_MEMBERS, "archive-members", "N", "members and directories that an archive may have (10000)"},
	{OPT_BYTES, "archive-bytes", "BYTES", "that it may unpack to (4G)"},
	{OPT_MEMBER, "archive-member", "BYTES", "that one member may unpack to (2G)"},
	{OPT_RATIO, "archive-ratio", "N", "times its size that it may unpack to, beyond --archive-free (1000)"},
	{OPT_FREE, "archive-free", "BYTES", "that it may unpack to at any ratio (1G)"},
	{OPT_SERVE, "serve", NULL, "unpack archives that arrive on a socket at standard input"},
	{0},
};

static void
take_limit(struct expand_limits *l, const struct opts *o, int id)
{
	switch (id) {
	case OPT_BYTES:
		l->bytes = (uint64_t)opt_bytes(o, 1, BYTES_MAX);
		break;
	case OPT_FREE:
		l->free = (uint64_t)opt_bytes(o, 1, BYTES_MAX);
		break;
	case OPT_MEMBER:
		l->member_bytes = (uint64_t)opt_bytes(o, 1, BYTES_MAX);
		break;
	case OPT_MEMBERS:
		l->members = (uint64_t)opt_number(o, 1, COUNT_MAX);
		break;
	default:
		l->ratio = (uint64_t)opt_number(o, 1, COUNT_MAX);
		break;
	}
}

/* REST begins with the mode, "names" or "mail", or is empty. */
static _Noreturn void
serve(char **rest, char **argv)
{
	bool names = *rest && strcmp(*rest, "names") == 0;
	struct buf program = {0};

	if (*rest && (rest[1] || (!names && strcmp(*rest, "mail") != 0)))
		opt_die("--serve takes no files");
	if (!*rest || names)
		expand_serve(names);
	if (path_of_helper(&program, "bi-expand-mail") == 0)
		execv(program.data, argv);
	msg_die_errno(EX_UNAVAILABLE, "cannot start bi-expand-mail, a part of bi-expand");
}

int
main(int argc, char **argv)
{
	struct opts o = opt_begin("bi-expand", table, argc, argv, "[FILE ...]",
				  "Lists the members of archives, which operands or standard input name.");
	bool json = !isatty(STDOUT_FILENO), serving = false;
	struct expand_limits limits = {0};
	int id;

	while ((id = opt_next(&o)) != 0) {
		if (id == 'j')
			json = true;
		else if (id == OPT_SERVE)
			serving = true;
		else
			take_limit(&limits, &o, id);
	}
	if (!serving)
		msg_finish(list_archives(opt_rest(&o), &limits, json));
	serve(opt_rest(&o), argv);
}
