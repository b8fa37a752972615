/*
 * credit: finds out from an item who made a work and how it may be used.
 *
 * An item has the words of its source: text with HTML, licences under many names, with or without URLs. A credit has
 * plain text, and licences under their official names and URLs, which people can read and programs can compare. If an
 * item lacks one of our keys, the field of Wikimedia Commons in its member "extmetadata" counts,
 * {"Artist":{"value":"..."}}; the names are those of the extension CommonsMetadata.
 */
#ifndef BI_CREDIT_H
#define BI_CREDIT_H

#include <stdbool.h>

#include "base/buf.h"

struct json_object;

/*
 * Returns the credit of an item. The caller frees it with json_object_put(). Unknown members are left out; the others
 * are, in this order:
 *
 *	title, author, attribution (the words that the author asks for), source, page (http or https),
 *	licenses [{"id","name","url","allows":["use","change","commerce"],"requires":["attribution","share-alike"]}];
 *	id is SPDX's where it has one; a license has at least a name, and one without "allows" is not known,
 *	non_free (true), attribution_required (true or false), restrictions ["trademark"], deletion_reason,
 *	notes ["what is odd about it"]
 */
struct json_object *credit_of(struct json_object *item);

/* Two texts of notes. */
extern const char credit_no_author[], credit_no_licence[];

/* Returns what the freest of the licences of a credit allows: bits of licence_table.h, LICENCE_UNKNOWN, or 0. */
unsigned credit_allows(struct json_object *credit);

/* Returns NULL, or why a work with this credit is not free for all that is WANTED (bits of licence_table.h), which
 * continues "it ". */
const char *credit_check(struct json_object *credit, unsigned wanted);

/* Appends to OUT the text of the HTML: without tags and the text that they hide, with entities decoded, as
 * credit_clean() leaves it. A '<' that begins no tag is text. */
void credit_text(struct buf *out, const char *html);

/* Appends TEXT to OUT without control characters and characters that change the direction of text, and with single
 * spaces for white space. */
void credit_clean(struct buf *out, const char *text);

/* A licence with its official name and URL. Members may be "". */
struct licence {
	char id[48];
	char name[64];
	char url[96];
	unsigned terms; /* licence_table.h */
};

/* Finds the licences that TEXT means, a name of one or more or a URL, and stores at most MOST of them in V. Returns
 * their number, 0 if none is known, or -1 if TEXT says that there is none ("", "unknown"). */
int licence_parse(const char *text, struct licence *v, int most);

#endif
