#include "doctor_findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/display.h"
#include "base/human.h"
#include "base/utf8.h"
#include "records/rec.h"
#include "table_rows.h"

/* The ranks of lines. */
enum { FAULT, WARNING, FINE };

static void
keep_line(struct doctor *d, int rank, const char *what, const char *mend)
{
	d->lines = buf_grow(d->lines, d->lines_n, sizeof(*d->lines));
	d->lines[d->lines_n++] = (struct doctor_line){rank, d->check, buf_strdup(what), mend ? buf_strdup(mend) : NULL};
}

void
doctor_keep_fine(struct doctor *d, const char *looked)
{
	keep_line(d, FINE, looked, NULL);
}

void
doctor_keep_more(struct doctor *d)
{
	char text[64];

	snprintf(text, sizeof(text), "and %zu more of these", d->found - DOCTOR_LINES_MAX);
	keep_line(d, d->level == DOCTOR_NOTE ? WARNING : FAULT, text, "`bi-status --doctor --json` lists all");
}

/* Prints one line of the list, folded to the paper. */
static void
print_line(const struct doctor_line *l, const struct paper *paper)
{
	static const struct {
		const char *glyph, *word, *colour;
	} marks[] = {
		{"\u2717", "fault  ", "\033[31m"}, {"!", "warning", "\033[33m"}, {"\u2713", "ok     ", "\033[32m"}};
	const char *mark = paper->utf8 ? marks[l->rank].glyph : marks[l->rank].word;
	struct buf text = {0}, safe = {0}, out = {0};
	int indent = display_width(mark) + 1;

	buf_printf(&out, "%s%s%s ", paper->colour ? marks[l->rank].colour : "", mark, paper->colour ? "\033[0m" : "");
	buf_printf(&text, "%s%s%s", l->check, *l->what ? ": " : "", l->what);
	human_text(&safe, text.data);
	display_fold(&out, safe.data, indent, paper->width);
	if (l->mend) {
		buf_clear(&safe);
		human_text(&safe, l->mend);
		buf_printf(&out, "%*s", indent + 2, "");
		display_fold(&out, safe.data, indent + 2, paper->width);
	}
	fputs(out.data, stdout);
	buf_free(&text);
	buf_free(&safe);
	buf_free(&out);
}

static void
print_summary(const struct doctor *d, const struct paper *paper)
{
	struct buf text = {0}, out = {0};

	if (d->problems)
		buf_printf(&text, "%zu fault%s", d->problems, d->problems == 1 ? "" : "s");
	if (d->notes)
		buf_printf(&text, "%s%zu warning%s", text.len ? ", " : "", d->notes, d->notes == 1 ? "" : "s");
	if (!text.len)
		buf_str(&text, "nothing is wrong");
	buf_printf(&text, " in %s", d->root->path);
	human_text(&out, text.data);
	buf_clear(&text);
	display_fold(&text, out.data, 0, paper->width);
	printf("\n%s", text.data);
	buf_free(&text);
	buf_free(&out);
}

void
doctor_list(struct doctor *d)
{
	struct paper paper = paper_of_stdout();

	for (int rank = FAULT; rank <= FINE; rank++)
		for (size_t i = 0; i < d->lines_n; i++)
			if (d->lines[i].rank == rank)
				print_line(&d->lines[i], &paper);
	print_summary(d, &paper);
	for (size_t i = 0; i < d->lines_n; i++) {
		free(d->lines[i].what);
		free(d->lines[i].mend);
	}
	free(d->lines);
	d->lines = NULL;
	d->lines_n = 0;
}

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
	} else if (d->list) {
		if (d->found <= DOCTOR_LINES_MAX)
			keep_line(d, d->level == DOCTOR_NOTE ? WARNING : FAULT, d->what.data, mend.data);
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

double
doctor_seconds_since(time_t since)
{
	double seconds = difftime(time(NULL), since);

	return since == 0 || seconds < 0 ? 0 : seconds;
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
