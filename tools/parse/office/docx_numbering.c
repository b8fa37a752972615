#include "office/docx_numbering.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/words.h"
#include "office/numerals.h"
#include "records/rec.h"
#include "xml.h"

enum { LISTS = 20000, FORMAT = 24, TEXT = 64, STYLE = 64, START_MAX = 1000000 };

struct level {
	long start;
	int restart; /* behind a paragraph of a level below this one; -1: any lower one; 0: never */
	bool legal;  /* all its numbers are decimal */
	bool given;
	char format[FORMAT], text[TEXT], style[STYLE];
};

/* A definition, and how far it has counted. */
struct abstract {
	struct level levels[DOCX_LEVELS];
	long count[DOCX_LEVELS];
	bool begun[DOCX_LEVELS];
	char link[STYLE]; /* the list style that has its levels instead */
};

struct num {
	char abstract[16];
	long start[DOCX_LEVELS]; /* -1: that of the definition */
	bool used[DOCX_LEVELS];
	struct abstract *levels; /* those that it has itself; NULL: none */
};

struct docx_numbering {
	struct abstract **abstracts;
	size_t abstract_count;
	struct num *nums;
	size_t num_count;
	struct json_object *abstract_places, *num_places, *links; /* by id, and by the name of a list style */
	/* while it is read */
	struct abstract *abstract;
	struct num *num;
	struct level *level;
	int at;
};

static struct abstract *
new_abstract(void)
{
	struct abstract *a = buf_alloc(sizeof(*a));

	memset(a, 0, sizeof(*a));
	for (int i = 0; i < DOCX_LEVELS; i++) {
		a->levels[i] = (struct level){.start = 1, .restart = -1, .format = "decimal"};
		snprintf(a->levels[i].text, TEXT, "%%%d.", i + 1);
	}
	return a;
}

static void
add_abstract(struct docx_numbering *n, const char *id)
{
	n->num = NULL;
	n->level = NULL;
	n->abstract = NULL;
	if (n->abstract_count == LISTS)
		return;
	n->abstracts = buf_grow(n->abstracts, n->abstract_count, sizeof(struct abstract *));
	n->abstracts[n->abstract_count] = n->abstract = new_abstract();
	json_object_object_add(n->abstract_places, id, json_object_new_int64((int64_t)n->abstract_count++));
}

static void
add_num(struct docx_numbering *n, const char *id)
{
	n->num = NULL;
	n->level = NULL;
	n->abstract = NULL;
	if (n->num_count == LISTS)
		return;
	n->nums = buf_grow(n->nums, n->num_count, sizeof(*n->nums));
	n->num = &n->nums[n->num_count];
	*n->num = (struct num){.abstract = ""};
	for (int i = 0; i < DOCX_LEVELS; i++)
		n->num->start[i] = -1;
	json_object_object_add(n->num_places, id, json_object_new_int64((int64_t)n->num_count++));
}

static void
begin_level(struct docx_numbering *n, const char *number)
{
	int at = number ? atoi(number) : 0;
	struct abstract *a = n->abstract;

	n->level = NULL;
	if (at < 0 || at >= DOCX_LEVELS)
		return;
	if (n->num && !n->num->levels)
		n->num->levels = new_abstract();
	a = n->num ? n->num->levels : a;
	if (a) {
		n->level = &a->levels[at];
		n->level->given = true;
	}
}

static long
number_of(const char *val)
{
	long number = strtol(val, NULL, 10);

	return number < 0 ? 0 : number > START_MAX ? START_MAX : number;
}

static void
take_level(struct level *l, const char *name, const char *val)
{
	if (strcmp(name, "start") == 0)
		l->start = number_of(val);
	else if (strcmp(name, "numFmt") == 0)
		snprintf(l->format, FORMAT, "%s", val);
	else if (strcmp(name, "lvlText") == 0)
		snprintf(l->text, TEXT, "%s", val);
	else if (strcmp(name, "lvlRestart") == 0)
		l->restart = (int)number_of(val);
	else if (strcmp(name, "pStyle") == 0)
		snprintf(l->style, STYLE, "%s", val);
}

static void
numbering_begin(void *arg, const char *name, const char **attributes)
{
	struct docx_numbering *n = arg;
	const char *val = xml_attribute(attributes, "val"), *id;

	if (strcmp(name, "abstractNum") == 0 && (id = xml_attribute(attributes, "abstractNumId"))) {
		add_abstract(n, id);
	} else if (strcmp(name, "num") == 0 && (id = xml_attribute(attributes, "numId"))) {
		add_num(n, id);
	} else if (strcmp(name, "lvl") == 0) {
		begin_level(n, xml_attribute(attributes, "ilvl"));
	} else if (strcmp(name, "lvlOverride") == 0) {
		id = xml_attribute(attributes, "ilvl");
		n->at = id ? atoi(id) : 0;
	} else if (strcmp(name, "startOverride") == 0 && val && n->num && n->at >= 0 && n->at < DOCX_LEVELS) {
		n->num->start[n->at] = number_of(val);
	} else if (strcmp(name, "abstractNumId") == 0 && val && n->num) {
		snprintf(n->num->abstract, sizeof(n->num->abstract), "%s", val);
	} else if (strcmp(name, "styleLink") == 0 && val && n->abstract) {
		json_object_object_add(n->links, val, json_object_new_int64((int64_t)n->abstract_count - 1));
	} else if (strcmp(name, "numStyleLink") == 0 && val && n->abstract) {
		snprintf(n->abstract->link, STYLE, "%s", val);
	} else if (strcmp(name, "isLgl") == 0 && n->level) {
		n->level->legal = !val || !word_is_one_of(val, "0", "false", "off");
	} else if (n->level && val) {
		take_level(n->level, name, val);
	}
}

static void
numbering_end(void *arg, const char *name)
{
	struct docx_numbering *n = arg;

	if (strcmp(name, "lvl") == 0)
		n->level = NULL;
}

static void
no_text(void *arg, const char *text, size_t n)
{
	(void)arg, (void)text, (void)n;
}

struct docx_numbering *
docx_numbering_read(const struct member_one *part)
{
	struct docx_numbering *n = buf_alloc(sizeof(*n));

	*n = (struct docx_numbering){.abstract_places = json_object_new_object(),
				     .num_places = json_object_new_object(),
				     .links = json_object_new_object()};
	if (part)
		xml_read(
			&(struct xml_reader){.begin = numbering_begin, .end = numbering_end, .text = no_text, .arg = n},
			part->bytes, part->n);
	return n;
}

void
docx_numbering_free(struct docx_numbering *n)
{
	for (size_t i = 0; i < n->abstract_count; i++)
		free(n->abstracts[i]);
	for (size_t i = 0; i < n->num_count; i++)
		free(n->nums[i].levels);
	free(n->abstracts);
	free(n->nums);
	json_object_put(n->abstract_places);
	json_object_put(n->num_places);
	json_object_put(n->links);
	free(n);
}

/* --- counting --- */

static struct num *
find_num(const struct docx_numbering *n, const char *id)
{
	struct json_object *place;

	return json_object_object_get_ex(n->num_places, id, &place) ? &n->nums[json_object_get_int64(place)] : NULL;
}

/* The definition of a numbering, or that of the list style that it names. */
static struct abstract *
abstract_of(const struct docx_numbering *n, const struct num *num)
{
	struct json_object *place;
	struct abstract *a;

	if (!num || !json_object_object_get_ex(n->abstract_places, num->abstract, &place))
		return NULL;
	a = n->abstracts[json_object_get_int64(place)];
	if (a->link[0] && json_object_object_get_ex(n->links, a->link, &place))
		a = n->abstracts[json_object_get_int64(place)];
	return a;
}

static const struct level *
level_of(const struct num *num, const struct abstract *a, int level)
{
	return num->levels && num->levels->levels[level].given ? &num->levels->levels[level] : &a->levels[level];
}

static void
count_next(struct num *num, struct abstract *a, int level)
{
	if (num->start[level] >= 0 && !num->used[level])
		a->count[level] = num->start[level];
	else if (a->begun[level])
		a->count[level]++;
	else
		a->count[level] = level_of(num, a, level)->start;
	a->begun[level] = num->used[level] = true;
	for (int i = level + 1; i < DOCX_LEVELS; i++) {
		int restart = level_of(num, a, i)->restart;

		if (restart < 0 || level < restart)
			a->begun[i] = false;
	}
}

/* Puts the label together: "%1.%2" has the numbers of two levels. */
static void
make_label(const struct num *num, const struct abstract *a, int level, char label[DOCX_LABEL])
{
	const struct level *own = level_of(num, a, level);
	struct buf out = {0};

	buf_str(&out, "");
	for (const char *s = own->text; *s; s++) {
		const struct level *which;
		int k = *s == '%' && s[1] >= '1' && s[1] <= '9' ? s[1] - '1' : -1;

		if (k < 0) {
			buf_add(&out, s, 1);
			continue;
		}
		s++;
		which = level_of(num, a, k);
		numeral_add(own->legal && strcmp(which->format, "none") != 0 ? "decimal" : which->format,
			    a->begun[k] || k == level ? a->count[k] : which->start, &out);
	}
	snprintf(label, DOCX_LABEL, "%.*s",
		 (int)utf8_whole_length(out.data, out.len < DOCX_LABEL ? out.len : DOCX_LABEL - 1), out.data);
	buf_free(&out);
}

/* Whether the text of a level is its own number and punctuation: "%2." at the second level. */
static bool
is_own_number(const char *text, int level)
{
	char own[4];
	const char *at;

	snprintf(own, sizeof(own), "%%%d", level + 1);
	at = strstr(text, own);
	if (!at)
		return false;
	for (const char *s = text; *s; s += s == at ? 2 : 1)
		if (s != at && !strchr(".() \t", *s))
			return false;
	return true;
}

static bool
is_blank(const char *text)
{
	return text[strspn(text, " \t")] == '\0';
}

void
docx_numbering_next(struct docx_numbering *n, const char *num_id, int level, struct docx_number *out)
{
	struct num *num = find_num(n, num_id);
	struct abstract *a = abstract_of(n, num);
	const struct level *l;

	*out = (struct docx_number){.kind = DOCX_NO_LIST};
	level = level < 0 ? 0 : level >= DOCX_LEVELS ? DOCX_LEVELS - 1 : level;
	if (!a)
		return;
	l = level_of(num, a, level);
	if (strcmp(l->format, "bullet") == 0) {
		out->kind = is_blank(l->text) ? DOCX_NO_MARK : DOCX_DOT;
		return;
	}
	count_next(num, a, level);
	make_label(num, a, level, out->label);
	out->value = a->count[level];
	if (is_blank(out->label))
		out->kind = DOCX_NO_MARK;
	else if (strcmp(l->format, "decimal") == 0 && is_own_number(l->text, level))
		out->kind = DOCX_COUNTED;
	else
		out->kind = DOCX_LABELLED;
}

int
docx_numbering_level(const struct docx_numbering *n, const char *num_id, const char *style)
{
	const struct num *num = find_num(n, num_id);
	const struct abstract *a = abstract_of(n, num);

	for (int i = 0; a && style && i < DOCX_LEVELS; i++)
		if (strcmp(level_of(num, a, i)->style, style) == 0)
			return i;
	return 0;
}
