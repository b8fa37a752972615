/*
 * xml: XML read element by element, by expat. A document may declare some entities that stand for a short text, as
 * drawing programs do; one that stands for markup or for other entities ends it.
 */
#ifndef BI_PARSE_XML_H
#define BI_PARSE_XML_H

#include <stdbool.h>
#include <stddef.h>

/* What is called, if it is not NULL. Names come without their prefix: w:p is "p"; attributes in pairs, ended by NULL.
 */
struct xml_reader {
	void (*begin)(void *arg, const char *name, const char **attributes);
	void (*end)(void *arg, const char *name);
	void (*text)(void *arg, const char *text, size_t n); /* not NUL-terminated */
	void *arg;
	bool no_entities; /* any declaration of an entity ends the document */
};

/* Reads N bytes. False where they are no XML, or declare entities; what came before was called. */
bool xml_read(const struct xml_reader *r, const char *bytes, size_t n);

/* The attribute with this name (without its prefix), NULL where there is none. */
const char *xml_attribute(const char **attributes, const char *name);

/* The attribute r:id, whatever its prefix, which names a relation; an id without a prefix is another. NULL: none. */
const char *xml_relation_id(const char **attributes);

#endif
