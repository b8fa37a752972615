/*
 * omml: formulas of Office files (Office Math Markup Language, ECMA-376 part 1, 22.1) as TeX, element by element as the
 * XML is read.
 */
#ifndef BI_PARSE_OMML_H
#define BI_PARSE_OMML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct omml;

struct omml *omml_new(void);
void omml_free(struct omml *o);

/* What is below oMath. The names have no prefix; ATTRIBUTES as for xml_attribute(). */
void omml_begin(struct omml *o, const char *name, const char **attributes);
void omml_end(struct omml *o, const char *name);
void omml_text(struct omml *o, const char *text, size_t n);

/* The formula so far, which omml_clear() removes. Valid until the next call. */
const char *omml_tex(struct omml *o);
void omml_clear(struct omml *o);

#endif
