/* The names of licences: Creative Commons' by their parts, the others by share/licences. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/words.h"
#include "review/credit.h"
#include "review/licence_table.h"

enum { LICENCE_TEXT_MAX = 200, TOKENS = 32 };

/* A name in pieces, in lower case: "CC BY-SA 4.0, 3.0" is cc, by, sa, 4.0, 3.0. */
struct tokens {
	char text[LICENCE_TEXT_MAX];
	const char *v[TOKENS + 1]; /* ended by "" */
	int n;
};

static const char *const nothing[] = {"", "?", "unknown", "none", "n/a", "na", "no", "null", "undefined", NULL};

/* Splits the words. False if they are too many. */
static bool
split_tokens(struct tokens *t, const char *words)
{
	char *at;

	t->n = 0;
	if (strlen(words) >= sizeof(t->text))
		return false;
	memcpy(t->text, words, strlen(words) + 1);
	for (char *p = strtok_r(t->text, " ", &at); p && t->n < TOKENS; p = strtok_r(NULL, " ", &at))
		t->v[t->n++] = p;
	t->v[t->n] = "";
	return t->n < TOKENS;
}

static void
set_licence(struct licence *l, const char *id, const char *name, const char *url, unsigned terms)
{
	*l = (struct licence){.terms = terms};
	snprintf(l->id, sizeof(l->id), "%s", id);
	snprintf(l->name, sizeof(l->name), "%s", name);
	snprintf(l->url, sizeof(l->url), "%s", url);
}

/* Whether the pieces from I on are these words. Moves I past them. */
static bool
take_words(const struct tokens *t, int *i, const char *words)
{
	int at = *i;

	for (const char *w = words; *w;) {
		size_t n = strcspn(w, " ");

		if (at >= t->n || strlen(t->v[at]) != n || memcmp(t->v[at], w, n) != 0)
			return false;
		at++;
		w += n + (w[n] == ' ');
	}
	*i = at;
	return true;
}

static bool
take_any(const struct tokens *t, int *i, char *const *words)
{
	for (; *words; words++)
		if (take_words(t, i, *words))
			return true;
	return false;
}

/* CC0 and the public domain mark, which have no parts. */
static int
public_domain(const struct tokens *t, struct licence *l)
{
	static char *const zero[] = {"cc0",  "cc zero", "creative commons zero", "creative commons cc0",
				     "cc 0", "cc cc0",  "creative commons 0",    NULL};
	static char *const mark[] = {"public domain mark", "cc pdm", "pdm", "cc public domain mark", NULL};
	static char *const more[] = {"1.0", "1", "universal", "public domain", "dedication", "no rights reserved",
				     NULL};
	char *const *which = zero;
	int i = 0;

	if (!take_any(t, &i, zero)) {
		which = mark;
		if (!take_any(t, &i, mark))
			return 0;
	}
	while (take_any(t, &i, more))
		continue;
	if (i < t->n)
		return 0;
	if (which == zero)
		set_licence(l, "CC0-1.0", "CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/",
			    LICENCE_ANY_USE);
	else
		set_licence(l, "CC-PDM-1.0", "Public Domain Mark 1.0",
			    "https://creativecommons.org/publicdomain/mark/1.0/", LICENCE_ANY_USE);
	return 1;
}

struct parts {
	bool by, nc, nd, sa;
};

/* The parts of a Creative Commons licence, abbreviated or in full. False if there are none. */
static bool
take_parts(const struct tokens *t, int *i, struct parts *p)
{
	char *const *by = licence_part_names("by"), *const *nc = licence_part_names("nc"),
		    *const *nd = licence_part_names("nd"), *const *sa = licence_part_names("sa");
	bool more = true;

	*p = (struct parts){0};
	while (more) {
		if (!p->by && take_any(t, i, by))
			p->by = true;
		else if (!p->nc && take_any(t, i, nc))
			p->nc = true;
		else if (!p->nd && take_any(t, i, nd))
			p->nd = true;
		else if (!p->sa && take_any(t, i, sa))
			p->sa = true;
		else
			more = false;
	}
	return p->by || p->nc || p->nd || p->sa;
}

/* An existing version, as it is written; NULL for others. */
static const char *
version_of(const char *token)
{
	static const char *const versions[] = {"1.0", "2.0", "2.1", "2.5", "3.0", "4.0"};

	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++)
		if (strcmp(token, versions[i]) == 0 ||
		    (token[0] == versions[i][0] && !token[1] && versions[i][2] == '0'))
			return versions[i];
	return NULL;
}

/* Whether it can be the jurisdiction to which a licence was ported. */
static bool
is_place(const char *token)
{
	return strcmp(token, "igo") == 0 || strcmp(token, "scotland") == 0 ||
	       (strlen(token) == 2 && token[0] >= 'a' && token[0] <= 'z' && token[1] >= 'a' && token[1] <= 'z');
}

static void
upper_case(char *s)
{
	for (; *s; s++)
		*s = (char)(*s >= 'a' && *s <= 'z' ? *s & ~0x20 : *s);
}

static void
set_cc(struct licence *l, const struct parts *p, const char *version, const char *place)
{
	char parts[16], shown[16], country[16] = "";

	snprintf(parts, sizeof(parts), "%s%s%s%s", p->by ? "-by" : "", p->nc ? "-nc" : "", p->nd ? "-nd" : "",
		 p->sa ? "-sa" : "");
	snprintf(shown, sizeof(shown), "%s", parts + 1);
	upper_case(shown);
	snprintf(country, sizeof(country), "%s", place);
	upper_case(country);
	*l = (struct licence){.terms = LICENCE_USE};
	l->terms |= (p->nd ? 0 : LICENCE_CHANGE) | (p->nc ? 0 : LICENCE_COMMERCE) | (p->by ? LICENCE_ATTRIBUTION : 0) |
		    (p->sa ? LICENCE_SHARE_ALIKE : 0);
	snprintf(l->name, sizeof(l->name), "CC %s%s%s%s%s", shown, *version ? " " : "", version, *place ? " " : "",
		 country);
	if (!*version)
		return; /* then its name and URL are incomplete */
	if (p->by)
		snprintf(l->id, sizeof(l->id), "CC-%s-%s%s%s", shown, version, *place ? "-" : "", country);
	snprintf(l->url, sizeof(l->url), "https://creativecommons.org/licenses/%s/%s/%s%s", parts + 1, version, place,
		 *place ? "/" : "");
}

static int creative_commons(const struct tokens *t, int i, struct licence *v, int most);

/* Whether the words from I on name the licence with these parts once more: "... Attribution 4.0 (CC BY 4.0)". */
static bool
is_repeated(const struct tokens *t, int i, const struct parts *p)
{
	struct licence l;
	struct parts again;
	int at = i;

	return take_words(t, &at, "cc") && take_parts(t, &at, &again) && memcmp(&again, p, sizeof(again)) == 0 &&
	       creative_commons(t, i, &l, 1) == 1;
}

/* Creative Commons' licences: one for each version that is named, behind word I. */
static int
creative_commons(const struct tokens *t, int i, struct licence *v, int most)
{
	const char *versions[TOKENS + 1], *place = "";
	struct parts parts;
	int n = 0;

	if (!take_words(t, &i, "cc") && !take_words(t, &i, "creative commons"))
		return 0;
	if (!take_parts(t, &i, &parts))
		return 0;
	while (i < t->n && version_of(t->v[i]))
		versions[n++] = version_of(t->v[i++]);
	if (i < t->n && n > 0 && is_place(t->v[i]) && !is_repeated(t, i, &parts))
		place = t->v[i++];
	if (i < t->n && !is_repeated(t, i, &parts))
		return 0;
	if (n == 0)
		versions[n++] = "";
	for (int k = 0; k < n && k < most; k++)
		set_cc(&v[k], &parts, versions[k], place);
	return n < most ? n : most;
}

static int
find_listed(const char *words, struct licence *l)
{
	const struct licence_line *line = licence_line_named(words);

	if (line)
		set_licence(l, line->id, line->name, line->url, line->terms);
	else if (strncmp(words, "pd ", 3) == 0) /* PD-old-100, PD-USGov...: the templates of Commons */
		set_licence(l, "", "Public domain", "", LICENCE_ANY_USE);
	else
		return 0;
	return 1;
}

/* The name for a URL of Creative Commons: /licenses/by-sa/4.0/deed.de. */
static bool
name_of_url(const char *url, char name[LICENCE_TEXT_MAX])
{
	const char *at = strstr(url, "://");
	size_t n = 0;

	if (!at)
		return false;
	at += 3;
	at += strncasecmp(at, "www.", 4) == 0 ? 4 : 0;
	if (strncasecmp(at, "creativecommons.org/", 20) != 0)
		return false;
	at += 20;
	if (strncmp(at, "publicdomain/", 13) == 0)
		n = (size_t)snprintf(name, LICENCE_TEXT_MAX, strncmp(at + 13, "zero", 4) == 0 ? "cc0 " : "pdm ");
	else if (strncmp(at, "licenses/publicdomain", 21) == 0)
		n = (size_t)snprintf(name, LICENCE_TEXT_MAX, "pd");
	else if (strncmp(at, "licenses/", 9) == 0)
		n = (size_t)snprintf(name, LICENCE_TEXT_MAX, "cc ");
	else
		return false;
	at = n == 2 ? "" : strchr(at, '/') + 1;
	if (n == 4)
		at += strcspn(at, "/");
	while (*at && *at != '?' && *at != '#' && n < LICENCE_TEXT_MAX - 1 && strncmp(at, "deed", 4) != 0 &&
	       strncmp(at, "legalcode", 9) != 0) {
		name[n++] = *at == '/' ? ' ' : *at;
		at++;
	}
	name[n] = '\0';
	return true;
}

/* The licences that these words name, as licence_parse() says. */
static int
parse_words(const char *words, struct licence *v, int most)
{
	struct tokens t;
	int n;

	if (!split_tokens(&t, words))
		return 0;
	if (t.n == 1 && word_is_in(t.v[0], nothing))
		return -1;
	n = public_domain(&t, v);
	if (n == 0)
		n = creative_commons(&t, 0, v, most);
	return n ? n : find_listed(words, v);
}

int
licence_parse(const char *text, struct licence *v, int most)
{
	const struct licence_line *line = licence_line_at(text);
	char name[LICENCE_TEXT_MAX], *words;
	int n;

	if (line && most > 0) {
		set_licence(v, line->id, line->name, line->url, line->terms);
		return 1;
	}
	if (name_of_url(text, name))
		text = name;
	words = most > 0 && strlen(text) < LICENCE_TEXT_MAX ? licence_words(text) : NULL;
	if (!words)
		return 0;
	if (*words)
		n = parse_words(words, v, most);
	else
		n = strlen(text) > 12 ? 0 : -1; /* "licence", "-" */
	free(words);
	return n;
}
