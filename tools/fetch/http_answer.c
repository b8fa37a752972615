#include "http_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "hosts/disposition.h"
#include "hosts/http_policy.h"
#include "hosts/httpdate.h"

static const struct answer nothing = {
	.retry_after = -1, .length = -1, .range_from = -1, .range_to = -1, .range_total = -1};

void
answer_reset(struct answer *a)
{
	free(a->location);
	free(a->filename);
	buf_free(&a->error);
	*a = nothing;
}

static void
keep_text(char *room, size_t n, const char *value)
{
	if (strlen(value) < n)
		snprintf(room, n, "%s", value);
}

/* Content-Range: bytes FROM-TO/TOTAL (RFC 9110, 14.4). A header without all three is ignored. */
static void
take_range(struct answer *a, const char *v)
{
	long long from, to, total;
	int end = 0;

	a->range_from = a->range_to = a->range_total = -1;
	if (sscanf(v, "bytes %18lld-%18lld/%18lld%n", &from, &to, &total, &end) != 3 || v[end] || from < 0 ||
	    to < from || total <= to)
		return;
	a->range_from = from;
	a->range_to = to;
	a->range_total = total;
}

/* Content-Disposition: the first with a name counts. */
static void
take_filename(struct answer *a, const char *v)
{
	struct buf name = {0};

	if (!a->filename && disposition_filename(&name, v))
		a->filename = buf_strdup(name.data);
	buf_free(&name);
}

/* Another answer begins, such as after 100 Continue, so the headers of the previous one are dropped. */
static void
begin_again(struct answer *a)
{
	struct answer before = *a;

	answer_reset(a);
	a->header_bytes = before.header_bytes;
	a->resumed_from = before.resumed_from;
}

void
answer_add_header(struct answer *a, char *line)
{
	const char *v;

	if (strncmp(line, "HTTP/", 5) == 0) {
		begin_again(a);
	} else if ((v = http_policy_header_value(line, "Retry-After"))) {
		a->retry_after = httpdate_retry_after(v, time(NULL));
		keep_text(a->retry_after_text, sizeof(a->retry_after_text), v);
	} else if ((v = http_policy_header_value(line, "ETag"))) {
		keep_text(a->etag, sizeof(a->etag), v);
	} else if ((v = http_policy_header_value(line, "Last-Modified"))) {
		keep_text(a->last_modified, sizeof(a->last_modified), v);
	} else if ((v = http_policy_header_value(line, "Content-Encoding"))) {
		keep_text(a->encoding, sizeof(a->encoding), strcasecmp(v, "identity") == 0 ? "" : v);
	} else if ((v = http_policy_header_value(line, "Date"))) {
		keep_text(a->date, sizeof(a->date), v);
	} else if ((v = http_policy_header_value(line, "Content-Type"))) {
		keep_text(a->content_type, sizeof(a->content_type), v);
	} else if ((v = http_policy_header_value(line, "Content-Disposition"))) {
		take_filename(a, v);
	} else if ((v = http_policy_header_value(line, "Accept-Ranges"))) {
		a->ranges = strcasecmp(v, "bytes") == 0;
	} else if ((v = http_policy_header_value(line, "Content-Range"))) {
		take_range(a, v);
	}
}

const char *
answer_validator(const struct answer *a)
{
	return a->etag[0] ? a->etag : a->last_modified;
}

bool
answer_is_weak(const struct answer *a)
{
	return strncmp(a->etag, "W/", 2) == 0;
}
