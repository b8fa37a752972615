#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/msg.h"
#include "base/paths.h"
#include "base/userinfo.h"
#include "base/words.h"
#include "html/url.h"
#include "records/rec.h"
#include "source.h"

enum { NAME_ROOM = 64 };

/* Removes white space at both ends of S. */
static char *
trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r\n");
	n = strlen(s);
	while (n > 0 && strchr(" \t\r\n", s[n - 1]))
		s[--n] = '\0';
	return s;
}

static bool
is_key(const char *s)
{
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("_.-", *s))
			return false;
	return true;
}

/* --- keys --- */

/* The settings that bi-source reads itself, with the limits of numbers. */
static const struct own_key {
	const char *name;
	bool is_number;
	double min, max;
} own_keys[] = {
	{"api", false, 0, 0},
	{"cache", true, 0, 1e9},
	{"enough", true, 0, 1e6},
	{"folder", false, 0, 0},
	{"give_up", true, 0, 1e9},
	{"longest_wait", true, 0, 1e6},
	{"pages", true, 1, 1000},
	{"reply_megabytes", true, 1, 1024},
	{"requests", true, 1, 1000},
	{"slow", true, 0, 1e6},
	{"slow_wait", true, 0, 1e6},
	{"timeout", true, 0.1, 86400},
	{"title", false, 0, 0},
	{"tries", true, 1, 100},
	{0},
};

/* Settings that have one key for each category or part of the score. */
static bool
is_open(const char *key)
{
	return strncmp(key, "category.", 9) == 0 || strncmp(key, "weight.", 7) == 0;
}

static const struct own_key *
own_key(const char *key)
{
	const struct own_key *k = own_keys;

	while (k->name && strcmp(k->name, key) != 0)
		k++;
	return k->name ? k : NULL;
}

static bool
is_known(const struct conf *c, const char *key)
{
	return (own_key(key) && strcmp(key, "folder") != 0) || is_open(key) ||
	       json_object_object_get_ex(c->values, key, NULL) || json_object_object_get_ex(c->declared, key, NULL);
}

/* --- values --- */

static bool
is_number(struct json_object *v)
{
	return json_object_is_type(v, json_type_int) || json_object_is_type(v, json_type_double);
}

/* Returns why TEXT cannot be the value of KEY, in WHY; NULL if it can. */
static const char *
value_check(const char *key, const char *text, struct json_object *v, bool number, char *why, size_t room)
{
	const struct own_key *own = own_key(key);
	double n = json_object_get_double(v);

	if (number && !is_number(v)) {
		snprintf(why, room, "which is not a number");
		return why;
	}
	if (own && own->is_number && (n < own->min || n > own->max)) {
		snprintf(why, room, "and the number must be from %g to %.0f", own->min, own->max);
		return why;
	}
	if (strcmp(key, "api") == 0) {
		char *url = url_resolve(NULL, text, strlen(text));

		free(url);
		if (!url) {
			snprintf(why, room, "which is not a URL of http or https");
			return why;
		}
	}
	return NULL;
}

/* Splits KEY = VALUE in LINE. False: it is not that. */
static bool
split(char *line, char **key, char **text)
{
	char *equals = strchr(line, '=');

	if (!equals)
		return false;
	*equals = '\0';
	*key = trim(line);
	*text = trim(equals + 1);
	return **key && is_key(*key);
}

/* Sets one value, a number if it is one. Where the source has a number there must be one, and where it has a text,
 * digits are text. Returns why it is refused, in WHY, or NULL. */
static const char *
set_value(struct conf *c, const char *key, const char *text, char *why, size_t room)
{
	const struct own_key *own = own_key(key);
	struct json_object *before = json_object_object_get(c->values, key),
			   *v = rec_parse(text, strlen(text), NULL, 0);
	bool number = own ? own->is_number : strncmp(key, "weight.", 7) == 0 || is_number(before);
	bool words = own ? !own->is_number : strncmp(key, "category.", 9) == 0 || (before && !is_number(before));
	const char *wrong = value_check(key, text, v, number, why, room);

	if (wrong || words || !is_number(v)) {
		json_object_put(v);
		v = wrong ? NULL : json_object_new_string(text);
	}
	if (v)
		json_object_object_add(c->values, key, v);
	return wrong;
}

/* A line of a file. A key without a value has no default, and is known. */
static void
take_line(struct conf *c, char *line, const char *path, size_t number)
{
	char *key, *text, why[120];

	if (!split(line, &key, &text))
		msg_die(EX_CONFIG, "%s, line %zu, is not KEY = VALUE", path, number);
	if (!*text)
		json_object_object_add(c->declared, key, NULL);
	else if (set_value(c, key, text, why, sizeof(why)))
		msg_die(EX_CONFIG, "%s, line %zu, has %s = %s, %s", path, number, key, text, why);
}

static void
read_file(struct conf *c, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0, number = 0;

	if (!file && errno == ENOENT)
		msg_die(EX_CONFIG, "there is no source '%s': %s does not exist (bi-sources(5) describes its files)",
			c->name, path);
	if (!file)
		msg_die_errno(EX_CONFIG, "cannot read the source '%s', %s", c->name, path);
	while (getline(&line, &room, file) >= 0) {
		char *text = trim(line);

		number++;
		if (*text && *text != '#')
			take_line(c, text, path, number);
	}
	if (ferror(file))
		msg_die_errno(EX_CONFIG, "cannot read the source '%s', %s", c->name, path);
	free(line);
	fclose(file);
}

/* A name of share/source, or the path of a .conf elsewhere. */
static void
find(struct conf *c, const char *name, struct buf *path)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
	size_t n = strlen(base);

	if (n > 5 && strcmp(base + n - 5, ".conf") == 0)
		n -= 5;
	c->name = buf_strdup(base);
	c->name[n] = '\0';
	if (n == 0 || n >= NAME_ROOM || !is_key(c->name))
		msg_die(EX_WRONG_USE,
			"'%s' cannot be the name of a source: a name has letters, digits, hyphens and dots", name);
	if (path_of_share(&c->share, "source/rank.jq") < 0)
		msg_die(EX_UNAVAILABLE, "share/source is neither beside this program nor in BI_SHARE");
	c->share.len -= strlen("/rank.jq");
	c->share.data[c->share.len] = '\0';
	if (slash)
		buf_add(&c->dir, name, slash == name ? 1 : (size_t)(slash - name));
	else
		buf_str(&c->dir, c->share.data);
	buf_printf(path, "%s/%s.conf", c->dir.data, c->name);
}

/* --- --set --- */

/* Whether KEY may have been meant by WORD: few letters differ, one has the other in it, or they begin alike. */
static bool
is_near(const char *word, const char *key)
{
	size_t n = strlen(word), most = n < 6 ? 2 : 3;

	if (word_distance(word, key) <= most)
		return most < n;
	return (n > 2 && (strstr(key, word) || strstr(word, key))) || (n > 4 && strncmp(word, key, 5) == 0);
}

static void
add_keys(struct json_object *keys, struct json_object *from)
{
	json_object_object_foreach(from, key, value)
	{
		(void)value;
		json_object_object_add(keys, key, NULL);
	}
}

/* Ends the program: none of the N sources of V has the setting KEY. */
static _Noreturn void
refuse_key(const struct conf *v, size_t n, const char *key)
{
	struct buf near = {0}, all = {0};
	struct json_object *seen = json_object_new_object();

	for (size_t i = 0; i < n; i++) {
		add_keys(seen, v[i].values);
		add_keys(seen, v[i].declared);
	}
	for (const struct own_key *k = own_keys; k->name; k++)
		if (is_known(v, k->name))
			json_object_object_add(seen, k->name, NULL);
	json_object_object_foreach(seen, name, nothing)
	{
		(void)nothing;
		buf_printf(&all, "%s%s", all.len ? ", " : "", name);
		if (is_near(key, name))
			buf_printf(&near, "%s%s", near.len ? ", " : "", name);
	}
	msg_die(EX_WRONG_USE, "the source '%s' has no setting '%.80s'; %s: %s", v->name, key,
		near.len ? "near it are" : "it has", near.len ? near.data : all.data);
}

static void
set_one(struct conf *c, const char *key, const char *text)
{
	char why[120], *shown;

	json_object_object_add(c->given, key, NULL);
	if (!set_value(c, key, text, why, sizeof(why)))
		return;
	shown = buf_strdup(text);
	userinfo_strip(shown, strlen(shown));
	msg_die(EX_WRONG_USE, "--set: the source '%s' cannot have %s = %.200s, %s", c->name, key, shown, why);
}

/* KEY=VALUE is for all sources that have the key; NAME.KEY=VALUE is for one. */
static void
set_all(struct conf *v, size_t n, const char *set)
{
	char *copy = buf_strdup(set), *key, *text;
	size_t having = 0;

	if (!split(copy, &key, &text))
		msg_die(EX_WRONG_USE, "--set takes KEY=VALUE, not '%s'", set);
	for (size_t i = 0; i < n; i++) {
		size_t length = strlen(v[i].name);

		if (strncmp(key, v[i].name, length) == 0 && key[length] == '.') {
			key += length + 1;
			if (!is_known(&v[i], key))
				refuse_key(&v[i], 1, key);
			set_one(&v[i], key, text);
			free(copy);
			return;
		}
		having += is_known(&v[i], key);
	}
	if (having == 0)
		refuse_key(v, n, key);
	if (n > 1 && word_is_one_of(key, "api", "title"))
		msg_die(EX_WRONG_USE, "--set %s=… is for one source: say which with --set %s.%s=…", key, v->name, key);
	for (size_t i = 0; i < n; i++)
		if (is_known(&v[i], key))
			set_one(&v[i], key, text);
	free(copy);
}

size_t
conf_read(struct conf **out, const char *names, const char *const *sets)
{
	char *copy = buf_strdup(names), *at = NULL;
	struct conf *v = NULL;
	size_t n = 0;

	for (char *name = strtok_r(copy, ",", &at); name; name = strtok_r(NULL, ",", &at)) {
		struct buf path = {0};

		v = buf_grow(v, n, sizeof(*v));
		v[n] = (struct conf){
			.values = json_object_new_object(),
			.declared = json_object_new_object(),
			.given = json_object_new_object(),
		};
		find(&v[n], trim(name), &path);
		for (size_t i = 0; i < n; i++)
			if (strcmp(v[i].name, v[n].name) == 0)
				msg_die(EX_WRONG_USE, "the source '%s' is given twice", v[n].name);
		read_file(&v[n++], path.data);
		buf_free(&path);
	}
	free(copy);
	if (n == 0)
		msg_die(EX_WRONG_USE, "--source takes the names of sources, with commas between them");
	for (; *sets; sets++)
		set_all(v, n, *sets);
	*out = v;
	return n;
}

void
conf_merge(struct conf *c, struct json_object *settings)
{
	json_object_object_foreach(settings, key, value)
	{
		if (!json_object_object_get_ex(c->given, key, NULL))
			json_object_object_add(c->values, key, json_object_get(value));
	}
}

void
conf_free(struct conf *c)
{
	json_object_put(c->values);
	json_object_put(c->declared);
	json_object_put(c->given);
	free(c->name);
	buf_free(&c->dir);
	buf_free(&c->share);
}

double
conf_number(const struct conf *c, const char *key, double otherwise)
{
	struct json_object *v;

	if (!json_object_object_get_ex(c->values, key, &v))
		return otherwise;
	if (!json_object_is_type(v, json_type_int) && !json_object_is_type(v, json_type_double))
		msg_die(EX_CONFIG, "the source '%s' has %s = %s, which is not a number", c->name, key,
			json_object_get_string(v));
	return json_object_get_double(v);
}

const char *
conf_text(const struct conf *c, const char *key)
{
	return rec_string(c->values, key);
}

bool
conf_has(const struct conf *c, const char *key)
{
	return json_object_object_get_ex(c->values, key, NULL) || json_object_object_get_ex(c->declared, key, NULL);
}

const char *
conf_title(const struct conf *c)
{
	const char *title = conf_text(c, "title");

	return title ? title : c->name;
}
