#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "records/rec.h"
#include "reply.h"

static const char *
status_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} all[] = {
		{200, "OK"},
		{201, "Created"},
		{202, "Accepted"},
		{204, "No Content"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{412, "Precondition Failed"},
		{413, "Content Too Large"},
		{415, "Unsupported Media Type"},
		{422, "Unprocessable Content"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
		{507, "Insufficient Storage"},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i].status == status)
			return all[i].reason;
	return "Error";
}

bool
reply_error(struct reply *r, int status, const char *code, const char *detail, ...)
{
	va_list args;
	char line[1024];

	va_start(args, detail);
	vsnprintf(line, sizeof(line), detail, args);
	va_end(args);
	utf8_replace_invalid(line); /* what was cut */
	r->status = status;
	buf_clear(&r->body);
	buf_printf(&r->body, "{\"success\":false,\"error\":\"%s\",\"detail\":", code);
	buf_json(&r->body, line);
	buf_str(&r->body, "}\n");
	return false;
}

void
reply_add(struct reply *r, const char *members, ...)
{
	static const char end[] = "}\n";
	va_list args;
	char text[256];

	va_start(args, members);
	vsnprintf(text, sizeof(text), members, args);
	va_end(args);
	r->body.len -= sizeof(end) - 1;
	buf_str(&r->body, text);
	buf_str(&r->body, end);
}

struct json_object *
reply_take_json(const struct scgi *s, struct reply *r)
{
	static const char json[] = "application/json";
	const char *type = scgi_get(s, "CONTENT_TYPE");
	struct json_object *o;
	char wrong[256];

	if (!type || strncasecmp(type, json, sizeof(json) - 1) != 0 ||
	    (type[sizeof(json) - 1] && !strchr("; \t", type[sizeof(json) - 1]))) {
		reply_error(r, 415, "not_json", "the request must be of the type application/json");
		return NULL;
	}
	o = rec_parse(scgi_body(s), s->body_len, wrong, sizeof(wrong));
	if (!o)
		reply_error(r, 400, "bad_json", "the request is not JSON: %s", wrong);
	return o;
}

void
reply_copy_member(struct buf *out, struct json_object *o, const char *name, const char *key)
{
	struct json_object *value;

	if (json_object_object_get_ex(o, name, &value))
		buf_printf(out, ",\"%s\":%s", key, rec_print(value));
}

void
reply_header(struct reply *r, const char *name, const char *value)
{
	buf_printf(&r->headers, "%s: %s\r\n", name, value);
}

void
reply_tag(struct reply *r, const struct scgi *s)
{
	const char *known = scgi_get(s, "HTTP_IF_NONE_MATCH");
	unsigned char digest[HASH_BYTES];
	char tag[20] = "\"";

	hash_bytes(r->body.data, r->body.len, digest);
	hash_hex(digest, 8, tag + 1);
	strcat(tag, "\"");
	reply_header(r, "ETag", tag);
	reply_header(r, "Cache-Control", "no-cache");
	if (known && (strcmp(known, "*") == 0 || strstr(known, tag)))
		r->status = 304;
}

void
reply_list(struct reply *r, const struct scgi *s, size_t count, const struct buf *entries, const char *open,
	   const char *close)
{
	buf_printf(&r->body, "{\"success\":true,\"count\":%zu,\"results\":[", count);
	buf_add(&r->body, entries->data, entries->len);
	buf_printf(&r->body, "],\"data\":%s", open);
	buf_add(&r->body, entries->data, entries->len);
	buf_printf(&r->body, "%s}\n", close);
	reply_tag(r, s);
}

void
reply_print(const struct reply *r, bool head, struct buf *out)
{
	bool empty = r->status == 204 || r->status == 304;

	buf_printf(out, "Status: %d %s\r\n", r->status, status_reason(r->status));
	if (!empty)
		buf_printf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n", r->type ? r->type : "application/json",
			   r->body.len);
	if (r->headers.len)
		buf_add(out, r->headers.data, r->headers.len);
	buf_str(out, "\r\n");
	if (!head && !empty && r->body.len)
		buf_add(out, r->body.data, r->body.len);
}

void
reply_free(struct reply *r)
{
	buf_free(&r->headers);
	buf_free(&r->body);
}
