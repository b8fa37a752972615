#include "records/list_line.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* White space (Unicode White_Space), and the invisible characters that are pasted along with it. */
static bool
is_blank(uint32_t c)
{
	return (c >= '\t' && c <= '\r') || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200b) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
	       c == 0x2060 || c == 0x3000 || c == 0xfeff;
}

/* The length of the blank at the end of the N bytes S; 0: there is none. */
static size_t
last_blank(const char *s, size_t n)
{
	size_t len = 1;
	uint32_t c;

	while (len < n && len < 4 && (s[n - len] & 0xc0) == 0x80)
		len++;
	return n > 0 && utf8_decode(s + n - len, len, &c) == len && is_blank(c) ? len : 0;
}

/* Removes the blanks at both ends. */
static void
trim(struct buf *b)
{
	size_t from = 0, n;
	uint32_t c;

	while ((n = utf8_decode(b->data + from, b->len - from, &c)) > 0 && is_blank(c))
		from += n;
	buf_drop(b, from);
	while ((n = last_blank(b->data, b->len)) > 0)
		b->len -= n;
	b->data[b->len] = '\0';
}

static bool
take_pair_off(struct buf *b, const char *open, const char *close)
{
	size_t front = strlen(open), back = strlen(close);

	if (b->len < front + back || memcmp(b->data, open, front) != 0 ||
	    memcmp(b->data + b->len - back, close, back) != 0)
		return false;
	b->data[b->len -= back] = '\0';
	buf_drop(b, front);
	return true;
}

bool
list_line_clean(struct buf *line)
{
	if (line->len == 0)
		return false;
	trim(line);
	if (line->len == 0)
		return false;
	if (line->data[0] == '#') {
		buf_clear(line);
		return false;
	}
	if (take_pair_off(line, "\"", "\"") || take_pair_off(line, "'", "'") || take_pair_off(line, "“", "”") ||
	    (strstr(line->data, "://") && take_pair_off(line, "<", ">")))
		trim(line);
	return line->len > 0;
}

/* Where the path, query or fragment of the URL S begins; its end if it has none of these. */
static size_t
end_of_host(const char *s)
{
	const char *host = strstr(s, "://");

	host = host ? host + 3 : s;
	return (size_t)(host - s) + strcspn(host, "/?#");
}

bool
list_url_clean(struct buf *url)
{
	struct buf out = {0};
	size_t before = url->len, at;

	if (url->len == 0)
		return false;
	trim(url);
	at = end_of_host(url->data);
	if (!strchr(url->data + at, ' '))
		return url->len != before;
	buf_add(&out, url->data, at);
	for (; at < url->len; at++)
		if (url->data[at] == ' ')
			buf_str(&out, "%20");
		else
			buf_add(&out, url->data + at, 1);
	buf_free(url);
	*url = out;
	return true;
}
