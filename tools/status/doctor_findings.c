#include "doctor_findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/human.h"
#include "base/utf8.h"
#include "records/rec.h"

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
	if (d->json) {
		struct json_object *o = json_object_new_object();

		rec_add_string(o, "check", d->check);
		rec_add_string(o, "level", d->level == DOCTOR_NOTE ? "note" : "problem");
		rec_add_string(o, "batch", d->batch);
		rec_add_string(o, "what", d->what.data);
		rec_add_string(o, "mend", mend.data);
		rec_write_json(o);
	} else if (d->found <= DOCTOR_LINES_MAX) {
		human_print("%s%s: %s; %s", d->level == DOCTOR_NOTE ? "note: " : "", d->check, d->what.data, mend.data);
	}
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
