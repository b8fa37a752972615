#include <string.h>

#include "base/scan.h"
#include "query.h"

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

void
query_decode(const char *at, size_t n, bool plus, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		char c = plus && at[i] == '+' ? ' ' : at[i];

		if (c == '%' && n - i > 2 && hex_digit(at[i + 1]) >= 0 && hex_digit(at[i + 2]) >= 0) {
			c = (char)(hex_digit(at[i + 1]) * 16 + hex_digit(at[i + 2]));
			i += 2;
		}
		c = c ? c : ' ';
		buf_add(out, &c, 1);
	}
}

bool
query_text(const struct request *q, const char *name, struct buf *out)
{
	const char *uri = scgi_get(q->scgi, "REQUEST_URI");
	const char *at = uri ? strchr(uri, '?') : NULL;
	size_t len = strlen(name);

	buf_clear(out);
	while (at && *at) {
		size_t n = strcspn(++at, "&#");

		if (n >= len && memcmp(at, name, len) == 0 && (n == len || at[len] == '=')) {
			buf_add(out, "", 0);
			if (n > len)
				query_decode(at + len + 1, n - len - 1, true, out);
			return true;
		}
		at += n;
	}
	return false;
}

bool
query_number(const struct request *q, const char *name, uint64_t otherwise, uint64_t most, uint64_t *out,
	     struct reply *r)
{
	struct buf text = {0};
	const char *at, *end;
	bool good;

	*out = otherwise;
	if (!query_text(q, name, &text)) {
		buf_free(&text);
		return true;
	}
	at = text.data;
	end = at + text.len;
	good = scan_number(&at, end, out) && at == end && *out <= most;
	if (!good && most == UINT64_MAX)
		reply_error(r, 400, "bad_parameter", "%s must be a number, 0 or more", name);
	else if (!good)
		reply_error(r, 400, "bad_parameter", "%s must be a number from 0 to %llu", name,
			    (unsigned long long)most);
	buf_free(&text);
	return good;
}

bool
query_page(const struct request *q, uint64_t otherwise, uint64_t *limit, uint64_t *offset, struct reply *r)
{
	return query_number(q, "limit", otherwise, QUERY_LIMIT_MAX, limit, r) &&
	       query_number(q, "offset", 0, UINT64_MAX, offset, r);
}
