/* bi-collect: copies the files that reviewers chose to the collection, with their licences, and exports them. The
 * collection is consistent at any moment, and repeated runs give the same result, so the program may be killed and run
 * again. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/opt.h"
#include "batch/batch_patterns.h"
#include "collect.h"
#include "collect_batch.h"
#include "credits.h"
#include "decisions.h"
#include "exit_code.h"
#include "export.h"
#include "export_filter.h"
#include "export_form.h"
#include "files/root_write.h"
#include "files/scratch.h"
#include "import.h"
#include "records/rec.h"
#include "review/licence_table.h"
#include "review/same_picture.h"
#include "verify.h"

enum {
	OPT_ALLOW = 256,
	OPT_AS,
	OPT_BY,
	OPT_CHANGED,
	OPT_CONTACT,
	OPT_FORMAT,
	OPT_NAME,
	OPT_ORIGINALS,
	OPT_PICKS,
	OPT_PREFER,
	OPT_PRIVATE,
	OPT_SHARD,
	OPT_STRICT,
	OPT_VERIFY
};

static const struct opt table[] = {
	{'a', "all", NULL, "collect all completed items of batches that nobody reviewed"},
	{'j', "json", NULL, "records also on a terminal"},
	{'r', "root", "DIR", "the root directory (BI_ROOT)"},
	ROOT_SHARED_OPTION,
	{'o', "output", "FILE", "export the chosen files; to a directory if FILE ends in /"},
	{OPT_ALLOW, "allow", "WHAT",
	 "as --strict, but also take files that must not be sold (nc), changed (nd) or both (nc,nd)"},
	{OPT_AS, "as", "OLD=NEW", "collect the subject with the id OLD as NEW"},
	{OPT_BY, "by", "WHAT", "collect below by_subject_id/, by_category/ or by_batch/: id, category, batch (id)"},
	{OPT_CHANGED, "changed", NULL, "also take candidates whose file has changed since they were chosen"},
	{OPT_FORMAT, "format", "FORMAT", "tar, zip, csv, json, coco, ...: bi-exports(5) (by FILE's suffix)"},
	{OPT_NAME, "name", "TEMPLATE", "of files in the export: {subject}, {n}, {filename}, {title}, {ext}"},
	{OPT_ORIGINALS, "originals", NULL, "let bi-fetch fetch the originals of chosen thumbnails"},
	{OPT_CONTACT, "contact", "TEXT", "for --originals: a URL or mail address (else $BI_CONTACT)"},
	{OPT_PICKS, "picks", "FILE", "first import the decisions that a page saved as a file"},
	{OPT_PREFER, "prefer", "NAME", "whose decision counts if reviewers differ, or newest"},
	{OPT_PRIVATE, "private", NULL, "leave the collection as it is, and use one that is removed at the end"},
	{OPT_SHARD, "shard-size", "SIZE", "the size of a webdataset's files: samples, or bytes such as 500M (1G)"},
	{OPT_STRICT, "strict", NULL, "take only files that are free for any use"},
	{OPT_VERIFY, "verify", NULL, "verify the exports that are the operands"},
	{0},
};

/* Opens the directories for writing. Returns an exit code. */
static int
open_collection(struct collect *c)
{
	if ((c->temp = root_open_dir(c->root->fd, "temp", true)) < 0 ||
	    (c->collected = c->set->private ? scratch_open(c->root, c->temp, "collect", c->scratch)
					    : root_open_dir(c->root->fd, "collected", true)) < 0 ||
	    (c->subjects = root_open_dir(c->collected, place_tree[c->set->by], true)) < 0)
		return msg_report_errno("cannot write to the collection in %s", c->root->path);
	return EX_ALL_WELL;
}

/* Reports that there is nothing to export. */
static int
report_nothing(const struct collect *c)
{
	static const char review[] = "review the batches (bi-serve shows their pages)";

	if (c->decisions)
		msg_warn("%s is not written, because nothing was decided: %s", c->set->output, review);
	else if (c->set->output)
		msg_warn("%s is not written, because nothing was chosen: %s, or use --all to take every item of "
			 "batches that nobody reviewed",
			 c->set->output, review);
	return EX_SOME_FAILED;
}

/* Exports what is collected, unless something is wrong with it. CODE is that of collecting. */
static int
export_batches(struct collect *c, const struct batch_args *names, int code)
{
	if (code > EX_CONFLICT || c->unread) {
		msg_warn("%s is not written, because some files could not be collected", c->set->output);
		return exit_code_worse(code, EX_SOME_FAILED);
	}
	if (c->decisions ? c->decided == 0 : c->kept_n == 0)
		return exit_code_worse(code, report_nothing(c));
	return exit_code_worse(code, export_all(c, names));
}

/* Finds the items of the batches that have the same bytes. A batch that does not exist or cannot be opened is reported
 * when it is collected. Returns an exit code. */
static int
find_same(struct collect *c, const struct batch_args *names)
{
	int rc = 0;

	c->same = same_pictures_begin(c->root);
	for (size_t i = 0; i < names->n && rc == 0; i++) {
		struct batch *b = batch_open(c->root, names->v[i], BATCH_READ, NULL);

		if (b && (rc = same_pictures_read(c->same, b)) < 0)
			return msg_report_errno("cannot read the results of batch %s", names->v[i]);
		if (b)
			batch_close(b);
	}
	same_pictures_end(c->same);
	return EX_ALL_WELL;
}

static int
collect_batches(struct collect *c, struct batch_args *names)
{
	int code = import_picks(c, names);

	if (code != EX_ALL_WELL || (code = find_same(c, names)) != EX_ALL_WELL)
		return code;
	for (size_t i = 0; i < names->n; i++)
		code = exit_code_worse(code, collect_batch(c, names->v[i]));
	if (names->n > 0 && !c->set->private)
		code = exit_code_worse(code, credits_of_all(c));
	if (names->n > 0 && c->set->output)
		return export_batches(c, names, code);
	return names->n > 0 && c->decided == 0 && c->kept_n == 0 ? exit_code_worse(code, report_nothing(c)) : code;
}

static int
run_collect(char **operands, const char *dir, const struct settings *set)
{
	struct collect c = {.set = set, .temp = -1, .collected = -1, .subjects = -1};
	struct batch_args names = {0};
	struct decisions decisions = {.text.part.fd = -1};
	struct root root;
	bool is_open = batch_patterns_has(operands);
	int code;

	if (is_open) {
		root_open_to_write(&root, dir, false);
		operands = batch_patterns_expand(&root, operands);
	}
	code = *operands || !*set->picks ? batch_args_read(&names, operands, NULL) : EX_ALL_WELL;
	if (names.bad)
		code = exit_code_worse(code, EX_WRONG_USE);
	if (names.nameless || names.cut || names.upstream)
		code = exit_code_worse(code, EX_SOME_FAILED);
	if (names.n > 0 || (*set->picks && !*operands)) {
		int rc;

		if (!is_open)
			root_open_to_write(&root, dir, false);
		c.root = &root;
		rc = open_collection(&c);
		if (rc == EX_ALL_WELL && set->filter && set->filter->decisions) {
			c.decisions = &decisions;
			if (section_begin(&decisions.text, c.temp) < 0)
				rc = msg_report_errno("cannot write to the collection in %s", c.root->path);
		}
		code = exit_code_worse(code, rc ? rc : collect_batches(&c, &names));
		if (*c.scratch && scratch_remove(c.root, c.temp, c.scratch) < 0)
			msg_warn_errno("cannot remove %s/temp/%s: `bi-clean temp` does", c.root->path, c.scratch);
		same_pictures_free(c.same);
		section_drop(&decisions.text);
		close(c.temp);
		close(c.subjects);
		close(c.collected);
		root_close(&root);
	}
	if (set->json)
		rec_write_counts(code, {"collected", c.files}, {"new", c.changed}, {"removed", c.removed},
				 {"conflicts", c.refused}, {"failed", c.failed});
	batch_args_free(&names);
	for (size_t i = 0; i < c.kept_n; i++)
		free(c.kept[i].place);
	free(c.kept);
	return code;
}

/* --shard-size: a number is samples, one with a letter bytes. */
static void
set_shard_size(struct settings *set, const struct opts *o)
{
	size_t n = strlen(o->value);

	set->shard_samples = set->shard_bytes = 0;
	if (n > 0 && o->value[n - 1] >= '0' && o->value[n - 1] <= '9')
		set->shard_samples = (uint64_t)opt_number(o, 1, 1000000000);
	else
		set->shard_bytes = (uint64_t)opt_bytes(o, 1024, (long)1 << 50);
}

/* --allow: a list of nc and nd. It implies --strict. */
static void
allow_more(struct settings *set, const struct opts *o)
{
	char *words = buf_strdup(o->value), *at;

	set->strict = true;
	for (char *word = strtok_r(words, ",", &at); word; word = strtok_r(NULL, ",", &at)) {
		if (strcasecmp(word, "nc") == 0)
			set->wanted &= ~(unsigned)LICENCE_COMMERCE;
		else if (strcasecmp(word, "nd") == 0)
			set->wanted &= ~(unsigned)LICENCE_CHANGE;
		else
			opt_die("--allow is nc, nd, or both: nc,nd");
	}
	free(words);
}

/* --as OLD=NEW. */
static void
add_name(struct settings *set, const struct opts *o)
{
	const char *is = strchr(o->value, '='), *wrong = is ? root_subject_check(is + 1) : NULL;
	size_t n = 0;

	if (!is || is == o->value)
		opt_die("--as is OLD=NEW, two ids of a subject");
	if (wrong)
		opt_die("--as: '%s' cannot be the id of a subject: it %s", is + 1, wrong);
	while (set->as[n])
		n++;
	set->as[n] = o->value;
}

/* Takes one option. */
static void
set_option(struct settings *set, const struct opts *o, int id, size_t *prefers, size_t *files)
{
	if (id == 'a')
		set->all = true;
	else if (id == 'j')
		set->json = true;
	else if (id == 'o')
		set->output = o->value;
	else if (id == OPT_ALLOW)
		allow_more(set, o);
	else if (id == OPT_AS)
		add_name(set, o);
	else if (id == OPT_BY && (set->by = place_parse(o->value)) == PLACE_KINDS)
		opt_die("--by is id, category or batch");
	else if (id == OPT_CHANGED)
		set->changed = true;
	else if (id == OPT_FORMAT)
		export_format_set(set, o->value);
	else if (id == OPT_NAME)
		set->name = o->value;
	else if (id == OPT_PICKS)
		set->picks[(*files)++] = o->value;
	else if (id == OPT_PREFER)
		set->prefer[(*prefers)++] = o->value;
	else if (id == OPT_PRIVATE)
		set->private = true;
	else if (id == OPT_SHARD)
		set_shard_size(set, o);
	else if (id == OPT_ORIGINALS)
		set->originals = true;
	else if (id == OPT_CONTACT)
		set->contact = o->value;
	else if (id == OPT_STRICT)
		set->strict = true;
}

int
main(int argc, char **argv)
{
	struct opts o =
		opt_begin("bi-collect", table, argc, argv, "[BATCH ... | FILE ...]",
			  "Copies the files that reviewers chose to the collection, with licences, and exports them.");
	struct settings set = {
		.json = !isatty(STDOUT_FILENO), .shard_bytes = (uint64_t)1 << 30, .wanted = LICENCE_ANY_USE};
	size_t prefers = 0, files = 0;
	const char *dir = NULL, *wrong;
	bool verify = false;
	int id;

	set.prefer = buf_alloc(((size_t)argc + 1) * sizeof(*set.prefer));
	set.picks = buf_alloc(((size_t)argc + 1) * sizeof(*set.picks));
	set.as = buf_alloc(((size_t)argc + 1) * sizeof(*set.as));
	while ((id = opt_next(&o)) != 0) {
		if (id == 'r')
			dir = o.value;
		else if (id == ROOT_OPT_SHARED)
			root_allow_shared();
		else if (id == OPT_VERIFY)
			verify = true;
		else
			set_option(&set, &o, id, &prefers, &files);
	}
	if (verify)
		msg_finish(verify_files(opt_rest(&o), set.json));
	export_check(&set);
	wrong = licence_table_load();
	if (wrong)
		msg_die(EX_UNAVAILABLE, "%s", wrong);
	msg_finish(run_collect(opt_rest(&o), dir, &set));
}
