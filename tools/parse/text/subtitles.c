#include "text/subtitles.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text/cues.h"
#include "xml.h"

enum { HEAD = 4096, LINE = 1 << 16, FIELDS = 30 };

/* --- SRT, WebVTT and SBV --- */

static size_t
line_length(const char *s, const char *end)
{
	const char *newline = memchr(s, '\n', (size_t)(end - s));

	return newline ? (size_t)(newline - s) : (size_t)(end - s);
}

/* When a cue ends, if the line has its times; or -1. */
static double
read_times(const char *s, size_t n, bool commas)
{
	char line[200];
	const char *arrow;

	snprintf(line, sizeof(line), "%.*s", (int)(n < 199 ? n : 199), s);
	arrow = commas ? strchr(line, ',') : strstr(line, "-->");
	if (!arrow || cue_time(line) < 0)
		return -1;
	return cue_time(arrow + (commas ? 1 : 3));
}

struct lines {
	struct cues *c;
	const char *waiting; /* a line that is a cue's text, or names the next cue; NULL: none */
	size_t n;
	bool first;          /* the waiting line begins a block */
	bool blank, skipped; /* the line before was empty; this block is no cue */
	bool vtt;
};

/* Whether the line begins a block that WebVTT does not show. */
static bool
is_remark(const char *s, size_t n)
{
	static const char *const words[] = {"NOTE", "STYLE", "REGION"};
	size_t length = strcspn(s, " \t\n");

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (length <= n && length == strlen(words[i]) && strncmp(s, words[i], length) == 0)
			return true;
	return false;
}

static bool
is_number(const char *s, size_t n)
{
	return n > 0 && strspn(s, "0123456789 ") >= n;
}

static void
put_waiting(struct lines *l)
{
	if (l->waiting && l->c->count > 0)
		cue_put_line(l->c, l->waiting, l->n);
	l->waiting = NULL;
}

static void
take_line(struct lines *l, const char *s, size_t n, bool commas)
{
	double end = read_times(s, n, commas);

	if (end >= 0) {
		if (!(l->waiting && (l->first || is_number(l->waiting, l->n))))
			put_waiting(l);
		l->waiting = NULL;
		cue_add(l->c, end);
		l->skipped = l->blank = false;
		return;
	}
	if (strspn(s, " \t") >= n) {
		l->blank = true;
		l->skipped = false;
		return;
	}
	put_waiting(l);
	l->skipped = l->skipped || (l->vtt && l->blank && is_remark(s, n));
	if (!l->skipped) {
		l->waiting = s;
		l->n = n;
		l->first = l->blank;
	}
	l->blank = false;
}

static bool
put_timed_lines(struct cues *c, const char *text, size_t n, bool commas)
{
	struct lines l = {.c = c, .blank = true, .vtt = strncmp(text, "WEBVTT", 6) == 0};
	const char *end = text + n;

	for (const char *s = text; s < end;) {
		size_t length = line_length(s, end);

		if (c->count == 0 && strncasecmp(s, "Language:", 9) == 0)
			doc_set(&c->d->language, s + 9, length - 9);
		take_line(&l, s, length, commas);
		s += length + (s + length < end);
	}
	if (!(l.waiting && l.first && is_number(l.waiting, l.n))) /* the number of a cue that is not there */
		put_waiting(&l);
	return c->count > 0;
}

/* --- ASS --- */

struct fields {
	size_t end, name, text; /* the places of these in a line */
};

static void
read_format(struct fields *f, const char *s, size_t n)
{
	char line[1000], *at = line, *field;

	snprintf(line, sizeof(line), "%.*s", (int)(n < 999 ? n : 999), s);
	for (size_t i = 0; (field = strsep(&at, ",")) && i < FIELDS; i++) {
		field += strspn(field, " \t");
		if (strncasecmp(field, "End", 3) == 0)
			f->end = i;
		else if (strncasecmp(field, "Name", 4) == 0 || strncasecmp(field, "Actor", 5) == 0)
			f->name = i;
		else if (strncasecmp(field, "Text", 4) == 0)
			f->text = i;
	}
}

/* Writes the text of a line, in which \N is a new line. */
static void
put_ass_text(struct cues *c, const char *s, size_t n)
{
	struct buf line = {0};

	for (size_t i = 0; i < n; i++)
		if (s[i] == '\\' && i + 1 < n && strchr("Nnh", s[i + 1])) {
			if (s[++i] == 'N') {
				cue_put_line(c, line.data ? line.data : "", line.len);
				buf_clear(&line);
			} else
				buf_str(&line, " ");
		} else
			buf_add(&line, s + i, 1);
	cue_put_line(c, line.data ? line.data : "", line.len);
	buf_free(&line);
}

static bool
is_drawing(const char *s, size_t n)
{
	for (const char *end = s + n, *at = s; (at = memmem(at, (size_t)(end - at), "\\p", 2)); at += 2)
		if (at + 2 < end && at[2] > '0' && at[2] <= '9')
			return true;
	return false;
}

static void
put_dialogue(struct cues *c, const struct fields *f, const char *s, size_t n)
{
	const char *end = s + n;

	for (size_t i = 0; i < f->text; i++) {
		const char *comma = memchr(s, ',', (size_t)(end - s));
		size_t length = comma ? (size_t)(comma - s) : 0;

		if (!comma)
			return;
		if (i == f->end)
			cue_add(c, cue_time(s));
		if (i == f->name && strspn(s, " \t") < length) {
			buf_add(&c->line, s, length);
			buf_str(&c->line, ": ");
		}
		s = comma + 1;
	}
	if (is_drawing(s, (size_t)(end - s)))
		buf_clear(&c->line);
	else
		put_ass_text(c, s, (size_t)(end - s));
}

static bool
put_ass(struct cues *c, const char *text, size_t n)
{
	struct fields f = {.end = 2, .name = 4, .text = 9};
	const char *end = text + n;
	bool events = false;

	c->braces = true;

	for (const char *s = text; s < end;) {
		size_t length = line_length(s, end);

		if (*s == '[')
			events = strncasecmp(s, "[Events]", 8) == 0;
		else if (!events && strncasecmp(s, "Title:", 6) == 0)
			doc_set(&c->d->title, s + 6, length - 6);
		else if (events && strncasecmp(s, "Format:", 7) == 0)
			read_format(&f, s + 7, length - 7);
		else if (events && strncasecmp(s, "Dialogue:", 9) == 0)
			put_dialogue(c, &f, s + 9, length - 9);
		s += length + (s + length < end);
	}
	return c->count > 0;
}

/* --- TTML --- */

struct ttml {
	struct cues *c;
	bool in_title, in_body;
	unsigned in_cue;
	struct buf title;
};

static void
ttml_begin(void *arg, const char *name, const char **attributes)
{
	struct ttml *x = arg;
	const char *end = xml_attribute(attributes, "end"), *language = xml_attribute(attributes, "lang");

	if (strcmp(name, "tt") == 0)
		doc_set_string(&x->c->d->language, language);
	else if (strcmp(name, "body") == 0)
		x->in_body = true;
	else if (strcmp(name, "title") == 0)
		x->in_title = true;
	else if (strcmp(name, "br") == 0)
		cue_end_line(x->c);
	else if (x->in_cue || (x->in_body && strcmp(name, "p") == 0)) {
		if (x->in_cue++ == 0)
			cue_add(x->c, 0);
		if (end && cue_time(end) > x->c->end)
			x->c->end = cue_time(end);
	}
}

static void
ttml_end(void *arg, const char *name)
{
	struct ttml *x = arg;

	if (strcmp(name, "title") == 0)
		x->in_title = false;
	else if (x->in_cue && strcmp(name, "br") != 0 && --x->in_cue == 0)
		cue_end_line(x->c);
}

static void
ttml_text(void *arg, const char *s, size_t n)
{
	struct ttml *x = arg;
	struct buf *out = x->in_title ? &x->title : &x->c->line;

	if (!x->in_title && !x->in_cue)
		return;
	for (size_t i = 0; i < n && out->len < LINE; i++) {
		bool blank = isspace((unsigned char)s[i]);

		if (!blank || (out->len > 0 && out->data[out->len - 1] != ' '))
			buf_add(out, blank ? " " : s + i, 1);
	}
}

static bool
put_ttml(struct cues *c, const char *text, size_t n)
{
	struct ttml x = {.c = c};

	if (!xml_read(&(struct xml_reader){.begin = ttml_begin, .end = ttml_end, .text = ttml_text, .arg = &x}, text,
		      n))
		c->d->truncated = true;
	cue_end_line(c);
	doc_set_string(&c->d->title, x.title.data);
	buf_free(&x.title);
	return c->count > 0;
}

/* --- which of them --- */

static bool
is_ttml(const char *text, size_t n)
{
	char head[HEAD];

	snprintf(head, sizeof(head), "%.*s", (int)(n < HEAD - 1 ? n : HEAD - 1), text);
	return (strstr(head, "<tt ") || strstr(head, "<tt:tt ") || strstr(head, "<tt\n")) && strstr(head, "ttml");
}

bool
subtitles_put(const struct request *r, const char *text, size_t n, struct doc *d)
{
	struct cues c = {.d = d};
	bool put = false;

	if (n >= 6 && strncmp(text, "WEBVTT", 6) == 0)
		put = put_timed_lines(&c, text, n, false);
	else if (n >= 13 && strncasecmp(text, "[Script Info]", 13) == 0)
		put = put_ass(&c, text, n);
	else if (strcmp(r->mime, "application/x-subrip") == 0 || request_is_named(r, " srt vtt "))
		put = put_timed_lines(&c, text, n, false);
	else if (request_is_named(r, " sbv "))
		put = put_timed_lines(&c, text, n, true);
	else if (is_ttml(text, n))
		put = put_ttml(&c, text, n);
	if (put) {
		doc_meta_number(d, "cues", (double)c.count);
		doc_meta_number(d, "duration", c.end);
	}
	buf_free(&c.line);
	buf_free(&c.last);
	return put;
}
