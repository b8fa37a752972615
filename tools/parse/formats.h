/*
 * formats: what each kind of file is parsed by. One confined process has one of them.
 *
 * load() is called once before the process is confined: everything that is opened or loaded later must be then. It ends
 * the program with a message where that cannot be done. parse() makes what it can of one document and returns true; or
 * false: doc_fail() said why, or nothing, and the file is not of this format.
 */
#ifndef BI_PARSE_FORMATS_H
#define BI_PARSE_FORMATS_H

#include <stdbool.h>

#include "confined/confine.h"
#include "doc.h"

struct request {
	int in, out;      /* the file, whose own offset stays as it is, and where images go */
	const char *mime; /* its media type as far as known, "" where not */
	const char *url;  /* where it is from, "" where not known */
	const char *name; /* what it is called, a label, "" where not known */
	const char *type; /* the Content-Type that it came with, "" where not known */
};

struct format {
	const char *name;
	struct confine_limits limits;
	void (*load)(void);
	bool (*parse)(const struct request *r, struct doc *d);
};

/* Web pages, and all that is text. */
void text_load(void);
bool text_parse(const struct request *r, struct doc *d);

/* PDF. */
void pdf_load(void);
bool pdf_parse(const struct request *r, struct doc *d);

/* DOCX, ODT, EPUB and archives. */
void packed_load(void);
bool packed_parse(const struct request *r, struct doc *d);

/* Pictures. */
void picture_load(void);
bool picture_parse(const struct request *r, struct doc *d);

/* Sound and film. */
void av_load(void);
bool av_parse(const struct request *r, struct doc *d);

/* Reads the file from its beginning, MOST bytes at most, into OUT. False where it cannot be read: doc_fail() was
 * called. *CUT: there is more. */
bool request_read(const struct request *r, struct doc *d, size_t most, struct buf *out, bool *cut);

/* Maps the whole file. NULL where it cannot be: doc_fail() was called. For munmap(). */
void *request_map(const struct request *r, struct doc *d, size_t *n);

/* Whether the name ends in one of the extensions in LIST, " html htm ". */
bool request_is_named(const struct request *r, const char *list);

/* Whether most of the processor time for this document is used: what can be left out should be. */
bool request_is_late(void);

#endif
