#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "office/dublin_core.h"
#include "office/epub.h"
#include "records/rec.h"
#include "web/html.h"
#include "xml.h"

enum { CHAPTERS = 5000 };

static bool
ends_with(const char *name, const char *with)
{
	size_t n = strlen(name), k = strlen(with);

	return n >= k && strcasecmp(name + n - k, with) == 0;
}

static bool
is_text(const char *name)
{
	return ends_with(name, ".xhtml") || ends_with(name, ".html") || ends_with(name, ".htm") ||
	       ends_with(name, ".opf") || ends_with(name, ".xml");
}

bool
epub_wants(const char *name)
{
	return member_is_picture(name) || is_text(name);
}

struct epub {
	const struct members *m;
	struct doc *d;
	const char **saved;
	struct json_object *items; /* id: href */
	struct json_object *spine; /* ids */
	char package[MEMBER_NAME]; /* the member with all this */
	const char *chapter;       /* the current member */
	struct json_object *notes; /* "member#id": the note */
	bool encrypted;
	bool obfuscated; /* what is encrypted is a font */
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

static const char *
save_picture(void *arg, const char *src, const char *alt)
{
	struct epub *x = arg;
	char name[MEMBER_NAME];

	return members_resolve(x->chapter, src, name) ? members_picture(x->m, x->saved, x->d, name, alt) : NULL;
}

static unsigned
find_note(void *arg, const char *href, const char *label)
{
	struct epub *x = arg;
	const char *id = strchr(href, '#');
	struct json_object *known;
	char member[MEMBER_NAME];
	struct buf key = {0};
	unsigned note;

	if (!id || strlen(href) > DOC_LINE)
		return 0;
	if (id == href)
		snprintf(member, sizeof(member), "%s", x->chapter);
	else if (!members_resolve(x->chapter, href, member))
		return 0;
	buf_printf(&key, "%s%s", member, id);
	if (json_object_object_get_ex(x->notes, key.data, &known)) {
		note = (unsigned)json_object_get_int(known);
	} else {
		note = md_note(&x->d->md, label);
		json_object_object_add(x->notes, key.data, json_object_new_int((int)note));
	}
	buf_free(&key);
	return note;
}

static void
encryption_begin(void *arg, const char *name, const char **attributes)
{
	struct epub *x = arg;
	const char *algorithm = xml_attribute(attributes, "Algorithm"), *uri = xml_attribute(attributes, "URI");

	if (strcmp(name, "EncryptedData") == 0)
		x->obfuscated = false;
	else if (strcmp(name, "EncryptionMethod") == 0 && algorithm)
		x->obfuscated = strstr(algorithm, "idpf.org/2008/embedding") || strstr(algorithm, "adobe.com/pdf/enc");
	else if (strcmp(name, "CipherReference") == 0 && uri && !x->obfuscated)
		x->encrypted = x->encrypted || is_text(uri);
}

/* Obfuscated fonts do not matter, but encrypted text cannot be read. */
static bool
is_encrypted(struct epub *x)
{
	const struct member_one *said = members_find(x->m, "META-INF/encryption.xml");

	if (said)
		xml_read(&(struct xml_reader){.begin = encryption_begin, .arg = x}, said->bytes, said->n);
	return x->encrypted;
}

static void
put_chapters(struct epub *x, struct tree *t)
{
	const struct html_book book = {save_picture, find_note, x};
	size_t n = json_object_array_length(x->spine), shown = 0;

	for (size_t i = 0; i < n; i++) {
		const char *id = json_object_get_string(json_object_array_get_idx(x->spine, i));
		const char *href = rec_string(x->items, id);
		const struct member_one *chapter;
		char name[MEMBER_NAME];

		if (!href || !members_resolve(x->package, href, name) || !(chapter = members_find(x->m, name))) {
			doc_missing(x->d, "chapters");
			continue;
		}
		if (x->d->md.full || request_is_late()) {
			x->d->truncated = true;
			break;
		}
		x->chapter = name;
		html_chapter(t, chapter->bytes, chapter->n, &book, x->d);
		shown++;
	}
	doc_meta_number(x->d, "chapters", (double)shown);
}

/* The package document: the one that the container names, or else the first one. */
static const struct member_one *
find_package(struct epub *x)
{
	const struct member_one *container = members_find(x->m, "META-INF/container.xml");

	if (container)
		xml_read(&(struct xml_reader){.begin = container_begin, .arg = x}, container->bytes, container->n);
	for (size_t i = 0; i < x->m->count && !members_find(x->m, x->package); i++)
		if (ends_with(x->m->v[i].name, ".opf") && strlen(x->m->v[i].name) < MEMBER_NAME)
			snprintf(x->package, sizeof(x->package), "%s", x->m->v[i].name);
	return members_find(x->m, x->package);
}

bool
epub_parse(const struct members *m, struct tree *t, struct doc *d)
{
	struct epub x = {.m = m,
			 .d = d,
			 .items = json_object_new_object(),
			 .spine = json_object_new_array(),
			 .notes = json_object_new_object()};
	const struct member_one *package = find_package(&x);
	bool some, encrypted = is_encrypted(&x);

	if (package) {
		d->truncated =
			!xml_read(&(struct xml_reader){.begin = package_begin, .arg = &x}, package->bytes, package->n);
		dublin_core_read(package, d);
	}
	some = json_object_array_length(x.spine) > 0;
	if (some && !encrypted) {
		x.saved = buf_alloc(m->count * sizeof(*x.saved));
		put_chapters(&x, t);
		free(x.saved);
	}
	json_object_put(x.items);
	json_object_put(x.spine);
	json_object_put(x.notes);
	if (encrypted)
		return doc_fail(d, "encrypted", "its text is encrypted");
	return some || doc_fail(d, "damaged", "its list of contents is missing or damaged");
}
