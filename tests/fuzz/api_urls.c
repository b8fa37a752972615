/* fuzz: tools/api/urls.c tools/api/submission.c tools/lib/base/userinfo.c */
#include "fuzz.h"

#include <strings.h>

#include "../../tools/api/urls.h"
#include "base/userinfo.h"
#include "base/utf8.h"
#include "records/rec.h"

static const struct api api = {.bounds.batch = 20};
static const struct submission_type type = {.key = "url", .id_key = "upload_url_id", .item = "URL"};

/* A URL that is taken is one of the web, and what is stored and shown of it has no password. */
static void
check_item(const struct submission_item *item)
{
	struct buf url = {0}, userinfo = {0};

	FUZZ_WANT(utf8_valid_length(item->where, strlen(item->where)) == strlen(item->where));
	FUZZ_WANT(!item->code == !item->wrong);
	if (!item->code) {
		buf_str(&url, item->where);
		FUZZ_WANT(strncasecmp(url.data, "http", 4) == 0 && !strpbrk(url.data, " \t\r\n\x7f"));
		FUZZ_WANT(!userinfo_extract(url.data, &userinfo));
	}
	buf_free(&url);
	buf_free(&userinfo);
}

/* A refusal is one that a client can read. */
static void
check_reply(const struct reply *r)
{
	struct json_object *o = rec_parse(r->body.data, r->body.len, NULL, 0);

	FUZZ_WANT(r->status >= 400 && rec_string(o, "detail"));
	json_object_put(o);
}

/* The body of a request that hands in URLs. */
FUZZ(api_urls, NULL)
{
	struct submission *h = buf_alloc(sizeof(*h));
	struct buf headers = {0};
	struct scgi s = {0};

	buf_printf(&headers, "CONTENT_LENGTH%c%zu%cSCGI%c1%cCONTENT_TYPE%capplication/json%c", 0, n, 0, 0, 0, 0, 0);
	buf_printf(&s.in, "%zu:", headers.len);
	buf_add(&s.in, headers.data, headers.len);
	buf_str(&s.in, ",");
	buf_add(&s.in, bytes, n);
	FUZZ_WANT(scgi_parse(&s, SUBMISSION_JSON_MAX) == SCGI_WHOLE);
	*h = (struct submission){.api = &api, .type = &type, .temp = -1, .watch = -1};
	if (urls_take(h, &s))
		FUZZ_WANT(h->n > 0 && h->n <= api.bounds.batch && h->reply.status == 0);
	else
		check_reply(&h->reply);
	for (size_t i = 0; i < h->n; i++)
		check_item(&h->items[i]);
	submission_free(h);
	scgi_free(&s);
	buf_free(&headers);
}
