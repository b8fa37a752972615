#include "office/odf_styles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "office/numerals.h"
#include "records/rec.h"
#include "xml.h"

enum { STYLES = 5000, LISTS = 5000, START_MAX = 1000000 };

void
odf_styles_begin(struct odf_styles *s)
{
	*s = (struct odf_styles){.flags = json_object_new_object(), .places = json_object_new_object()};
}

void
odf_styles_free(struct odf_styles *s)
{
	json_object_put(s->flags);
	json_object_put(s->places);
	free(s->lists);
}

static void
put_flag(struct odf_styles *s, const char *flag)
{
	const char *has = rec_string(s->flags, s->name);
	char flags[12];

	if (!s->name[0] || (has && (strlen(has) > 8 || strstr(has, flag))) ||
	    json_object_object_length(s->flags) >= STYLES)
		return;
	snprintf(flags, sizeof(flags), "%s%s", has ? has : "", flag);
	rec_add_string(s->flags, s->name, flags);
}

/* A style also has the properties of its parent. */
static void
derive_style(struct odf_styles *s, const char *parent)
{
	const char *has = rec_string(s->flags, parent);
	char flags[12];

	if (strcmp(parent, "Title") == 0)
		put_flag(s, "t");
	else if (strcmp(parent, "Quotations") == 0)
		put_flag(s, "q");
	else if (strcmp(parent, "Preformatted_20_Text") == 0 || strcmp(parent, "Source_20_Text") == 0)
		put_flag(s, "p");
	snprintf(flags, sizeof(flags), "%s", has ? has : "");
	for (const char *flag = flags; *flag; flag++)
		put_flag(s, (char[]){*flag, '\0'});
}

static void
begin_list(struct odf_styles *s, const char *name)
{
	s->list = NULL;
	if (s->list_count == LISTS)
		return;
	s->lists = buf_grow(s->lists, s->list_count, sizeof(*s->lists));
	s->list = &s->lists[s->list_count];
	*s->list = (struct odf_list){.levels[0].start = 1};
	json_object_object_add(s->places, name, json_object_new_int64((int64_t)s->list_count++));
}

static long
number_or(const char *value, long otherwise)
{
	long number = value ? strtol(value, NULL, 10) : otherwise;

	return number < 0 ? 0 : number > START_MAX ? START_MAX : number;
}

static void
take_level(struct odf_list *list, bool counts, const char **attributes)
{
	const char *format = xml_attribute(attributes, "num-format"), *prefix = xml_attribute(attributes, "num-prefix"),
		   *suffix = xml_attribute(attributes, "num-suffix");
	long level = number_or(xml_attribute(attributes, "level"), 1);
	struct odf_level *one;

	if (level < 1 || level > ODF_LEVELS)
		return;
	one = &list->levels[level - 1];
	one->format = counts ? format && strchr("1aAiI", *format) ? *format : format ? '\0' : '1' : '*';
	one->start = number_or(xml_attribute(attributes, "start-value"), 1);
	one->shown = (int)number_or(xml_attribute(attributes, "display-levels"), 1);
	snprintf(one->prefix, ODF_AFFIX, "%s", prefix ? prefix : "");
	snprintf(one->suffix, ODF_AFFIX, "%s", suffix ? suffix : "");
}

/* A position is "super 58%", or a part of the font's height: "33% 58%", "-33%". */
static bool
is_raised(const char *position)
{
	return strncmp(position, "super", 5) == 0 || strtod(position, NULL) > 0;
}

static bool
is_lowered(const char *position)
{
	return strncmp(position, "sub", 3) == 0 || strtod(position, NULL) < 0;
}

static void
take_text_properties(struct odf_styles *s, const char **attributes)
{
	const char *value;

	if ((value = xml_attribute(attributes, "font-weight")) && strcmp(value, "bold") == 0)
		put_flag(s, "b");
	if ((value = xml_attribute(attributes, "font-style")) && strcmp(value, "italic") == 0)
		put_flag(s, "i");
	if ((value = xml_attribute(attributes, "text-line-through-style")) && strcmp(value, "none") != 0)
		put_flag(s, "s");
	if ((value = xml_attribute(attributes, "display")) && strcmp(value, "none") == 0)
		put_flag(s, "h");
	if ((value = xml_attribute(attributes, "text-position")))
		put_flag(s, is_raised(value) ? "^" : is_lowered(value) ? "_" : "");
}

void
odf_styles_element(struct odf_styles *s, const char *name, const char **attributes)
{
	const char *value = xml_attribute(attributes, "name");

	if (strcmp(name, "style") == 0) {
		snprintf(s->name, ODF_NAME, "%s", value ? value : "");
		if ((value = xml_attribute(attributes, "parent-style-name")))
			derive_style(s, value);
		derive_style(s, s->name);
	} else if (strcmp(name, "section-properties") == 0 || strcmp(name, "text-properties") == 0) {
		take_text_properties(s, attributes);
	} else if (strcmp(name, "drawing-page-properties") == 0) {
		if ((value = xml_attribute(attributes, "visibility")) && strcmp(value, "hidden") == 0)
			put_flag(s, "h");
	} else if (strcmp(name, "list-style") == 0) {
		s->name[0] = '\0'; /* the properties of a level are those of its mark */
		begin_list(s, value ? value : "");
	} else if (strcmp(name, "outline-style") == 0) {
		s->name[0] = '\0';
		s->list = &s->outline;
	} else if (s->list &&
		   (strcmp(name, "list-level-style-number") == 0 || strcmp(name, "outline-level-style") == 0)) {
		take_level(s->list, true, attributes);
	} else if (s->list && strncmp(name, "list-level-style-", 17) == 0) {
		take_level(s->list, false, attributes);
	}
}

bool
odf_style_has(const struct odf_styles *s, const char *style, char flag)
{
	const char *flags = style ? rec_string(s->flags, style) : NULL;

	return flags && strchr(flags, flag);
}

const struct odf_list *
odf_list_style(const struct odf_styles *s, const char *style)
{
	struct json_object *place;

	return style && json_object_object_get_ex(s->places, style, &place) ? &s->lists[json_object_get_int64(place)]
									    : NULL;
}

static const char *
format_of(char format)
{
	switch (format) {
	case 'a':
		return "lowerLetter";
	case 'A':
		return "upperLetter";
	case 'i':
		return "lowerRoman";
	case 'I':
		return "upperRoman";
	default:
		return "decimal";
	}
}

void
odf_label(const struct odf_list *list, unsigned level, const long *count, struct buf *out)
{
	const struct odf_level *own = &list->levels[level];
	unsigned first = own->shown > 1 && (unsigned)own->shown <= level + 1 ? level + 1 - (unsigned)own->shown : level;

	buf_str(out, own->prefix);
	for (unsigned i = own->shown > (int)level + 1 ? 0 : first; i <= level; i++) {
		if (i < level && (!list->levels[i].format || list->levels[i].format == '*'))
			continue;
		numeral_add(format_of(list->levels[i].format), count[i] ? count[i] : list->levels[i].start, out);
		buf_str(out, i < level ? "." : "");
	}
	buf_str(out, own->suffix);
}

bool
odf_is_plain_number(const struct odf_level *level)
{
	return level->format == '1' && level->shown <= 1 && level->prefix[strspn(level->prefix, "( ")] == '\0' &&
	       level->suffix[strspn(level->suffix, ".) ")] == '\0';
}
