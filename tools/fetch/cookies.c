#include "cookies.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/msg.h"

void
cookies_check_readable(const char *path, const char *what)
{
	struct stat st;

	if (path && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		errno = EISDIR;
	else if (!path || access(path, R_OK) == 0)
		return;
	msg_die_errno(errno == EACCES ? EX_NOPERM : EX_NOINPUT, "cannot read the %s in '%s'", what, path);
}

/* Ends the program if the jar PATH could not be written at the end. libcurl makes a new file beside it. */
static void
check_jar(const char *path)
{
	char *copy = path ? buf_strdup(path) : NULL;

	if (path && access(path, F_OK) == 0)
		cookies_check_readable(path, "cookies");
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

/* A cookie of a file in the form of headers may name no host, and libcurl would send it to every one. */
static void
check_cookies(const char *path)
{
	static const char head[] = "Set-Cookie:";
	FILE *file = path ? fopen(path, "re") : NULL;
	char *line = NULL;
	size_t room = 0;

	while (file && getline(&line, &room, file) >= 0)
		if (strncasecmp(line, head, sizeof(head) - 1) == 0 && !has_domain(line))
			msg_die(EX_WRONG_USE,
				"a cookie in %s names no host, and would be sent to every one: write '; Domain=HOST' "
				"behind it",
				path);
	free(line);
	if (file)
		fclose(file);
}

CURLSH *
cookies_share(const struct settings *set)
{
	const char *file = set->cookie && !strchr(set->cookie, '=') ? set->cookie : NULL;
	CURLSH *share;

	if (!set->cookie && !set->cookie_jar)
		return NULL;
	check_jar(set->cookie_jar);
	cookies_check_readable(file, "cookies");
	check_cookies(set->cookie_jar);
	check_cookies(file);
	share = curl_share_init();
	if (!share || curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE) != CURLSHE_OK)
		msg_die(EX_OSERR, "libcurl could not share cookies: out of memory");
	return share;
}
