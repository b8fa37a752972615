#include "cookies.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/msg.h"
#include "files/file.h"
#include "input_file.h"
#include "records/rec.h"

enum { FILE_BYTES_MAX = 16 << 20 };

/* The end of the year 9999. libcurl drops a cookie whose time has more digits than it can read. */
static const double EXPIRES_MAX = 253402300799;

/* Ends the program if the jar PATH could not be written at the end. libcurl makes a new file beside it. */
static void
check_jar(const char *path)
{
	char *copy = path ? buf_strdup(path) : NULL;

	if (path && access(path, F_OK) == 0)
		input_file_check(path, "cookies");
	if (path && access(dirname(copy), W_OK | X_OK) < 0)
		msg_die_errno(EX_CANTCREAT, "cannot keep cookies in '%s', whose directory must be writable", path);
	free(copy);
}

/* Whether the header LINE of a cookie has a domain, in an attribute after the cookie itself. */
static bool
has_domain(const char *line)
{
	static const char key[] = "domain";

	while ((line = strchr(line, ';'))) {
		line += 1 + strspn(line + 1, " \t");
		if (strncasecmp(line, key, sizeof(key) - 1) != 0)
			continue;
		line += sizeof(key) - 1;
		line += strspn(line, " \t");
		if (*line != '=')
			continue;
		line += 1 + strspn(line + 1, " \t.");
		if (!strchr(";\r\n", *line))
			return true; /* strchr() finds the end of the line, too */
	}
	return false;
}

static _Noreturn void
die_of(const char *path, unsigned line, const char *wrong)
{
	msg_die(EX_WRONG_USE,
		"'%s', line %u: %s (a file of cookies has Netscape's format, lines 'Set-Cookie: ...; Domain=HOST', or "
		"JSON "
		"as browsers export it)",
		path, line, wrong);
}

/* Whether LINE has the seven fields of Netscape's format. */
static bool
is_netscape(const char *line)
{
	int tabs = 0;

	for (const char *c = line; (c = strchr(c, '\t')); c++)
		tabs++;
	return tabs == 6 && *line != '\t';
}

static void
add_line(struct curl_slist **all, const char *path, unsigned number, char *line)
{
	static const char head[] = "Set-Cookie:", http_only[] = "#HttpOnly_";

	line[strcspn(line, "\r\n")] = '\0';
	if (!line[strspn(line, " \t")] || (*line == '#' && strncmp(line, http_only, sizeof(http_only) - 1) != 0))
		return;
	if (strncasecmp(line, head, sizeof(head) - 1) == 0 && !has_domain(line))
		die_of(path, number,
		       "this cookie names no host, and would be sent to every one: write '; Domain=HOST' behind it");
	if (strncasecmp(line, head, sizeof(head) - 1) != 0 && !is_netscape(line))
		die_of(path, number, "this is no cookie");
	*all = curl_slist_append(*all, line);
}

static double
number_of(struct json_object *cookie, const char *key)
{
	struct json_object *value = json_object_object_get(cookie, key);

	return json_object_is_type(value, json_type_double) || json_object_is_type(value, json_type_int)
		       ? json_object_get_double(value)
		       : 0;
}

/* To json-c each string is true that is not empty. */
static bool
is_set(struct json_object *cookie, const char *key)
{
	struct json_object *value = json_object_object_get(cookie, key);
	const char *word = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;

	return word ? strcasecmp(word, "true") == 0 : json_object_get_boolean(value);
}

/* Adds a cookie of an export as a line of Netscape's format. Returns whether it is one. */
static bool
add_exported(struct curl_slist **all, struct json_object *cookie)
{
	const char *domain = rec_string(cookie, "domain"), *name = rec_string(cookie, "name");
	const char *value = rec_string(cookie, "value"), *path = rec_string(cookie, "path");
	double expires = number_of(cookie, "expirationDate");
	bool dotted = domain && *domain == '.';
	struct buf line = {0};
	bool good;

	if (expires <= 0)
		expires = number_of(cookie, "expires");
	if (expires > EXPIRES_MAX)
		expires = EXPIRES_MAX;
	if (!domain || !domain[dotted] || !name || !*name || !value)
		return false;
	buf_printf(&line, "%s%s%s\t%s\t%s\t%s\t%.0f\t%s\t%s", is_set(cookie, "httpOnly") ? "#HttpOnly_" : "",
		   dotted ? "." : "", domain + dotted, dotted && !is_set(cookie, "hostOnly") ? "TRUE" : "FALSE",
		   path && *path == '/' ? path : "/", is_set(cookie, "secure") ? "TRUE" : "FALSE",
		   expires > 0 ? expires : 0, name, value);
	good = is_netscape(line.data) && !strpbrk(line.data, "\r\n");
	if (good)
		*all = curl_slist_append(*all, line.data);
	buf_free(&line);
	return good;
}

static void
add_export(struct curl_slist **all, const char *path, const struct buf *text)
{
	struct json_object *o = rec_parse(text->data, text->len, NULL, 0), *list = o;

	if (json_object_is_type(o, json_type_object))
		list = json_object_object_get(o, "cookies");
	if (!json_object_is_type(list, json_type_array))
		die_of(path, 1, "this is JSON without an array of cookies");
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (!add_exported(all, json_object_array_get_idx(list, i))) {
			char wrong[80];

			snprintf(wrong, sizeof(wrong), "cookie %zu has no domain, name and value that can be sent",
				 i + 1);
			die_of(path, 1, wrong);
		}
	json_object_put(o);
}

/* The number of the line that has the byte AT of TEXT. */
static unsigned
line_of(const char *text, size_t at)
{
	unsigned line = 1;

	for (size_t i = 0; i < at; i++)
		line += text[i] == '\n';
	return line;
}

/* Adds the cookies of a file as libcurl takes them. */
static void
read_cookies(struct curl_slist **all, const char *path)
{
	static const char bom[] = "\xef\xbb\xbf";
	sigset_t none, blocked;
	struct buf text = {0};
	char *left, *line;
	unsigned number = 0;
	int fd;

	/* It may be a pipe. Nothing has begun, so that a signal may end the program while nobody writes to it. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, &blocked);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || file_read_all(fd, FILE_BYTES_MAX, &text) < 0)
		msg_die_errno(EX_NOINPUT, "cannot read the cookies in '%s'", path);
	close(fd);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	if (text.len && strlen(text.data) != text.len)
		die_of(path, line_of(text.data, strlen(text.data)), "there is a NUL");
	left = text.len ? text.data + (strncmp(text.data, bom, strlen(bom)) == 0 ? strlen(bom) : 0) : NULL;
	if (left && strchr("[{", left[strspn(left, " \t\r\n")]) && left[strspn(left, " \t\r\n")]) {
		buf_drop(&text, (size_t)(left - text.data));
		add_export(all, path, &text);
	} else {
		while ((line = strsep(&left, "\n")))
			add_line(all, path, ++number, line);
	}
	buf_free(&text);
}

static void
read_rule(const struct host_rule *rule, void *arg)
{
	if (!rule->cookies)
		return;
	input_file_check_private(rule->cookies, "cookies");
	read_cookies(arg, rule->cookies);
}

/* Puts LINES into SHARE. */
static void
fill(CURLSH *share, const struct curl_slist *lines)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		msg_die(EX_OSERR, "libcurl could not read cookies: out of memory");
	curl_easy_setopt(easy, CURLOPT_SHARE, share);
	for (; lines; lines = lines->next)
		curl_easy_setopt(easy, CURLOPT_COOKIELIST, lines->data);
	curl_easy_cleanup(easy);
}

CURLSH *
cookies_share(const struct settings *set, const struct host_rules *rules)
{
	const char *file = set->cookie && !strchr(set->cookie, '=') ? set->cookie : NULL;
	struct curl_slist *lines = NULL;
	CURLSH *share;

	check_jar(set->cookie_jar);
	input_file_check(file, "cookies");
	if (file)
		read_cookies(&lines, file);
	if (set->cookie_jar && access(set->cookie_jar, F_OK) == 0)
		read_cookies(&lines, set->cookie_jar);
	host_rules_each(rules, read_rule, &lines);
	if (!set->cookie && !set->cookie_jar && !lines)
		return NULL;
	share = curl_share_init();
	if (!share || curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE) != CURLSHE_OK)
		msg_die(EX_OSERR, "libcurl could not share cookies: out of memory");
	fill(share, lines);
	curl_slist_free_all(lines);
	return share;
}

/* Makes the jar, if it is not there, a file that nobody but its owner can read: libcurl keeps its mode. */
static void
make_jar(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
}

void
cookies_close(CURLSH *share, const char *path)
{
	CURL *easy = share && path ? curl_easy_init() : NULL;

	if (easy) {
		make_jar(path);
		curl_easy_setopt(easy, CURLOPT_SHARE, share);
		curl_easy_setopt(easy, CURLOPT_COOKIEJAR, path);
		curl_easy_cleanup(easy);
	}
	if (share)
		curl_share_cleanup(share);
}
