#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api.h"
#include "base/msg.h"
#include "base/opt.h"
#include "files/root_write.h"
#include "request_answer.h"
#include "stream.h"
#include "submit_server.h"

enum { OPT_STREAM = 256, OPT_TAKE, OPT_ALLOW_ORIGIN, OPT_CSRF_COOKIE };

static const struct opt table[] = {
	{OPT_ALLOW_ORIGIN, "allow-origin", "URL", "let pages of this origin read and write"},
	{OPT_CSRF_COOKIE, "csrf-cookie", NULL, "set the token as a cookie"},
	{BOUNDS_MAX_BATCH, "max-batch", "N", "the most items in one request (10000)"},
	{BOUNDS_MAX_UPLOAD, "max-upload", "BYTES", "the most bytes of an upload (2G)"},
	{'r', "root", "DIR", "the root directory (BI_ROOT)"},
	{OPT_STREAM, "stream", NULL, "answer requests for the status, and stream it"},
	{BOUNDS_SYNC_TIMEOUT, "sync-timeout", "SECONDS", "how long a request for one item waits for it (60)"},
	{OPT_TAKE, "take", NULL, "accept submitted files and URLs"},
	{0},
};

/* Descriptor 0 must be a listening socket. */
static void
check_socket(void)
{
	int listens = 0;
	socklen_t n = sizeof(listens);

	if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) < 0 || !listens)
		opt_die("descriptor 0 is not a listening socket: start bi-api through bi-serve");
}

static void
open_site(struct api *api)
{
	const char *hosts = getenv("BI_HOSTS");
	struct buf pattern = {0};

	if (hosts && *hosts)
		buf_str(&pattern, hosts);
	else
		allowed_hosts_pattern(&pattern, "127.0.0.1", NULL);
	api->site = allowed_hosts_open(pattern.data);
	if (!api->site)
		msg_die(EX_WRONG_USE, "BI_HOSTS is not a regular expression: '%s'", pattern.data);
	buf_free(&pattern);
}

static void
add_origin(const struct opts *o, struct api *api)
{
	const char *wrong = allowed_hosts_origin_check(o->value);

	if (wrong)
		opt_die("%s: the origin '%s' %s", o->given, o->value, wrong);
	if (api->origins_n == API_ORIGINS_MAX)
		opt_die("%s takes %d origins at most", o->given, API_ORIGINS_MAX);
	api->origins[api->origins_n++] = o->value;
}

/* Each mode excludes the others. */
typedef int program(struct api *api);

/* Reads the options. Returns which of the three modes was chosen. */
static program *
read_options(struct opts *o, struct api *api, const char **dir)
{
	program *runs = request_answer;
	int id;

	while ((id = opt_next(o)) != 0) {
		if (id == OPT_STREAM || id == OPT_TAKE)
			runs = id == OPT_TAKE ? submit_serve : stream_serve;
		else if (id == OPT_ALLOW_ORIGIN)
			add_origin(o, api);
		else if (id == OPT_CSRF_COOKIE)
			api->csrf_cookie = true;
		else if (!bounds_option(&api->bounds, id, o))
			*dir = o->value;
	}
	return runs;
}

int
main(int argc, char **argv)
{
	struct opts o = opt_begin("bi-api", table, argc, argv, "",
				  "Answers the requests of a root's HTTP API; bi-serve starts it.");
	struct api api = {.bounds = bounds_usual};
	const char *dir = NULL;
	program *runs;

	runs = read_options(&o, &api, &dir);
	if (*opt_rest(&o))
		opt_die("'%s' is one operand too many", *opt_rest(&o));
	check_socket();
	root_open_to_write(&api.root, dir, false);
	open_site(&api);
	msg_finish(runs(&api));
}
