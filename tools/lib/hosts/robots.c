#include "hosts/robots.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/hex.h"

enum { DELAY_TEXT = 16 };

struct rule {
	char *pattern; /* normalised; '*' and a final '$' keep their meaning */
	size_t len;
	bool allow;
};

struct robots {
	struct rule *rules; /* longest first, allowing ones before equal others: the first match decides */
	size_t count, room;
	double delay;
};

/* The state of the parser. */
struct reading {
	struct robots *own, *all; /* the groups that name this agent, and those of "*" */
	const char *agent;
	size_t agent_len;
	bool for_own, for_all; /* to which agents the lines apply */
	bool own_found;
	bool in_rules; /* a user-agent line begins a new group */
};

static size_t
token_length(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", s[i]))
		i++;
	return i;
}

static bool
is_unreserved(unsigned char c)
{
	return c && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~", c);
}

/* Appends a path or pattern in the form in which they are compared. Octets that are percent-encoded without need are
 * decoded, and characters that a URL cannot have are encoded. In the query, ":", "/", "?" and "@", which RFC 9309 shows
 * both ways, are decoded. '*' and '$' of a path are encoded, since %2A and %24 in a pattern mean them; so is a '$'
 * inside a pattern. */
static void
normalise_path(struct buf *out, const char *s, size_t n, bool pattern)
{
	bool query = false;

	buf_str(out, "");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		int octet = hex_octet(s + i, n - i);
		bool encoded = octet >= 0;

		if (encoded) {
			c = (unsigned char)octet;
			i += 2;
		}
		if (is_unreserved(c) || (query && c && strchr(":/?@", c)) ||
		    (!encoded && c && strchr(":/?#[]@!&'()+,;=%", c)) ||
		    (!encoded && pattern && (c == '*' || (c == '$' && i + 1 == n))))
			buf_add(out, (char *)&c, 1);
		else
			buf_printf(out, "%%%02X", c);
		query = query || (c == '?' && !encoded);
	}
}

static void
add_rule(struct robots *r, const char *s, size_t n, bool allow)
{
	struct buf pattern = {0};

	if (r->count == r->room) {
		r->room = r->room ? r->room * 2 : 16;
		r->rules = buf_realloc(r->rules, r->room * sizeof(*r->rules));
	}
	normalise_path(&pattern, s, n, true);
	r->rules[r->count++] = (struct rule){pattern.data, pattern.len, allow};
}

static void
set_delay(struct robots *r, const char *s, size_t n)
{
	char text[DELAY_TEXT];
	double seconds;

	snprintf(text, sizeof(text), "%.*s", (int)(n < DELAY_TEXT ? n : DELAY_TEXT - 1), s);
	if (text[strspn(text, "0123456789.")] != '\0' || text[0] == '\0')
		return;
	seconds = strtod(text, NULL);
	r->delay = fmax(r->delay, fmin(seconds, ROBOTS_DELAY_MAX));
}

static bool
is_key(const char *s, size_t n, const char *key)
{
	return strlen(key) == n && strncasecmp(s, key, n) == 0;
}

/* Other lines do not end the list of agents of a group, and neither does crawl-delay, which is not part of RFC 9309. */
static void
take_record(struct reading *g, const char *key, size_t key_len, const char *value, size_t n)
{
	bool allow = is_key(key, key_len, "allow");

	if (is_key(key, key_len, "user-agent")) {
		size_t token = token_length(value, n);

		if (g->in_rules)
			g->for_own = g->for_all = g->in_rules = false;
		if (n > 0 && value[0] == '*')
			g->for_all = true;
		else if (token == g->agent_len && token > 0 && strncasecmp(value, g->agent, token) == 0)
			g->for_own = g->own_found = true;
	} else if (allow || is_key(key, key_len, "disallow")) {
		g->in_rules = true;
		if (g->for_own && n > 0)
			add_rule(g->own, value, n, allow);
		if (g->for_all && n > 0)
			add_rule(g->all, value, n, allow);
	} else if (is_key(key, key_len, "crawl-delay")) {
		if (g->for_own)
			set_delay(g->own, value, n);
		if (g->for_all)
			set_delay(g->all, value, n);
	}
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f' || c == '\v';
}

static void
take_line(struct reading *g, const char *s, size_t n)
{
	const char *end = memchr(s, '#', n), *colon, *key_end;

	if (!end)
		end = s + n;
	colon = memchr(s, ':', (size_t)(end - s));
	if (!colon)
		return;
	while (s < colon && is_blank(*s))
		s++;
	for (key_end = colon; key_end > s && is_blank(key_end[-1]);)
		key_end--;
	for (colon++; colon < end && is_blank(*colon);)
		colon++;
	while (end > colon && is_blank(end[-1]))
		end--;
	take_record(g, s, (size_t)(key_end - s), colon, (size_t)(end - colon));
}

static int
longest_first(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? 1 : -1;
	return (int)y->allow - (int)x->allow;
}

struct robots *
robots_parse(const char *text, size_t n, const char *agent)
{
	struct reading g = {
		.own = buf_alloc(sizeof(*g.own)),
		.all = buf_alloc(sizeof(*g.all)),
		.agent = agent,
		.agent_len = token_length(agent, strlen(agent)),
	};
	struct robots *r;
	bool cut = n > ROBOTS_SIZE;
	size_t at = 0, end;

	if (cut)
		n = ROBOTS_SIZE;
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		at = 3;
	for (; at < n; at = end + 1) {
		for (end = at; end < n && text[end] != '\n' && text[end] != '\r';)
			end++;
		if (end < n || !cut)
			take_line(&g, text + at, end - at);
	}
	r = g.own_found ? g.own : g.all;
	robots_free(g.own_found ? g.all : g.own);
	if (r->count > 1)
		qsort(r->rules, r->count, sizeof(*r->rules), longest_first);
	return r;
}

struct robots *
robots_answer(int status, const char *text, size_t n, const char *agent)
{
	struct robots *r;

	if (status >= 200 && status < 300)
		return robots_parse(text, n, agent);
	r = buf_alloc(sizeof(*r));
	if (status < 200 || status == 429 || status >= 500)
		add_rule(r, "/", 1, false);
	return r;
}

long
robots_lifetime(int status, long max_age)
{
	if (status < 200 || status == 429 || status >= 500)
		return ROBOTS_LIFETIME_DOWN;
	if (max_age < 0 || max_age > ROBOTS_LIFETIME_MAX)
		return ROBOTS_LIFETIME_MAX;
	return max_age < 60 ? 60 : max_age;
}

/* Whether the pattern matches the beginning of the path. For each part between stars, the first occurrence is taken.
 * That misses no match, and the time is proportional to the two lengths. */
static bool
rule_matches(const struct rule *rule, const char *path, size_t n)
{
	const char *at = path, *end = path + n, *p = rule->pattern, *p_end = p + rule->len;
	bool whole = rule->len > 0 && p_end[-1] == '$', first = true;

	if (whole)
		p_end--;
	for (;; first = false) {
		const char *star = memchr(p, '*', (size_t)(p_end - p));
		size_t part = (size_t)((star ? star : p_end) - p);

		if (part > (size_t)(end - at))
			return false;
		if (!star && whole) {
			if (first && part != n)
				return false;
			return memcmp(end - part, p, part) == 0;
		}
		if (first ? memcmp(at, p, part) != 0 : !(at = memmem(at, (size_t)(end - at), p, part)))
			return false;
		at += part;
		if (!star)
			return true;
		p = star + 1;
	}
}

const char *
robots_rule(const struct robots *r, const char *path_and_query)
{
	const char *rule = NULL;
	struct buf path = {0};

	if (strcmp(path_and_query, "/robots.txt") == 0)
		return NULL;
	if (path_and_query[0] != '/')
		buf_str(&path, "/");
	normalise_path(&path, path_and_query, strcspn(path_and_query, "#"), false);
	for (size_t i = 0; i < r->count; i++)
		if (rule_matches(&r->rules[i], path.data, path.len)) {
			rule = r->rules[i].allow ? NULL : r->rules[i].pattern;
			break;
		}
	buf_free(&path);
	return rule;
}

double
robots_delay(const struct robots *r)
{
	return r->delay;
}

void
robots_free(struct robots *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++)
		free(r->rules[i].pattern);
	free(r->rules);
	free(r);
}
