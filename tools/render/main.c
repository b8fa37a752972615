/*
 * bi-render: makes the review pages of batches. The records on standard input only say which batches are meant;
 * what is rendered is what the batches hold once the records end.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "msg.h"
#include "opt.h"
#include "rec.h"
#include "render.h"

static const struct opt table[] = {
	{'j', "json", NULL, "records also on a terminal"},
	{'r', "root", "DIR", "BI_ROOT"},
	{0},
};

/* The names of the batches, each once. */
struct names {
	char **v;
	size_t n;
	int code; /* what was wrong with the input */
};

static void
wrong(struct names *names, int code)
{
	if (names->code == EX_ALL_WELL || names->code == EX_SOME_FAILED)
		names->code = code;
}

static void
add(struct names *names, const char *name)
{
	const char *why;

	for (size_t i = names->n; i-- > 0;)
		if (strcmp(names->v[i], name) == 0)
			return;
	why = root_name_wrong(name);
	if (why) {
		msg_warn("the batch name '%s' %s", name, why);
		wrong(names, EX_WRONG_USE);
		return;
	}
	names->v = buf_realloc(names->v, (names->n + 1) * sizeof(*names->v));
	names->v[names->n++] = buf_strdup(name);
}

static void
read_names(struct names *names, char **operands)
{
	struct rec_reader *in = rec_open(operands, STDIN_FILENO);
	struct rec r;

	while (rec_read(in, &r) != REC_EOF) {
		const char *name = r.kind == REC_PLAIN ? r.text : NULL;

		if (r.kind == REC_JSON)
			name = rec_string(r.json, "batch");
		if (name) {
			add(names, name);
			continue;
		}
		if (r.kind == REC_BAD)
			msg_warn("%s; it is left out", r.wrong);
		else
			msg_warn("line %llu is a record without \"batch\"; it is left out", r.line);
		wrong(names, EX_SOME_FAILED);
	}
	if (rec_was_cut(in)) {
		msg_warn(
			"the records stopped without their end record: what made them was cut off, so more is to come; "
			"run it again. What is there is rendered");
		wrong(names, EX_SOME_FAILED);
	}
	rec_close(in);
}

static int
run(char **operands, const char *dir, bool json)
{
	struct names names = {0};
	struct thumber *thumber = NULL;
	struct root root;
	int done = 0;

	if (!*operands && isatty(STDIN_FILENO))
		opt_wrong("no batch is named, and standard input is a terminal");
	read_names(&names, operands);
	if (names.n > 0)
		root_open(&root, dir, false);
	for (size_t i = 0; i < names.n; i++) {
		int code = render_batch(&root, names.v[i], &thumber, json);

		if (code == EX_ALL_WELL)
			done++;
		else
			wrong(&names, code);
		free(names.v[i]);
	}
	thumb_close(thumber);
	if (names.n > 0) {
		close(root.fd);
		free(root.path);
	}
	free(names.v);
	if (json) {
		struct json_object *counts = json_object_new_object();

		json_object_object_add(counts, "batches", json_object_new_int(done));
		rec_out_end(counts, names.code);
	}
	return names.code;
}

int
main(int argc, char **argv)
{
	struct opts o = {
		.operands = "[BATCH ...]",
		.purpose = "Makes the review pages of batches, named as operands or by records on standard input.",
		.table = table,
		.argc = argc,
		.argv = argv,
	};
	bool json = !isatty(STDOUT_FILENO);
	const char *dir = NULL;
	int id;

	msg_program("bi-render");
	while ((id = opt_next(&o)) != 0) {
		if (id == 'r')
			dir = o.value;
		else
			json = true;
	}
	msg_finish(run(opt_rest(&o), dir, json));
}
