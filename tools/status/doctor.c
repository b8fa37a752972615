#include "doctor.h"
#include "doctor_checks.h"

#include <stdio.h>
#include <stdlib.h>

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

int
doctor_run(const struct root *root, bool json)
{
	struct doctor d = {.root = root, .json = json};
	int code;

	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		d.check = checks[i].name;
		d.found = 0;
		checks[i].run(&d);
		if (!d.json && d.found > DOCTOR_LINES_MAX)
			printf("%s: and %zu more of these; `bi-status --doctor --json` lists all\n", d.check,
			       d.found - DOCTOR_LINES_MAX);
	}
	code = d.problems ? EX_SOME_FAILED : EX_ALL_WELL;
	if (d.json) {
		rec_write_counts(code, {"problems", d.problems}, {"notes", d.notes});
	} else if (code == EX_ALL_WELL) {
		human_print("nothing is wrong in %s", d.root->path);
		human_print("examined: %s", d.looked.data);
	}
	free(d.batch);
	buf_free(&d.what);
	buf_free(&d.looked);
	return code;
}
