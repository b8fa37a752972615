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
#include "request.h"

struct format {
	const char *name;
	struct confine_limits limits;
	void (*load)(void);
	bool (*parse)(const struct request *r, struct doc *d);
};

/* Web pages, and all that is text. */
void text_load(void);
bool text_parse(const struct request *r, struct doc *d);

/* Mails, and pages saved with their pictures (MHTML). */
void mail_load(void);
bool mail_parse(const struct request *r, struct doc *d);

/* PDF. */
void pdf_load(void);
bool pdf_parse(const struct request *r, struct doc *d);

/* DOCX, ODT, EPUB and archives. */
void packed_load(void);
bool packed_parse(const struct request *r, struct doc *d);

/* What other people's programs read. reader_load() confines the process itself, as far as one can be that starts
 * programs. */
void reader_load(void);
bool reader_parse(const struct request *r, struct doc *d);

/* Pictures; with what picture_extra_load() loads, also of the formats that take longer to load (picture_file.h). */
void picture_load(void);
void picture_extra_load(void);
bool picture_parse(const struct request *r, struct doc *d);

/* Sitemaps and feeds, whose URLs bi-fetch takes (confined/feed.h). */
void feed_load(void);
bool feed_parse(const struct request *r, struct doc *d);

/* Sound and film. */
void av_load(void);
bool av_parse(const struct request *r, struct doc *d);

#endif
