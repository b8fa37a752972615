/*
 * members: the parts of a document that is a ZIP, unpacked into memory.
 */
#ifndef BI_PARSE_MEMBERS_H
#define BI_PARSE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "confined/unpack.h"
#include "request.h"

enum {
	MEMBER_MAX = 64 << 20, /* bytes of one */
	MEMBERS_MAX = 192 << 20,
	MEMBERS_COUNT = 20000,
};

struct member_one {
	char *name;
	char *bytes; /* NUL behind them; NULL: only its name is known */
	size_t n;
};

struct members {
	struct member_one *v;
	size_t count;
};

/* The names of all members. False where it is no archive or damaged: doc_fail() was called. */
bool members_list(const struct request *r, struct doc *d, struct members *m);

/*
 * Unpacks those that WANTED says, which pictures are not (IS_PICTURE): of those that are one, what has no room is left
 * out. False: doc_fail() was called. For members_free(), whatever returns.
 */
bool members_read(const struct request *r, struct doc *d, struct members *m, bool (*wanted)(const char *name));

/* Fails with the reason for which A, which reads U, cannot be unpacked. Always false. */
bool members_fail(struct archive *a, const struct unpack *u, struct doc *d);

/* The one of the name, NULL where there is none or it was not unpacked. */
const struct member_one *members_find(const struct members *m, const char *name);

/* Whether there is one of the name, unpacked or not. */
bool members_has(const struct members *m, const char *name);

/* Whether its name is a picture's. */
bool member_is_picture(const char *name);

/* Saves the picture of the member NAME, once. Returns its name for the text, NULL if there is none. SAVED has room for
 * as many names as there are members, all NULL at first; it keeps what was saved. */
const char *members_picture(const struct members *m, const char **saved, struct doc *d, const char *name,
			    const char *alt);

void members_free(struct members *m);

#endif
