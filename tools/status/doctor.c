#include "doctor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/human.h"
#include "base/msg.h"
#include "records/rec.h"
#include "status.h"

enum { SAID_MAX = 20 }; /* findings of one check that are lines of their own, for people */

/* In this order: what would make others wrong comes first. */
static const struct {
	const char *name;
	void (*look)(struct doctor *d);
} checks[] = {
	{"programs", doctor_programs}, {"kernel", doctor_kernel},   {"limits", doctor_limits},
	{"root", doctor_root},         {"secrets", doctor_secrets}, {"space", doctor_space},
	{"storage", doctor_storage},   {"clock", doctor_clock},     {"batches", doctor_batches},
	{"queue", doctor_queue},       {"hosts", doctor_hosts},     {"servers", doctor_servers},
	{"ports", doctor_ports},
};

void
doctor_find(struct doctor *d, enum doctor_level level, const char *batch, const char *fmt, ...)
{
	va_list args;

	free(d->batch);
	d->batch = batch ? buf_strdup(batch) : NULL;
	d->level = level;
	buf_clear(&d->what);
	va_start(args, fmt);
	buf_vprintf(&d->what, fmt, args);
	va_end(args);
}

static void
print_record(const struct doctor *d, const char *mend)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "check", json_object_new_string(d->check));
	json_object_object_add(o, "level", json_object_new_string(d->level == DOCTOR_NOTE ? "note" : "problem"));
	if (d->batch)
		json_object_object_add(o, "batch", json_object_new_string(d->batch));
	json_object_object_add(o, "what", json_object_new_string(d->what.data));
	json_object_object_add(o, "mend", json_object_new_string(mend));
	rec_write_json(o);
	json_object_put(o);
}

/* One line, whatever is in the names of files. */
static void
print_line(const struct doctor *d, const char *mend)
{
	human_print("%s%s: %s; %s", d->level == DOCTOR_NOTE ? "note: " : "", d->check, d->what.data, mend);
}

void
doctor_mend(struct doctor *d, const char *fmt, ...)
{
	struct buf mend = {0};
	va_list args;

	va_start(args, fmt);
	buf_vprintf(&mend, fmt, args);
	va_end(args);
	*(d->level == DOCTOR_NOTE ? &d->notes : &d->problems) += 1;
	d->found++;
	utf8_replace_invalid(d->what.data);
	utf8_replace_invalid(mend.data);
	if (d->json)
		print_record(d, mend.data);
	else if (d->found <= SAID_MAX)
		print_line(d, mend.data);
	buf_free(&mend);
}

void
doctor_looked(struct doctor *d, const char *fmt, ...)
{
	va_list args;

	if (d->looked.len)
		buf_str(&d->looked, ", ");
	va_start(args, fmt);
	buf_vprintf(&d->looked, fmt, args);
	va_end(args);
}

const char *
doctor_span(char *room, double seconds)
{
	static const struct {
		double seconds;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	size_t i = 0;
	long n;

	while (i < 3 && seconds < 2 * units[i].seconds)
		i++;
	n = (long)(seconds / units[i].seconds + 0.5);
	snprintf(room, DOCTOR_SPAN, "%ld %s%s", n, units[i].name, n == 1 ? "" : "s");
	return room;
}

const char *
doctor_bytes(char *room, double bytes)
{
	static const char *const units[] = {"bytes", "KB", "MB", "GB", "TB"};
	size_t i = 0;

	for (; bytes >= 1000 && i < 4; i++)
		bytes /= 1000;
	snprintf(room, DOCTOR_SPAN, i && bytes < 10 ? "%.1f %s" : "%.0f %s", bytes, units[i]);
	return room;
}

static void
look(struct doctor *d)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		d->check = checks[i].name;
		d->found = 0;
		checks[i].look(d);
		if (!d->json && d->found > SAID_MAX)
			printf("%s: and %zu more of these; `bi-status --doctor --json` lists all\n", d->check,
			       d->found - SAID_MAX);
	}
}

static void
say_end(const struct doctor *d, int code)
{
	struct json_object *counts;

	if (d->json) {
		counts = json_object_new_object();
		json_object_object_add(counts, "problems", json_object_new_uint64(d->problems));
		json_object_object_add(counts, "notes", json_object_new_uint64(d->notes));
		rec_write_end(counts, code);
	} else if (code == EX_ALL_WELL) {
		human_print("nothing is wrong in %s", d->root->path);
		human_print("looked at: %s", d->looked.data);
	}
}

int
doctor(const struct root *root, bool json)
{
	struct doctor d = {.root = root, .json = json};
	int code;

	look(&d);
	code = d.problems ? EX_SOME_FAILED : EX_ALL_WELL;
	say_end(&d, code);
	free(d.batch);
	buf_free(&d.what);
	buf_free(&d.looked);
	return code;
}
