/* Catalogs that are not made for bi: a name or a Wikidata id on each line, and tables of a SPARQL endpoint. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/words.h"
#include "records/rec.h"
#include "source.h"

enum { SLUG_MAX = 48, DIGEST_SHOWN = 8 };

bool
catalog_entity(const char *text, char *id, size_t room)
{
	static const char *const starts[] = {
		"http://www.wikidata.org/entity/", "https://www.wikidata.org/entity/", "http://www.wikidata.org/wiki/",
		"https://www.wikidata.org/wiki/",  "https://m.wikidata.org/wiki/",     "wd:",
	};
	size_t n;

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (strncasecmp(text, starts[i], strlen(starts[i])) == 0) {
			text += strlen(starts[i]);
			break;
		}
	n = *text == 'Q' && text[1] >= '1' && text[1] <= '9' ? 1 + strspn(text + 1, "0123456789") : 0;
	if (n == 0 || text[n] || n >= room)
		return false;
	memcpy(id, text, n + 1);
	return true;
}

/* The id of a name: its letters and digits in lower case, with hyphens between them. What this leaves out of it, or
 * cuts, is told apart by a digest of the name. */
static void
slug_of(const char *name, char *id, size_t room)
{
	unsigned char digest[HASH_BYTES];
	char hex[HASH_HEX + 1];
	bool lost = false;
	size_t n = 0;

	for (const char *p = name; *p; p++) {
		unsigned char c = (unsigned char)*p;
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		lost = lost || c >= 0x80 || n >= SLUG_MAX;
		if (n >= SLUG_MAX)
			break;
		if (letter)
			id[n++] = (char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
		else if (n > 0 && id[n - 1] != '-')
			id[n++] = '-';
	}
	while (n > 0 && id[n - 1] == '-')
		n--;
	id[n] = '\0';
	if (!lost && n > 0)
		return;
	hash_bytes(name, strlen(name), digest);
	hash_hex(digest, sizeof(digest), hex);
	snprintf(id + n, room - n, "%s%.*s", n ? "-" : "", DIGEST_SHOWN, hex);
}

struct json_object *
catalog_line(char *line, bool first)
{
	struct json_object *o;
	char id[SUBJECT_MAX + 1];
	size_t n;

	line += strspn(line, " \t\r");
	for (n = strlen(line); n > 0 && strchr(" \t\r", line[n - 1]); n--)
		line[n - 1] = '\0';
	if (!*line || *line == '#' || (first && catalog_is_heading(line)))
		return NULL;
	o = json_object_new_object();
	if (catalog_entity(line, id, sizeof(id))) {
		rec_add_string(o, "id", id);
		rec_add_string(o, "name", id);
		rec_add_string(o, "wikidata", id);
	} else {
		slug_of(line, id, sizeof(id));
		rec_add_string(o, "id", id);
		rec_add_string(o, "name", line);
	}
	return o;
}

bool
catalog_is_heading(const char *line)
{
	static const char *const words[] = {"name", "names", "title", "label", "item", "qid", "wikidata", NULL};

	return word_is_in_any_case(line, strlen(line), words);
}

/* --- SPARQL --- */

const char *
catalog_sparql_item(const struct table_head *head)
{
	char label[128];

	for (size_t i = 0; i < head->count; i++) {
		snprintf(label, sizeof(label), "%.100slabel", head->names[i]);
		if (*head->names[i] && table_head_has(head, label))
			return head->names[i];
	}
	return table_head_has(head, "item") ? "item" : NULL;
}

void
catalog_sparql_subject(struct json_object *o, const char *item)
{
	const char *entity = rec_string(o, item), *name;
	char label[128], id[SUBJECT_MAX + 1];

	if (!rec_string(o, "id") && entity) {
		const char *slash = strrchr(entity, '/');

		if (catalog_entity(entity, id, sizeof(id)))
			rec_add_string(o, "id", id);
		else
			rec_add_string(o, "id", slash ? slash + 1 : entity);
	}
	snprintf(label, sizeof(label), "%.100slabel", item);
	name = rec_string(o, label);
	if (!rec_string(o, "name"))
		rec_add_filled(o, "name", name ? name : rec_string(o, "id"));
	if (entity && catalog_entity(entity, id, sizeof(id)) && !rec_string(o, "wikidata"))
		rec_add_string(o, "wikidata", id);
	json_object_object_del(o, label);
}
