#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "batch.h"
#include "buf.h"
#include "msg.h"
#include "names.h"
#include "opt.h"
#include "rec.h"
#include "servers.h"
#include "status.h"

static struct {
	const char *root;
	bool json, wait, strict, servers, rebuild, doctor, paged;
	long limit, offset;
	long timeout; /* ms; -1: none */
} options = {.limit = PROGRESS_ITEMS, .timeout = -1};

static const struct opt table[] = {
	{'D', "doctor", NULL, "what is wrong with the root and the machine, and what mends it"},
	{'j', "json", NULL, "the status document of each batch on a line"},
	{'l', "limit", "N", "with --json: N items at most (1000; 0: none)"},
	{'o', "offset", "N", "with --json: the items after the first N"},
	{'R', "rebuild", NULL, "make the state of batches anew from items and results"},
	{'r', "root", "DIR", "where the batches are (BI_ROOT)"},
	{'S', "servers", NULL, "the active servers instead of batches"},
	{'s', "strict", NULL, "exit 1 if any item failed"},
	{'t', "timeout", "SECONDS", "with --wait: give up after so long"},
	{'w', "wait", NULL, "wait until the batches are done, then show them"},
	{0},
};

static bool
add_name(const char *name, void *arg)
{
	names_add(arg, name);
	return true;
}

/* Those of the operands, or every batch. */
static struct names
find_names(const struct root *root, char **operands)
{
	struct names names = {0};

	for (; *operands; operands++)
		names_add(&names, *operands);
	if (!names.n && batch_each(root, add_name, &names) < 0)
		msg_die_errno(msg_code(errno), "cannot list the batches in %s", root->path);
	return names;
}

static int
say_not_open(const char *name)
{
	switch (errno) {
	case ENOENT:
		msg_warn("there is no batch '%s'; bi-status without names lists those there are", name);
		return EX_NOINPUT;
	case EBUSY:
		msg_warn("the batch '%s' is being worked on; rebuild it when bi-status --wait %s has returned", name,
			 name);
		return EX_TEMPFAIL;
	default:
		msg_warn_errno("cannot read the batch '%s'", name);
		return msg_code(errno);
	}
}

static void
to_stdout(const char *bytes, size_t n, void *arg)
{
	(void)arg;
	if (fwrite(bytes, 1, n, stdout) != n)
		rec_flush();
}

/* Looks at one batch, and prints its document if that is asked for. 0 or an exit code. */
static int
see_batch(const struct root *root, struct seen *seen)
{
	struct batch *b = batch_open(root, seen->name, BATCH_READ, NULL);
	int code = 0;

	if (!b)
		return say_not_open(seen->name);
	if (progress_read(root, b, &seen->p) < 0) {
		msg_warn_errno("cannot read the state of the batch '%s'", seen->name);
		code = msg_code(errno);
	} else if (options.json) {
		progress_print(b, &seen->p, (uint64_t)options.offset, (uint64_t)options.limit, to_stdout, NULL);
		to_stdout("\n", 1, NULL);
	}
	batch_close(b);
	return code;
}

/* What the items say for the exit code: 1 when any failed (--strict), or when all did that were waited for. */
static int
judge(const struct seen *v, size_t n)
{
	uint64_t completed = 0, failed = 0;

	for (size_t i = 0; i < n; i++) {
		completed += v[i].p.counts.completed;
		failed += v[i].p.counts.failed;
	}
	if (failed > 0 && (options.strict || (options.wait && completed == 0)))
		return EX_SOME_FAILED;
	return EX_ALL_WELL;
}

static int
show(const struct root *root, const struct names *names)
{
	struct seen *v = buf_alloc((names->n + 1) * sizeof(*v));
	size_t n = 0;
	int code = 0;

	for (size_t i = 0; i < names->n; i++) {
		int rc;

		v[n] = (struct seen){.name = names->v[i]};
		rc = see_batch(root, &v[n]);
		if (rc == 0)
			n++;
		else if (code == 0)
			code = rc;
	}
	if (!options.json && (n > 0 || code == 0))
		table_print(root, v, n);
	if (code == 0)
		code = judge(v, n);
	free(v);
	return code;
}

static int
rebuild(const struct root *root, const struct names *names)
{
	int code = 0;

	for (size_t i = 0; i < names->n; i++) {
		const char *name = names->v[i];
		struct batch *b = batch_open(root, name, BATCH_ALONE, NULL);
		uint64_t changed = 0;
		int rc = 0;

		if (!b) {
			rc = say_not_open(name);
		} else if (batch_rebuild(b, &changed) < 0) {
			msg_warn_errno("cannot rebuild the state of the batch '%s'", name);
			rc = msg_code(errno);
		} else {
			printf(options.json ? "{\"batch\":\"%s\",\"changed\":%" PRIu64 ",\"total_items\":%" PRIu64 "}\n"
					    : "%s: %" PRIu64 " of %" PRIu64 " states differed\n",
			       name, changed, batch_length(b));
		}
		if (b)
			batch_close(b);
		if (code == 0)
			code = rc;
	}
	return code;
}

static int
batches(const struct root *root, char **operands)
{
	struct names names = find_names(root, operands);
	int waited = 0, code;

	if (options.wait)
		waited = wait_for(root, names.v, names.n, options.timeout);
	code = options.rebuild ? rebuild(root, &names) : show(root, &names);
	names_free(&names);
	return waited ? waited : code;
}

static int
servers(const struct root *root)
{
	if (servers_print(root, options.json) >= 0)
		return EX_ALL_WELL;
	msg_warn_errno("cannot read the leases of %s", root->path);
	return msg_code(errno);
}

static void
check_use(char **operands)
{
	if ((options.servers || options.doctor) && (*operands || options.wait || options.rebuild || options.strict ||
						    options.paged || (options.servers && options.doctor)))
		opt_wrong("%s goes with --json and --root alone", options.doctor ? "--doctor" : "--servers");
	if (options.rebuild && (options.wait || options.strict || options.paged))
		opt_wrong("--rebuild goes with --json, --root and names alone");
	if (options.timeout >= 0 && !options.wait)
		opt_wrong("--timeout goes with --wait");
	if (options.paged && !options.json)
		opt_wrong("--limit and --offset go with --json");
	for (; *operands; operands++)
		if (root_name_wrong(*operands))
			opt_wrong("the batch name '%s' %s", *operands, root_name_wrong(*operands));
}

static void
take_option(int id, const struct opts *o)
{
	switch (id) {
	case 'D':
		options.doctor = true;
		break;
	case 'j':
		options.json = true;
		break;
	case 'l':
		options.limit = opt_number(o, 0, INT32_MAX);
		options.paged = true;
		break;
	case 'o':
		options.offset = opt_number(o, 0, UINT32_MAX);
		options.paged = true;
		break;
	case 'R':
		options.rebuild = true;
		break;
	case 'r':
		options.root = o->value;
		break;
	case 'S':
		options.servers = true;
		break;
	case 's':
		options.strict = true;
		break;
	case 't':
		options.timeout = opt_milliseconds(o, 0, 1e7);
		break;
	default:
		options.wait = true;
		break;
	}
}

int
main(int argc, char **argv)
{
	struct opts o = {.operands = "[BATCH ...]",
			 .purpose = "How far batches are: all of them, or those named.",
			 .table = table,
			 .argc = argc,
			 .argv = argv};
	struct root root;
	int id;

	msg_program("bi-status");
	while ((id = opt_next(&o)) != 0)
		take_option(id, &o);
	check_use(opt_rest(&o));
	root_open(&root, options.root, false);
	if (options.doctor)
		msg_finish(doctor(&root, options.json));
	msg_finish(options.servers ? servers(&root) : batches(&root, opt_rest(&o)));
}
