#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/msg.h"
#include "base/paths.h"
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

/* KEY = VALUE in LINE. False: it is not. */
static bool
take_line(struct conf *c, char *line)
{
	char *equals = strchr(line, '='), *key;
	const char *text;
	struct json_object *v;

	if (!equals)
		return false;
	*equals = '\0';
	key = trim(line);
	if (!*key || !is_key(key))
		return false;
	/* Sets one value, a number if it is one. */
	text = trim(equals + 1);
	v = rec_parse(text, strlen(text), NULL, 0);
	if (!json_object_is_type(v, json_type_int) && !json_object_is_type(v, json_type_double)) {
		json_object_put(v);
		v = json_object_new_string(text);
	}
	json_object_object_add(c->values, key, v);
	return true;
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
		if (*text && *text != '#' && !take_line(c, text))
			msg_die(EX_CONFIG, "%s, line %zu, is not KEY = VALUE", path, number);
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

void
conf_read(struct conf *c, const char *name, const char *const *sets)
{
	struct buf path = {0};

	*c = (struct conf){.values = json_object_new_object()};
	find(c, name, &path);
	read_file(c, path.data);
	for (; *sets; sets++) {
		char *copy = buf_strdup(*sets);

		if (!take_line(c, copy))
			msg_die(EX_WRONG_USE, "--set takes KEY=VALUE, not '%s'", *sets);
		free(copy);
	}
	buf_free(&path);
}

void
conf_free(struct conf *c)
{
	json_object_put(c->values);
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

const char *
conf_title(const struct conf *c)
{
	const char *title = conf_text(c, "title");

	return title ? title : c->name;
}
