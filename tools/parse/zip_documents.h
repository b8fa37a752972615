/*
 * packed: the documents that are packed: what their parsers share.
 */
#ifndef BI_PARSE_ZIP_DOCUMENTS_H
#define BI_PARSE_ZIP_DOCUMENTS_H

#include "html/tree.h"
#include "members.h"

/* Each makes a document of its members, or says by doc_fail() why not. */
bool docx_parse(const struct members *m, struct doc *d);
bool odf_parse(const struct members *m, struct doc *d);
bool epub_parse(const struct members *m, struct tree *t, struct doc *d);

/* What they want of the members. */
bool docx_wants(const char *name);
bool odf_wants(const char *name);
bool epub_wants(const char *name);

/* Takes title, author and the like from Dublin Core elements: docProps/core.xml, meta.xml, an OPF. */
void core_read(const struct member_one *part, struct doc *d);

/* The picture of the member NAME, saved once: its name for the text, NULL where there is none. SAVED, of as many as
 * there are members, keeps what was saved; all NULL at first. */
const char *packed_picture(const struct members *m, const char **saved, struct doc *d, const char *name,
			   const char *alt);

#endif
