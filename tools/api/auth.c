#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "auth.h"
#include "files/token.h"

bool
auth_host(const struct api *api, const struct scgi *s, struct reply *r)
{
	if (allowed_hosts_contain(api->site, scgi_get(s, "HTTP_HOST")))
		return true;
	return reply_error(r, 403, "host_not_ours",
			   "the Host header must be localhost or a name that was given to bi-serve by --allow-host");
}

/* Whether the request comes from a page of an origin that --allow-origin permits. */
static bool
is_allowed(const struct api *api, const struct scgi *s)
{
	const char *origin = scgi_get(s, "HTTP_ORIGIN");

	for (size_t i = 0; origin && i < api->origins_n; i++)
		if (strcmp(origin, api->origins[i]) == 0)
			return true;
	return false;
}

/* Whether the request comes from a page of this server, from one of such an origin, or from no page. */
static bool
is_ours(const struct api *api, const struct scgi *s)
{
	return is_allowed(api, s) ||
	       allowed_hosts_allow_origin(api->site, scgi_get(s, "HTTP_HOST"), scgi_get(s, "HTTP_ORIGIN"),
					  scgi_get(s, "HTTP_SEC_FETCH_SITE"));
}

bool
auth_preflight(const struct api *api, const struct scgi *s, struct reply *r)
{
	const char *method = scgi_get(s, "REQUEST_METHOD");

	if (!method || strcmp(method, "OPTIONS") != 0 || !is_allowed(api, s) ||
	    !scgi_get(s, "HTTP_ACCESS_CONTROL_REQUEST_METHOD"))
		return false;
	r->status = 204;
	reply_header(r, "Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE");
	reply_header(r, "Access-Control-Allow-Headers",
		     "Authorization, Content-Type, If-Match, If-None-Match, Prefer, Range, X-CSRFToken");
	reply_header(r, "Access-Control-Max-Age", "600");
	return true;
}

/* Whether the Cookie header has this cookie. */
static bool
has_cookie(const char *header, const char *cookie)
{
	size_t n = strlen(cookie);

	for (const char *at = header; at; at = strchr(at, ';')) {
		at += strspn(at, "; ");
		if (strncmp(at, cookie, n) == 0 && (at[n] == '\0' || at[n] == ';'))
			return true;
	}
	return false;
}

static void
add_cookie(const struct api *api, const struct scgi *s, struct reply *r)
{
	static const char name[] = "csrftoken=";
	char cookie[sizeof(name) + TOKEN_HEX], token[TOKEN_HEX + 1];
	const char *https = scgi_get(s, "HTTPS");
	struct buf whole = {0};

	if (token_read(&api->root, token) < 0)
		return;
	snprintf(cookie, sizeof(cookie), "%s%s", name, token);
	if (has_cookie(scgi_get(s, "HTTP_COOKIE"), cookie))
		return;
	buf_printf(&whole, "%s; Path=/; SameSite=Strict%s", cookie,
		   https && strcmp(https, "on") == 0 ? "; Secure" : "");
	reply_header(r, "Set-Cookie", whole.data);
	buf_free(&whole);
}

void
auth_mark(const struct api *api, const struct scgi *s, struct reply *r)
{
	const char *method = scgi_get(s, "REQUEST_METHOD");

	const char *protocol = scgi_get(s, "SERVER_PROTOCOL");

	/* HTTP/2 has no such header (RFC 9113, 8.2.2). */
	if (protocol && strcmp(protocol, "HTTP/1.1") == 0)
		reply_header(r, "Keep-Alive", "timeout=60");
	if (api->origins_n)
		reply_header(r, "Vary", "Origin");
	if (!allowed_hosts_contain(api->site, scgi_get(s, "HTTP_HOST")))
		return;
	if (is_allowed(api, s)) {
		reply_header(r, "Access-Control-Allow-Origin", scgi_get(s, "HTTP_ORIGIN"));
		reply_header(r, "Access-Control-Allow-Credentials", "true");
		reply_header(r, "Access-Control-Expose-Headers", "ETag");
	}
	if (api->csrf_cookie && method && strcmp(method, "GET") == 0 && is_ours(api, s))
		add_cookie(api, s, r);
}

/* The token of the request; NULL: it has none. */
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
auth_site(const struct api *api, const struct scgi *s, struct reply *r)
{
	if (is_ours(api, s))
		return true;
	return reply_error(r, 403, "origin_not_ours",
			   "pages of other sites must not do this here; bi-serve --allow-origin permits one");
}

bool
auth_write(const struct api *api, const struct scgi *s, struct reply *r)
{
	const char *given = given_token(s);
	char token[TOKEN_HEX + 1] = "";

	if (!auth_site(api, s, r))
		return false;
	/* The token is read for each request, so that a new one is valid at once. */
	if (token_read(&api->root, token) < 0 && errno != ENOENT && errno != EPERM) {
		reply_error(r, 500, "no_token", "the token of this root cannot be read: %s", strerror(errno));
	} else if (!token[0]) {
		reply_error(r, 401, "no_token",
			    "this root has no token that only its owner can read; bi-serve --new-token makes one");
	} else if (!given) {
		reply_error(r, 401, "token_missing",
			    "a request that writes needs the token from the URL that bi-serve printed, as X-CSRFToken "
			    "or as Authorization: Bearer");
	} else if (!token_equal(given, strlen(given), token)) {
		reply_error(r, 401, "token_wrong",
			    "this is not the token of this root; run bi-serve again and open the URL that it prints");
	} else {
		return true;
	}
	reply_header(r, "WWW-Authenticate", "Bearer realm=\"bi\"");
	return false;
}
