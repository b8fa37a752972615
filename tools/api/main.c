#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api.h"
#include "msg.h"
#include "opt.h"

enum { OPT_STREAM = 256 };

static const struct opt table[] = {
	{'r', "root", "DIR", "the root directory (BI_ROOT)"},
	{OPT_STREAM, "stream", NULL, "answer for the status, and stream it"},
	{0},
};

/* Descriptor 0 must be a socket that listens: nobody else is answered. */
static void
check_socket(void)
{
	int listens = 0;
	socklen_t n = sizeof(listens);

	if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) < 0 || !listens)
		opt_wrong("descriptor 0 is no listening socket: bi-api is started by bi-serve");
}

static void
open_site(struct api *api)
{
	const char *hosts = getenv("BI_HOSTS");
	struct buf pattern = {0};

	if (hosts && *hosts)
		buf_str(&pattern, hosts);
	else
		site_pattern(&pattern, "127.0.0.1", NULL);
	api->site = site_open(pattern.data);
	if (!api->site)
		msg_die(EX_WRONG_USE, "BI_HOSTS is no regular expression: '%s'", pattern.data);
	buf_free(&pattern);
}

int
main(int argc, char **argv)
{
	struct opts o = {.operands = "",
			 .purpose = "Answers the requests of a root's HTTP API; bi-serve starts it.",
			 .table = table,
			 .argc = argc,
			 .argv = argv};
	const char *dir = NULL;
	struct api api = {0};
	bool streams = false;
	int id;

	msg_program("bi-api");
	while ((id = opt_next(&o)) != 0) {
		if (id == OPT_STREAM)
			streams = true;
		else
			dir = o.value;
	}
	if (*opt_rest(&o))
		opt_wrong("'%s' is one operand too many", *opt_rest(&o));
	check_socket();
	root_open(&api.root, dir, false);
	open_site(&api);
	msg_finish(streams ? stream(&api) : answer(&api));
}
