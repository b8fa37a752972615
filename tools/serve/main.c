#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/opt.h"
#include "files/root_write.h"
#include "hosts/host_rules.h"
#include "http/allowed_hosts.h"
#include "port.h"
#include "records/batch_args.h"
#include "records/rec.h"
#include "secret.h"
#include "serve.h"
#include "start.h"
#include "supervisor.h"

enum {
	OPT_ADDRESS = 256,
	OPT_ALLOW_HOST,
	OPT_ALLOW_ORIGIN,
	OPT_ANOTHER,
	OPT_CERT,
	OPT_CSRF_COOKIE,
	OPT_FOREGROUND,
	OPT_HOME,
	OPT_KEEP,
	OPT_KEY,
	OPT_NEW_PASSWORD,
	OPT_NEW_TOKEN,
	OPT_NO_WORKER,
	OPT_PASSWORD_FILE,
	OPT_PRIVATE,
	OPT_SHARE,
	PORT_MAX = 65535,
};

static const struct opt table[] = {
	{OPT_ADDRESS, "address", "ADDRESS", "listen on this address (127.0.0.1: only this machine)"},
	{OPT_ALLOW_HOST, "allow-host", "NAME", "a host name, besides localhost, that browsers may use"},
	{OPT_ALLOW_ORIGIN, "allow-origin", "URL", "let pages of this origin use the API"},
	{OPT_ANOTHER, "another", NULL, "start another server, even if the batch has one"},
	{OPT_CERT, "cert", "FILE", "with --share: use this certificate instead of a generated one"},
	{OPT_CSRF_COOKIE, "csrf-cookie", NULL, "also set the token as a cookie, for clients that expect it there"},
	{OPT_FOREGROUND, "foreground", NULL, "stay in the foreground; the server ends with this process; one batch"},
	{OPT_HOME, "home", NULL, "serve the home page, /add/ and the API; no batch is needed"},
	{'j', "json", NULL, "records also on a terminal"},
	{OPT_KEEP, "keep", "FD", NULL}, /* what bi-serve starts its supervisors with */
	{OPT_KEY, "key", "FILE", "the key of the certificate"},
	{BOUNDS_MAX_BATCH, "max-batch", "N", "the most items in one request (10000)"},
	{BOUNDS_MAX_UPLOAD, "max-upload", "BYTES", "the most bytes of an upload (2G)"},
	{OPT_NEW_PASSWORD, "new-password", NULL, "make another password"},
	{OPT_NEW_TOKEN, "new-token", NULL, "make another token: open pages can no longer write"},
	{OPT_NO_WORKER, "no-worker", NULL, "run no worker for submitted batches"},
	{OPT_PASSWORD_FILE, "password-file", "FILE", "read the password from the first line of this file"},
	{'p', "port", "FIRST-LAST", "choose from these ports (8000-8020)"},
	{OPT_PRIVATE, "private", NULL, "ask for a password, even to read"},
	{'r', "root", "DIR", "the root directory (BI_ROOT)"},
	ROOT_SHARED_OPTION,
	{OPT_SHARE, "share", NULL, "also serve other machines, with a password and over TLS"},
	{BOUNDS_SYNC_TIMEOUT, "sync-timeout", "SECONDS", "how long a request for one item waits for it (60)"},
	{0},
};

/* "8000-8020" or "8000". */
static void
parse_ports(const struct opts *o, struct serve *s)
{
	char *end;
	long first, last;

	errno = 0;
	first = last = strtol(o->value, &end, 10);
	if (end != o->value && *end == '-' && end[1] >= '0' && end[1] <= '9')
		last = strtol(end + 1, &end, 10);
	if (errno || end == o->value || *end || first < 1 || last < first || last > PORT_MAX)
		opt_die("%s takes a port or FIRST-LAST, from 1 to %d, not '%s'", o->given, PORT_MAX, o->value);
	s->first = (int)first;
	s->last = (int)last;
}

/* The address as the kernel writes it: digits, letters a to f, dots and colons. */
static const char *
parse_address(const struct opts *o)
{
	static char text[INET6_ADDRSTRLEN];
	unsigned char address[sizeof(struct in6_addr)];
	int family = strchr(o->value, ':') ? AF_INET6 : AF_INET;

	if (inet_pton(family, o->value, address) != 1 || !inet_ntop(family, address, text, sizeof(text)))
		opt_die("%s takes an address in numbers (127.0.0.1, 0.0.0.0 for all, ::1), not '%s'", o->given,
			o->value);
	return text;
}

static void
add_host(const struct opts *o, struct serve *s)
{
	const char *wrong = allowed_hosts_name_check(o->value);

	if (wrong)
		opt_die("%s: the name '%s' %s", o->given, o->value, wrong);
	if (s->hosts_n == SERVE_HOSTS_MAX)
		opt_die("%s takes %d names at most", o->given, SERVE_HOSTS_MAX);
	s->hosts[s->hosts_n++] = (char *)(uintptr_t)o->value;
}

static void
add_origin(const struct opts *o, struct serve *s)
{
	const char *wrong = allowed_hosts_origin_check(o->value);

	if (wrong)
		opt_die("%s: the origin '%s' %s", o->given, o->value, wrong);
	if (s->origins_n == SERVE_ORIGINS_MAX)
		opt_die("%s takes %d origins at most", o->given, SERVE_ORIGINS_MAX);
	s->origins[s->origins_n++] = o->value;
}

/* The path FILE without symbolic links, because a supervisor has another working directory. */
static const char *
parse_file(const struct opts *o)
{
	const char *path = realpath(o->value, NULL);

	if (!path)
		msg_die_errno(EX_NOINPUT, "%s: cannot find '%s'", o->given, o->value);
	return path;
}

/* Options that decide who can reach the pages. */
static void
access_option(int id, const struct opts *o, struct serve *s)
{
	if (id == OPT_ALLOW_HOST)
		add_host(o, s);
	else if (id == OPT_CERT)
		s->cert = parse_file(o);
	else if (id == OPT_KEY)
		s->key = parse_file(o);
	else if (id == OPT_NEW_PASSWORD)
		s->new_password = true;
	else if (id == OPT_NEW_TOKEN)
		s->new_token = true;
	else if (id == OPT_PASSWORD_FILE)
		s->password_file = o->value;
	else if (id == OPT_SHARE)
		s->access = SERVE_SHARE;
	else if (s->access == SERVE_OPEN)
		s->access = SERVE_PRIVATE;
}

/* Options of the API. */
static bool
api_option(int id, const struct opts *o, struct serve *s)
{
	if (id == OPT_ALLOW_ORIGIN)
		add_origin(o, s);
	else if (id == OPT_CSRF_COOKIE)
		s->csrf_cookie = true;
	else if (id == OPT_NO_WORKER)
		s->no_worker = true;
	else
		return bounds_option(&s->bounds, id, o);
	return true;
}

static const char *
read_options(struct opts *o, struct serve *s)
{
	const char *dir = NULL;
	int id;

	while ((id = opt_next(o)) != 0) {
		if (id == OPT_ADDRESS)
			s->address = parse_address(o);
		else if (id == OPT_ANOTHER)
			s->another = true;
		else if (id == OPT_FOREGROUND)
			s->foreground = true;
		else if (id == OPT_HOME)
			s->home = true;
		else if (id == 'j')
			s->json = true;
		else if (id == OPT_KEEP)
			s->ready = (int)opt_number(o, 3, 1024);
		else if (id == 'p')
			parse_ports(o, s);
		else if (id == ROOT_OPT_SHARED)
			root_allow_shared();
		else if (id == 'r')
			dir = o->value;
		else if (!api_option(id, o, s))
			access_option(id, o, s);
	}
	return dir;
}

/* Checks the combination of options. */
static void
check_options(struct serve *s)
{
	bool near = !s->address || strncmp(s->address, "127.", 4) == 0 || strcmp(s->address, "::1") == 0;

	if (!s->address)
		s->address = s->access == SERVE_SHARE ? "0.0.0.0" : "127.0.0.1";
	if (!near && s->access != SERVE_SHARE)
		opt_die("other machines can reach %s: use --share, which asks for a password and uses TLS", s->address);
	if (!s->cert != !s->key)
		opt_die("--cert and --key must be used together");
	if (s->cert && s->access != SERVE_SHARE)
		opt_die("--cert and --key require --share");
	if ((s->password_file || s->new_password) && s->access == SERVE_OPEN)
		opt_die("--password-file and --new-password require --private or --share");
	if (s->password_file && s->new_password)
		opt_die("--password-file and --new-password cannot be used together");
}

/* The exit code for the names that were read: if any is wrong, no server is started. */
static int
names_exit_code(const struct batch_args *n)
{
	if (n->bad || n->nameless)
		return EX_WRONG_USE;
	return n->cut ? EX_SOME_FAILED : 0;
}

/* Starts a server for BATCH, or finds the one that it has: 0 or an exit code, as serve_start(). */
static int
serve_batch(const struct serve *s, const char *batch)
{
	struct serve with = *s;
	int rc = serve_check(s, batch);

	if (rc)
		return rc;
	if (!s->another) {
		with.held = port_hold(s, batch);
		if (with.held < 0)
			return EX_UNAVAILABLE;
		rc = serve_known(s, batch);
	}
	if (rc == 0)
		rc = s->foreground ? supervisor_run(&with, batch) : serve_start(&with, batch);
	else
		rc = rc > 0 ? 0 : EX_OSERR;
	if (with.held >= 0 && !s->foreground)
		close(with.held);
	return rc;
}

/* Starts a server for each batch. Returns the exit code of the first batch that has none. */
static int
serve_all(const struct serve *s, const struct batch_args *n)
{
	size_t served = 0, failed = 0;
	int code = 0;

	for (size_t i = 0; i < n->n; i++) {
		int rc = serve_batch(s, n->v[i]);

		if (rc == EX_TEMPFAIL)
			serve_no_port(s, n->v[i]);
		code = code ? code : rc;
		served += rc == 0;
		failed += rc != 0;
		if (rc == EX_TEMPFAIL) {
			failed += n->n - i - 1;
			break;
		}
	}
	if (served)
		serve_warn_open(s);
	if (n->upstream && !code)
		code = EX_SOME_FAILED;
	if (served + failed > 1 && failed)
		msg_warn("%zu of %zu batches are not served", failed, served + failed);
	if (s->json)
		rec_write_counts(code, {"served", served}, {"failed", failed});
	return code;
}

static int
run_serve(struct serve *s, const char *dir, char **args)
{
	char *home[] = {(char[]){SERVE_HOME}};
	const struct batch_args itself = {.v = home, .n = 1};
	struct batch_args n = {0};
	const struct batch_args *served = s->home ? &itself : &n;
	int code;

	if (s->new_token && !*args) { /* nothing is served */
		root_open_to_write(&s->root, dir, true);
		return secrets_prepare(s);
	}
	if (s->home && *args)
		opt_die("--home takes no batch: '%s' is one operand too many", *args);
	code = s->home ? 0 : batch_args_read(&n, args, NULL);

	if (code == 0)
		code = names_exit_code(&n);
	if (code == 0 && (s->foreground || s->ready >= 0) && !s->home && n.n != 1)
		opt_die("--foreground takes one batch");
	if (code == 0) {
		root_open_to_write(&s->root, dir, s->home);
		if (s->ready < 0)
			host_rules_free(s->no_worker
						? NULL
						: host_rules_load(s->root.path)); /* ends here where the worker would */
		if (s->ready < 0)
			code = secrets_prepare(s);
		if (code == 0)
			code = s->ready >= 0 ? supervisor_run(s, served->v[0]) : serve_all(s, served);
	}
	if (n.cut)
		msg_warn("no server was started");
	batch_args_free(&n);
	return code;
}

int
main(int argc, char **argv)
{
	struct opts o = opt_begin("bi-serve", table, argc, argv, "[BATCH ...]",
				  "Serves the review pages of batches, each on its own port, and prints their URLs.");
	struct serve s = {.bounds = bounds_usual, .first = 8000, .last = 8020, .held = -1, .ready = -1};
	const char *dir;

	dir = read_options(&o, &s);
	check_options(&s);
	s.json = s.json || !isatty(STDOUT_FILENO);
	msg_finish(run_serve(&s, dir, opt_rest(&o)));
}
