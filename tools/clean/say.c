#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/human.h"
#include "base/msg.h"
#include "base/opt.h"
#include "batch/batch.h"
#include "clean.h"

bool
clean_agreed(const struct clean *c, const char *question, ...)
{
	struct buf asked = {0};
	char answer[16] = "";
	va_list ap;

	if (c->yes || c->only_say)
		return true;
	if (!isatty(STDIN_FILENO)) {
		msg_warn("cannot ask for confirmation without a terminal: --yes answers yes");
		return false;
	}
	va_start(ap, question);
	buf_vprintf(&asked, question, ap);
	va_end(ap);
	asked.len = human_escape(asked.data, asked.len);
	buf_str(&asked, " [y/N] ");
	fputs(asked.data, stderr);
	buf_free(&asked);
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}

void
clean_names(char **args, const char *verb, struct batch_args *names)
{
	if (!*args)
		opt_die("%s takes the names of batches: `bi-status` shows them", verb);
	for (; *args; args++) {
		const char *wrong = root_name_check(*args);

		if (wrong)
			opt_die("the batch name '%s' %s", *args, wrong);
		batch_args_add(names, *args);
	}
}

static bool
add_name(const char *name, void *arg)
{
	batch_args_add(arg, name);
	return true;
}

void
clean_names_or_all(const struct clean *c, char **args, const char *verb, struct batch_args *names)
{
	if (*args)
		clean_names(args, verb, names);
	else if (batch_each(&c->root, add_name, names) < 0)
		msg_die_errno(msg_exit_code(errno), "cannot list the batches in %s", c->root.path);
}

int
clean_not_had(const struct clean *c, const char *name)
{
	switch (errno) {
	case ENOENT:
		msg_warn("there is no batch '%s' in %s; bi-status lists the batches", name, c->root.path);
		return EX_NOINPUT;
	case EBUSY:
		msg_warn("the batch '%s' is being worked on: wait (bi-status --wait %s), or cancel it "
			 "(bi-clean cancel %s)",
			 name, name, name);
		return EX_TEMPFAIL;
	default:
		return msg_report_errno("cannot open the batch '%s'", name);
	}
}
