/* The content of a file: the parsed text, the bytes, and the pictures in it. Bytes are not read here: X-Sendfile tells
 * lighttpd where they are, which sends them, complete or in ranges. They are untrusted, so they always have a
 * Content-Security-Policy that lets them run nothing (lighttpd.conf), and browsers show only harmless types. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "files/file.h"
#include "handlers.h"
#include "query.h"
#include "records/rec.h"
#include "reply.h"
#include "resolve.h"

enum { CONTENT_MAX = 256 << 20 };

static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

/* Appends TEXT with % and two digits for each byte that is neither unreserved nor in ALSO. */
static void
encode_path(struct buf *out, const char *text, const char *also)
{
	for (; *text; text++) {
		if (strchr(unreserved, *text) || strchr(also, *text))
			buf_add(out, text, 1);
		else
			buf_printf(out, "%%%02X", (unsigned char)*text);
	}
}

/* --- sending --- */

/* A type that is valid in a header. */
static const char *
safe_type(const char *mime)
{
	static const char other[] = "+/";
	const char *slash = mime ? strchr(mime, '/') : NULL;

	if (!slash || slash == mime || !slash[1] || strlen(mime) > 100)
		return "application/octet-stream";
	for (const char *at = mime; *at; at++)
		if (!strchr(unreserved, *at) && !strchr(other, *at))
			return "application/octet-stream";
	return mime;
}

/* Whether a browser may show the type; other types are offered for saving. */
static bool
is_shown(const char *mime)
{
	static const char *const shown[] = {"image/", "audio/", "video/", "application/pdf", "text/plain"};

	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++)
		if (strncmp(mime, shown[i], strlen(shown[i])) == 0)
			return strcmp(mime, "image/svg+xml") != 0;
	return false;
}

/* Stores the last part of the path of URL in OUT, decoded; empty if it has none. */
static void
add_url_name(const char *url, struct buf *out)
{
	const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;
	size_t n = path ? strcspn(path, "?#") : 0, at = n;

	while (at > 0 && path[at - 1] != '/')
		at--;
	if (path)
		query_decode(path + at, n - at, false, out);
}

/* The name for the bytes: the name of the file, or the last part of its URL, or its name in the batch. */
static void
add_name(struct json_object *line, const char *path, struct buf *out)
{
	const char *name = rec_string(line, "filename"), *url = rec_string(line, "url");

	if (name)
		buf_str(out, name);
	else if (url)
		add_url_name(url, out);
	if (!out->len)
		buf_str(out, strrchr(path, '/') + 1);
	utf8_replace_invalid(out->data);
}

/* Content-Disposition (RFC 6266): the name in ASCII, and the original name. */
static void
add_disposition(struct reply *r, const char *mime, const char *name)
{
	struct buf text = {0};

	buf_printf(&text, "%s; filename=\"", is_shown(mime) ? "inline" : "attachment");
	for (const char *at = name; *at; at++)
		buf_add(&text, *at < ' ' || *at > '~' || strchr("\"\\%/", *at) ? "_" : at, 1);
	buf_str(&text, "\"; filename*=UTF-8''");
	encode_path(&text, name, "");
	reply_header(r, "Content-Disposition", text.data);
	buf_free(&text);
}

/* Makes R send the file PATH below the batch's directory, with that type and name. */
static void
send_file(const struct api *api, const struct resolved_item *i, const char *path, const char *mime, const char *name,
	  const char *tag, const struct request *q, struct reply *r)
{
	const char *known = scgi_get(q->scgi, "HTTP_IF_NONE_MATCH");
	struct buf where = {0};

	if (tag) {
		reply_header(r, "ETag", tag);
		reply_header(r, "Cache-Control", "no-cache");
		if (known && (strcmp(known, "*") == 0 || strstr(known, tag))) {
			r->status = 304;
			return;
		}
	}
	/* lighttpd decodes it. */
	encode_path(&where, api->root.path, "/");
	buf_printf(&where, "/batches/%s/", i->batch->name);
	encode_path(&where, path, "/");
	reply_header(r, "X-Sendfile", where.data);
	snprintf(r->own_type, sizeof(r->own_type), "%s", mime);
	r->type = r->own_type;
	add_disposition(r, mime, name);
	buf_free(&where);
}

/* The notebook of a path: /notebooks/NB/files/ID/..., or NULL for /notebooks/files/ID/... */
static const char *
notebook_of(const struct request *q, size_t words)
{
	return q->count == words ? q->words[1] : NULL;
}

static const char *
id_of(const struct request *q, size_t words)
{
	return q->words[q->count == words ? 3 : 2];
}

void
content_raw(struct api *api, const struct request *q, struct reply *r)
{
	struct resolved_item i;
	struct json_object *line = resolve_file(api, notebook_of(q, 5), id_of(q, 5), &i, r);
	int fd = line ? batch_open_file(i.batch->batch, line) : -1;
	const char *sha = line ? rec_string(line, "sha256") : NULL;
	struct buf name = {0};
	char tag[24];

	if (line && fd < 0 && errno != ENOENT) {
		reply_error(r, 500, "cannot_read", "the bytes of this file cannot be read from the batch %s: %s",
			    i.batch->name, file_reason(errno));
	} else if (line && fd < 0) {
		reply_error(r, 404, "file_lost", "the batch %s no longer has the bytes of this file", i.batch->name);
	} else if (line) {
		snprintf(tag, sizeof(tag), "\"%.16s\"", sha ? sha : i.file.id);
		add_name(line, rec_string(line, "path"), &name);
		send_file(api, &i, rec_string(line, "path"), safe_type(rec_string(line, "mime")), name.data, tag, q, r);
	}
	file_close(fd, 0);
	buf_free(&name);
	json_object_put(line);
}

/* --- what was parsed --- */

/* The path of the parsed content of a file, "content/ID_IDX.json" below the batch's directory. NULL if there is none.
 */
static const char *
content_path(struct json_object *line)
{
	const char *path = rec_string(line, "content");
	size_t n = path ? strlen(path) : 0;

	if (n < sizeof("content/x.json") - 1 || strncmp(path, "content/", 8) != 0 || strchr(path + 8, '/') ||
	    path[8] == '.' || strcmp(path + n - 5, ".json") != 0)
		return NULL;
	return path;
}

/* Opens it. -1 with errno. */
static int
open_content(const struct resolved_item *i, const char *path)
{
	int dir = root_open_dir(batch_dirfd(i->batch->batch), "content", false);
	int fd = dir < 0 ? -1 : openat(dir, path + strlen("content/"), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	return file_close(dir, fd);
}

/* Stores the text of a content file, one JSON object, in OUT. 0, or -1 with errno. */
static int
read_content(const struct resolved_item *i, const char *path, struct buf *out)
{
	int fd = open_content(i, path), error = EIO;
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= CONTENT_MAX) {
		size_t size = (size_t)st.st_size;

		n = file_read_at(fd, buf_room(out, size), size, 0);
		error = n < 0 ? errno : EIO;
		out->len = n > 0 ? (size_t)n : 0;
		while (out->len > 0 && strchr(" \n\r\t", out->data[out->len - 1]))
			out->len--;
		buf_add(out, "", 0);
	}
	close(fd);
	if (n > 0 && out->len > 1 && out->data[0] == '{' && out->data[out->len - 1] == '}')
		return 0;
	return file_fail(error);
}

/* Stores the content of a file in OUT, and returns its path. NULL after making R the error. */
static const char *
take_content(const struct resolved_item *i, struct json_object *line, struct buf *out, struct reply *r)
{
	const char *path = content_path(line);

	if (!path) {
		reply_error(r, 404, "not_parsed",
			    "this file has no parsed content, since its type is %s; its bytes are at raw/",
			    rec_string(line, "mime") ? rec_string(line, "mime") : "unknown");
		return NULL;
	}
	if (read_content(i, path, out) == 0)
		return path;
	if (errno == ENOENT)
		reply_error(r, 404, "content_lost", "the batch %s no longer has the parsed content of this file",
			    i->batch->name);
	else
		reply_error(r, 500, "cannot_read", "the parsed content of this file cannot be read: %s",
			    strerror(errno));
	return NULL;
}

/* Finds the member KEY of the JSON object TEXT, which may be long and is ours, without parsing it: stores where its
 * value begins, and the value's length; 0 if there is none. */
static size_t
find_member(const char *text, const char *key, const char **value)
{
	size_t n = strlen(key), depth = 0;
	const char *from = NULL;

	for (const char *at = text; *at; at++) {
		const char *word = at + 1;

		if (*at == '"') {
			for (at++; *at && *at != '"'; at++)
				at += *at == '\\' && at[1];
			if (!*at)
				break;
			if (depth == 1 && !from && (size_t)(at - word) == n && memcmp(word, key, n) == 0 &&
			    at[1 + strspn(at + 1, " ")] == ':')
				from = at += 1 + strspn(at + 1, " ");
		} else if (depth == 1 && from && (*at == ',' || *at == '}')) {
			*value = from + 1;
			return (size_t)(at - from) - 1;
		} else if (strchr("{[", *at)) {
			depth++;
		} else if (strchr("}]", *at)) {
			depth--;
		}
	}
	return 0;
}

/* Appends "data", where the existing front end looks for the text, as "content". */
static void
print_data(const char *text, struct buf *out)
{
	static const char *const members[][2] = {{"text", "content"}, {"title", "title"}, {"metadata", "metadata"}};
	const char *before = "", *value;
	size_t n;

	buf_str(out, ",\"data\":{");
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		if ((n = find_member(text, members[i][0], &value)) == 0)
			continue;
		buf_printf(out, "%s\"%s\":", before, members[i][1]);
		buf_add(out, value, n);
		before = ",";
	}
	buf_str(out, "}");
}

void
content_get(struct api *api, const struct request *q, struct reply *r)
{
	struct resolved_item i;
	struct json_object *line = resolve_file(api, notebook_of(q, 5), id_of(q, 5), &i, r);
	struct buf content = {0};

	if (line && take_content(&i, line, &content, r)) {
		buf_printf(&r->body, "{\"success\":true,\"file_id\":\"%s\",\"notebook\":\"%s\",\"batch_job_id\":%llu",
			   i.file.id, notebook_name(i.notebook), (unsigned long long)i.job);
		print_data(content.data, &r->body);
		buf_str(&r->body, content.len > 2 ? "," : "");
		buf_add(&r->body, content.data + 1, content.len - 1);
		buf_str(&r->body, "\n");
		reply_tag(r, q->scgi);
	}
	buf_free(&content);
	json_object_put(line);
}

/* Whether the picture NAME exists beside the content PATH. */
static bool
has_image(const struct resolved_item *i, const char *path, const char *name)
{
	char stem[SUBJECT_MAX + 32] = "";
	int dir = root_open_dir(batch_dirfd(i->batch->batch), "content", false), images;
	struct stat st;
	bool has;

	path += strlen("content/");
	snprintf(stem, sizeof(stem), "%.*s", (int)(strlen(path) - strlen(".json")), path);
	images = dir < 0 ? -1 : root_open_dir(dir, stem, false);
	has = images >= 0 && fstatat(images, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
	file_close(images, 0);
	return file_close(dir, has);
}

/* The picture NAME in the parsed content O. NULL if there is none. */
static struct json_object *
find_image(struct json_object *o, const char *name)
{
	struct json_object *all;
	size_t n = json_object_object_get_ex(o, "images", &all) && json_object_is_type(all, json_type_array)
			   ? json_object_array_length(all)
			   : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(all, i);
		const char *its = rec_string(one, "name");

		if (its && strcmp(its, name) == 0)
			return one;
	}
	return NULL;
}

void
content_image(struct api *api, const struct request *q, struct reply *r)
{
	const char *name = q->words[5], *path = NULL, *mime;
	struct resolved_item i;
	struct json_object *line = resolve_file(api, q->words[1], q->words[3], &i, r), *content = NULL, *image = NULL;
	struct buf text = {0}, where = {0};

	if (line && (path = take_content(&i, line, &text, r))) {
		content = rec_parse(text.data, text.len, NULL, 0);
		image = *name == '.' ? NULL : find_image(content, name);
	}
	if (path && (!image || !has_image(&i, path, name))) {
		reply_error(r, 404, "no_such_image", "this file has no such picture");
	} else if (image) {
		mime = safe_type(rec_string(image, "mime"));
		buf_printf(&where, "%.*s/%s", (int)(strlen(path) - strlen(".json")), path, name);
		if (strncmp(mime, "image/", 6) != 0)
			mime = "application/octet-stream";
		send_file(api, &i, where.data, mime, name, NULL, q, r);
	}
	buf_free(&text);
	buf_free(&where);
	json_object_put(content);
	json_object_put(line);
}
