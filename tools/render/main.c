/* bi-render: makes the review pages of batches. The records on standard input only name the batches. The pages show the
 * contents of the batches when the records end; until then they are updated now and then. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/opt.h"
#include "batch/batch_patterns.h"
#include "files/root_write.h"
#include "reasons.h"
#include "records/batch_args.h"
#include "records/rec.h"
#include "render.h"
#include "review/licence_table.h"

enum { OPT_PICKS = 256, OPT_REASONS, OPT_STARS, OPT_NO_STARS, OPT_BLIND, OPT_NO_BLIND };

static const struct opt table[] = {
	{'j', "json", NULL, "records also on a terminal"},
	{'r', "root", "DIR", "the root directory (BI_ROOT)"},
	ROOT_SHARED_OPTION,
	{OPT_PICKS, "picks", "COUNT", "one or many picks a subject"},
	{OPT_REASONS, "reasons", "FILE", "the reasons for a reject, one a line"},
	{OPT_STARS, "stars", NULL, "ask reviewers for 1 to 5 stars"},
	{OPT_NO_STARS, "no-stars", NULL, "do not ask for stars"},
	{OPT_BLIND, "blind", NULL, "hide the picks of others until a reviewer has decided"},
	{OPT_NO_BLIND, "no-blind", NULL, "show all picks to all"},
	{0},
};

/* Combines the exit codes: an error of bi-render counts more than failed or missing items. */
static int
worse_code(int code, int next)
{
	return code == EX_ALL_WELL || code == EX_SOME_FAILED ? (next ? next : code) : code;
}

/* The exit code for the names that were read. */
static int
names_exit_code(const struct batch_args *names)
{
	if (names->bad)
		return EX_WRONG_USE;
	return names->nameless || names->cut || names->upstream ? EX_SOME_FAILED : EX_ALL_WELL;
}

enum { PAUSE = 1000, PIPE = 1 << 20 }; /* milliseconds between two renderings of a batch; bytes */

/* A batch of which more records may come. */
struct live {
	int64_t due;  /* when it may be rendered next */
	bool news;    /* something was recorded since */
	bool trouble; /* it could not be rendered, which is tried again at the end */
};

struct work {
	struct batch_args names;
	struct live *live; /* of each name */
	size_t lives;
	struct root root; /* fd is -1 until it is open */
	const char *dir;
	struct thumber *thumber;
	struct review_change change; /* of the settings of each batch */
};

static void
open_root(struct work *w)
{
	if (w->root.fd < 0)
		root_open_to_write(&w->root, w->dir, false);
}

static void
on_name(const char *name, void *arg)
{
	struct work *w = arg;
	size_t i = w->lives;

	/* The last batches first, since records of one batch arrive together. */
	while (i > 0 && strcmp(w->names.v[i - 1], name) != 0)
		i--;
	if (i == 0) {
		w->live = buf_realloc(w->live, w->names.n * sizeof(*w->live));
		w->live[w->lives] = (struct live){.due = clock_ms() + PAUSE};
		i = ++w->lives;
	}
	w->live[i - 1].news = true;
}

/* Renders the batches that have changed. The pages are updated only so often that most of the machine is left to the
 * fetching. */
static int
render_meanwhile(void *arg)
{
	struct work *w = arg;
	int64_t next = -1;

	for (size_t i = 0; i < w->lives; i++) {
		struct live *l = &w->live[i];
		int64_t began = clock_ms();

		if (!l->news || l->trouble)
			continue;
		if (began >= l->due) {
			open_root(w);
			l->trouble = render_batch(&w->root, w->names.v[i], &w->thumber, &w->change, RENDER_MEANWHILE) !=
				     EX_ALL_WELL;
			l->due = clock_ms() + PAUSE + 2 * (clock_ms() - began);
			l->news = false;
		} else if (next < 0 || l->due < next) {
			next = l->due;
		}
	}
	return next < 0 ? -1 : clock_left(next);
}

static int
run_render(char **operands, const char *dir, const struct review_change *change, bool json)
{
	struct work w = {.root.fd = -1, .dir = dir, .change = *change};
	const struct batch_args_watch watch = {.named = on_name, .idle = render_meanwhile, .arg = &w};
	const char *wrong = licence_table_load();
	int code, done;

	if (wrong)
		msg_die(EX_UNAVAILABLE, "%s", wrong);
	/* The fetching continues while pages are made, as long as there is room for its records. */
	if (!*operands)
		(void)fcntl(STDIN_FILENO, F_SETPIPE_SZ, PIPE);
	if (batch_patterns_has(operands)) {
		open_root(&w);
		operands = batch_patterns_expand(&w.root, operands);
	}
	code = batch_args_read(&w.names, operands, &watch);
	code = worse_code(code, names_exit_code(&w.names));
	done = 0;
	if (w.names.n > 0)
		open_root(&w);
	for (size_t i = 0; i < w.names.n; i++) {
		int rc =
			render_batch(&w.root, w.names.v[i], &w.thumber, change, json ? RENDER_RECORD : RENDER_SENTENCE);

		done += rc == EX_ALL_WELL;
		code = worse_code(code, rc);
	}
	thumb_close(w.thumber);
	if (w.root.fd >= 0)
		root_close(&w.root);
	batch_args_free(&w.names);
	free(w.live);
	if (json)
		rec_write_counts(code, {"batches", (uint64_t)done});
	return code;
}

/* Sets the member of C that the option O changes. */
static void
take_setting(struct review_change *c, int id, const struct opts *o)
{
	static const bool yes = true, no = false;

	if (id == OPT_PICKS && strcmp(o->value, "one") != 0 && strcmp(o->value, "many") != 0)
		opt_die("--picks is one or many, not '%s'", o->value);
	if (id == OPT_PICKS)
		c->picks = o->value;
	else if (id == OPT_REASONS)
		c->reasons = reasons_read(o->value);
	else if (id == OPT_STARS || id == OPT_NO_STARS)
		c->stars = id == OPT_STARS ? &yes : &no;
	else
		c->blind = id == OPT_BLIND ? &yes : &no;
}

int
main(int argc, char **argv)
{
	struct opts o =
		opt_begin("bi-render", table, argc, argv, "[BATCH ...]",
			  "Makes the review pages of batches, which operands or records on standard input name.");
	bool json = !isatty(STDOUT_FILENO);
	struct review_change change = {0};
	const char *dir = NULL;
	int id;

	while ((id = opt_next(&o)) != 0) {
		if (id == 'r')
			dir = o.value;
		else if (id == ROOT_OPT_SHARED)
			root_allow_shared();
		else if (id == 'j')
			json = true;
		else
			take_setting(&change, id, &o);
	}
	msg_finish(run_render(opt_rest(&o), dir, &change, json));
}
