#include "held.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/human.h"
#include "base/msg.h"
#include "base/when.h"
#include "hosts/held_hosts.h"

/* Shorter hold-backs are not shown, since they end while the line is read. */
enum { SHOWN_S = 5, LINES_MAX = 10 };

static bool
is_long(const struct held_host *h)
{
	return difftime(h->until, time(NULL)) >= SHOWN_S;
}

static const char *
span_until(char room[HUMAN_ROOM], time_t until)
{
	double left = difftime(until, time(NULL));

	return human_span(room, left > 0 ? left : 0);
}

int
held_print(const struct root *root, const char *at, struct buf *out)
{
	struct held_hosts all;
	int error = held_hosts_find(root, &all) < 0 ? errno : 0;
	char until[WHEN_LOCAL_SIZE], span[HUMAN_ROOM];
	size_t n = 0;

	if (error)
		buf_printf(out, "\nCannot tell whether hosts are held back: cannot read all of hosts/: %s\n",
			   strerror(error));
	for (size_t i = 0; i < all.n; i++) {
		if (!is_long(&all.v[i]) || n++ >= LINES_MAX)
			continue;
		if (n == 1)
			buf_str(out, "\n");
		human_text(out, all.v[i].key);
		buf_printf(out, " is held back until %s (%s): `bi-clean release %s",
			   when_print_local(until, all.v[i].until), span_until(span, all.v[i].until), at);
		human_text(out, all.v[i].key);
		buf_str(out, "` ends that\n");
	}
	if (n > LINES_MAX)
		buf_printf(out, "and %zu more hosts: `bi-status --doctor --json` lists all\n", n - LINES_MAX);
	held_hosts_free(&all);
	return error ? msg_exit_code(error) : 0;
}

void
held_report(struct doctor *d)
{
	struct held_hosts all;
	char until[WHEN_LOCAL_SIZE], span[HUMAN_ROOM];

	if (held_hosts_find(d->root, &all) < 0) {
		doctor_find(d, DOCTOR_PROBLEM, NULL, "cannot tell whether hosts are held back: %s", strerror(errno));
		doctor_mend(d, "check the permissions of '%s/hosts' and its files", d->root->path);
	}
	for (size_t i = 0; i < all.n; i++) {
		if (!is_long(&all.v[i]))
			continue;
		doctor_find(d, DOCTOR_NOTE, NULL, "%s is held back until %s (%s): nothing is requested from it",
			    all.v[i].key, when_print_local(until, all.v[i].until), span_until(span, all.v[i].until));
		doctor_mend(d, "wait, or let programs send requests to it again: `bi-clean release %s`", all.v[i].key);
	}
	held_hosts_free(&all);
}
