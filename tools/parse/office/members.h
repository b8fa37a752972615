/*
 * members: the parts of a document that is a ZIP, unpacked into memory.
 */
#ifndef BI_PARSE_MEMBERS_H
#define BI_PARSE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "confined/unpack.h"
#include "request.h"

enum {
	MEMBER_MAX = 64 << 20, /* bytes of one */
	MEMBERS_MAX = 192 << 20,
	MEMBERS_COUNT = 20000,
	MEMBER_NAME = 1024, /* bytes of a name that members_resolve() makes */
};

struct member_one {
	char *name;
	char *bytes; /* NUL behind them; NULL: only its name is known */
	size_t n;
	bool cut; /* it is longer than BYTES has */
};

struct members {
	struct member_one *v;
	size_t count;
	uint32_t *order; /* their places by name, for members_find() */
	bool cut;        /* one of those that are no pictures is cut */
};

/*
 * Unpacks those that WANTED selects. If there is no room, a picture is left out, and another part is cut; then
 * D->truncated is set. False: doc_fail() was called. For members_free(), whatever returns.
 */
bool members_read(const struct request *r, struct doc *d, struct members *m, bool (*wanted)(const char *name));

/* The same for flat OpenDocument, where everything is one XML file: content.xml is that, and meta.xml a part of it. */
bool members_flat(const struct request *r, struct doc *d, struct members *m);

/* Fails with the reason for which A, which reads U, cannot be unpacked. Always false. */
bool members_fail(struct archive *a, const struct unpack *u, struct doc *d);

/* The one of the name, NULL where there is none or it was not unpacked. If no name is the same, upper and lower case do
 * not matter. */
const struct member_one *members_find(const struct members *m, const char *name);

/* Whether there is one of the name, unpacked or not. */
bool members_has(const struct members *m, const char *name);

/* Resolves HREF in the member FROM: "../a%20b.png" in "OEBPS/text/1.xhtml" is "OEBPS/a b.png". False if that is no name
 * of a member. */
bool members_resolve(const char *from, const char *href, char out[MEMBER_NAME]);

/* Whether its name is a picture's. */
bool member_is_picture(const char *name);

/* Saves the picture of the member NAME, once. Returns its name for the text, NULL if there is none. SAVED has room for
 * as many names as there are members, all NULL at first; it keeps what was saved. */
const char *members_picture(const struct members *m, const char **saved, struct doc *d, const char *name,
			    const char *alt);

void members_free(struct members *m);

#endif
