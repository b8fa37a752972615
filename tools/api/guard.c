#include <errno.h>
#include <string.h>
#include <strings.h>

#include "api.h"
#include "token.h"

bool
guard_host(const struct api *api, const struct scgi *s, struct reply *r)
{
	if (site_host(api->site, scgi_get(s, "HTTP_HOST")))
		return true;
	reply_error(r, 403, "host_not_ours",
		    "requests must ask for localhost or a name given to bi-serve by --allow-host");
	return false;
}

/* What the request gives as token; NULL: nothing. */
static const char *
given_token(const struct scgi *s)
{
	static const char scheme[] = "Bearer ";
	const char *authorization = scgi_get(s, "HTTP_AUTHORIZATION");
	const char *other = scgi_get(s, "HTTP_X_CSRFTOKEN");

	if (other && *other)
		return other;
	if (!authorization || strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
		return NULL;
	authorization += sizeof(scheme) - 1;
	return authorization + strspn(authorization, " ");
}

bool
guard_write(const struct api *api, const struct scgi *s, struct reply *r)
{
	const char *given = given_token(s);
	char token[TOKEN_HEX + 1];

	if (!site_origin(api->site, scgi_get(s, "HTTP_HOST"), scgi_get(s, "HTTP_ORIGIN"),
			 scgi_get(s, "HTTP_SEC_FETCH_SITE"))) {
		reply_error(r, 403, "origin_not_ours", "a page of another site may not write here");
		return false;
	}
	/* Read each time: one that was replaced counts at once. */
	if (token_read(&api->root, token) < 0) {
		reply_error(r, errno == ENOENT || errno == EPERM ? 401 : 500, "no_token",
			    "this root has no token that is its owner's alone; bi-serve --new-token makes one");
	} else if (!given) {
		reply_error(r, 401, "token_missing",
			    "writing needs the token of the URL that bi-serve printed, as X-CSRFToken or as "
			    "Authorization: Bearer");
	} else if (!token_equal(given, strlen(given), token)) {
		reply_error(r, 401, "token_wrong",
			    "this is not the token of this root; open the URL that bi-serve prints now");
	} else {
		return true;
	}
	reply_header(r, "WWW-Authenticate", "Bearer realm=\"bi\"");
	return false;
}
