#include "xml.h"

#include <expat.h>
#include <string.h>

#include "base/msg.h"

enum { AT_ONCE = 1 << 20, DEPTH = 10000, ENTITY = 100, ENTITIES = 50 };

struct reading {
	const struct xml_reader *r;
	XML_Parser parser;
	unsigned depth, entities;
};

/* A name without its prefix. */
static const char *
xml_local(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}

const char *
xml_attribute(const char **attributes, const char *name)
{
	for (; attributes[0]; attributes += 2)
		if (strcmp(xml_local(attributes[0]), name) == 0)
			return attributes[1];
	return NULL;
}

const char *
xml_relation_id(const char **attributes)
{
	for (; attributes[0]; attributes += 2)
		if (xml_local(attributes[0]) != attributes[0] && strcmp(xml_local(attributes[0]), "id") == 0)
			return attributes[1];
	return NULL;
}

static void
on_begin(void *arg, const char *name, const char **attributes)
{
	struct reading *x = arg;

	if (++x->depth > DEPTH)
		XML_StopParser(x->parser, XML_FALSE);
	else if (x->r->begin)
		x->r->begin(x->r->arg, xml_local(name), attributes);
}

static void
on_end(void *arg, const char *name)
{
	struct reading *x = arg;

	x->depth--;
	if (x->r->end)
		x->r->end(x->r->arg, xml_local(name));
}

static void
on_text(void *arg, const char *text, int n)
{
	struct reading *x = arg;

	if (x->r->text)
		x->r->text(x->r->arg, text, (size_t)n);
}

/* An entity may stand for a short text, such as a namespace, but not for other entities, which can grow without end. */
static void
on_entity(void *arg, const char *name, int parameter, const char *value, int length, const char *base,
	  const char *system, const char *public, const char *notation)
{
	struct reading *x = arg;
	bool harmless = !x->r->no_entities && !parameter && value && length <= ENTITY &&
			!memchr(value, '&', (size_t)length) && !memchr(value, '<', (size_t)length) &&
			x->entities++ < ENTITIES;

	(void)name, (void)base, (void)system, (void)public, (void)notation;
	if (!harmless)
		XML_StopParser(x->parser, XML_FALSE);
}

bool
xml_read(const struct xml_reader *r, const char *bytes, size_t n)
{
	struct reading x = {.r = r, .parser = XML_ParserCreate(NULL)};
	enum XML_Status status = XML_STATUS_OK;

	if (!x.parser)
		msg_die(EX_OSERR, "out of memory");
	XML_SetUserData(x.parser, &x);
	XML_SetElementHandler(x.parser, on_begin, on_end);
	XML_SetCharacterDataHandler(x.parser, on_text);
	XML_SetEntityDeclHandler(x.parser, on_entity);
	while (status == XML_STATUS_OK && n > 0) {
		size_t some = n < AT_ONCE ? n : AT_ONCE;

		n -= some;
		status = XML_Parse(x.parser, bytes, (int)some, n == 0);
		bytes += some;
	}
	if (status != XML_STATUS_OK && XML_GetErrorCode(x.parser) == XML_ERROR_NO_MEMORY)
		msg_die(EX_OSERR, "out of memory");
	XML_ParserFree(x.parser);
	return status == XML_STATUS_OK;
}
