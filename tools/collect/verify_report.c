#include "verify_report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/msg.h"
#include "base/trouble.h"
#include "records/rec.h"

void
verify_report_problem(struct verify_report *r, const char *member, const char *code, const char *words)
{
	struct json_object *o;

	r->problems++;
	if (member)
		msg_warn("%s: %s: %s", r->file, member, words);
	else
		msg_warn("%s: %s", r->file, words);
	if (!r->json)
		return;
	o = json_object_new_object();
	rec_add_string(o, "export", r->file);
	rec_add_string(o, "member", member);
	rec_add_string(o, "status", "failed");
	rec_add_error(o, code, words, strcmp(code, TROUBLE_CODE) == 0);
	rec_write_json(o);
}

void
verify_report_cannot(struct verify_report *r, const char *doing)
{
	const char *code = trouble_is_local(errno) ? TROUBLE_CODE
			   : errno == ENOENT       ? "no_such_file"
						   : "unreadable_file";
	char words[160];

	snprintf(words, sizeof(words), "cannot %s: %s", doing, strerror(errno));
	verify_report_problem(r, NULL, code, words);
}

void
verify_report_closed(struct verify_report *r, bool asked)
{
	r->missing += asked && errno == ENOENT;
	verify_report_cannot(r, "open it");
}

void
verify_report_good(const struct verify_report *r, size_t members)
{
	struct json_object *o;

	if (!r->json) {
		human_print("%s: %zu members, all unchanged", r->file, members);
		return;
	}
	o = json_object_new_object();
	rec_add_string(o, "export", r->file);
	rec_add_string(o, "status", "verified");
	json_object_object_add(o, "members", json_object_new_int64((int64_t)members));
	rec_write_json(o);
}
