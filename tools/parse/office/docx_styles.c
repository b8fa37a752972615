#include "office/docx_styles.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/words.h"
#include "records/rec.h"
#include "xml.h"

enum { STYLES = 20000, BASES = 20, NAME = 128 };

struct one {
	char *id, *base, *number;
	struct docx_style says; /* without what it is based on */
};

struct docx_styles {
	struct one *v;
	size_t count;
	struct json_object *places; /* id: its place */
	bool run;                   /* within the properties of runs */
};

static const struct docx_style unsaid = {
	.heading = -1, .hidden = -1, .strong = -1, .emphasis = -1, .deleted = -1, .level = -1};

/* The level of a heading that has this name, as "heading 1", "Heading2" or "Titre 3"; 0 if it is not one. The names of
 * the styles of Word are English in each language, those of other programs need not be. */
static int
heading_of_name(const char *name)
{
	static const char *const words[] = {"heading",
					    "\u00fcberschrift",
					    "\u00dcberschrift",
					    "berschrift",
					    "titre",
					    "t\xc3\xadtulo",
					    "titolo",
					    "kop",
					    "rubrik",
					    "overskrift",
					    "otsikko",
					    "nadpis",
					    "nag\xc5\x82\xc3\xb3wek",
					    "c\xc3\xadmsor",
					    "\xd0\xb7\xd0\xb0\xd0\xb3\xd0\xbe\xd0\xbb\xd0\xbe\xd0\xb2\xd0\xbe\xd0\xba",
					    "\xd0\x97\xd0\xb0\xd0\xb3\xd0\xbe\xd0\xbb\xd0\xbe\xd0\xb2\xd0\xbe\xd0\xba",
					    "\xe6\xa0\x87\xe9\xa2\x98",
					    "\xe6\xa8\x99\xe9\xa1\x8c",
					    "\xe8\xa6\x8b\xe5\x87\xba\xe3\x81\x97"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *at = name + strlen(words[i]);

		if (strncasecmp(name, words[i], strlen(words[i])) != 0)
			continue;
		while (*at == ' ' || *at == '_')
			at++;
		if (*at >= '1' && *at <= '9' && !isdigit((unsigned char)at[1]))
			return *at - '0';
	}
	return 0;
}

static enum docx_kind
kind_of_name(const char *name)
{
	char word[NAME];
	size_t n = 0;

	for (; *name && n + 1 < sizeof(word); name++)
		if (isalnum((unsigned char)*name))
			word[n++] = (char)tolower((unsigned char)*name);
	word[n] = '\0';
	if (strcmp(word, "title") == 0)
		return DOCX_TITLE;
	if (word_is_one_of(word, "quote", "intensequote", "blocktext", "quotations", "blockquote"))
		return DOCX_QUOTE;
	if (strncmp(word, "listbullet", 10) == 0)
		return DOCX_BULLET;
	if (strncmp(word, "listnumber", 10) == 0)
		return DOCX_NUMBER;
	if (word_is_one_of(word, "sourcecode", "verbatimchar", "htmlcode", "htmlpreformatted", "htmltypewriter",
			   "htmlsample", "code", "codechar", "inlinecode", "codeblock", "macro", "macrotext",
			   "preformattedtext", "sourcetext"))
		return DOCX_CODE;
	return DOCX_PLAIN;
}

static void
begin_style(struct docx_styles *s, const char *id)
{
	if (s->count == STYLES || json_object_object_get_ex(s->places, id, NULL))
		return;
	s->v = buf_grow(s->v, s->count, sizeof(*s->v));
	s->v[s->count] = (struct one){.id = buf_strdup(id), .says = unsaid};
	json_object_object_add(s->places, id, json_object_new_int64((int64_t)s->count));
	s->count++;
}

static int
is_on(const char *val)
{
	return !val || !word_is_one_of(val, "0", "false", "none", "off");
}

static void
take_name(struct one *one, const char *name)
{
	int heading = heading_of_name(name);

	if (heading > 0)
		one->says.heading = heading;
	one->says.kind = kind_of_name(name);
}

static void
styles_begin(void *arg, const char *name, const char **attributes)
{
	struct docx_styles *s = arg;
	const char *val = xml_attribute(attributes, "val"), *id = xml_attribute(attributes, "styleId");
	struct one *one = s->count ? &s->v[s->count - 1] : NULL;

	if (strcmp(name, "style") == 0)
		begin_style(s, id ? id : "");
	else if (!one)
		return;
	else if (strcmp(name, "name") == 0 && val)
		take_name(one, val);
	else if (strcmp(name, "basedOn") == 0 && val && !one->base)
		one->base = buf_strdup(val);
	else if (strcmp(name, "outlineLvl") == 0 && val)
		one->says.heading = *val >= '0' && *val <= '8' ? *val - '0' + 1 : 0;
	else if (strcmp(name, "numId") == 0 && val && !one->number)
		one->number = buf_strdup(val);
	else if (strcmp(name, "ilvl") == 0 && val)
		one->says.level = atoi(val);
	else if (strcmp(name, "vanish") == 0)
		one->says.hidden = is_on(val);
	else if (strcmp(name, "b") == 0)
		one->says.strong = is_on(val);
	else if (strcmp(name, "i") == 0)
		one->says.emphasis = is_on(val);
	else if (strcmp(name, "strike") == 0)
		one->says.deleted = is_on(val);
}

static void
no_end(void *arg, const char *name)
{
	(void)arg, (void)name;
}

static void
no_text(void *arg, const char *text, size_t n)
{
	(void)arg, (void)text, (void)n;
}

struct docx_styles *
docx_styles_read(const struct member_one *part)
{
	struct docx_styles *s = buf_alloc(sizeof(*s));

	*s = (struct docx_styles){.places = json_object_new_object()};
	if (part)
		xml_read(&(struct xml_reader){.begin = styles_begin, .end = no_end, .text = no_text, .arg = s},
			 part->bytes, part->n);
	return s;
}

void
docx_styles_free(struct docx_styles *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->v[i].id);
		free(s->v[i].base);
		free(s->v[i].number);
	}
	free(s->v);
	json_object_put(s->places);
	free(s);
}

static const struct one *
find_style(const struct docx_styles *s, const char *id)
{
	struct json_object *place;

	return id && *id && json_object_object_get_ex(s->places, id, &place) ? &s->v[json_object_get_int64(place)]
									     : NULL;
}

static void
inherit(int *member, int value)
{
	*member = *member < 0 ? value : *member;
}

struct docx_style
docx_style(const struct docx_styles *s, const char *id)
{
	const struct one *one = find_style(s, id);
	struct docx_style style = unsaid;

	if (!one && id) {
		style.heading = heading_of_name(id);
		style.kind = kind_of_name(id);
	}
	/* A circle ends at the limit. */
	for (int i = 0; one && i < BASES; i++, one = find_style(s, one->base)) {
		inherit(&style.heading, one->says.heading);
		inherit(&style.hidden, one->says.hidden);
		inherit(&style.strong, one->says.strong);
		inherit(&style.emphasis, one->says.emphasis);
		inherit(&style.deleted, one->says.deleted);
		if (!style.number && one->number) {
			style.number = one->number;
			style.owner = one->id;
			style.level = style.level < 0 ? one->says.level : style.level;
		}
		if (style.kind == DOCX_PLAIN)
			style.kind = one->says.kind;
	}
	return style;
}
