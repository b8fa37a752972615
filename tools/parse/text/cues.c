#include "text/cues.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double
cue_time(const char *text)
{
	double seconds = 0;
	int parts = 0, n = 0;
	unsigned number;

	text += strspn(text, " \t");
	while (parts < 3 && sscanf(text, "%6u%n", &number, &n) == 1 && isdigit((unsigned char)*text)) {
		seconds = seconds * 60 + number;
		parts++;
		text += n;
		if (*text != ':')
			break;
		text++;
	}
	if (parts < 2)
		return -1;
	if (*text == ',' || *text == '.') {
		char fraction[16] = "0.";

		for (size_t i = 2; i < sizeof(fraction) - 1 && isdigit((unsigned char)text[i - 1]); i++)
			fraction[i] = text[i - 1];
		seconds += strtod(fraction, NULL);
	}
	return seconds;
}

void
cue_add(struct cues *c, double end)
{
	c->count++;
	if (end > c->end)
		c->end = end;
}

/* Appends the voice of <v.loud Mary>. */
static void
put_voice(struct buf *out, const char *tag, size_t n)
{
	const char *blank = memchr(tag, ' ', n);

	if (tag[0] == 'v' && blank && (tag[1] == ' ' || tag[1] == '.')) {
		buf_add(out, blank + 1, n - (size_t)(blank + 1 - tag));
		buf_str(out, ": ");
	}
}

/* The length of the mark that S begins with, 0 if it begins with none: <i>, </c>, <00:01.500>, {\an8}. */
static size_t
mark_length(struct cues *c, const char *s, size_t n)
{
	const char *end = memchr(s, *s == '{' ? '}' : '>', n);
	bool time;

	if (n < 3 || !end)
		return 0;
	if (*s == '{')
		return s[1] == '\\' || c->braces ? (size_t)(end - s) + 1 : 0;
	time = isdigit((unsigned char)s[1]) && strspn(s + 1, "0123456789:.") == (size_t)(end - s) - 1;
	if (!time && !isalpha((unsigned char)s[1]) && s[1] != '/')
		return 0;
	c->rolling = c->rolling || time;
	if (!time)
		put_voice(&c->line, s + 1, (size_t)(end - s) - 1);
	return (size_t)(end - s) + 1;
}

/* The length of the entity that S begins with, whose text is in *WITH; 0 if it begins with none. */
static size_t
entity_length(const char *s, size_t n, const char **with)
{
	static const char *const entities[][2] = {{"&amp;", "&"},   {"&lt;", "<"},  {"&gt;", ">"}, {"&nbsp;", " "},
						  {"&quot;", "\""}, {"&#39;", "'"}, {"&lrm;", ""}, {"&rlm;", ""}};

	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (strlen(entities[i][0]) <= n && strncmp(s, entities[i][0], strlen(entities[i][0])) == 0) {
			*with = entities[i][1];
			return strlen(entities[i][0]);
		}
	return 0;
}

void
cue_end_line(struct cues *c)
{
	const char *line = c->line.data ? c->line.data : "";

	if (c->line.len > 0 && strspn(line, " \t") < c->line.len &&
	    (!c->rolling || strcmp(line, c->last.data ? c->last.data : "") != 0)) {
		md_raw(&c->d->md, line, c->line.len);
		md_raw(&c->d->md, "\n", 1);
		buf_clear(&c->last);
		buf_add(&c->last, line, c->line.len);
	}
	buf_clear(&c->line);
}

void
cue_put_line(struct cues *c, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		const char *with = "";
		size_t skip = *(s + i) == '<' || s[i] == '{' ? mark_length(c, s + i, n - i)
			      : s[i] == '&'                  ? entity_length(s + i, n - i, &with)
							     : 0;

		buf_str(&c->line, with);
		if (skip == 0)
			buf_add(&c->line, s + i, 1);
		i += skip ? skip : 1;
	}
	cue_end_line(c);
}
