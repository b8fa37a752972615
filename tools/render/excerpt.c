#include "excerpt.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "base/words.h"
#include "files/file.h"
#include "records/rec.h"

enum { READ_MAX = 1 << 20 }; /* of a content file: a text behind longer lists of links is not found */

/* The end of the string that begins at AT, its closing quote; END if it is cut. */
static const char *
string_end(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		at += *at == '\\';
	return at < end ? at : end;
}

/* The string that is the member KEY of the object that begins at TEXT, which may be cut: its opening quote. NULL if
 * there is none. */
static const char *
find_string(const char *text, size_t n, const char *key)
{
	const char *end = text + n;
	size_t len = strlen(key);
	int depth = 0;

	for (const char *at = text; at < end; at++) {
		const char *first = at;

		depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
		if (*at != '"')
			continue;
		at = string_end(at, end);
		if (depth == 1 && end - at > 2 && at[1] == ':' && at[2] == '"' && (size_t)(at - first) == len + 1 &&
		    memcmp(first + 1, key, len) == 0)
			return at + 2;
	}
	return NULL;
}

/* The length of the JSON string behind the quote AT, at most MOST bytes and escapes, not cut within one of these. */
static size_t
string_length(const char *at, const char *end, size_t most)
{
	const char *to = at;

	for (size_t n = 0; to < end && *to != '"' && n < most; n++) {
		ptrdiff_t one = *to != '\\' ? 1 : end - to > 1 && to[1] == 'u' ? 6 : 2;

		if (one > end - to)
			break;
		to += one;
	}
	return (size_t)(to - at);
}

/* Adds TEXT as KEY, with spaces for control characters other than tabs and ends of lines. */
static void
add_text(struct json_object *to, const char *key, char *text)
{
	for (char *c = text; *c; c++)
		if (((unsigned char)*c < ' ' && *c != '\n' && *c != '\t') || *c == 0x7f)
			*c = ' ';
	if (*text)
		rec_add_string(to, key, text);
}

/* Adds the string that begins at the quote AT as KEY. Returns whether it is cut. */
static bool
add_string(struct json_object *to, const char *key, const char *at, const char *end, size_t most)
{
	size_t n = string_length(at + 1, end, most);
	struct buf json = {0}, text = {0};
	struct json_object *o;

	buf_printf(&json, "{\"s\":\"%.*s", (int)utf8_whole_length(at + 1, n), at + 1);
	buf_str(&json, "\"}");
	o = rec_parse(json.data, json.len, NULL, 0);
	if (rec_string(o, "s")) {
		buf_str(&text, rec_string(o, "s"));
		add_text(to, key, text.data);
	}
	json_object_put(o);
	buf_free(&json);
	buf_free(&text);
	return at + 1 + n < end && at[1 + n] != '"';
}

/* Adds what the content file has, if it is about these bytes. */
static void
add_parsed(const struct buf *text, const char *sha256, size_t most, struct json_object *to)
{
	const char *end = text->data + text->len;
	const char *of = find_string(text->data, text->len, "sha256"), *at;

	if (!of || (size_t)(end - of) < strlen(sha256) + 2 || memcmp(of + 1, sha256, strlen(sha256)) != 0)
		return;
	at = find_string(text->data, text->len, "title");
	if (at)
		add_string(to, "doc_title", at, end, most);
	at = find_string(text->data, text->len, "text");
	if (at && add_string(to, "text", at, end, most))
		json_object_object_add(to, "cut", json_object_new_boolean(1));
}

/* Stores up to MOST bytes of the file, which is closed, in OUT. 0 or -1. */
static int
read_beginning(int fd, size_t most, struct buf *out)
{
	ssize_t n = file_read_at(fd, buf_room(out, most), most, 0);

	out->len = n > 0 ? (size_t)n : 0;
	return file_close(fd, n < 0 ? -1 : 0);
}

/* Adds the beginning of a plain text. 0 or -1. */
static int
add_plain(const struct batch *b, struct json_object *result, size_t most, struct json_object *to)
{
	int fd = batch_open_file(b, result);
	struct buf text = {0};
	int rc = fd < 0 ? -1 : read_beginning(fd, most + 1, &text);
	size_t n = text.len <= most ? text.len : utf8_whole_length(text.data, most);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (rc == 0 && n > 0 && !memchr(text.data, '\0', n)) {
		if (n < text.len)
			json_object_object_add(to, "cut", json_object_new_boolean(1));
		text.len = n;
		text.data[n] = '\0';
		utf8_replace_invalid(text.data);
		add_text(to, "text", text.data);
	}
	buf_free(&text);
	return rc;
}

int
excerpt_add(const struct batch *b, const struct batch_place *place, struct json_object *result, size_t most,
	    struct json_object *to)
{
	const char *sha256 = rec_string(result, "sha256"), *mime = rec_string(result, "mime");
	int dir = root_open_dir(batch_dirfd(b), "content", false), fd;
	char name[SUBJECT_MAX + 32];
	struct buf text = {0};
	int rc = 0;

	snprintf(name, sizeof(name), "%s_%u.json", place->subject, place->idx);
	fd = dir < 0 ? -1 : file_close(dir, file_open(dir, name));
	if (fd < 0)
		rc = errno == ENOENT ? 0 : -1;
	else if ((rc = read_beginning(fd, READ_MAX, &text)) == 0 && sha256)
		add_parsed(&text, sha256, most, to);
	buf_free(&text);
	if (rc == 0 && mime && !json_object_object_get_ex(to, "text", NULL) &&
	    (strcmp(mime, "text/plain") == 0 || strcmp(mime, "text/csv") == 0 || strcmp(mime, "application/json") == 0))
		rc = add_plain(b, result, most, to);
	return rc;
}
