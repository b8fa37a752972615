#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/msg.h"
#include "base/opt.h"
#include "clean.h"
#include "files/root_write.h"

enum { OPT_ARCHIVE = 256, OPT_OLDER, OPT_MOVE, OPT_DELETE, OPT_REPAIR, OPT_FAILED, OPT_KEEP, OPT_STATUS };

static const struct opt table[] = {
	{OPT_ARCHIVE, "archive", "FILE", "batch, pack: write it to this archive (.tar, .tar.zst, .zip...)"},
	{'b', "batch", "NAME", "items: the batch from which they are removed"},
	{OPT_DELETE, "delete", NULL, "legacy: remove the old files"},
	{OPT_FAILED, "failed", NULL, "items: remove the failed ones"},
	{'j', "json", NULL, "records instead of text"},
	{OPT_KEEP, "keep-files", NULL, "items: keep their files"},
	{OPT_MOVE, "move-to", "NAME", "legacy: make a batch of the old pictures"},
	{'n', "dry-run", NULL, "only say what would be done"},
	{OPT_OLDER, "older-than", "AGE", "old: batches that did not change for 30d, 12h, 2w..."},
	{OPT_REPAIR, "repair", NULL, "check: repair what can be repaired"},
	{'r', "root", "DIR", "the root directory (BI_ROOT)"},
	ROOT_SHARED_OPTION,
	{OPT_STATUS, "status", "CODES", "items: remove those that failed with 404,5xx,timeout..."},
	{'y', "yes", NULL, "do not ask for confirmation"},
	{0},
};

static const struct verb {
	const char *name;
	int (*run)(const struct clean *c, char **args);
	bool operands;     /* it takes operands */
	const char *taken; /* its own options */
} verbs[] = {
	{"list", clean_list, false, ""},
	{"stop", clean_stop, true, ""},
	{"stop-all", clean_stop_all, false, ""},
	{"temp", clean_temp, false, ""},
	{"batch", clean_batch, true, "--archive --yes"},
	{"old", clean_old, false, "--older-than --yes"},
	{"cancel", clean_cancel, true, ""},
	{"pack", clean_pack, true, "--archive"},
	{"items", clean_items, true, "--batch --failed --keep-files --status --yes"},
	{"check", clean_check, true, "--repair"},
	{"release", clean_release, true, ""},
	{"legacy", clean_legacy, true, "--move-to --delete --yes"},
};

static const char known[] = "list, stop PORT, stop-all, temp, batch NAME, old, cancel NAME, pack NAME, items, "
			    "check, release HOST or legacy DIR";

static const struct verb *
find_verb(const char *name)
{
	if (!name)
		opt_die("a verb is missing: %s", known);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(name, verbs[i].name) == 0)
			return &verbs[i];
	opt_die("'%s' is not a verb of bi-clean: %s", name, known);
}

/* 30d and the like in seconds. */
static int64_t
take_age(const struct opts *o)
{
	static const struct {
		char letter;
		long seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
	char *end;
	long n;

	errno = 0;
	n = strtol(o->value, &end, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (!errno && end != o->value && n >= 0 && n < 1000000 && *end == units[i].letter && !end[1])
			return n * units[i].seconds;
	opt_die("%s takes a number and its unit, such as 30d (s, m, h, d, w), not '%s'", o->given, o->value);
}

/* The options that only some verbs take. */
static const struct {
	int id;
	const char *name;
} own[] = {{'b', "--batch"},           {OPT_FAILED, "--failed"},
	   {OPT_KEEP, "--keep-files"}, {OPT_STATUS, "--status"},
	   {OPT_ARCHIVE, "--archive"}, {OPT_DELETE, "--delete"},
	   {OPT_MOVE, "--move-to"},    {OPT_OLDER, "--older-than"},
	   {OPT_REPAIR, "--repair"},   {'y', "--yes"}};

/* Handles an option; an option of OWN sets its bit in GIVEN. */
static void
take_option(struct clean *c, int id, const struct opts *o, const char **dir, unsigned *given)
{
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (own[i].id == id)
			*given |= 1U << i;
	if (id == OPT_ARCHIVE)
		c->archive = o->value;
	else if (id == 'b')
		c->batch = o->value;
	else if (id == OPT_DELETE)
		c->delete = true;
	else if (id == OPT_FAILED)
		c->failed = true;
	else if (id == OPT_KEEP)
		c->keep_files = true;
	else if (id == OPT_MOVE)
		c->move_to = o->value;
	else if (id == OPT_OLDER)
		c->older_than = take_age(o);
	else if (id == OPT_REPAIR)
		c->repair = true;
	else if (id == OPT_STATUS)
		c->status = o->value;
	else if (id == 'j')
		c->json = true;
	else if (id == 'n')
		c->only_say = true;
	else if (id == 'y')
		c->yes = true;
	else if (id == ROOT_OPT_SHARED)
		root_allow_shared();
	else
		*dir = o->value;
}

int
main(int argc, char **argv)
{
	struct opts o =
		opt_begin("bi-clean", table, argc, argv,
			  "list | stop PORT ... | stop-all | temp | batch NAME ... | old | cancel NAME ... | "
			  "pack NAME ... | items ITEM ... | check [NAME ...] | release HOST ... | legacy DIR",
			  "Ends servers, retires, packs and verifies batches, releases hosts, and removes leftovers.");
	struct clean c = {.older_than = -1};
	const char *dir = NULL;
	unsigned given = 0;
	const struct verb *v;
	char **args;
	int id;

	while ((id = opt_next(&o)) != 0)
		take_option(&c, id, &o, &dir, &given);
	args = opt_rest(&o);
	v = find_verb(args[0]);
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (given & 1U << i && !strstr(v->taken, own[i].name))
			opt_die("%s is not an option of %s", own[i].name, v->name);
	if (args[1] && !v->operands)
		opt_die("%s takes no operand, '%s' is one too many", v->name, args[1]);
	root_open_to_write(&c.root, dir, false);
	msg_finish(v->run(&c, args + 1));
}
