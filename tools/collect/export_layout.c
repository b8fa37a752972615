#include "export_layout.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "review/digests.h"
#include "export_filter.h"
#include "export_internal.h"
#include "files/file.h"
#include "records/rec.h"
#include "section.h"
#include "store.h"

enum { TEXTS_MAX = 100 };

/* A member that is text, which grows line by line. */
struct text {
	char *name;
	struct section section;
};

struct layout {
	struct export *x;
	struct text texts[TEXTS_MAX];
	size_t n;
	struct buf place; /* of the current subject */
	uint64_t line;
};

/* Reports that the current line of the plan is wrong. */
static int
report_line(const struct layout *l, const char *what)
{
	msg_warn("the filter %s wrote a line that cannot be used, line %llu: %s; %s is not written",
		 l->x->c->set->filter->path.data, (unsigned long long)l->line, what, l->x->c->set->output);
	return EX_DATAERR;
}

/* Whether NAME may be the name of a member: a path without empty parts, "." and "..", and not below __bi__. */
static bool
is_good_name(const char *name)
{
	size_t n;

	if (strncmp(name, "__bi__/", 7) == 0 || strlen(name) > PATH_MAX / 2)
		return false;
	for (const char *p = name;; p += n + 1) {
		n = strcspn(p, "/");
		if (n == 0 || (n == 1 && *p == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		if (!p[n])
			break;
	}
	for (; *name; name++)
		if ((unsigned char)*name < ' ' || *name == 0x7f || *name == '\\')
			return false;
	return true;
}

static int
add_text(struct layout *l, const char *name, const char *text)
{
	size_t i = 0;

	while (i < l->n && strcmp(l->texts[i].name, name) != 0)
		i++;
	if (i == TEXTS_MAX)
		return report_line(l, "there are more than 100 texts");
	if (i == l->n) {
		l->texts[l->n++] = (struct text){buf_strdup(name), {.part.fd = -1}};
		if (section_begin(&l->texts[i].section, l->x->c->temp) < 0)
			return export_report(l->x, name);
	}
	buf_str(&l->texts[i].section.text, text);
	return section_flush(&l->texts[i].section, false) < 0 ? export_report(l->x, name) : EX_ALL_WELL;
}

/* Adds the file SOURCE of the collection, PLACE/FILE, as the member NAME. */
static int
add_source(struct layout *l, const char *name, const char *source)
{
	const char *slash = strrchr(source, '/');
	size_t n = slash ? (size_t)(slash - source) : 0;
	int code = EX_ALL_WELL;

	if (!slash || !is_good_name(source))
		return report_line(l, "its source is not that of a record");
	if (!l->x->place || l->place.len != n || strncmp(l->place.data, source, n) != 0) {
		export_subject_close(l->x);
		buf_clear(&l->place);
		buf_add(&l->place, source, n);
		code = export_subject_open(l->x, l->place.data);
	}
	for (size_t i = 0; code == EX_ALL_WELL && i < json_object_array_length(l->x->choices); i++)
		if (strcmp(choice_text(json_object_array_get_idx(l->x->choices, i), "file"), slash + 1) == 0)
			return export_add_file(l->x, slash + 1, name, name);
	return code == EX_ALL_WELL ? report_line(l, "its source is not that of a record") : code;
}

static int
add_line(struct layout *l, const char *line, size_t n)
{
	struct json_object *o = rec_parse(line, n, NULL, 0);
	const char *name = rec_string(o, "member"), *text = rec_string(o, "text"), *source = rec_string(o, "source");
	int code;

	l->line++;
	if (!name || !is_good_name(name))
		code = report_line(l, "its member is not a relative path, or is below __bi__");
	else if (!text == !source)
		code = report_line(l, "it must have either a text or a source");
	else
		code = text ? add_text(l, name, text) : add_source(l, name, source);
	json_object_put(o);
	return code;
}

static int
add_lines(struct layout *l, int plan)
{
	FILE *f = lseek(plan, 0, SEEK_SET) < 0 ? NULL : fdopen(dup(plan), "r");
	int code = EX_ALL_WELL;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (!f)
		return export_report(l->x, "the filter's output");
	while (code == EX_ALL_WELL && (n = getline(&line, &room, f)) > 0)
		code = add_line(l, line, (size_t)n - (line[n - 1] == '\n'));
	if (code == EX_ALL_WELL && ferror(f))
		code = export_report(l->x, "the filter's output");
	free(line);
	fclose(f);
	return code;
}

/* Adds the texts, which are complete. */
static int
pack_texts(struct layout *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (section_flush(&l->texts[i].section, true) < 0 ||
		    pack_file(l->x->pack, l->texts[i].name, l->texts[i].section.part.fd, NULL) < 0)
			return export_report(l->x, l->texts[i].name);
	return EX_ALL_WELL;
}

int
export_layout(struct export *x, int plan)
{
	struct layout *l = buf_alloc(sizeof(*l));
	struct digests all = {0};
	int code;

	*l = (struct layout){.x = x};
	x->samples = 0;
	code = add_lines(l, plan);
	if (code == EX_ALL_WELL)
		code = pack_texts(l);
	if (code == EX_ALL_WELL && !digests_read(&all, pack_sums(x->pack)->data, pack_sums(x->pack)->len)) {
		msg_warn("the filter %s gave two members one name; %s is not written", x->c->set->filter->path.data,
			 x->c->set->output);
		code = EX_DATAERR;
	}
	digests_free(&all);
	export_subject_close(x);
	for (size_t i = 0; i < l->n; i++) {
		section_drop(&l->texts[i].section);
		free(l->texts[i].name);
	}
	buf_free(&l->place);
	free(l);
	return code;
}
