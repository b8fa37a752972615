#include "dublin_core.h"

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

static void
core_end(void *arg, const char *name)
{
	struct core *c = arg;
	struct doc *d = c->d;
	const struct {
		const char *name;
		char **member;
	} lines[] = {{"title", &d->title},
		     {"creator", &d->author},
		     {"initial-creator", &d->author},
		     {"description", &d->description},
		     {"language", &d->language},
		     {"created", &d->date},
		     {"creation-date", &d->date},
		     {"date", &d->date}};
	static const char *const keys[] = {"subject",    "keywords", "keyword", "publisher",
					   "identifier", "rights",   "modified"};

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
	xml_read(&(struct xml_reader){core_begin, core_end, core_text, &c}, part->bytes, part->n);
	buf_free(&c.text);
}
