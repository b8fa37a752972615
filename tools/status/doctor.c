#include "doctor.h"
#include "doctor_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/human.h"
#include "base/msg.h"
#include "records/rec.h"

/* The order matters: a problem that causes others comes first. */
static const struct {
	const char *name;
	void (*run)(struct doctor *d);
} checks[] = {
	{"programs", doctor_programs}, {"kernel", doctor_kernel},   {"limits", doctor_limits},
	{"root", doctor_root},         {"secrets", doctor_secrets}, {"space", doctor_space},
	{"storage", doctor_storage},   {"clock", doctor_clock},     {"batches", doctor_batches},
	{"queue", doctor_queue},       {"hosts", doctor_hosts},     {"servers", doctor_servers},
	{"ports", doctor_ports},
};

/* Keeps what the list says at the end of a check; LOOKED is the length of what was looked at before it. */
static void
end_check(struct doctor *d, size_t looked)
{
	const char *text = d->looked.len > looked ? d->looked.data + looked : "";

	text += strspn(text, ", ");
	if (d->found == 0)
		doctor_keep_fine(d, strcmp(text, d->check) == 0 ? "" : text);
	if (d->found <= DOCTOR_LINES_MAX)
		return;
	doctor_keep_more(d);
}

int
doctor_run(const struct root *root, bool json)
{
	struct doctor d = {.root = root, .json = json, .list = !json && isatty(STDOUT_FILENO)};
	size_t looked;
	int code;

	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		d.check = checks[i].name;
		d.found = 0;
		looked = d.looked.len;
		checks[i].run(&d);
		if (d.list)
			end_check(&d, looked);
		else if (!d.json && d.found > DOCTOR_LINES_MAX)
			printf("%s: and %zu more of these; `bi-status --doctor --json` lists all\n", d.check,
			       d.found - DOCTOR_LINES_MAX);
	}
	code = d.problems ? EX_SOME_FAILED : EX_ALL_WELL;
	if (d.json) {
		rec_write_counts(code, {"problems", d.problems}, {"notes", d.notes});
	} else if (d.list) {
		doctor_list(&d);
	} else if (code == EX_ALL_WELL) {
		human_print("nothing is wrong in %s", d.root->path);
		human_print("examined: %s", d.looked.data);
	}
	free(d.batch);
	buf_free(&d.what);
	buf_free(&d.looked);
	return code;
}
