#include "review/licence_table.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wctype.h>

#include "base/buf.h"
#include "base/paths.h"
#include "base/utf8.h"
#include "files/file.h"

enum { FIELDS = 5, TABLE_MAX = 4 << 20 };

static struct {
	struct licence_line *v;
	size_t n;
	char **empty; /* words without a meaning */
	locale_t locale;
	char why[300];
} table;

/* --- words --- */

static bool
is_separator(uint32_t c)
{
	return c <= ' ' || strchr("-_,()", (int)(c < 0x80 ? c : 'a')) || c == 0xa0 || (c >= 0x2010 && c <= 0x2015) ||
	       c == 0x3001 || c == 0x3000 || c == 0x30fb || c == 0xff08 || c == 0xff09;
}

/* Appends the word that begins at TEXT, in lower case. Returns its length in TEXT; 0 if it is no UTF-8. */
static size_t
take_word(struct buf *out, const char *text, size_t n)
{
	size_t at = 0;

	while (at < n) {
		uint32_t c;
		size_t len = utf8_decode(text + at, n - at, &c);
		char bytes[4];

		if (len == 0)
			return 0;
		if (is_separator(c))
			break;
		buf_add(out, bytes, utf8_encode((uint32_t)towlower_l((wint_t)c, table.locale), bytes));
		at += len;
	}
	return at;
}

/* Whether the word was cut off OUT, from FROM on, since it has no meaning. */
static bool
drop_empty(struct buf *out, size_t from)
{
	for (char **word = table.empty; word && *word; word++)
		if (strcmp(out->data + from, *word) == 0) {
			out->len = from;
			out->data[from] = '\0';
			return true;
		}
	return false;
}

char *
licence_words(const char *text)
{
	struct buf out = {0};
	size_t n = strlen(text);

	buf_str(&out, "");
	for (size_t at = 0; at < n;) {
		size_t from = out.len, len, skipped = 0;
		uint32_t c;

		while (at < n && (skipped = utf8_decode(text + at, n - at, &c)) > 0 && is_separator(c))
			at += skipped;
		if (at == n)
			break;
		if (from > 0)
			buf_str(&out, " ");
		len = take_word(&out, text + at, n - at);
		if (len == 0) {
			buf_free(&out);
			return NULL;
		}
		at += len;
		if (drop_empty(&out, from + (from > 0)))
			out.data[out.len = from] = '\0';
	}
	return out.data;
}

/* --- the table --- */

static char **
split_names(char *field)
{
	char **names = NULL, *at;
	size_t n = 0;

	for (char *name = strtok_r(field, "|", &at); name; name = strtok_r(NULL, "|", &at)) {
		char *words = licence_words(name);

		if (!words)
			return NULL;
		names = buf_grow(names, n + 1, sizeof(*names));
		names[n++] = words;
	}
	if (n > 0)
		names[n] = NULL;
	return names;
}

static bool
take_terms(char *field, unsigned *terms)
{
	static const struct {
		const char *word;
		unsigned terms;
	} known[] = {
		{"use", LICENCE_USE},
		{"change", LICENCE_CHANGE},
		{"commerce", LICENCE_COMMERCE},
		{"attribution", LICENCE_ATTRIBUTION},
		{"share-alike", LICENCE_SHARE_ALIKE},
		{"unknown", LICENCE_UNKNOWN},
		{"part", 0},
		{"empty", 0},
		{"-", 0},
	};
	char *at;

	*terms = 0;
	for (char *word = strtok_r(field, ",", &at); word; word = strtok_r(NULL, ",", &at)) {
		size_t i = 0, n = sizeof(known) / sizeof(*known);

		while (i < n && strcmp(word, known[i].word) != 0)
			i++;
		if (i == n)
			return false;
		*terms |= known[i].terms;
	}
	return true;
}

static char *
take_field(char *field)
{
	return strcmp(field, "-") == 0 ? field + 1 : field;
}

/* Adds a line of the table; NULL, or what is wrong with it. */
static const char *
add_line(char *text)
{
	struct licence_line *l;
	char *fields[FIELDS];
	bool is_empty;
	int n = 0;

	while (n < FIELDS && (fields[n] = strsep(&text, "\t")))
		n++;
	if (n < FIELDS || text)
		return "has not five fields";
	is_empty = strcmp(fields[3], "empty") == 0;
	table.v = buf_grow(table.v, table.n, sizeof(*table.v));
	l = &table.v[table.n];
	*l = (struct licence_line){
		.id = take_field(fields[0]), .name = take_field(fields[1]), .url = take_field(fields[2])};
	if (!take_terms(fields[3], &l->terms))
		return "has unknown terms";
	l->names = split_names(fields[4]);
	if (!l->names)
		return "has no names";
	if (is_empty)
		table.empty = l->names;
	else
		table.n++;
	return NULL;
}

static const char *
read_table(const char *path)
{
	struct buf text = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC), number = 0;
	char *rest;

	if (fd < 0 || file_close(fd, file_read_all(fd, TABLE_MAX, &text)) < 0) {
		snprintf(table.why, sizeof(table.why), "cannot read %s: %s", path, strerror(errno));
		buf_free(&text);
		return table.why;
	}
	rest = text.data; /* the lines keep pointing into it */
	for (char *line; (line = strsep(&rest, "\n"));) {
		const char *wrong = *line && *line != '#' && ++number ? add_line(line) : NULL;

		if (wrong) {
			snprintf(table.why, sizeof(table.why), "%s: the line of '%.60s' %s", path, line, wrong);
			return table.why;
		}
	}
	return NULL;
}

const char *
licence_table_load(void)
{
	struct buf path = {0};
	const char *wrong;

	if (table.n > 0)
		return NULL;
	table.locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	if (!table.locale) {
		snprintf(table.why, sizeof(table.why), "the locale C.UTF-8 cannot be loaded: %s", strerror(errno));
		return table.why;
	}
	if (path_of_share(&path, "licences") < 0) {
		snprintf(table.why, sizeof(table.why), "cannot find share/licences: %s", strerror(errno));
		wrong = table.why;
	} else {
		wrong = read_table(path.data);
	}
	buf_free(&path);
	return wrong;
}

const struct licence_line *
licence_line_named(const char *words)
{
	for (size_t i = 0; i < table.n; i++)
		for (char **name = table.v[i].names; *table.v[i].name && *name; name++)
			if (strcmp(*name, words) == 0)
				return &table.v[i];
	return NULL;
}

/* The host and path of a URL, in lower case, without what does not tell licences apart. False if it is not http. */
static bool
normalize(const char *url, char out[258])
{
	const char *at = strncasecmp(url, "https://", 8) == 0  ? url + 8
			 : strncasecmp(url, "http://", 7) == 0 ? url + 7
							       : "";
	char *page;
	size_t n;

	at += strncasecmp(at, "www.", 4) == 0 ? 4 : 0;
	n = strcspn(at, "?#");
	while (n > 0 && at[n - 1] == '/')
		n--;
	if (n == 0 || n >= 256)
		return false;
	for (size_t i = 0; i < n; i++)
		out[i] = (char)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] | 0x20 : at[i]);
	out[n] = '\0';
	page = strncmp(out, "rightsstatements.org/page/", 26) == 0 ? out + 21 : NULL;
	if (page) { /* /page/InC/1.0 shows what /vocab/InC/1.0 means */
		memmove(page + 5, page + 4, strlen(page + 4) + 1);
		memcpy(page, "vocab", 5); /* NOLINT(bugprone-not-null-terminated-result): within a text */
	}
	return true;
}

const struct licence_line *
licence_line_at(const char *url)
{
	char wanted[258], known[258];

	if (!normalize(url, wanted))
		return NULL;
	for (size_t i = 0; i < table.n; i++)
		if (normalize(table.v[i].url, known) && strcmp(known, wanted) == 0)
			return &table.v[i];
	return NULL;
}

char *const *
licence_part_names(const char *part)
{
	static char *const none[] = {NULL};

	for (size_t i = 0; i < table.n; i++)
		if (!*table.v[i].name && strcmp(table.v[i].id, part) == 0)
			return table.v[i].names;
	return none;
}
