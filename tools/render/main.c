/*
 * bi-render: makes the review pages of batches. The records on standard input only say which batches are meant;
 * what is rendered is what the batches hold once the records end.
 */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "msg.h"
#include "names.h"
#include "opt.h"
#include "rec.h"
#include "render.h"

static const struct opt table[] = {
	{'j', "json", NULL, "records also on a terminal"},
	{'r', "root", "DIR", "the root directory (BI_ROOT)"},
	{0},
};

/* A code after CODE: what could not be done counts more than what failed or was left out. */
static int
worse(int code, int next)
{
	return code == EX_ALL_WELL || code == EX_SOME_FAILED ? (next ? next : code) : code;
}

/* What the names that were read come to by themselves. */
static int
code_of(const struct names *names)
{
	if (names->bad)
		return EX_WRONG_USE;
	return names->nameless || names->cut || names->upstream ? EX_SOME_FAILED : EX_ALL_WELL;
}

static int
run(char **operands, const char *dir, bool json)
{
	struct names names = {0};
	struct thumber *thumber = NULL;
	int code = names_read(&names, operands), done = 0;
	struct root root;

	code = worse(code, code_of(&names));
	if (names.n > 0)
		root_open(&root, dir, false);
	for (size_t i = 0; i < names.n; i++) {
		int rc = render_batch(&root, names.v[i], &thumber, json);

		done += rc == EX_ALL_WELL;
		code = worse(code, rc);
	}
	thumb_close(thumber);
	if (names.n > 0)
		root_close(&root);
	names_free(&names);
	if (json) {
		struct json_object *counts = json_object_new_object();

		json_object_object_add(counts, "batches", json_object_new_int(done));
		rec_out_end(counts, code);
	}
	return code;
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
