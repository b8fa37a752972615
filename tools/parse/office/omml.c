#include "office/omml.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "web/math_tex.h"
#include "xml.h"

enum { DEPTH = 60, CHARACTER = 16 };

/* The parts of an object. */
enum part { PART_E, PART_SUB, PART_SUP, PART_NUM, PART_DEN, PART_DEG, PART_LIM, PART_NAME, PARTS };

/* An object that is open: a fraction, a root, the formula itself. */
struct object {
	char name[16];
	struct buf parts[PARTS];
	enum part part; /* the one that is open */
	unsigned count; /* elements (e) so far: operands, cells, rows */
	char chr[CHARACTER], begin[CHARACTER], end[CHARACTER], separator[CHARACTER];
	bool chr_given, deg_hidden;
};

struct omml {
	struct object stack[DEPTH];
	unsigned depth; /* open ones; those beyond DEPTH are counted only */
	bool in_text;
};

static const char *const objects[] = {"f",        "sSup",      "sSub", "sSubSup", "sPre",   "rad", "nary", "d",
				      "func",     "acc",       "bar",  "limLow",  "limUpp", "m",   "mr",   "eqArr",
				      "groupChr", "borderBox", "box",  "phant",   "oMath",  NULL};

static const struct {
	const char *name;
	enum part part;
} part_names[] = {{"e", PART_E},     {"sub", PART_SUB}, {"sup", PART_SUP}, {"num", PART_NUM},
		  {"den", PART_DEN}, {"deg", PART_DEG}, {"lim", PART_LIM}, {"fName", PART_NAME}};

struct omml *
omml_new(void)
{
	struct omml *o = buf_alloc(sizeof(*o));

	memset(o, 0, sizeof(*o));
	o->depth = 1;
	return o;
}

static void
free_parts(struct object *object)
{
	for (int i = 0; i < PARTS; i++)
		buf_free(&object->parts[i]);
}

void
omml_free(struct omml *o)
{
	if (!o)
		return;
	for (int i = 0; i < DEPTH; i++)
		free_parts(&o->stack[i]);
	free(o);
}

static struct object *
innermost(struct omml *o)
{
	return &o->stack[o->depth <= DEPTH ? o->depth - 1 : DEPTH - 1];
}

static void
push(struct omml *o, const char *name)
{
	struct object *object;

	if (o->depth++ >= DEPTH)
		return;
	object = &o->stack[o->depth - 1];
	free_parts(object);
	*object = (struct object){.begin = "(", .end = ")", .separator = "|"};
	snprintf(object->name, sizeof(object->name), "%s", name);
}

static const char *
text_of(const struct buf *b)
{
	return b->len ? b->data : "";
}

/* --- what an object becomes --- */

static void
add_script(struct buf *out, const char *mark, const struct buf *script)
{
	if (script->len == 0)
		return;
	buf_str(out, mark);
	math_tex_add_braced(out, script->data);
}

/* A base in braces unless it is one character or a command. */
static void
add_base(struct buf *out, const struct buf *base)
{
	const char *s = text_of(base);

	if (*s == '\\' && s[1 + strspn(s + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0')
		buf_str(out, s);
	else
		math_tex_add_braced(out, s);
}

static void
add_nary(struct buf *out, const struct object *x)
{
	static const char *const signs[][2] = {{"\xe2\x88\x91", "\\sum"},   {"\xe2\x88\x8f", "\\prod"},
					       {"\xe2\x88\xab", "\\int"},   {"\xe2\x88\xac", "\\iint"},
					       {"\xe2\x88\xae", "\\oint"},  {"\xe2\x8b\x83", "\\bigcup"},
					       {"\xe2\x8b\x82", "\\bigcap"}};
	const char *chr = x->chr_given ? x->chr : "\xe2\x88\xab";

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strcmp(chr, signs[i][0]) == 0)
			chr = signs[i][1];
	buf_str(out, chr);
	add_script(out, "_", &x->parts[PART_SUB]);
	add_script(out, "^", &x->parts[PART_SUP]);
	buf_printf(out, " %s", text_of(&x->parts[PART_E]));
}

static void
add_fence(struct buf *out, const char *fence)
{
	buf_printf(out, "%s%s", *fence == '{' || *fence == '}' ? "\\" : "", fence);
}

static void
add_accent(struct buf *out, const struct object *x)
{
	static const char *const accents[][2] = {
		{"\xcc\x82", "\\hat"},      {"\xcc\x83", "\\tilde"},
		{"\xcc\x84", "\\bar"},      {"\xcc\x85", "\\overline"},
		{"\xcc\x87", "\\dot"},      {"\xcc\x88", "\\ddot"},
		{"\xe2\x83\x97", "\\vec"},  {"\xcc\x8c", "\\check"},
		{"\xc2\xaf", "\\overline"}, {"\xe2\x83\x96", "\\overleftarrow"},
	};
	const char *chr = x->chr_given ? x->chr : "\xcc\x82", *command = NULL;

	if (strcmp(x->name, "bar") == 0)
		command = "\\overline";
	for (size_t i = 0; i < sizeof(accents) / sizeof(accents[0]) && !command; i++)
		if (strcmp(chr, accents[i][0]) == 0)
			command = accents[i][1];
	buf_printf(out, command ? "%s{%s}" : "%s%s", command ? command : "", text_of(&x->parts[PART_E]));
}

static void
add_function(struct buf *out, const struct object *x)
{
	const char *name = text_of(&x->parts[PART_NAME]);

	if (word_is_one_of(name, "sin", "cos", "tan", "cot", "log", "ln", "exp", "lim", "max", "min", "det", "sinh",
			   "cosh", "tanh", "arcsin", "arccos", "arctan", "gcd", "sup", "inf"))
		buf_str(out, "\\");
	buf_printf(out, "%s %s", name, text_of(&x->parts[PART_E]));
}

static void
add_limit(struct buf *out, const struct object *x)
{
	const char *base = text_of(&x->parts[PART_E]);

	if (word_is_one_of(base, "lim", "max", "min", "sup", "inf"))
		buf_printf(out, "\\%s", base);
	else
		add_base(out, &x->parts[PART_E]);
	add_script(out, strcmp(x->name, "limLow") == 0 ? "_" : "^", &x->parts[PART_LIM]);
}

static void
add_object(struct buf *out, const struct object *x)
{
	const struct buf *p = x->parts;

	if (strcmp(x->name, "f") == 0) {
		buf_printf(out, "\\frac{%s}{%s}", text_of(&p[PART_NUM]), text_of(&p[PART_DEN]));
	} else if (word_is_one_of(x->name, "sSup", "sSub", "sSubSup")) {
		add_base(out, &p[PART_E]);
		add_script(out, "_", &p[PART_SUB]);
		add_script(out, "^", &p[PART_SUP]);
	} else if (strcmp(x->name, "sPre") == 0) {
		buf_str(out, "{}");
		add_script(out, "_", &p[PART_SUB]);
		add_script(out, "^", &p[PART_SUP]);
		buf_str(out, text_of(&p[PART_E]));
	} else if (strcmp(x->name, "rad") == 0) {
		if (p[PART_DEG].len && !x->deg_hidden)
			buf_printf(out, "\\sqrt[%s]{%s}", p[PART_DEG].data, text_of(&p[PART_E]));
		else
			buf_printf(out, "\\sqrt{%s}", text_of(&p[PART_E]));
	} else if (strcmp(x->name, "nary") == 0) {
		add_nary(out, x);
	} else if (strcmp(x->name, "d") == 0) {
		add_fence(out, x->begin);
		buf_str(out, text_of(&p[PART_E]));
		add_fence(out, x->end);
	} else if (strcmp(x->name, "func") == 0) {
		add_function(out, x);
	} else if (strcmp(x->name, "acc") == 0 || strcmp(x->name, "bar") == 0) {
		add_accent(out, x);
	} else if (strncmp(x->name, "lim", 3) == 0) {
		add_limit(out, x);
	} else if (strcmp(x->name, "m") == 0 || strcmp(x->name, "eqArr") == 0) {
		buf_printf(out, "\\begin{matrix}%s\\end{matrix}", text_of(&p[PART_E]));
	} else {
		buf_str(out, text_of(&p[PART_E]));
	}
}

/* --- reading --- */

/* What is between two operands, cells or rows of an object. */
static const char *
between(const struct object *x)
{
	if (strcmp(x->name, "d") == 0)
		return x->separator;
	if (strcmp(x->name, "mr") == 0)
		return " & ";
	return strcmp(x->name, "eqArr") == 0 || strcmp(x->name, "m") == 0 ? " \\\\ " : "";
}

static void
begin_part(struct omml *o, const char *name)
{
	struct object *x = innermost(o);

	for (size_t i = 0; i < sizeof(part_names) / sizeof(part_names[0]); i++)
		if (strcmp(name, part_names[i].name) == 0)
			x->part = part_names[i].part;
	if (strcmp(name, "e") == 0 && x->count++ > 0)
		buf_str(&x->parts[PART_E], between(x));
}

/* Properties of the innermost object. */
static void
take_property(struct omml *o, const char *name, const char *val)
{
	struct object *x = innermost(o);

	if (strcmp(name, "chr") == 0) {
		snprintf(x->chr, CHARACTER, "%s", val ? val : "");
		x->chr_given = true;
	} else if (strcmp(name, "begChr") == 0) {
		snprintf(x->begin, CHARACTER, "%s", val ? val : "");
	} else if (strcmp(name, "endChr") == 0) {
		snprintf(x->end, CHARACTER, "%s", val ? val : "");
	} else if (strcmp(name, "sepChr") == 0) {
		snprintf(x->separator, CHARACTER, "%s", val ? val : "");
	} else if (strcmp(name, "degHide") == 0) {
		x->deg_hidden = !val || word_is_one_of(val, "1", "on", "true");
	}
}

void
omml_begin(struct omml *o, const char *name, const char **attributes)
{
	if (word_is_in(name, objects)) {
		if (strcmp(name, "mr") == 0)
			begin_part(o, "e"); /* a row of a matrix */
		push(o, name);
	} else if (strcmp(name, "t") == 0) {
		o->in_text = true;
	} else if (o->depth <= DEPTH) {
		begin_part(o, name);
		take_property(o, name, xml_attribute(attributes, "val"));
	}
}

void
omml_end(struct omml *o, const char *name)
{
	struct object *x;

	if (strcmp(name, "t") == 0)
		o->in_text = false;
	if (!word_is_in(name, objects) || o->depth <= 1)
		return;
	if (o->depth-- > DEPTH)
		return;
	x = &o->stack[o->depth];
	add_object(&innermost(o)->parts[innermost(o)->part], x);
	free_parts(x);
}

void
omml_text(struct omml *o, const char *text, size_t n)
{
	struct object *x = innermost(o);

	if (o->in_text)
		buf_add(&x->parts[x->part], text, n);
}

const char *
omml_tex(struct omml *o)
{
	return text_of(&o->stack[0].parts[PART_E]);
}

void
omml_clear(struct omml *o)
{
	buf_clear(&o->stack[0].parts[PART_E]);
}
