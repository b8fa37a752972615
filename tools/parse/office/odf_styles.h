/*
 * odf_styles: the styles of OpenDocument, as far as text shows them, and how its lists count.
 */
#ifndef BI_PARSE_ODF_STYLES_H
#define BI_PARSE_ODF_STYLES_H

#include <json-c/json.h>
#include <stdbool.h>

#include "base/buf.h"

enum { ODF_LEVELS = 10, ODF_NAME = 64, ODF_AFFIX = 16 };

/* How a level of a list counts. */
struct odf_level {
	char format; /* '1', 'a', 'A', 'i', 'I'; '*': a mark; 0: nothing */
	char prefix[ODF_AFFIX], suffix[ODF_AFFIX];
	long start;
	int shown; /* how many levels its number has */
};

struct odf_list {
	struct odf_level levels[ODF_LEVELS];
};

struct odf_styles {
	struct json_object *flags; /* name: some of b, i, s, t (a title), q (a quote), p (code), h (hidden), ^, _ */
	struct json_object *places;
	struct odf_list *lists;
	size_t list_count;
	struct odf_list outline; /* of headings */
	/* while they are read */
	char name[ODF_NAME];
	struct odf_list *list;
};

void odf_styles_begin(struct odf_styles *s);
void odf_styles_free(struct odf_styles *s);

/* Reads an element that is outside of the body. */
void odf_styles_element(struct odf_styles *s, const char *name, const char **attributes);

/* Whether the style has the flag. STYLE may be NULL. */
bool odf_style_has(const struct odf_styles *s, const char *style, char flag);

/* The list style, NULL if there is none. */
const struct odf_list *odf_list_style(const struct odf_styles *s, const char *style);

/* Appends the number of LEVEL, which is from 0, as a reader sees it; COUNT has the numbers of all levels. */
void odf_label(const struct odf_list *list, unsigned level, const long *count, struct buf *out);

/* Whether that is a decimal number with a dot or brackets. */
bool odf_is_plain_number(const struct odf_level *level);

#endif
