/* The names of licences: Creative Commons' by their parts, the others by a list. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "review/credit.h"

enum { LICENCE_TEXT_MAX = 200, TOKENS = 32 };

/* A name in pieces, in lower case: "CC BY-SA 4.0, 3.0" is cc, by, sa, 4.0, 3.0. */
struct tokens {
	char text[LICENCE_TEXT_MAX];
	const char *v[TOKENS + 1]; /* ended by "" */
	int n;
};

struct listed {
	const char *words; /* the name in pieces, joined by spaces */
	const char *id, *name, *url;
	bool non_free;
};

#define GNU "https://www.gnu.org/licenses/"
#define OGL "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/"

static const struct listed list[] = {
	{"public domain", "", "Public domain", "", false},
	{"pd", "", "Public domain", "", false},
	{"publicdomain", "", "Public domain", "", false},
	{"no restrictions", "", "No known copyright restrictions", "", false},
	{"no known copyright restrictions", "", "No known copyright restrictions", "", false},
	{"copyrighted free use", "", "Copyrighted free use", "", false},
	{"gfdl", "", "GFDL", GNU "fdl-1.3.html", false},
	{"gnu free documentation", "", "GFDL", GNU "fdl-1.3.html", false},
	{"gfdl 1.1", "GFDL-1.1-only", "GFDL 1.1", GNU "old-licenses/fdl-1.1.html", false},
	{"gfdl 1.1+", "GFDL-1.1-or-later", "GFDL 1.1 or later", GNU "old-licenses/fdl-1.1.html", false},
	{"gfdl 1.1 or later", "GFDL-1.1-or-later", "GFDL 1.1 or later", GNU "old-licenses/fdl-1.1.html", false},
	{"gfdl 1.2", "GFDL-1.2-only", "GFDL 1.2", GNU "old-licenses/fdl-1.2.html", false},
	{"gnu free documentation 1.2", "GFDL-1.2-only", "GFDL 1.2", GNU "old-licenses/fdl-1.2.html", false},
	{"gfdl 1.2+", "GFDL-1.2-or-later", "GFDL 1.2 or later", GNU "old-licenses/fdl-1.2.html", false},
	{"gfdl 1.2 or later", "GFDL-1.2-or-later", "GFDL 1.2 or later", GNU "old-licenses/fdl-1.2.html", false},
	{"gfdl 1.3", "GFDL-1.3-only", "GFDL 1.3", GNU "fdl-1.3.html", false},
	{"gfdl 1.3+", "GFDL-1.3-or-later", "GFDL 1.3 or later", GNU "fdl-1.3.html", false},
	{"gfdl 1.3 or later", "GFDL-1.3-or-later", "GFDL 1.3 or later", GNU "fdl-1.3.html", false},
	{"fal", "LAL-1.3", "Free Art License 1.3", "https://artlibre.org/licence/lal/en/", false},
	{"free art", "LAL-1.3", "Free Art License 1.3", "https://artlibre.org/licence/lal/en/", false},
	{"free art 1.3", "LAL-1.3", "Free Art License 1.3", "https://artlibre.org/licence/lal/en/", false},
	{"gpl", "", "GPL", GNU "gpl-3.0.html", false},
	{"gplv2", "GPL-2.0-only", "GPL 2.0", GNU "old-licenses/gpl-2.0.html", false},
	{"gpl 2.0", "GPL-2.0-only", "GPL 2.0", GNU "old-licenses/gpl-2.0.html", false},
	{"gplv2+", "GPL-2.0-or-later", "GPL 2.0 or later", GNU "old-licenses/gpl-2.0.html", false},
	{"gplv3", "GPL-3.0-only", "GPL 3.0", GNU "gpl-3.0.html", false},
	{"gpl 3.0", "GPL-3.0-only", "GPL 3.0", GNU "gpl-3.0.html", false},
	{"gplv3+", "GPL-3.0-or-later", "GPL 3.0 or later", GNU "gpl-3.0.html", false},
	{"lgpl", "", "LGPL", GNU "lgpl-3.0.html", false},
	{"mit", "MIT", "MIT License", "https://opensource.org/license/mit", false},
	{"apache 2.0", "Apache-2.0", "Apache License 2.0", "https://www.apache.org/licenses/LICENSE-2.0", false},
	{"ogl 1.0", "OGL-UK-1.0", "OGL 1.0", OGL "1/", false},
	{"ogl 2", "OGL-UK-2.0", "OGL 2.0", OGL "2/", false},
	{"ogl 2.0", "OGL-UK-2.0", "OGL 2.0", OGL "2/", false},
	{"ogl 3", "OGL-UK-3.0", "OGL 3.0", OGL "3/", false},
	{"ogl 3.0", "OGL-UK-3.0", "OGL 3.0", OGL "3/", false},
	{"all rights reserved", "", "All rights reserved", "", true},
	{"fair use", "", "Fair use", "", true},
	{"non free", "", "Not free", "", true},
	{"nonfree", "", "Not free", "", true},
};

static const char *const nothing[] = {"", "?", "unknown", "none", "n/a", "na", "no", "null", "undefined"};

/* Splits the name into pieces, in lower case. Words without meaning are left out. */
static bool
split_tokens(struct tokens *t, const char *text)
{
	static const char *const empty[] = {"license",  "licence", "the",  "version", "international",
					    "unported", "generic", "intl", "v.",      "terms"};
	char *at;
	size_t n = strlen(text);

	t->n = 0;
	if (n >= sizeof(t->text))
		return false;
	for (size_t i = 0; i <= n; i++)
		t->text[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]);
	for (char *p = strtok_r(t->text, " \t\r\n-_,()", &at); p && t->n < TOKENS;
	     p = strtok_r(NULL, " \t\r\n-_,()", &at)) {
		bool says = true;

		for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++)
			says = says && strcmp(p, empty[i]) != 0;
		if (says)
			t->v[t->n++] = p;
	}
	t->v[t->n] = "";
	return t->n < TOKENS;
}

static void
set_licence(struct licence *l, const char *id, const char *name, const char *url)
{
	*l = (struct licence){0};
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
take_any(const struct tokens *t, int *i, const char *const *words)
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
	static const char *const zero[] = {"cc0",  "cc zero", "creative commons zero", "creative commons cc0",
					   "cc 0", "cc cc0",  "creative commons 0",    NULL};
	static const char *const mark[] = {"public domain mark", "cc pdm", "pdm", "cc public domain mark", NULL};
	static const char *const more[] = {"1.0", "1", "universal", "public domain", "dedication", "no rights reserved",
					   NULL};
	const char *const *which = zero;
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
		set_licence(l, "CC0-1.0", "CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/");
	else
		set_licence(l, "CC-PDM-1.0", "Public Domain Mark 1.0",
			    "https://creativecommons.org/publicdomain/mark/1.0/");
	return 1;
}

struct parts {
	bool by, nc, nd, sa;
};

/* The parts of a Creative Commons licence, abbreviated or in full. False if there are none. */
static bool
take_parts(const struct tokens *t, int *i, struct parts *p)
{
	static const char *const by[] = {"by", "attribution", NULL};
	static const char *const nc[] = {"nc", "noncommercial", "non commercial", NULL};
	static const char *const nd[] = {"nd",        "noderivatives",       "noderivs", "no derivatives",
					 "no derivs", "no derivative works", NULL};
	static const char *const sa[] = {"sa", "sharealike", "share alike", NULL};
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
	*l = (struct licence){0};
	snprintf(l->name, sizeof(l->name), "CC %s%s%s%s%s", shown, *version ? " " : "", version, *place ? " " : "",
		 country);
	if (!*version)
		return; /* then its name and URL are incomplete */
	if (p->by)
		snprintf(l->id, sizeof(l->id), "CC-%s-%s%s%s", shown, version, *place ? "-" : "", country);
	snprintf(l->url, sizeof(l->url), "https://creativecommons.org/licenses/%s/%s/%s%s", parts + 1, version, place,
		 *place ? "/" : "");
}

/* Creative Commons' licences: one for each version that is named. */
static int
creative_commons(const struct tokens *t, struct licence *v, int most)
{
	const char *versions[TOKENS + 1], *place = "";
	struct parts parts;
	int i = 0, n = 0;

	if (!take_words(t, &i, "cc") && !take_words(t, &i, "creative commons"))
		return 0;
	if (!take_parts(t, &i, &parts))
		return 0;
	while (i < t->n && version_of(t->v[i]))
		versions[n++] = version_of(t->v[i++]);
	if (i < t->n && n > 0 && is_place(t->v[i]))
		place = t->v[i++];
	if (i < t->n)
		return 0;
	if (n == 0)
		versions[n++] = "";
	for (int k = 0; k < n && k < most; k++)
		set_cc(&v[k], &parts, versions[k], place);
	return n < most ? n : most;
}

static int
find_listed(const struct tokens *t, struct licence *l)
{
	for (size_t k = 0; k < sizeof(list) / sizeof(*list); k++) {
		int i = 0;

		if (!take_words(t, &i, list[k].words) || i < t->n)
			continue;
		set_licence(l, list[k].id, list[k].name, list[k].url);
		l->non_free = list[k].non_free;
		return 1;
	}
	/* PD-old-100, PD-USGov...: the templates of Commons. */
	if (t->n > 1 && strcmp(t->v[0], "pd") == 0) {
		set_licence(l, "", "Public domain", "");
		return 1;
	}
	return 0;
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

int
licence_parse(const char *text, struct licence *v, int most)
{
	char name[LICENCE_TEXT_MAX];
	struct tokens t;
	int n;

	if (name_of_url(text, name))
		text = name;
	if (most < 1 || !split_tokens(&t, text))
		return 0;
	if (t.n == 0)
		return strpbrk(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") && strlen(text) > 12 ? 0
														  : -1;
	for (size_t i = 0; t.n == 1 && i < sizeof(nothing) / sizeof(*nothing); i++)
		if (strcmp(t.v[0], nothing[i]) == 0)
			return -1;
	n = public_domain(&t, v);
	if (n == 0)
		n = creative_commons(&t, v, most);
	return n ? n : find_listed(&t, v);
}
