#include "clean.h"

#include <string.h>

#include "msg.h"
#include "opt.h"

static const struct opt table[] = {
	{'j', "json", NULL, "records instead of text"},
	{'n', "dry-run", NULL, "only say what would be done"},
	{'r', "root", "DIR", "the root directory (BI_ROOT)"},
	{0},
};

static const struct {
	const char *name;
	int (*run)(const struct clean *c);
} verbs[] = {{"list", clean_list}, {"stop-all", clean_stop_all}, {"temp", clean_temp}};

static int
clean(struct clean *c, const char *dir, char **args)
{
	const char *verb = args[0];

	if (!verb)
		opt_wrong("a verb is missing: list, stop PORT, stop-all or temp");
	if (strcmp(verb, "stop") == 0) {
		if (!args[1])
			opt_wrong("stop takes the ports of servers: `bi-clean list` shows them");
		root_open(&c->root, dir, false);
		return clean_stop(c, args + 1);
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(verb, verbs[i].name) != 0)
			continue;
		if (args[1])
			opt_wrong("%s takes no operand, '%s' is one too many", verb, args[1]);
		root_open(&c->root, dir, false);
		return verbs[i].run(c);
	}
	opt_wrong("'%s' is no verb of bi-clean: list, stop PORT, stop-all or temp", verb);
}

int
main(int argc, char **argv)
{
	struct clean c = {0};
	struct opts o = {
		.operands = "list | stop PORT ... | stop-all | temp",
		.purpose = "Lists and ends servers, and clears temporary files that no process holds.",
		.table = table,
		.argc = argc,
		.argv = argv,
	};
	const char *dir = NULL;
	int id;

	msg_program("bi-clean");
	while ((id = opt_next(&o)) != 0) {
		if (id == 'j')
			c.json = true;
		else if (id == 'n')
			c.only_say = true;
		else
			dir = o.value;
	}
	msg_finish(clean(&c, dir, opt_rest(&o)));
}
