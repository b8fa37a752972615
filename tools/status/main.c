#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/msg.h"
#include "base/opt.h"
#include "batch/batch.h"
#include "batch/batch_patterns.h"
#include "batch/batch_stats.h"
#include "chosen.h"
#include "doctor.h"
#include "doctor_filesystem.h"
#include "events.h"
#include "files/file.h"
#include "hosts/host_rules.h"
#include "http/servers.h"
#include "items.h"
#include "records/batch_args.h"
#include "show_batches.h"
#include "snapshot.h"
#include "status.h"
#include "wait.h"
#include "watch.h"

enum { OPT_RULES = 256, OPT_REMOVED, OPT_FILESYSTEM, MEET_MS = 60000 };

static struct {
	const char **roots; /* NULL-terminated */
	size_t roots_n;
	const char *filesystem;
	bool rules, servers, rebuild, doctor, items, watch, events, paged;
	struct settings set;
} options = {.set = {.limit = JOB_STATUS_ITEMS, .timeout = -1}};

static const struct opt table[] = {
	{'D', "doctor", NULL, "report what is wrong with the root and the machine, and how to repair it"},
	{'e', "events", NULL, "print a record for each event from now on"},
	{'F', "from-start", NULL, "with --events: begin with what was recorded before"},
	{OPT_FILESYSTEM, "filesystem", "DIR", "with --doctor: whether two machines can use that file system at once"},
	{'f', "failed", NULL, "with --items: only the failed items"},
	{'i', "items", NULL, "show the items of each batch"},
	{'j', "json", NULL, "print the status document of each batch on one line, or records"},
	{'l', "limit", "N", "with --json or --items: N items at most (1000; 0: none)"},
	{'o', "offset", "N", "with --json or --items: the items after the first N"},
	{'R', "rebuild", NULL, "rebuild the state of batches from their items and results"},
	{OPT_REMOVED, "removed", NULL, "with --items: only the removed items"},
	{OPT_RULES, "rules", NULL, NULL}, /* for --doctor: the process ends if a rule for hosts is wrong */
	{'r', "root", "DIR", "where the batches are (BI_ROOT); may be given several times"},
	{'S', "servers", NULL, "the active servers instead of batches"},
	{'s', "strict", NULL, "exit 1 if any item failed"},
	{'t', "timeout", "SECONDS", "with --wait: give up after this time"},
	{'W', "watch", NULL, "show the table, and update it when something changes"},
	{'w', "wait", NULL, "wait until the batches are done, then show them"},
	{0},
};

static int
rebuild_batches(const struct root *root, const struct batch_args *names)
{
	int code = 0;

	for (size_t i = 0; i < names->n; i++) {
		const char *name = names->v[i];
		struct batch *b = batch_open(root, name, BATCH_ALONE, NULL);
		struct buf where = {0};
		uint64_t changed = 0;
		int64_t length = 0;
		int rc = 0;

		if (!b) {
			rc = snapshot_report_not_open(name);
		} else if (batch_rebuild(b, &changed, &where) < 0 || (length = batch_length(b)) < 0) {
			rc = msg_exit_code(errno);
			msg_warn("cannot examine %s/batches/%s/%s: %s; the state of the batch '%s' is unchanged: "
				 "correct "
				 "this and run the same command again",
				 root->path, name, where.data ? where.data : "items.ndjson", file_reason(errno), name);
		} else {
			batch_stats_keep(b);
			printf(options.set.json ? "{\"batch\":\"%s\",\"changed\":%" PRIu64 ",\"total_items\":%" PRIu64
						  "}\n"
						: "%s: %" PRIu64 " of %" PRIu64 " states differed\n",
			       name, changed, (uint64_t)length);
		}
		batch_close(b);
		buf_free(&where);
		if (code == 0)
			code = rc;
	}
	return code;
}

/* The form of the synopsis that is given besides the first; NULL: none. They exclude each other. */
static const char *
form_given(void)
{
	const char *const forms[] = {options.doctor ? "--doctor" : NULL,   options.servers ? "--servers" : NULL,
				     options.rebuild ? "--rebuild" : NULL, options.items ? "--items" : NULL,
				     options.watch ? "--watch" : NULL,     options.events ? "--events" : NULL};
	const char *form = NULL;

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (form && forms[i])
			opt_die("%s cannot be used with %s", forms[i], form);
		form = forms[i] ? forms[i] : form;
	}
	return form;
}

static void
check_use(char **operands)
{
	const struct settings *a = &options.set;

	(void)form_given();
	if ((options.servers || options.doctor) && (*operands || a->wait || a->strict || options.paged))
		opt_die("%s can be used only with --json and --root", options.doctor ? "--doctor" : "--servers");
	if (options.rebuild && (a->wait || a->strict || options.paged))
		opt_die("--rebuild can be used only with --json, --root and the names of batches");
	if (options.items && (a->wait || a->strict))
		opt_die("--items cannot be used with --wait or --strict");
	if ((options.watch || options.events) && options.paged)
		opt_die("--limit and --offset cannot be used with %s", options.watch ? "--watch" : "--events");
	if (options.watch && a->json)
		opt_die("--watch shows a table and cannot be used with --json: programs can use --events");
	if (options.filesystem && (!options.doctor || options.roots_n))
		opt_die(options.doctor ? "--root cannot be used with --filesystem" : "--filesystem requires --doctor");
	if (a->timeout >= 0 && !a->wait && !options.filesystem)
		opt_die("--timeout requires --wait");
	if (a->timeout > MEET_MS && options.filesystem)
		opt_die("with --filesystem, --timeout is 60 seconds at most");
	if (options.paged && !a->json && !options.items)
		opt_die("--limit and --offset require --json or --items");
	if ((a->failed || a->removed) && !options.items)
		opt_die("%s requires --items", a->failed ? "--failed" : "--removed");
	if (a->failed && a->removed)
		opt_die("--failed cannot be used with --removed: a removed item has not failed");
	if (a->from_start && !options.events)
		opt_die("--from-start requires --events");
	for (; *operands; operands++)
		if (!batch_patterns_is(*operands) && root_name_check(*operands))
			opt_die("the batch name '%s' %s", *operands, root_name_check(*operands));
}

/* The variables that options without a value set. */
static const struct {
	int id;
	bool *flag;
} flags[] = {
	{'D', &options.doctor},
	{'e', &options.events},
	{'F', &options.set.from_start},
	{'f', &options.set.failed},
	{'i', &options.items},
	{'j', &options.set.json},
	{OPT_REMOVED, &options.set.removed},
	{OPT_RULES, &options.rules},
	{'R', &options.rebuild},
	{'S', &options.servers},
	{'s', &options.set.strict},
	{'W', &options.watch},
	{'w', &options.set.wait},
};

static void
take_option(int id, const struct opts *o)
{
	switch (id) {
	case 'l':
		options.set.limit = (uint64_t)opt_number(o, 0, INT32_MAX);
		options.paged = true;
		break;
	case 'o':
		options.set.offset = (uint64_t)opt_number(o, 0, UINT32_MAX);
		options.paged = true;
		break;
	case OPT_FILESYSTEM:
		options.filesystem = o->value;
		break;
	case 'r':
		options.roots = buf_realloc(options.roots, (options.roots_n + 2) * sizeof(*options.roots));
		options.roots[options.roots_n++] = o->value;
		options.roots[options.roots_n] = NULL;
		break;
	case 't':
		options.set.timeout = opt_milliseconds(o, 0, 1e7);
		break;
	default:
		for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
			if (flags[i].id == id)
				*flags[i].flag = true;
	}
}

/* The forms that work on one root. */
static int
run_in_root(const struct root *root, char **operands)
{
	struct batch_args names = {0};
	int code;

	if (options.rules) {
		host_rules_free(host_rules_load(root->path));
		return EX_ALL_WELL;
	}
	if (options.doctor)
		return doctor_run(root, options.set.json);
	if (options.servers) {
		if (servers_print(root, options.set.json) >= 0)
			return EX_ALL_WELL;
		return msg_report_errno("cannot read the leases of %s", root->path);
	}
	for (; *operands; operands++)
		batch_args_add(&names, *operands);
	code = options.watch ? batches_watch(root, &names, &options.set) : events_print(root, &names, &options.set);
	batch_args_free(&names);
	return code;
}

static int
run_on_batches(struct chosen *c, char **operands)
{
	int code, waited = 0;

	chosen_find(c, operands);
	if (options.set.wait) /* not with --items */
		waited = batches_wait(c, options.set.timeout);
	code = options.items     ? items_show(&c->v->root, &c->v->names, &options.set)
	       : options.rebuild ? rebuild_batches(&c->v->root, &c->v->names)
				 : batches_show(c, &options.set);
	return waited ? waited : code;
}

static int
run_status(char **operands)
{
	static const char *const usual[] = {NULL};
	struct chosen c = chosen_open(options.roots_n ? options.roots : usual);
	int code;

	if (form_given() && c.n > 1)
		opt_die("%s shows one root: give --root once", form_given());
	if (options.rules || options.doctor || options.servers || options.watch || options.events)
		code = run_in_root(&c.v->root, batch_patterns_expand(&c.v->root, operands));
	else
		code = run_on_batches(&c, operands);
	chosen_free(&c);
	return code;
}

int
main(int argc, char **argv)
{
	struct opts o = opt_begin("bi-status", table, argc, argv, "[BATCH ...]",
				  "Shows the progress of all batches, or of those that are named.");
	int id;

	while ((id = opt_next(&o)) != 0)
		take_option(id, &o);
	check_use(opt_rest(&o));
	if (options.filesystem)
		msg_finish(doctor_filesystem(
			options.filesystem, options.set.timeout < 0 ? MEET_MS : options.set.timeout, options.set.json));
	msg_finish(run_status(opt_rest(&o)));
}
