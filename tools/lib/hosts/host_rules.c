#include "hosts/host_rules.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/msg.h"
#include "base/paths.h"

enum { PORT_MAX = 65535, GROUP_NAME_MAX = 64, VALUE_MAX = 1024 };

/* The keys of a line that are set; the last rule that sets one counts. */
enum {
	SLOTS = 1 << 0,
	RATE = 1 << 1,
	BANDWIDTH = 1 << 2,
	CONTACT = 1 << 3,
	GROUP = 1 << 4,
	ACCEPT = 1 << 5,
	ROBOTS = 1 << 6,
	PRIVATE = 1 << 7,
	HEADERS = 1 << 8,
	COOKIES = 1 << 9,
	NETRC = 1 << 10
};

struct line {
	char *host;    /* lower case; "" for any */
	bool below;    /* all names that end in a dot and HOST */
	unsigned port; /* 0: any */
	unsigned set;
	struct host_rule rule;
	char *group, *accept, *exempt, *headers, *cookies, *netrc; /* the strings to which the rules point */
};

struct host_rules {
	struct line *lines;
	size_t n, room;
};

/* The place of an invalid line. */
struct where {
	const char *path;
	unsigned number;
};

__attribute__((format(printf, 2, 3))) _Noreturn static void
die_at_line(const struct where *w, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	msg_die(EX_CONFIG, "%s, line %u: %s (bi-hosts(5) has the format)", w->path, w->number, text);
}

#define SPACE " \t\r\n"

/* The next word of a line, the rest of which is at *LEFT; NULL at its end. */
static char *
next_word(char **left)
{
	char *word = *left + strspn(*left, SPACE), *end = word + strcspn(word, SPACE);

	if (!*word)
		return NULL;
	*left = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

/* --- the pattern --- */

static bool
is_host(const char *s)
{
	return *s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-_")] && *s != '.' && !strstr(s, "..");
}

static bool
is_ipv6(const char *s)
{
	return *s && !s[strspn(s, "0123456789abcdef:.")];
}

static void
read_pattern(const struct where *w, struct line *l, char *word)
{
	char *host = word, *port = NULL;
	bool bracket = *word == '[';

	for (char *p = word; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (bracket) {
		char *end = strchr(++host, ']');

		if (!end || (end[1] && end[1] != ':'))
			die_at_line(w, "'%.200s' is not a host: an address of IPv6 is written [::1] or [::1]:80", word);
		port = end[1] ? end + 2 : NULL;
		*end = '\0';
	} else if ((port = strchr(host, ':'))) {
		*port++ = '\0';
	}
	if (strcmp(host, "*") == 0 && !bracket) {
		host = "";
	} else if (strncmp(host, "*.", 2) == 0 && !bracket) {
		l->below = true;
		host += 2;
	}
	if (bracket ? !is_ipv6(host) : *host ? !is_host(host) : l->below || word == host)
		die_at_line(w,
			    "'%.200s' is not a host: a host is a name, *.NAME or *, with or without :PORT; names that "
			    "are not "
			    "ASCII are written xn--...",
			    host);
	if (port) {
		char *end;
		unsigned long number = strtoul(port, &end, 10);

		if (!isdigit((unsigned char)*port) || *end || number == 0 || number > PORT_MAX)
			die_at_line(w, "'%.200s' is not a port", port);
		l->port = (unsigned)number;
	}
	l->host = buf_strdup(host);
}

/* --- the values --- */

/* A non-negative number of digits and at most one dot, in any locale; END is set after it. -1 if there is none. */
static double
parse_decimal(const char *s, const char **end)
{
	double n = 0, unit = 1;
	int digits = 0;
	bool dot = false;

	for (; (*s >= '0' && *s <= '9') || (*s == '.' && !dot); s++) {
		if (*s == '.') {
			dot = true;
			continue;
		}
		digits++;
		n = n * 10 + (*s - '0');
		unit *= dot ? 10 : 1;
	}
	*end = s;
	return digits == 0 || digits > 15 ? -1 : n / unit;
}

static void
read_slots(const struct where *w, struct line *l, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (!isdigit((unsigned char)*value) || *end || n < 1 || n > HOST_RULES_SLOTS_MAX)
		die_at_line(w, "slots=%.200s: the value is a number from 1 to %d", value, HOST_RULES_SLOTS_MAX);
	l->rule.slots = (unsigned)n;
}

static void
read_rate(const struct where *w, struct line *l, const char *value)
{
	const char *end;
	double n = parse_decimal(value, &end);

	if (n >= 0 && strcmp(end, "/m") == 0)
		n /= 60;
	else if (n >= 0 && strcmp(end, "/h") == 0)
		n /= 3600;
	else if (n < 0 || (*end && strcmp(end, "/s") != 0))
		die_at_line(w, "rate=%.200s: the value is a number and /s, /m or /h, or 0 for any rate", value);
	l->rule.rate = n;
}

static void
read_bandwidth(const struct where *w, struct line *l, const char *value)
{
	static const char units[] = "kMG";
	const char *unit;
	const char *end;
	double n = parse_decimal(value, &end);

	if (n > 0 && *end && (unit = strchr(units, *end == 'K' ? 'k' : *end == 'm' ? 'M' : *end))) {
		for (const char *u = units; u <= unit; u++)
			n *= 1024;
		end++;
	}
	if (n < 0 || n > 1e15 || (n > 0 && n < 1) || *end)
		die_at_line(w,
			    "bandwidth=%.200s: the value is a number of bytes a second, which k, M or G may follow, or "
			    "0 for any",
			    value);
	l->rule.bandwidth = (int64_t)n;
}

static void
read_contact(const struct where *w, struct line *l, const char *value)
{
	l->rule.contact = strcmp(value, "required") == 0;
	if (!l->rule.contact && strcmp(value, "optional") != 0)
		die_at_line(w, "contact=%.200s: the value is required or optional", value);
}

static void
read_private(const struct where *w, struct line *l, const char *value)
{
	l->rule.private_allowed = strcmp(value, "allow") == 0;
	if (!l->rule.private_allowed && strcmp(value, "deny") != 0)
		die_at_line(w, "private=%.200s: the value is allow or deny", value);
}

static void
read_group(const struct where *w, struct line *l, const char *value)
{
	if (strlen(value) > GROUP_NAME_MAX || !isalnum((unsigned char)*value) ||
	    value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		die_at_line(w, "group=%.200s: the value is a name of lower-case letters, digits and -, or none", value);
	free(l->group);
	l->group = strcmp(value, "none") == 0 ? NULL : buf_strdup(value);
}

static void
read_accept(const struct where *w, struct line *l, const char *value)
{
	for (const char *p = value; *p; p++)
		if (*p <= ' ' || *p >= 0x7f)
			die_at_line(w, "accept=%.200s: the value is an Accept field without spaces", value);
	if (!*value)
		die_at_line(w, "accept= is empty");
	free(l->accept);
	l->accept = buf_strdup(value);
}

/* The path of a file, seen from the folder of the rules. */
static void
read_path(const struct where *w, char **path, const char *value)
{
	const char *slash = strrchr(w->path, '/');
	struct buf out = {0};

	if (!*value)
		die_at_line(w, "a file without a name");
	if (*value != '/' && slash)
		buf_add(&out, w->path, (size_t)(slash + 1 - w->path));
	buf_str(&out, value);
	free(*path);
	*path = out.data;
}

static void
read_headers(const struct where *w, struct line *l, const char *value)
{
	read_path(w, &l->headers, value);
}

static void
read_cookies(const struct where *w, struct line *l, const char *value)
{
	read_path(w, &l->cookies, value);
}

static void
read_netrc(const struct where *w, struct line *l, const char *value)
{
	read_path(w, &l->netrc, value);
}

/* robots=ignore and the words after it that begin with a slash, stored with a space before and after each. */
static void
read_robots(const struct where *w, struct line *l, const char *value, char **left)
{
	struct buf paths = {0};

	buf_str(&paths, " ");
	if (strcmp(value, "ignore") == 0) {
		while ((*left)[strspn(*left, SPACE)] == '/')
			buf_printf(&paths, "%s ", next_word(left));
		if (paths.len == 1)
			die_at_line(w, "robots=ignore needs paths: robots=ignore /api/");
	} else if (strcmp(value, "obey") != 0) {
		die_at_line(w, "robots=%.200s: the value is obey, or ignore and paths", value);
	}
	free(l->exempt);
	l->exempt = paths.data;
}

static void
read_setting(const struct where *w, struct line *l, char *word, char **left)
{
	static const struct {
		const char *key;
		unsigned bit;
		void (*read)(const struct where *w, struct line *l, const char *value);
	} keys[] = {
		{"slots", SLOTS, read_slots},
		{"rate", RATE, read_rate},
		{"bandwidth", BANDWIDTH, read_bandwidth},
		{"contact", CONTACT, read_contact},
		{"group", GROUP, read_group},
		{"accept", ACCEPT, read_accept},
		{"robots", ROBOTS, NULL},
		{"private", PRIVATE, read_private},
		{"headers", HEADERS, read_headers},
		{"cookies", COOKIES, read_cookies},
		{"netrc", NETRC, read_netrc},
	};
	char *value = strchr(word, '=');

	if (!value)
		die_at_line(w, "'%.200s' is not KEY=VALUE", word);
	*value++ = '\0';
	if (strlen(value) > VALUE_MAX)
		die_at_line(w, "the value of %s is too long", word);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (strcmp(word, keys[i].key) != 0)
			continue;
		if (keys[i].read)
			keys[i].read(w, l, value);
		else
			read_robots(w, l, value, left);
		l->set |= keys[i].bit;
		return;
	}
	die_at_line(w, "there is no key '%.200s'", word);
}

/* --- the files --- */

static void
cut_comment(char *text)
{
	for (char *p = text; (p = strchr(p, '#')); p++)
		if (p == text || p[-1] == ' ' || p[-1] == '\t') {
			*p = '\0';
			return;
		}
}

static void
read_line(struct host_rules *h, const struct where *w, char *text)
{
	struct line l = {0};
	char *left = text, *word;

	cut_comment(text);
	word = next_word(&left);
	if (!word)
		return;
	read_pattern(w, &l, word);
	while ((word = next_word(&left)))
		read_setting(w, &l, word, &left);
	if (!l.set)
		die_at_line(w, "there is no KEY=VALUE for '%s'", l.below ? "*." : l.host);
	if (h->n == h->room) {
		h->room = h->room ? h->room * 2 : 64;
		h->lines = buf_realloc(h->lines, h->room * sizeof(*h->lines));
	}
	h->lines[h->n++] = l;
}

static void
read_file(struct host_rules *h, const char *path, bool must)
{
	FILE *file = fopen(path, "re");
	struct where w = {.path = path};
	char *text = NULL;
	size_t room = 0;
	ssize_t n;

	if (!file && !must && (errno == ENOENT || errno == ENOTDIR))
		return;
	if (!file)
		msg_die_errno(EX_CONFIG, "cannot open the host rules '%s'", path);
	while ((n = getline(&text, &room, file)) >= 0) {
		w.number++;
		if (strlen(text) != (size_t)n)
			die_at_line(&w, "it has a NUL byte: is this a text file?");
		read_line(h, &w, text);
	}
	if (ferror(file))
		msg_die_errno(EX_CONFIG, "cannot read the host rules '%s'", path);
	free(text);
	fclose(file);
}

struct host_rules *
host_rules_read(const char *const *paths, size_t n)
{
	struct host_rules *h = buf_alloc(sizeof(*h));

	for (size_t i = 0; i < n; i++)
		read_file(h, paths[i], false);
	return h;
}

struct host_rules *
host_rules_load(const char *root)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME"), *named = getenv("BI_HOSTS_CONF");
	struct host_rules *h = buf_alloc(sizeof(*h));
	struct buf path = {0};

	if (path_of_share(&path, "hosts.conf") == 0)
		read_file(h, path.data, false);
	read_file(h, "/etc/bi/hosts.conf", false);
	buf_clear(&path);
	if (config && *config == '/')
		buf_printf(&path, "%s/bi/hosts.conf", config);
	else if (home && *home == '/')
		buf_printf(&path, "%s/.config/bi/hosts.conf", home);
	if (path.len)
		read_file(h, path.data, false);
	if (root) {
		buf_clear(&path);
		buf_printf(&path, "%s/hosts.conf", root);
		read_file(h, path.data, false);
	}
	if (named && *named)
		read_file(h, named, true);
	buf_free(&path);
	return h;
}

void
host_rules_free(struct host_rules *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->n; i++) {
		free(h->lines[i].host);
		free(h->lines[i].group);
		free(h->lines[i].accept);
		free(h->lines[i].exempt);
		free(h->lines[i].headers);
		free(h->lines[i].cookies);
		free(h->lines[i].netrc);
	}
	free(h->lines);
	free(h);
}

/* --- the answer --- */

static bool
line_applies(const struct line *l, const char *host, size_t n, unsigned port)
{
	size_t len = strlen(l->host);

	if (l->port && l->port != port)
		return false;
	if (!len)
		return true;
	if (l->below)
		return n > len + 1 && host[n - len - 1] == '.' && strncasecmp(host + n - len, l->host, len) == 0;
	return n == len && strncasecmp(host, l->host, len) == 0;
}

void
host_rules_find(const struct host_rules *h, const char *host, unsigned port, struct host_rule *out)
{
	size_t n = strlen(host);

	*out = (struct host_rule){.rate = -1, .bandwidth = -1};
	if (n > 2 && *host == '[' && host[n - 1] == ']') {
		host++;
		n -= 2;
	} else if (n > 1 && host[n - 1] == '.') {
		n--;
	}
	for (size_t i = 0; i < h->n; i++) {
		const struct line *l = &h->lines[i];

		if (!line_applies(l, host, n, port))
			continue;
		out->slots = l->set & SLOTS ? l->rule.slots : out->slots;
		out->rate = l->set & RATE ? l->rule.rate : out->rate;
		out->bandwidth = l->set & BANDWIDTH ? l->rule.bandwidth : out->bandwidth;
		out->contact = l->set & CONTACT ? l->rule.contact : out->contact;
		out->private_allowed = l->set & PRIVATE ? l->rule.private_allowed : out->private_allowed;
		out->group = l->set & GROUP ? l->group : out->group;
		out->accept = l->set & ACCEPT ? l->accept : out->accept;
		out->exempt = l->set & ROBOTS ? l->exempt : out->exempt;
		out->headers = l->set & HEADERS ? l->headers : out->headers;
		out->cookies = l->set & COOKIES ? l->cookies : out->cookies;
		out->netrc = l->set & NETRC ? l->netrc : out->netrc;
	}
}

void
host_rules_each(const struct host_rules *h, void (*see)(const struct host_rule *rule, void *arg), void *arg)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct line *l = &h->lines[i];

		see(&(struct host_rule){.headers = l->headers, .cookies = l->cookies, .netrc = l->netrc}, arg);
	}
}

bool
host_rules_exempt_path(const struct host_rule *rule, const char *path)
{
	for (const char *p = rule->exempt; p && *p == ' ' && p[1];) {
		size_t n = strcspn(++p, " ");

		if (strncmp(path, p, n) == 0)
			return true;
		p += n;
	}
	return false;
}
