/* The names and passwords in the URLs of items, and the headers of their requests, which are stored apart from the
 * items (secrets.h). Items of an earlier version may have names and passwords in their own lines. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/userinfo.h"
#include "batch/batch_internal.h"
#include "batch/secrets.h"
#include "records/rec.h"

void
batch_mark_userinfo(struct json_object *item)
{
	json_object_object_add(item, "userinfo", json_object_new_boolean(true));
}

int
batch_keep_userinfo(struct batch *b, const struct batch_ask *asks, char (*keys)[33], size_t n)
{
	struct secret *v = NULL;
	size_t count = 0;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		const struct batch_ask *a = &asks[i];
		bool has_secret = a->userinfo || a->headers;
		int state = a->is_new || !has_secret ? 'p' : batch_state(b, a->item);

		if (state < 0)
			rc = -1;
		if (!has_secret || state < 0 || (!a->is_new && a->userinfo_is == USERINFO_LENT) ||
		    (!a->is_new && state == 'c' && a->userinfo_is != USERINFO_AGAIN))
			continue;
		if (!v)
			v = buf_alloc(n * sizeof(*v));
		v[count++] = (struct secret){a->item, keys[i], a->userinfo, a->headers};
	}
	if (count)
		b->no_secrets_until = 0;
	if (rc == 0)
		rc = secrets_add(b->secrets, v, count);
	free(v);
	return rc;
}

/* For so long it is believed that the batch has no secrets, of an item whose line does not say that it has some. A
 * claim ends the belief, since another process may have added a secret: see batch_secret(). */
enum { BELIEVED_MS = 50 };

/* Finds a secret, and notes if the batch has none. 0, 1 if the item has none, or -1. */
static int
find_secret(struct batch *b, uint32_t k, const char *key, struct buf *userinfo, struct buf *headers)
{
	int rc = secrets_find(b->secrets, k, key, userinfo, headers);

	if (rc > 0 && !secrets_are_there(b->secrets))
		b->no_secrets_until = clock_ms() + BELIEVED_MS;
	return rc;
}

int
batch_secret(struct batch *b, uint32_t k, const char *key, struct buf *userinfo, struct buf *headers)
{
	return clock_ms() < b->no_secrets_until ? 1 : find_secret(b, k, key, userinfo, headers);
}

static bool
is_without_secret(const struct batch *b, const struct buf *line)
{
	return clock_ms() < b->no_secrets_until && !memmem(line->data, line->len, "\"userinfo\":true", 15) &&
	       !memmem(line->data, line->len, "\"headers\":true", 14);
}

int
batch_item_to_fetch(struct batch *b, uint32_t k, struct buf *out, struct buf *userinfo, struct buf *headers)
{
	struct batch_place place;
	const char *line;
	size_t n;
	int rc = batch_item_ahead(b, k, &line, &n);

	buf_clear(userinfo);
	buf_clear(headers);
	buf_clear(out);
	if (rc > 0)
		buf_add(out, line, n);
	if (rc < 0 || (rc == 0 && batch_stored_item(b, k, out) < 0))
		return -1;
	rc = 1;
	if (batch_place(out->data, out->len, &place) == 0 && !is_without_secret(b, out))
		rc = find_secret(b, k, place.key, userinfo, headers);
	if (rc < 0)
		return -1;
	n = out->len;
	if (rc > 0 && memchr(out->data, '@', n)) {
		/* The userinfo in the item's own line, as an earlier version stored it. */
		struct json_object *item = rec_parse(out->data, out->len, NULL, 0);
		const char *url = rec_string(item, "url");
		char *copy;

		if (!url)
			url = rec_string(item, "media");
		copy = url ? buf_strdup(url) : NULL;
		if (copy)
			userinfo_extract(copy, userinfo);
		free(copy);
		json_object_put(item);
	}
	out->len = userinfo_strip(out->data, n);
	return 0;
}

int
batch_forget_userinfo(struct batch *b, uint32_t k)
{
	return secrets_remove(b->secrets, &k, 1);
}

void
batch_drop_userinfo(struct batch *b, const struct batch_outcome *v, size_t n)
{
	uint32_t *items = buf_alloc((n + 1) * sizeof(*items));
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i].completed)
			items[count++] = v[i].item;
	if (count)
		(void)secrets_remove(b->secrets, items, count);
	free(items);
}

/* Whether the userinfo is no longer needed: the item is completed or removed, or the number now belongs to another
 * item. A process that adds items may have just stored the userinfo of an item that does not exist yet. */
static bool
is_over(uint32_t item, const char *key, void *arg)
{
	const struct batch *b = arg;
	struct buf line = {0};
	struct batch_place place;
	int s = batch_state(b, item);
	bool over = s == 'c' || s == 'x' ||
		    (batch_stored_item(b, item, &line) == 0 && batch_place(line.data, line.len, &place) == 0 &&
		     strcmp(place.key, key) != 0);

	buf_free(&line);
	return over;
}

void
batch_sweep_userinfo(struct batch *b)
{
	(void)secrets_sweep(b->secrets, is_over, b);
}
