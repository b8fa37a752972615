#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/human.h"
#include "base/msg.h"
#include "base/opt.h"
#include "clean.h"
#include "http/servers.h"
#include "records/rec.h"

enum {
	PORT_MAX = 65535,
	STOP_MS = 10000, /* a supervisor lets requests finish for two seconds, and lighttpd go for two */
};

static void
find_servers(const struct clean *c, struct servers *all)
{
	if (servers_find(&c->root, all) < 0)
		msg_die_errno(msg_exit_code(errno), "cannot read the leases in %s/leases", c->root.path);
}

static const struct server *
on_port(const struct servers *all, int port)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].port == port)
			return &all->v[i];
	return NULL;
}

/* --- what was done --- */

static void
say_stopped(const struct clean *c, const struct server *s)
{
	struct json_object *record;

	if (!c->json) {
		human_print("%s port %d%s%s", c->only_say ? "would stop" : "stopped", s->port, s->batch ? ": " : "",
			    s->batch ? s->batch : "");
		return;
	}
	record = json_object_new_object();
	json_object_object_add(record, c->only_say ? "would_stop" : "stopped", json_object_new_int(s->port));
	rec_add_string(record, "batch", s->batch);
	rec_write_json(record);
}

static int
finish(const struct clean *c, size_t stopped, size_t failed)
{
	int code = failed ? EX_SOME_FAILED : EX_ALL_WELL;

	if (c->json)
		rec_write_counts(code, {"stopped", c->only_say ? 0 : stopped}, {"failed", failed});
	return code;
}

/* --- the verbs --- */

int
clean_list(const struct clean *c, char **args)
{
	int64_t n = servers_print(&c->root, c->json);

	(void)args;
	if (n < 0)
		msg_die_errno(msg_exit_code(errno), "cannot read the leases in %s/leases", c->root.path);
	if (c->json)
		rec_write_counts(EX_ALL_WELL, {"servers", (uint64_t)n});
	return EX_ALL_WELL;
}

static int
parse_port(const char *text)
{
	char *end;
	long port;

	errno = 0;
	port = strtol(text, &end, 10);
	if (errno || end == text || *end || port < 1 || port > PORT_MAX)
		opt_die("stop takes ports, numbers from 1 to %d, not '%s'", PORT_MAX, text);
	return (int)port;
}

/* True if the server was stopped, or would be. */
static bool
stop_port(const struct clean *c, const struct servers *all, int port)
{
	const struct server *known = on_port(all, port);
	struct server one = {.port = port, .batch = known ? known->batch : NULL};
	int rc = c->only_say ? !known : lease_stop(&c->root, port, STOP_MS);

	if (rc == 0)
		say_stopped(c, &one);
	else if (rc == 1)
		msg_warn("no server of %s holds port %d: `bi-clean list` shows the servers", c->root.path, port);
	else
		msg_warn_errno("cannot stop the server on port %d", port);
	return rc == 0;
}

int
clean_stop(const struct clean *c, char **args)
{
	size_t stopped = 0, failed = 0;
	struct servers all;

	if (!*args)
		opt_die("stop takes the ports of servers: `bi-clean list` shows them");
	for (char **p = args; *p; p++)
		parse_port(*p); /* all of them, before any server ends */
	find_servers(c, &all);
	for (; *args; args++) {
		if (stop_port(c, &all, parse_port(*args)))
			stopped++;
		else
			failed++;
	}
	servers_free(&all);
	return finish(c, stopped, failed);
}

/* All servers are told to end before any is waited for, so that they end in parallel. */
int
clean_stop_all(const struct clean *c, char **args)
{
	size_t stopped = 0, failed = 0;
	struct servers all;
	int *pidfds;

	(void)args;
	find_servers(c, &all);
	pidfds = buf_alloc((all.n + 1) * sizeof(*pidfds));
	for (size_t i = 0; i < all.n; i++) {
		pidfds[i] = c->only_say ? -1 : lease_request_stop(&c->root, all.v[i].port);
		if (pidfds[i] < 0 && !c->only_say && errno != ESRCH) {
			msg_warn_errno("cannot stop the server on port %d", all.v[i].port);
			failed++;
		}
	}
	for (size_t i = 0; i < all.n; i++) {
		const struct server *s = &all.v[i];

		if (!c->only_say && pidfds[i] < 0)
			continue;
		if (!c->only_say && lease_await_stop(pidfds[i], STOP_MS) < 0) {
			msg_warn_errno("the server on port %d was asked to end and has not ended", s->port);
			failed++;
			continue;
		}
		say_stopped(c, s);
		stopped++;
	}
	if (!c->json && stopped + failed == 0)
		puts("No active servers");
	free(pidfds);
	servers_free(&all);
	return finish(c, stopped, failed);
}
