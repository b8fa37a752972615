#include "office/dublin_core.h"

#include <stdlib.h>
#include <string.h>

#include "xml.h"

struct core {
	struct doc *d;
	struct buf text;
};

static void
core_begin(void *arg, const char *name, const char **attributes)
{
	struct core *c = arg;

	(void)name, (void)attributes;
	buf_clear(&c->text);
}

static void
core_text(void *arg, const char *text, size_t n)
{
	struct core *c = arg;

	if (c->text.len < DOC_LINE)
		buf_add(&c->text, text, n);
}

/* Whether NAME is one of AUTHORS, which have ", " between them. */
static bool
has_author(const char *authors, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = authors; (at = strstr(at, name)); at++)
		if ((at == authors || at[-1] == ' ') && (at[n] == '\0' || at[n] == ','))
			return true;
	return false;
}

static void
add_author(struct doc *d, const char *name)
{
	char *line = NULL;
	struct buf all = {0};

	doc_set_string(&line, name);
	if (line && !d->author) {
		doc_set_string(&d->author, line);
	} else if (line && !has_author(d->author, line)) {
		buf_printf(&all, "%s, %s", d->author, line);
		free(d->author);
		d->author = NULL;
		doc_set(&d->author, all.data, all.len);
	}
	buf_free(&all);
	free(line);
}

static void
core_end(void *arg, const char *name)
{
	struct core *c = arg;
	struct doc *d = c->d;
	const struct {
		const char *name;
		char **member;
	} lines[] = {{"title", &d->title},  {"description", &d->description}, {"language", &d->language},
		     {"created", &d->date}, {"creation-date", &d->date},      {"date", &d->date}};
	static const char *const keys[] = {"subject",    "keywords", "keyword", "publisher",
					   "identifier", "rights",   "modified"};

	if (c->text.len && (strcmp(name, "creator") == 0 || strcmp(name, "initial-creator") == 0))
		add_author(d, c->text.data);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && c->text.len; i++)
		if (strcmp(name, lines[i].name) == 0)
			doc_set(lines[i].member, c->text.data, c->text.len);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && c->text.len; i++)
		if (strcmp(name, keys[i]) == 0)
			doc_meta(d, keys[i], c->text.data);
	buf_clear(&c->text);
}

void
dublin_core_read(const struct member_one *part, struct doc *d)
{
	struct core c = {.d = d};

	if (!part)
		return;
	buf_str(&c.text, "");
	xml_read(&(struct xml_reader){.begin = core_begin, .end = core_end, .text = core_text, .arg = &c}, part->bytes,
		 part->n);
	buf_free(&c.text);
}
