#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dublin_core.h"
#include "epub.h"
#include "html.h"
#include "records/rec.h"
#include "xml.h"

enum { CHAPTERS = 5000 };

static bool
ends_with(const char *name, const char *with)
{
	size_t n = strlen(name), k = strlen(with);

	return n >= k && strcasecmp(name + n - k, with) == 0;
}

bool
epub_wants(const char *name)
{
	return member_is_picture(name) || ends_with(name, ".xhtml") || ends_with(name, ".html") ||
	       ends_with(name, ".htm") || ends_with(name, ".opf") || ends_with(name, ".xml");
}

struct epub {
	const struct members *m;
	struct doc *d;
	const char **saved;
	struct json_object *items; /* id: href */
	struct json_object *spine; /* ids */
	char package[MEMBER_NAME]; /* the member with all this */
	const char *chapter;       /* the current member */
};

static void
container_begin(void *arg, const char *name, const char **attributes)
{
	struct epub *x = arg;
	const char *path = strcmp(name, "rootfile") == 0 ? xml_attribute(attributes, "full-path") : NULL;

	if (path && !x->package[0] && strlen(path) < sizeof(x->package))
		memcpy(x->package, path, strlen(path) + 1);
}

static void
package_begin(void *arg, const char *name, const char **attributes)
{
	struct epub *x = arg;
	const char *id = xml_attribute(attributes, "id"), *href = xml_attribute(attributes, "href"),
		   *ref = xml_attribute(attributes, "idref");

	if (strcmp(name, "item") == 0 && id && href)
		rec_add_string(x->items, id, href);
	else if (strcmp(name, "itemref") == 0 && ref && json_object_array_length(x->spine) < CHAPTERS)
		json_object_array_add(x->spine, json_object_new_string(ref));
}

static void
no_end(void *arg, const char *name)
{
	(void)arg, (void)name;
}

static void
no_text(void *arg, const char *text, size_t n)
{
	(void)arg, (void)text, (void)n;
}

static const char *
save_picture(void *arg, const char *src, const char *alt)
{
	struct epub *x = arg;
	char name[MEMBER_NAME];

	return members_resolve(x->chapter, src, name) ? members_picture(x->m, x->saved, x->d, name, alt) : NULL;
}

/* Obfuscated fonts do not matter, but encrypted text cannot be read. */
static bool
is_encrypted(const struct members *m)
{
	const struct member_one *said = members_find(m, "META-INF/encryption.xml");

	return said && (strstr(said->bytes, "xmlenc#aes") || strstr(said->bytes, "xmlenc#kw"));
}

static void
put_chapters(struct epub *x, struct tree *t)
{
	size_t n = json_object_array_length(x->spine), shown = 0;

	for (size_t i = 0; i < n; i++) {
		const char *id = json_object_get_string(json_object_array_get_idx(x->spine, i));
		const char *href = rec_string(x->items, id);
		const struct member_one *chapter;
		char name[MEMBER_NAME];

		if (!href || !members_resolve(x->package, href, name) || !(chapter = members_find(x->m, name)))
			continue;
		if (x->d->md.full || request_is_late()) {
			x->d->truncated = true;
			break;
		}
		x->chapter = name;
		html_chapter(t, chapter->bytes, chapter->n, save_picture, x, x->d);
		shown++;
	}
	doc_meta_number(x->d, "chapters", (double)shown);
}

bool
epub_parse(const struct members *m, struct tree *t, struct doc *d)
{
	const struct member_one *container = members_find(m, "META-INF/container.xml"), *package;
	struct epub x = {.m = m, .d = d, .items = json_object_new_object(), .spine = json_object_new_array()};
	bool whole = false;

	if (container)
		xml_read(&(struct xml_reader){container_begin, no_end, no_text, &x}, container->bytes, container->n);
	package = members_find(m, x.package);
	if (package) {
		whole = xml_read(&(struct xml_reader){package_begin, no_end, no_text, &x}, package->bytes, package->n);
		dublin_core_read(package, d);
	}
	whole = whole && json_object_array_length(x.spine) > 0;
	if (whole && !is_encrypted(m)) {
		x.saved = buf_alloc(m->count * sizeof(*x.saved));
		put_chapters(&x, t);
		free(x.saved);
	}
	json_object_put(x.items);
	json_object_put(x.spine);
	if (whole && is_encrypted(m))
		return doc_fail(d, "encrypted", "its text is encrypted");
	return whole || doc_fail(d, "damaged", "its list of contents is missing or damaged");
}
