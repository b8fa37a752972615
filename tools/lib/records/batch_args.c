#include "records/batch_args.h"

#include <errno.h>
#include <poll.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/msg.h"
#include "base/opt.h"
#include "files/root.h"
#include "records/rec.h"

static const char nothing[] = "no batch was named: give names, or pipe the records of bi-fetch or bi-render in";
static const char nothing_came[] =
	"no batch was named: nothing came from standard input; a program before this one that "
	"failed has said why, else give names, or pipe the records of bi-fetch or bi-render in";

static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
keep_nothing(void *name)
{
	(void)name; /* V owns it */
}

void
batch_args_add(struct batch_args *names, const char *name)
{
	const char *wrong = root_name_check(name);

	if (wrong) {
		msg_warn("the batch name '%s' %s", name, wrong);
		names->bad++;
		return;
	}
	if (tfind(name, &names->tree, compare_names))
		return;
	names->v = buf_grow(names->v, names->n, sizeof(*names->v));
	names->v[names->n] = buf_strdup(name);
	if (!tsearch(names->v[names->n++], &names->tree, compare_names))
		msg_die(EX_OSERR, "out of memory");
}

static void
add_record(struct batch_args *names, const struct rec *rec, const struct batch_args_watch *watch)
{
	const char *name = rec->kind == REC_PLAIN ? rec->text : NULL;

	if (rec->kind == REC_JSON)
		name = rec_string(rec->json, "batch");
	if (name) {
		size_t bad = names->bad;

		batch_args_add(names, name);
		if (watch && names->bad == bad)
			watch->named(name, watch->arg);
		return;
	}
	if (rec->kind == REC_BAD)
		msg_warn("%s: give names of batches, or records of bi-fetch or bi-render", rec->wrong);
	else
		msg_warn("line %llu has no \"batch\": give names of batches, or records of bi-fetch or bi-render",
			 rec->line);
	names->nameless++;
}

int
batch_args_read(struct batch_args *names, char **args, const struct batch_args_watch *watch)
{
	struct rec_reader *in;
	struct rec rec;

	if (!*args && isatty(STDIN_FILENO))
		opt_die("%s", nothing);
	in = rec_open(args, STDIN_FILENO);
	while ((watch ? rec_next(in, &rec) : rec_read(in, &rec)) != REC_EOF) {
		struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
		int rc;

		if (rec.kind != REC_MORE) {
			add_record(names, &rec, watch);
			continue;
		}
		/* Runs WATCH until there is something to read. */
		do
			rc = poll(&input, 1, watch->idle(watch->arg));
		while (rc == 0 || (rc < 0 && errno == EINTR));
		if (rec_fill(in) < 0)
			msg_die_errno(EX_IOERR, "cannot read standard input");
	}
	names->cut = rec_was_cut(in);
	names->upstream = rec_upstream_exit(in);
	rec_close(in);
	if (names->cut)
		msg_warn("the records stop without their end record: the program that writes them was cut off, and "
			 "records are missing; "
			 "run the pipeline again");
	else if (names->n + names->bad + names->nameless == 0) {
		msg_warn("%s", *args ? nothing : nothing_came);
		return EX_SOME_FAILED;
	}
	return 0;
}

void
batch_args_free(struct batch_args *names)
{
	tdestroy(names->tree, keep_nothing);
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
	*names = (struct batch_args){0};
}
