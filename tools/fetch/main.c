/*
 * bi-fetch: adds URLs and local files to a batch and gets them, many at once. bi-fetch(1).
 */
#include <stdlib.h>
#include <unistd.h>

#include "fetch.h"
#include "msg.h"
#include "opt.h"

enum { CATEGORY = 256, CONNECT, JSON, LABEL, MAX_TIME, NO_SYNC, PER_HOST, RESUME, RETRY, STALL, TRIES, BACKOFF };

static const struct opt table[] = {
	{'b', "batch", "NAME", "the batch, for all lines (else each line's own, else 'default')"},
	{'r', "root", "DIR", "the root directory (else $BI_ROOT, /var/lib/bi, ~/.local/state/bi)"},
	{'P', "parallel", "N", "transfers at once (64)"},
	{PER_HOST, "per-host", "N", "transfers at once from one host (6)"},
	{TRIES, "tries", "N", "attempts an item, for failures that may pass (4)"},
	{BACKOFF, "backoff", "SECONDS", "the wait before the second attempt, doubled for each further one (1)"},
	{CONNECT, "connect-timeout", "SECONDS", "for a connection to be made (30)"},
	{STALL, "stall-timeout", "SECONDS", "a transfer may stand still (60)"},
	{MAX_TIME, "max-time", "SECONDS", "a transfer may take in all (0: no limit)"},
	{RESUME, "resume", NULL, "work on all that the batch has, read no lines"},
	{RETRY, "retry", NULL, "try permanent failures again too"},
	{CATEGORY, "category", "NAME", "of the batch, if it is made now"},
	{LABEL, "label", "TEXT", "of the batch, if it is made now"},
	{NO_SYNC, "no-sync", NULL, "leave it to the system when bytes reach the disk"},
	{JSON, "json", NULL, "records on stdout, also on a terminal"},
	{'q', "quiet", NULL, "no progress line, no sentence at the end"},
	{0},
};

static void
take(struct settings *set, const struct opts *o, int id)
{
	switch (id) {
	case 'b':
		set->batch = o->value;
		if (root_name_wrong(o->value))
			opt_wrong("the batch name '%s' %s", o->value, root_name_wrong(o->value));
		break;
	case 'r':
		set->root = o->value;
		break;
	case 'P':
		set->parallel = opt_number(o, 1, 1024);
		break;
	case 'q':
		set->quiet = true;
		break;
	case BACKOFF:
		set->backoff_ms = opt_milliseconds(o, 0, 3600);
		break;
	case CATEGORY:
		set->category = o->value;
		break;
	case CONNECT:
		set->connect_ms = opt_milliseconds(o, 0.001, 86400);
		break;
	case JSON:
		set->json = true;
		break;
	case LABEL:
		set->label = o->value;
		break;
	case MAX_TIME:
		set->max_ms = opt_milliseconds(o, 0, 86400);
		break;
	case NO_SYNC:
		set->no_sync = true;
		break;
	case PER_HOST:
		set->per_host = opt_number(o, 1, 1024);
		break;
	case RESUME:
		set->resume = true;
		break;
	case RETRY:
		set->retry = true;
		break;
	case STALL:
		set->stall_ms = opt_milliseconds(o, 1, 86400);
		break;
	case TRIES:
		set->tries = opt_number(o, 1, 100);
		break;
	}
}

int
main(int argc, char **argv)
{
	struct settings set = {
		.parallel = 64,
		.per_host = 6,
		.tries = 4,
		.backoff_ms = 1000,
		.connect_ms = 30000,
		.stall_ms = 60000,
	};
	struct opts o = {
		.operands = "[URL | FILE ...]",
		.purpose = "Adds URLs and files, from operands or the lines of stdin, to a batch and gets them.",
		.table = table,
		.argc = argc,
		.argv = argv,
	};

	msg_program("bi-fetch");
	for (int id; (id = opt_next(&o));)
		take(&set, &o, id);
	if (set.resume && *opt_rest(&o))
		opt_wrong("--resume works on what the batch has: give no URLs with it");
	msg_finish(fetch_run(&set, opt_rest(&o)));
}
