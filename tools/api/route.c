#include <string.h>

#include "auth.h"
#include "route.h"

static const char base[] = "/api/v1/";

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* Decodes the N percent-encoded bytes of one word of a path. False if it is too long or malformed, or has NUL or a
 * slash. */
static bool
decode_word(const char *at, size_t n, char out[API_WORD_MAX])
{
	const char *end = at + n;
	size_t len = 0;

	while (at < end) {
		int c = (unsigned char)*at++;

		if (c == '%') {
			int high = end - at < 2 ? -1 : hex_digit(at[0]), low = high < 0 ? -1 : hex_digit(at[1]);

			if (low < 0)
				return false;
			c = high * 16 + low;
			at += 2;
		}
		if (c == '\0' || c == '/' || len + 1 >= API_WORD_MAX)
			return false;
		out[len++] = (char)c;
	}
	out[len] = '\0';
	return len > 0;
}

/* Splits the path of URI into words. False if the API has no such path. */
static bool
decode_path(const char *uri, struct request *q)
{
	const char *end = uri + strcspn(uri, "?#");
	const char *at = uri + sizeof(base) - 1;

	if (strncmp(uri, base, sizeof(base) - 1) != 0)
		return false;
	while (at < end) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		size_t n = (size_t)((slash ? slash : end) - at);

		if (q->count == API_WORDS_MAX || !decode_word(at, n, q->words[q->count]))
			return false;
		q->count++;
		at += n + (slash != NULL);
	}
	return q->count > 0;
}

/* Whether the words match the path of the route. */
static bool
path_matches(const char *path, const struct request *q)
{
	size_t i = 0;

	for (; *path; i++) {
		size_t n = strcspn(path, "/");

		if (i == q->count)
			return false;
		if (!(n == 1 && *path == '*') && (strlen(q->words[i]) != n || strncmp(path, q->words[i], n) != 0))
			return false;
		path += n + (path[n] == '/');
	}
	return i == q->count;
}

/* The route of a request. NULL after making R the error. */
static const struct route *
find_route(const struct route *routes, size_t n, const struct scgi *s, struct request *q, struct reply *r)
{
	const char *uri = scgi_get(s, "REQUEST_URI"), *method = scgi_get(s, "REQUEST_METHOD");
	struct buf allow = {0};

	*q = (struct request){.scgi = s, .method = method && strcmp(method, "HEAD") != 0 ? method : "GET"};
	if (uri && decode_path(uri, q))
		for (size_t i = 0; i < n; i++) {
			if (!path_matches(routes[i].path, q))
				continue;
			if (strcmp(routes[i].method, q->method) == 0) {
				buf_free(&allow);
				return &routes[i];
			}
			buf_printf(&allow, "%s%s%s", allow.len ? ", " : "", routes[i].method,
				   strcmp(routes[i].method, "GET") == 0 ? ", HEAD" : "");
		}
	if (allow.len) {
		reply_error(r, 405, "method_not_allowed", "this path accepts only %s", allow.data);
		reply_header(r, "Allow", allow.data);
	} else if (q->count > 2 && strcmp(q->words[0], "notebooks") == 0) {
		reply_error(
			r, 404, "not_found",
			"the API has no such path: of a notebook it has files/, batch-jobs/ and knowledge-base/, and "
			"nothing else of the front end, such as chats, reports and podcasts; bi-api(1) lists its "
			"paths");
	} else {
		reply_error(r, 404, "not_found", "the API has no such path; bi-api(1) lists its paths");
	}
	buf_free(&allow);
	return NULL;
}

const struct route *
route_request(const struct api *api, const struct route *routes, size_t n, const struct scgi *s, struct request *q,
	      struct reply *r)
{
	const struct route *found;

	if (!auth_host(api, s, r) || auth_preflight(api, s, r))
		return NULL;
	found = find_route(routes, n, s, q, r);
	if (found && strcmp(found->method, "GET") != 0 && !auth_write(api, s, r))
		return NULL;
	return found;
}
