/*
 * credit: who made a thing and how it may be used, out of what an item says of it.
 *
 * Items carry what their source said, in the source's words: text with HTML in it, licences under many names, URLs or
 * none. What comes out is plain text and licences under the names and URLs of their makers, for people to read and for
 * programs to compare. Where an item has no key of ours, the field of Wikimedia Commons in its member "extmetadata"
 * counts, {"Artist":{"value":"..."}}; the names are those of the extension CommonsMetadata.
 */
#ifndef BI_CREDIT_H
#define BI_CREDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct json_object;

/*
 * The credit of an item, for json_object_put(). Members that are not known are left out; the others are, in this order:
 *
 *	title, author, attribution (the words that the author asks for), source, page (http or https),
 *	licenses [{"id","name","url"}]; id is SPDX's where it has one, and a license has at least a name,
 *	non_free (true), attribution_required (true or false), restrictions ["trademark"], deletion_reason,
 *	notes ["what is odd about it"]
 */
struct json_object *credit_of(struct json_object *item);

/* Two of the notes. */
extern const char credit_no_author[], credit_no_licence[];

/* Why a thing with this credit should not be passed on, to stand behind "it "; NULL where nothing says so. */
const char *credit_check(struct json_object *credit);

/* Appends to OUT the text of the HTML: without tags and what they hide, entities decoded, white space made single
 * spaces, as credit_clean() leaves it. A '<' that begins no tag is text. */
void credit_text(struct buf *out, const char *html);

/* Appends TEXT to OUT without control characters and what turns the direction of writing, with single spaces. */
void credit_clean(struct buf *out, const char *text);

/* A licence as its makers write it. Members may be "". */
struct licence {
	char id[48];
	char name[64];
	char url[96];
	bool non_free;
};

/*
 * What TEXT, a name of one or more licences or a URL, says: up to MOST of them into V. Their number; 0 where it is none
 * that is known, -1 where it says that there is none ("", "unknown").
 */
int licence_parse(const char *text, struct licence *v, int most);

#endif
