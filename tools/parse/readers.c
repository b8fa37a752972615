#include "readers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/msg.h"
#include "base/paths.h"
#include "base/words.h"

#define SPACE " \t\r\n"

struct row {
	char *kinds; /* ",text/rtf,.rtf," */
	struct reader reader;
};

static struct {
	struct row *rows;
	size_t count;
	bool loaded;
} table;

/* The next word of a line, the rest of which is at *LEFT; NULL at its end. */
static char *
next_word(char **left)
{
	char *word = *left + strspn(*left, SPACE), *end = word + strcspn(word, SPACE);

	if (!*word || *word == '#')
		return NULL;
	*left = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

/* NULL, or what is wrong with the line. */
static const char *
take_row(char *line)
{
	char *kinds = next_word(&line), *output = kinds ? next_word(&line) : NULL,
	     *package = output ? next_word(&line) : NULL, *word;
	struct row r = {0};
	struct buf text = {0};
	size_t n = 0;

	if (!kinds)
		return NULL;
	while (package && (word = next_word(&line))) {
		if (n == RUN_ARGS)
			return "it has too many arguments";
		r.reader.argv[n++] = buf_strdup(word);
	}
	if (n == 0)
		return "a line has types, an output, a package and a program";
	if (!word_is_one_of(output, "text", "markdown", "csv"))
		return "the output is neither text nor markdown nor csv";
	if (strlen(package) > 40 || strspn(package, "abcdefghijklmnopqrstuvwxyz0123456789+-.") != strlen(package))
		return "the package has no valid name (- if there is none)";
	r.reader.output = *output == 't' ? READER_TEXT : *output == 'm' ? READER_MARKDOWN : READER_CSV;
	r.reader.package = strcmp(package, "-") == 0 ? NULL : buf_strdup(package);
	buf_printf(&text, ",%s,", kinds);
	r.kinds = text.data;
	text = (struct buf){0};
	r.reader.installed = run_find(r.reader.argv[0], &text);
	r.reader.program = r.reader.installed ? text.data : buf_strdup(r.reader.argv[0]);
	table.rows = buf_grow(table.rows, table.count, sizeof(*table.rows));
	table.rows[table.count++] = r;
	return NULL;
}

static void
read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	unsigned number = 0;

	if (!f && (errno == ENOENT || errno == ENOTDIR))
		return;
	if (!f)
		msg_die_errno(EX_CONFIG, "cannot open the table of readers '%s'", path);
	while (getline(&line, &room, f) >= 0) {
		const char *wrong = take_row(line);

		number++;
		if (wrong)
			msg_die(EX_CONFIG, "%s, line %u: %s (bi-readers(5) has the format)", path, number, wrong);
	}
	if (ferror(f))
		msg_die_errno(EX_IOERR, "cannot read %s", path);
	free(line);
	fclose(f);
}

void
readers_load(void)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	struct buf path = {0};

	if (table.loaded)
		return;
	table.loaded = true;
	if (path_of_share(&path, "parse/readers") == 0)
		read_file(path.data);
	read_file("/etc/bi/readers");
	buf_clear(&path);
	if (config && *config == '/')
		buf_printf(&path, "%s/bi/readers", config);
	else if (home && *home == '/')
		buf_printf(&path, "%s/.config/bi/readers", home);
	if (path.len)
		read_file(path.data);
	buf_free(&path);
}

void
readers_each(void (*each)(const struct reader *r, void *arg), void *arg)
{
	for (size_t i = 0; i < table.count; i++)
		each(&table.rows[i].reader, arg);
}

/* Whether files of these types can be text. */
static bool
is_textual(const char *kinds)
{
	return !strchr(kinds, '/') || strstr(kinds, "text/") || strstr(kinds, "xml") || strstr(kinds, "json") ||
	       strstr(kinds, "rtf");
}

static const struct reader *
find_kind(const char *kind, bool binary)
{
	struct buf word = {0};
	const struct reader *found = NULL;

	buf_printf(&word, ",%s,", kind);
	for (size_t i = table.count; i > 0 && !found; i--)
		if (strcasestr(table.rows[i - 1].kinds, word.data) && (binary || is_textual(table.rows[i - 1].kinds)))
			found = &table.rows[i - 1].reader;
	buf_free(&word);
	return found;
}

const struct reader *
reader_find(const char *mime, const char *name)
{
	const struct reader *r = find_kind(mime, true);
	const char *dot = strrchr(name, '.');

	if (r || !dot || !dot[1] || strpbrk(dot, ",/"))
		return r;
	return word_is_one_of(mime, "text/plain", "text/xml", "application/xml", "application/json",
			      "application/octet-stream", "application/x-ole-storage", "application/CDFV2")
		       ? find_kind(dot, word_is_one_of(mime, "application/octet-stream", "application/x-ole-storage",
						       "application/CDFV2"))
		       : NULL;
}
