/* Checks of servers and of the ports for them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "doctor_checks.h"
#include "files/root.h"
#include "http/lease.h"
#include "http/servers.h"
#include "records/rec.h"

enum {
	STARTING = 120, /* s that a server may take to start */
	PORT_FIRST = 8000,
	PORT_LAST = 8020, /* bi-serve's */
};

struct served {
	struct doctor *d;
	size_t n;
};

static double
lease_age(const struct doctor *d, int port)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "leases/%d", port);
	return fstatat(d->root->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? doctor_seconds_since(st.st_mtim.tv_sec) : 0;
}

static bool
see_living(struct lease_seen *seen, void *arg)
{
	struct served *s = arg;
	char room[DOCTOR_SPAN];
	double since = lease_age(s->d, seen->port);

	s->n++;
	if (seen->record.len > 0 || since < STARTING)
		return true;
	doctor_find(s->d, DOCTOR_PROBLEM, NULL, "the server on port %d has been starting for %s", seen->port,
		    doctor_span(room, since));
	doctor_mend(s->d, "read '%s/leases/%d.log'; `bi-clean stop %d` ends it", s->d->root->path, seen->port,
		    seen->port);
	return true;
}

static bool
see_dead(struct lease_seen *seen, void *arg)
{
	struct served *s = arg;
	struct json_object *record = servers_record(seen);
	const char *batch = rec_string(record, "batch");

	if (batch && root_name_check(batch))
		batch = NULL;
	doctor_find(s->d, DOCTOR_PROBLEM, batch, "the server of %s on port %d was killed", batch ? batch : "a batch",
		    seen->port);
	doctor_mend(s->d, "`bi-serve %s` starts another; `: >'%s/leases/%d'` deletes its record",
		    batch ? batch : "BATCH", s->d->root->path, seen->port);
	json_object_put(record);
	return true;
}

void
doctor_servers(struct doctor *d)
{
	struct served s = {.d = d};

	if (lease_each(d->root, see_living, &s) < 0 || lease_each_dead(d->root, see_dead, &s) < 0) {
		doctor_find(d, DOCTOR_PROBLEM, NULL, "leases cannot be read: %s", strerror(errno));
		doctor_mend(d, "check the permissions of '%s/leases'", d->root->path);
	}
	doctor_looked(d, "%zu server%s", s.n, s.n == 1 ? "" : "s");
}

void
doctor_ports(struct doctor *d)
{
	int free = 0;

	for (int port = PORT_FIRST; port <= PORT_LAST; port++)
		free += lease_is_free(d->root, "127.0.0.1", port);
	if (free == 0) {
		doctor_find(d, DOCTOR_PROBLEM, NULL, "no port from %d to %d is free for another server", PORT_FIRST,
			    PORT_LAST);
		doctor_mend(d, "`bi-clean list` shows the servers, and `bi-clean stop PORT` ends one; `bi-serve --port "
			       "FIRST-LAST` uses other ports");
	}
	doctor_looked(d, "%d of %d ports free", free, PORT_LAST - PORT_FIRST + 1);
}
