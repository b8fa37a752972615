/* fuzz: tools/lib/http/scgi.c tools/api/query.c */
#include "fuzz.h"

#include "../../tools/api/query.h"
#include "http/scgi.h"

static void
look(const struct scgi *s)
{
	struct request q = {.scgi = s, .method = "GET"};
	struct reply r = {0};
	struct buf text = {0};
	uint64_t limit, offset;

	scgi_get(s, "CONTENT_TYPE");
	query_text(&q, "status", &text);
	query_page(&q, 50, &limit, &offset, &r);
	reply_free(&r);
	buf_free(&text);
}

/* A request that comes byte by byte is read as one that comes at once. */
FUZZ(scgi, NULL)
{
	struct scgi whole = {0}, slow = {0};
	enum scgi_state s, t = SCGI_MORE;

	buf_add(&whole.in, bytes, n);
	s = scgi_parse(&whole, 1000);
	for (size_t i = 0; i < n && t == SCGI_MORE; i++) {
		buf_add(&slow.in, bytes + i, 1);
		t = scgi_parse(&slow, 1000);
	}
	FUZZ_WANT(s == t || n == 0);
	if (s == SCGI_WHOLE) {
		FUZZ_WANT(slow.body_len == whole.body_len && slow.body == whole.body);
		FUZZ_WANT(whole.body + whole.body_len <= whole.in.len);
		look(&whole);
	}
	scgi_free(&whole);
	scgi_free(&slow);
}
