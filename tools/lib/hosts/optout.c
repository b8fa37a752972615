#include "hosts/optout.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define SPACE " \t\r\n\f\v"
#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* A word that forbids use, and the name of each source of it. */
struct rule {
	const char *word, *header, *meta, *own;
};

#define RULE(word)                                                                                \
	{                                                                                         \
		word, "x-robots-tag: " word, "meta robots: " word, "meta " OPTOUT_AGENT ": " word \
	}
static const struct rule rules[] = {
	RULE("noai"), RULE("noimageai"), RULE("noml"), RULE("noindex"), RULE("noimageindex"), RULE("none"),
};

/* Words that take a value after a colon, and so are not agents. */
static const char *const valued[] = {"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"};

/* A part of a header's value. */
struct span {
	const char *at;
	size_t n;
};

static struct span
trim_span(struct span s)
{
	while (s.n > 0 && strchr(SPACE, s.at[0])) {
		s.at++;
		s.n--;
	}
	while (s.n > 0 && strchr(SPACE, s.at[s.n - 1]))
		s.n--;
	return s;
}

static bool
is_word(struct span s, const char *word)
{
	return strlen(word) == s.n && strncasecmp(s.at, word, s.n) == 0;
}

/* An agent has a letter and no spaces; a date with a time has spaces. */
static bool
could_be_agent(struct span s)
{
	bool letter = false;

	if (is_word(s, "*"))
		return true;
	for (size_t i = 0; i < s.n; i++) {
		if (!strchr(LETTERS DIGITS "-_./", s.at[i]) || s.at[i] == '\0')
			return false;
		letter = letter || strchr(LETTERS, s.at[i]) != NULL;
	}
	for (size_t i = 0; i < sizeof(valued) / sizeof(valued[0]); i++)
		if (is_word(s, valued[i]))
			return false;
	return letter;
}

/* Whether NAME, perhaps with a version ("bi-fetch/1.0"), is AGENT or means every agent. */
static bool
is_meant(struct span name, const char *agent)
{
	const char *slash = memchr(name.at, '/', name.n);
	size_t n = strcspn(agent, "/");

	if (slash)
		name.n = (size_t)(slash - name.at);
	return is_word(name, "*") || (name.n == n && strncasecmp(name.at, agent, n) == 0);
}

/* The first rule for AGENT in the list TEXT. */
static const struct rule *
find_rule(const char *text, const char *agent)
{
	bool meant = true;

	for (size_t n; *text; text += n + (text[n] == ',')) {
		struct span part, name;
		const char *colon;

		n = strcspn(text, ",");
		part = (struct span){text, n};
		if ((colon = memchr(text, ':', n))) {
			name = trim_span((struct span){text, (size_t)(colon - text)});
			if (could_be_agent(name)) {
				meant = is_meant(name, agent);
				part = (struct span){colon + 1, n - (size_t)(colon + 1 - text)};
			}
		}
		part = trim_span(part);
		for (size_t i = 0; meant && i < sizeof(rules) / sizeof(rules[0]); i++)
			if (is_word(part, rules[i].word))
				return &rules[i];
	}
	return NULL;
}

static bool
is_one(const char *value)
{
	return is_word(trim_span((struct span){value, strlen(value)}), "1");
}

const char *
optout_header(const char *name, const char *value, const char *agent)
{
	const struct rule *r;

	if (strcasecmp(name, "tdm-reservation") == 0)
		return is_one(value) ? "tdm-reservation: 1" : NULL;
	if (strcasecmp(name, "x-robots-tag") != 0)
		return NULL;
	r = find_rule(value, agent);
	return r ? r->header : NULL;
}

const char *
optout_meta(const char *name, const char *content, const char *agent)
{
	struct span s = trim_span((struct span){name, strlen(name)});
	bool own = !is_word(s, "*") && is_meant(s, agent);
	const struct rule *r;

	if (is_word(s, "tdm-reservation"))
		return is_one(content) ? "meta tdm-reservation: 1" : NULL;
	if (!own && !is_word(s, "robots"))
		return NULL;
	r = find_rule(content, agent);
	return !r ? NULL : own ? r->own : r->meta;
}
