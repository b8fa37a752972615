#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "credits.h"
#include "document.h"
#include "files/file.h"
#include "records/rec.h"
#include "section.h"
#include "store.h"

struct document {
	enum export_format format;
	struct section text;    /* of EXPORT_JSON */
	struct credits credits; /* of EXPORT_MD */
	size_t subjects;
};

struct document *
document_begin(const struct settings *set, int temp)
{
	struct document *d = buf_alloc(sizeof(*d));
	int rc;

	*d = (struct document){.format = set->format, .text = {.part.fd = -1}};
	for (size_t i = 0; i < ATTRIBUTION_KINDS; i++)
		d->credits.parts[i].fd = -1;
	if (d->format == EXPORT_MD)
		rc = credits_begin(&d->credits, temp);
	else
		rc = section_begin(&d->text, temp);
	if (rc < 0) {
		document_drop(d);
		return NULL;
	}
	if (d->format == EXPORT_JSON)
		buf_str(&d->text.text, "{\"subjects\":[\n");
	return d;
}

int
document_add_file(struct document *d, const struct document_file *f)
{
	return d->format == EXPORT_MD ? credits_add(&d->credits, f->id, f->file, f->path, f->choices) : 0;
}

int
document_add_subject(struct document *d, const struct naming *n, const char *id, struct json_object *choices)
{
	if (d->format != EXPORT_JSON)
		return 0;
	buf_str(&d->text.text, d->subjects++ ? ",\n" : "");
	naming_metadata(n, id, choices, &d->text.text);
	return section_flush(&d->text, false);
}

long long
document_end(struct document *d, int out)
{
	char hex[ATTRIBUTION_KINDS][HASH_HEX + 1];
	int rc;

	if (d->format == EXPORT_MD) {
		rc = credits_end(&d->credits, hex);
		return rc < 0 ? rc : section_copy(d->credits.parts[ATTRIBUTION_MD].fd, out);
	}
	buf_str(&d->text.text, "]}\n");
	rc = section_flush(&d->text, true);
	return rc < 0 ? rc : section_copy(d->text.part.fd, out);
}

void
document_drop(struct document *d)
{
	if (!d)
		return;
	credits_drop(&d->credits);
	section_drop(&d->text);
	free(d);
}
