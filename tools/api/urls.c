/* The URLs of a request. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/userinfo.h"
#include "base/utf8.h"
#include "records/list_line.h"
#include "records/rec.h"
#include "urls.h"

/* Where the host of URL begins; NULL if it is not a URL of http or https. */
static const char *
host_of(const char *url)
{
	const char *host = strncasecmp(url, "http://", 7) == 0    ? url + 7
			   : strncasecmp(url, "https://", 8) == 0 ? url + 8
								  : NULL;
	size_t n = host ? strcspn(host, "/?#") : 0;
	const char *at = host ? memchr(host, '@', n) : NULL;

	return at ? at + 1 : host;
}

/* NULL for an acceptable URL; otherwise what is wrong with it, as a clause. The worker checks more. */
static const char *
url_check(const char *url, size_t n, char room[160])
{
	const char *host = host_of(url);

	if (n == 0)
		return "it is empty, or a comment";
	if (n > SUBMISSION_URL_MAX) {
		snprintf(room, 160, "it has %zu bytes, and a URL may have at most %d", n, SUBMISSION_URL_MAX);
		return room;
	}
	for (const char *at = url; *at; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f)
			return "it contains a blank or a control character";
	if (!host)
		return "it does not begin with http:// or https://";
	if (strcspn(host, "/?#:") == 0)
		return "it names no host";
	return NULL;
}

/* Removes the secrets from URL, which is then stored and shown. Returns what is wrong, as url_check(). */
static const char *
take_userinfo(struct buf *url, struct buf *userinfo, char room[160])
{
	const char *wrong = NULL;

	if (userinfo_hide_torn(url->data)) {
		snprintf(room, 160, "it %s", userinfo_torn);
		wrong = room;
	}
	userinfo_extract(url->data, userinfo);
	url->len = strlen(url->data);
	return wrong;
}

/* Shortens TEXT to N bytes at the end of a character. */
static void
cut_text(struct buf *text, size_t n)
{
	if (text->len <= n)
		return;
	text->len = utf8_whole_length(text->data, n);
	text->data[text->len] = '\0';
	buf_str(text, "…");
}

static void
add_url(struct submission *h, struct json_object *value)
{
	const char *wrong, *torn;
	struct buf url = {0}, userinfo = {0}, words = {0};
	struct submission_item *item;
	char room[160];

	buf_add(&url, json_object_get_string(value), (size_t)json_object_get_string_len(value));
	/* An entry that a text list would skip keeps its place and fails as an empty one. */
	if (list_line_clean(&url))
		list_url_clean(&url);
	wrong = url_check(url.data, url.len, room);
	torn = take_userinfo(&url, &userinfo, room);
	wrong = torn ? torn : wrong;
	cut_text(&url, SUBMISSION_URL_MAX);
	item = submission_add(h, url.data);
	if (wrong) {
		cut_text(&url, 160);
		buf_printf(&words, "'%s' is not a URL that can be fetched: %s", url.data, wrong);
		item->code = "bad_url";
		item->wrong = words.data;
	}
	if (!wrong && userinfo.len)
		item->userinfo = buf_strdup(userinfo.data);
	buf_free(&userinfo);
	buf_free(&url);
}

/* --- a request --- */

static bool
take_list(struct submission *h, struct json_object *list)
{
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	if (!json_object_is_type(list, json_type_array))
		return reply_error(&h->reply, 422, "bad_urls", "urls is not an array");
	if (n == 0)
		return reply_error(&h->reply, 422, "empty", "urls is empty: there is nothing to fetch");
	if (n > h->api->bounds.batch)
		return reply_error(&h->reply, 413, "too_many",
				   "urls has %zu entries, and a request may submit at most %zu", n,
				   h->api->bounds.batch);
	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		if (!json_object_is_type(one, json_type_string))
			return reply_error(&h->reply, 422, "bad_urls",
					   "entry %zu of urls is not a string; nothing was submitted", i + 1);
		add_url(h, one);
	}
	h->is_batch = true;
	return true;
}

static bool
take_urls(struct submission *h, struct json_object *o)
{
	struct json_object *one = json_object_object_get(o, "url"), *list = json_object_object_get(o, "urls");

	if (one && list)
		return reply_error(&h->reply, 422, "bad_urls",
				   "the request has both url and urls: give only one of them");
	if (list)
		return take_list(h, list);
	if (!one)
		return reply_error(&h->reply, 422, "no_url", "the request has neither url nor urls");
	if (!json_object_is_type(one, json_type_string))
		return reply_error(&h->reply, 422, "bad_urls", "url is not a string");
	add_url(h, one);
	return true;
}

/* Whether at least one of the URLs is valid. */
static bool
check_urls(struct submission *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (!h->items[i].code)
			return true;
	if (h->n == 1)
		return reply_error(&h->reply, 422, "bad_url", "%s", h->items[0].wrong);
	return reply_error(&h->reply, 422, "bad_url", "none of the %zu URLs can be fetched; the first: %s", h->n,
			   h->items[0].wrong);
}

/* An integer or a name. A null is as good as none. */
static bool
take_priority(struct submission *h, struct json_object *o)
{
	struct json_object *value = json_object_object_get(o, "priority");

	return !value || submission_take_priority(h, json_object_get_string(value));
}

bool
urls_take(struct submission *h, const struct scgi *s)
{
	struct json_object *o = reply_take_json(s, &h->reply), *ids;
	bool well = false;

	if (!o)
		return false;
	if (!json_object_is_type(o, json_type_object)) {
		reply_error(&h->reply, 422, "bad_urls", "the request is not a JSON object");
	} else if (take_urls(h, o) && check_urls(h)) {
		ids = json_object_object_get(o, h->type->id_key);
		h->ids = json_object_get(ids);
		well = take_priority(h, o) && submission_name(h);
	}
	json_object_put(o);
	return well;
}
