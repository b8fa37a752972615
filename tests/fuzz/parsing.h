/*
 * parsing: what the targets for bi-parse share.
 */
#ifndef FUZZ_PARSING_H
#define FUZZ_PARSING_H

#include "formats.h"
#include "fuzz.h"
#include "office/members.h"

/* Parses a file of these bytes as a confined process does, and checks what is made of it. NAME and MIME are what is
 * known of the file. */
void fuzz_parse(bool (*parse)(const struct request *, struct doc *), const char *bytes, size_t n, const char *mime,
		const char *name);

/* Does the same with a document that is packed. The bytes are its members, each behind a line "%%NAME". */
void fuzz_parse_members(bool (*parse)(const struct members *, struct doc *), const char *bytes, size_t n);

#endif
